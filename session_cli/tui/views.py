"""What fills a screen between its head and its foot: a view draws itself, and takes keys. Pure.

A view answers a key with its name when whoever shows it has to act on it; else it has acted itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from session_cli.text.details import Details
from session_cli.tui.choice import Choice
from session_cli.tui.keys import (
    ENTER,
    ESCAPE,
    HELP,
    MOVES,
    Key,
    help_rows,
    hints,
    letter,
)
from session_cli.tui.theme import Line

# from this width on there is room for a second pane
WIDE = 100
PANE_GAP = 3


class View:
    """The base of all views; `keys` are those that answer it.

    A grave one is not answered by what was typed before it stood on the screen.
    """

    keys: Sequence[Key] = ()
    is_grave = False

    def body(self, width: int, height: int) -> list[Line]:
        """The lines to draw, at most `height` of them."""
        raise NotImplementedError

    def foot(self, width: int) -> list[Line]:
        """The lines below: which keys there are."""
        return [[("", row)] for row in hints(self.keys, width)]

    def press(self, name: str) -> str:
        """Takes a key; its name when it answers, else nothing."""
        name = name.lower()
        return name if any(key.name == name for key in self.keys) else ""

    def click(self, row: int) -> str:
        """Takes a click on a row of the body, as `press` takes a key."""
        return ""

    def table(self) -> Sequence[Key]:
        """All keys, for the help."""
        return self.keys


class Text(View):
    """A text that can be moved in when it is higher than the screen, and the keys that answer it.

    `hidden` are keys that answer, too, and are told in the text itself.
    """

    def __init__(
        self,
        draw: Callable[[int], Sequence[str | Line]],
        keys: Sequence[Key],
        hidden: Sequence[Key] = (),
    ) -> None:
        self.draw = draw
        self.shown = keys
        self.keys = (*hidden, *keys)
        self.top = 0
        self.height = 1
        self.is_higher = False

    def body(self, width: int, height: int) -> list[Line]:
        lines = [_as_line(each) for each in self.draw(width)]
        self.is_higher = len(lines) > height
        self.height = height
        self.top = max(0, min(self.top, len(lines) - height))
        return lines[self.top : self.top + height]

    def foot(self, width: int) -> list[Line]:
        moves = (Key("", "Up", "More"), Key("", "Down", "More")) if self.is_higher else ()
        return [[("", row)] for row in hints((*moves, *self.shown), width)]

    def press(self, name: str) -> str:
        page = max(1, self.height - 1)
        by = {
            "up": -1,
            "down": 1,
            "page-up": -page,
            "page-down": page,
            "half-up": -page // 2,
            "half-down": page // 2,
            "home": -(10**6),
            "end": 10**6,
        }
        if name in by and self.is_higher:
            self.top += by[name]
            return ""
        return super().press(name)


class Question(Text):
    """A text whose answer changes something, so that only an answer to this very text counts."""

    is_grave = True


def _as_line(line: str | Line) -> Line:
    return [("", line)] if isinstance(line, str) else line


class List(View):
    """A list to move in, to filter and, where its rows have marks, to choose from.

    `message` is the line below it. The rows below `top` and left of the second pane are the list's.
    """

    def __init__(
        self,
        choice: Choice,
        keys: Sequence[Key],
        details: Callable[[str, int], Sequence[Line]] | None = None,
    ) -> None:
        self.choice = choice
        self.keys = (*keys, HELP)
        self.details = details
        self.message = ""
        self.is_typing = False
        self.height = 1

    @property
    def can_choose(self) -> bool:
        return self.choice.can_choose

    def body(self, width: int, height: int) -> list[Line]:
        self.height = max(1, height - 3)
        left, right = self._panes(width)
        rows = self._rows(left)
        if right:
            rows = _beside(rows, self._details(right), left, self.height + 1)
        rows += [[]] * (self.height + 1 - len(rows))
        return [*rows, self._facts(), [("strong", f"  {self.message}")]]

    def _panes(self, width: int) -> tuple[int, int]:
        """The widths of list and details; 0 where there is no room for them."""
        if self.details is None or width < WIDE:
            return width, 0
        natural = self.choice.table.natural_width + self._indent
        left = min(max(natural, width // 2), width * 2 // 3)
        return left, width - left - PANE_GAP

    @property
    def _indent(self) -> int:
        return 6 if self.can_choose else 2

    def _rows(self, width: int) -> list[Line]:
        choice = self.choice
        table = choice.table
        widths = table.fit(max(1, width - self._indent))
        heading: Line = [("", " " * self._indent), *table.heading(widths)]
        top = choice.window(self.height)
        rows = [heading]
        for position in range(top, min(top + self.height, len(choice.shown))):
            place = choice.shown[position]
            row = [(self._mark_style(place), self._mark(position, place)), *table.line(place, widths)]
            rows.append(_under_cursor(row, width) if position == choice.cursor else row)
        return rows

    def _mark(self, position: int, place: int) -> str:
        sign = ">" if position == self.choice.cursor else " "
        return f"{sign} [{self.choice.marks[place]}] " if self.can_choose else f"{sign} "

    def _mark_style(self, place: int) -> str:
        return "ok" if self.can_choose and self.choice.marks[place] == "x" else ""

    def _details(self, width: int) -> Sequence[Line]:
        current = self.choice.current
        return self.details(current, width) if self.details and current is not None else ()

    def _facts(self) -> Line:
        choice = self.choice
        facts = f"{len(choice.shown)} of {len(choice.table.ids)} shown"
        if self.can_choose:
            facts = f"{choice.chosen_count} chosen, {facts}"
        if choice.filter and not self.is_typing:
            facts += f"   /{choice.filter}"
        return [("dim", f"  {facts}")]

    def press(self, name: str) -> str:
        """Moves, marks and filters by itself; `/` is left to whoever can let a person type."""
        choice = self.choice
        self.message = ""
        moves = {
            "up": -1,
            "k": -1,
            "down": 1,
            "j": 1,
            "page-up": -self.height,
            "page-down": self.height,
            "half-up": -max(1, self.height // 2),
            "half-down": max(1, self.height // 2),
        }
        if name in moves:
            choice.move(moves[name])
        elif name in ("home", "g"):
            choice.move_to_first()
        elif name in ("end", "G"):
            choice.move_to_last()
        elif name == " " and self.can_choose:
            self.message = choice.toggle()
            choice.move(1)
        elif name in ("a", "A") and self.can_choose:
            choice.toggle_all()
        elif name == ESCAPE and choice.filter:
            choice.set_filter("")
        elif name == "/":
            return "/"
        else:
            return super().press(name)
        return ""

    def click(self, row: int) -> str:
        position = self.choice.top + row - 1
        if row < 1 or position >= len(self.choice.shown) or row > self.height:
            return ""
        self.message = ""
        if position == self.choice.cursor:
            return self.press(" " if self.can_choose else ENTER)
        self.choice.move(position - self.choice.cursor)
        return ""

    def foot(self, width: int) -> list[Line]:
        return [[("", row)] for row in hints((*self._own_keys(), *self.keys), width)]

    def _own_keys(self) -> tuple[Key, ...]:
        choosing = (Key(" ", "Space", "Choose"), letter("a", "All")) if self.can_choose else ()
        return (*choosing, letter("/", "Filter"))

    def table(self) -> Sequence[Key]:
        return (*MOVES, *self._own_keys(), *self.keys)


def _under_cursor(row: Line, width: int) -> Line:
    """The row in reverse, over the full width."""
    used = sum(len(text) for _, text in row)
    padded = [*row, ("", " " * max(0, width - used))]
    return [(f"cursor {style}".rstrip(), text) for style, text in padded]


def _beside(left: Sequence[Line], right: Sequence[Line], width: int, height: int) -> list[Line]:
    """Two panes with a wall between them."""
    rows = []
    for place in range(height):
        row = left[place] if place < len(left) else []
        used = sum(len(text) for _, text in row)
        beside = right[place] if place < len(right) else []
        rows.append([*row, ("", " " * max(0, width - used + 1)), ("dim", "│ "), *beside])
    return rows


class Help(Text):
    """The table of the keys of a view."""

    def __init__(self, view: View) -> None:
        rows = help_rows(view.table())
        room = max(len(cap) for cap, _ in rows)
        lines: list[str | Line] = [
            [("strong", f"    {cap.ljust(room)}"), ("", f"   {does}")] for cap, does in rows
        ]
        back = Key(ENTER, "Enter", "Back")
        closes = tuple(Key(name, name, "Back") for name in (ESCAPE, "?", "b", "tab"))
        super().__init__(
            lambda _: [[("title", "  Keys")], "", *lines], (back, letter("q", "Quit")), closes
        )
