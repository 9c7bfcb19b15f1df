"""Views of lists: to move in, to filter, to choose from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from session_cli.tui.choice import Browse, Choice
from session_cli.tui.keys import ENTER, ESCAPE, HELP, MOVES, Key, hints, letter
from session_cli.tui.paint import paint
from session_cli.tui.theme import Line
from session_cli.tui.views import View, fold
from session_cli.workflow.choices import CHOSEN

# from this width on there is room for a second pane
WIDE = 100
PANE_GAP = 3
# a list that needs the room may leave so little to the second pane
NARROWEST_PANE = 33
MESSAGE_LINES = 3
NOTHING_MATCHES = "nothing matches; Esc shows all rows"
CLEAR = Key(ESCAPE, "Esc", "Clear the filter")


class Browsing(View):
    """A list to move in and to filter.

    `message` stands below it. From WIDE columns on, `details` fill a second pane. `hidden` are
    keys that answer, too; the help alone lists them.
    """

    indent = 2
    own_keys: tuple[Key, ...] = (letter("/", "Filter"),)
    key_of_click = ENTER

    def __init__(
        self,
        rows: Browse,
        keys: Sequence[Key],
        details: Callable[[str, int], Sequence[Line]] | None = None,
        hidden: Sequence[Key] = (),
    ) -> None:
        self.rows = rows
        self.set_keys(keys, hidden)
        self.details = details
        self.message = ""
        # its filter is being typed, and so stands in a field
        self.is_filtering = False
        self.top = 0
        self.height = 1
        # the row that the second pane is about: while keys come fast it stays behind
        self.detailed = rows.current

    def set_keys(self, keys: Sequence[Key], hidden: Sequence[Key] = ()) -> None:
        """Which keys answer from now on."""
        self.shown = (*keys, HELP)
        self.keys = (*self.shown, *hidden)

    @property
    def moves(self) -> bool:
        return True

    def body(self, width: int, height: int) -> list[Line]:
        message = self._message_lines(width)
        # without the heading, the facts and the message
        self.height = max(1, height - 1 - self._headed - len(message))
        self.top = self.rows.window(self.height)
        left, right = self._panes(width)
        lines = self._lines(left)
        lines += [[]] * (self.height + self._headed - len(lines))
        if right:
            lines = _beside(lines, self._details(right), left)
        return [*lines, [("dim", f"  {self.facts()}")], *message]

    def _message_lines(self, width: int) -> list[Line]:
        """The message, whose end says why and what to do; the field stands above one line."""
        most = 1 if self.is_filtering else MESSAGE_LINES
        message = self.message or (NOTHING_MATCHES if self.matches_nothing else "")
        return [[("strong", line)] for line in fold(message, width)[:most]]

    @property
    def matches_nothing(self) -> bool:
        """Whether there are rows, and the filter hides all of them."""
        return bool(self.rows.filter and len(self.rows.table) and not self.rows.shown)

    @property
    def _headed(self) -> int:
        """How many lines the heading takes."""
        table = self.rows.table
        return 1 if table.heading(table.fit(None)) else 0

    def _panes(self, width: int) -> tuple[int, int]:
        """The widths of list and details; 0 where there is no room for them."""
        if self.details is None or width < WIDE:
            return width, 0
        columns = [each for each in self.rows.table.fit(None) if each]
        natural = sum(columns) + 2 * len(columns) + self.indent
        widest = max(width * 2 // 3, width - PANE_GAP - NARROWEST_PANE)
        left = min(max(natural, width // 2), widest)
        return left, width - left - PANE_GAP

    def _details(self, width: int) -> Sequence[Line]:
        row = self.detailed
        return self.details(row, width) if self.details and row is not None else ()

    def catch_up(self) -> bool:
        """The second pane is about the row under the cursor from now on; whether it was not."""
        was_behind = self.detailed != self.rows.current
        self.detailed = self.rows.current
        return was_behind

    def _lines(self, width: int) -> list[Line]:
        rows = self.rows
        widths = rows.table.fit(max(1, width - self.indent))
        heading = rows.table.heading(widths)
        lines: list[Line] = [[("", " " * self.indent), *heading]] if heading else []
        for position in range(self.top, min(self.top + self.height, len(rows.shown))):
            is_under_cursor = position == rows.cursor
            place = rows.shown[position]
            sign = ">" if is_under_cursor else " "
            line = [("", f"{sign} "), *self.mark(place), *rows.table.line(place, widths)]
            lines.append(_under_cursor(line, width) if is_under_cursor else line)
        return lines

    def mark(self, place: int) -> Line:
        """What stands before a row."""
        return []

    def facts(self) -> str:
        """The line that counts the rows."""
        text = f"{len(self.rows.shown)} of {len(self.rows.table)} shown"
        is_shown = self.rows.filter and not self.is_filtering
        return f"{text}   /{self.rows.filter}" if is_shown else text

    def press(self, name: str) -> str:
        """Moves by itself; `/` is left to whoever can let a person type."""
        rows = self.rows
        self.message = ""
        half = max(1, self.height // 2)
        by = {"up": -1, "k": -1, "down": 1, "j": 1, "half-up": -half, "half-down": half}
        by |= {"page-up": -self.height, "page-down": self.height}
        if name in by:
            rows.move(by[name])
        elif name in ("home", "g"):
            rows.move_to_first()
        elif name in ("end", "G"):
            rows.move_to_last()
        elif name == ESCAPE and rows.filter:
            rows.set_filter("")
        elif name == "/":
            return "/"
        else:
            return super().press(name)
        return ""

    def click(self, row: int) -> str:
        """A click moves the cursor to a row, or does with the row under it what its key does."""
        row -= self._headed
        position = self.top + row
        if not 0 <= row < self.height or position >= len(self.rows.shown):
            return ""
        if position == self.rows.cursor:
            return self.press(self.key_of_click)
        self.message = ""
        self.rows.move_to(position)
        return ""

    def foot(self, width: int) -> list[Line]:
        return list(map(paint, hints((*self.own_keys, *self.shown), width)))

    def table(self) -> Sequence[Key]:
        return (*MOVES, *self.own_keys, CLEAR, *self.keys)


class Choosing(Browsing):
    """A list to choose from."""

    indent = 6
    own_keys = (Key(" ", "Space", "Choose"), letter("a", "All"), letter("/", "Filter"))
    key_of_click = " "

    def __init__(
        self,
        rows: Choice,
        keys: Sequence[Key],
        details: Callable[[str, int], Sequence[Line]] | None = None,
        hidden: Sequence[Key] = (),
    ) -> None:
        super().__init__(rows, keys, details, hidden)
        self.choice = rows

    def mark(self, place: int) -> Line:
        mark = self.choice.marks[place]
        return [("ok" if mark == CHOSEN else "", f"[{mark}] ")]

    def facts(self) -> str:
        return f"{self.choice.chosen_count} chosen, {super().facts()}"

    def press(self, name: str) -> str:
        if name == " ":
            self.message = self.choice.toggle()
            self.choice.move(1)
        elif name in ("a", "A"):
            self.message = ""
            self.choice.toggle_all()
        else:
            return super().press(name)
        return ""


def _under_cursor(row: Line, width: int) -> Line:
    """The row in reverse over the full width, in one colour: others would tear it apart."""
    return [("cursor", "".join(text for _, text in row).ljust(width))]


def _beside(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two panes with a wall between them, as high as the left one."""
    lines = []
    for place, line in enumerate(left):
        used = sum(len(text) for _, text in line)
        other = right[place] if place < len(right) else []
        lines.append([*line, ("", " " * max(0, width - used + 1)), ("dim", "│ "), *other])
    return lines
