"""Takes what stands on the screen of a terminal as a frame of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pyte
from pictures.svg import Frame, Look, Row
from tui.screen import Screen

ALTERNATE = 1049


class TwoScreens(pyte.Screen):
    """A terminal with a second screen for programs: what a shell showed is there after them."""

    kept: tuple[Any, Any] | None = None

    def set_mode(self, *modes: int, **options: Any) -> None:
        """A program takes the second screen."""
        if ALTERNATE in modes and options.get("private"):
            self.kept = deepcopy(self.buffer), deepcopy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, **options)

    def reset_mode(self, *modes: int, **options: Any) -> None:
        """The program gives the first one back."""
        super().reset_mode(*modes, **options)
        if ALTERNATE in modes and options.get("private") and self.kept:
            self.buffer, self.cursor = self.kept
            self.kept = None
            self.dirty.update(range(self.lines))


def watch(
    command: list[str], env: Mapping[str, str], columns: int, rows: int, **options: Any
) -> Screen:
    """The program in a terminal with two screens."""
    screen = Screen(command, env, columns, rows, **options)
    screen.screen = TwoScreens(columns, rows)
    screen.stream = pyte.ByteStream(screen.screen)
    return screen


def take(screen: Screen, caption: str = "", is_cropped: bool = False) -> Frame:
    """The screen as it is now; cropped, without the empty rows at its end."""
    shown = screen.screen
    rows = [_row(shown, number) for number in range(shown.lines)]
    if is_cropped:
        while rows and not any(char.strip() for char, _ in rows[-1]):
            rows.pop()
    return Frame(rows, caption)


def _row(shown: pyte.Screen, number: int) -> Row:
    cells = []
    for column in range(shown.columns):
        cell = shown.buffer[number][column]
        cursor = shown.cursor
        at_cursor = not cursor.hidden and (cursor.y, cursor.x) == (number, column)
        is_reversed = cell.reverse != at_cursor
        look = Look(cell.fg, cell.bg, cell.bold, cell.underscore, is_reversed)
        cells.append((cell.data, look))
    return cells
