"""What fills a screen between its head and its foot: a view draws itself, and takes keys. Pure.

A view answers a key with its name when whoever shows it has to act on it; else it has acted itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap

from session_cli.tui.keys import (
    ANYWHERE,
    ENTER,
    ESCAPE,
    HELP,
    MOVES,
    TAB,
    Key,
    help_rows,
    hints,
)
from session_cli.tui.paint import paint
from session_cli.tui.theme import Line


def fold(text: str, width: int, indent: str = "  ") -> list[str]:
    """The text in indented lines, each within `width`; nothing of a long word is lost."""
    return wrap(
        text,
        max(len(indent) + 1, width),
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    ) or [""]


class View:
    """The base of all views; `keys` are those that answer it, `shown` those with a hint.

    A grave one is not answered by what was typed before it stood on the screen.
    """

    keys: Sequence[Key] = ()
    shown: Sequence[Key] = ()
    is_grave = False

    @property
    def moves(self) -> bool:
        """Whether there is something to move in."""
        return False

    def body(self, width: int, height: int) -> list[Line]:
        """The lines to draw, at most `height` of them."""
        raise NotImplementedError

    def foot(self, width: int) -> list[Line]:
        """The lines below: which keys there are."""
        return list(map(paint, hints(self.shown, width)))

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

    `hidden` are keys that answer, too; the text itself names them.
    """

    helped_by: tuple[Key, ...] = (HELP,)

    def __init__(
        self,
        draw: Callable[[int], Sequence[str | Line]],
        keys: Sequence[Key],
        hidden: Sequence[Key] = (),
    ) -> None:
        self.draw = draw
        self.set_keys(keys, hidden)
        self.top = 0
        self.height = 1
        self.is_higher = False

    def set_keys(self, keys: Sequence[Key], hidden: Sequence[Key] = ()) -> None:
        """Which keys answer from now on."""
        self.shown = keys
        self.keys = (*hidden, *keys)

    @property
    def moves(self) -> bool:
        return self.is_higher

    def body(self, width: int, height: int) -> list[Line]:
        lines = [_as_line(each) for each in self.draw(width)]
        self.is_higher = len(lines) > height
        self.height = height
        self.top = max(0, min(self.top, len(lines) - height))
        return lines[self.top : self.top + height]

    def foot(self, width: int) -> list[Line]:
        moves = (Key("", "Up Down", "More"),) if self.is_higher else ()
        return list(map(paint, hints((*moves, *self.shown, *self.helped_by), width)))

    def table(self) -> Sequence[Key]:
        hidden = [key for key in self.keys if key not in self.shown]
        return (*(MOVES if self.is_higher else ()), *self.shown, *hidden)

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
        name = {"g": "home", "G": "end"}.get(name, name) if self.is_higher else name
        if name in by and self.is_higher:
            self.top += by[name]
            return ""
        return super().press(name)


class Question(Text):
    """A text whose answer changes something, so that only an answer to this very text counts."""

    is_grave = True


def _as_line(line: str | Line) -> Line:
    return paint(line) if isinstance(line, str) else line


class Help(Text):
    """The table of the keys of a view."""

    helped_by = ()

    def __init__(self, view: View) -> None:
        rows = help_rows((*view.table(), *ANYWHERE))
        room = max(len(cap) for cap, _ in rows)
        lines: list[str | Line] = [
            [("strong", f"    {cap.ljust(room)}"), ("", f"   {does}")] for cap, does in rows
        ]
        closes = tuple(Key(name, name, "Back") for name in (ESCAPE, "?", "b", TAB, "q"))
        super().__init__(
            lambda _: [[("title", "  Keys")], "", *lines], (Key(ENTER, "Enter", "Back"),), closes
        )
