"""A terminal's screen as SVG: plain text that every browser shows, with nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from xml.sax.saxutils import escape

CELL, ROW, SIZE = 8.4, 17, 14
MARGIN = 14
GAP = 22
PARTS = re.compile(r"\S+(?: \S+)*")
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"


class Theme(NamedTuple):
    """The colours of a terminal: of what has none of its own, and behind it."""

    text: str
    ground: str
    frame: str


DARK = Theme("#d4d4d4", "#161618", "#3a3a3e")
LIGHT = Theme("#1f2328", "#ffffff", "#d0d7de")
THEMES = {"dark": DARK, "light": LIGHT}


class Look(NamedTuple):
    """How a character is drawn; a colour is `default` or six hexadecimal digits."""

    colour: str = "default"
    ground: str = "default"
    is_bold: bool = False
    is_underlined: bool = False
    is_reversed: bool = False


# the characters of a row, each with its look; none for the second cell of a wide one
Row = Sequence[tuple[str, Look]]


class Frame(NamedTuple):
    """Rows of a terminal, and what is said above them, outside of it."""

    rows: Sequence[Row]
    caption: str = ""


def draw(frames: Sequence[Frame], columns: int, theme: Theme, title: str) -> str:
    """The frames one below the other, each as a terminal of its own."""
    width = columns * CELL + 2 * MARGIN
    parts, top = [], 0.0
    for frame in frames:
        if frame.caption:
            parts.append(_text(frame.caption, 2, top + SIZE, f'fill="{CAPTION}" font-size="13"'))
            top += ROW + 5
        height = len(frame.rows) * ROW + 2 * MARGIN
        parts.append(
            f'<rect x=".5" y="{top + 0.5:g}" width="{width - 1:g}" height="{height - 1:g}" rx="6"'
            f' fill="{theme.ground}" stroke="{theme.frame}"/>'
        )
        for number, row in enumerate(frame.rows):
            parts += _row(row, top + MARGIN + number * ROW, theme)
        top += height + GAP
    size = f'width="{width:g}" height="{top - GAP:g}" viewBox="0 0 {width:g} {top - GAP:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}"'
            f' font-size="{SIZE}">',
            f"<title>{escape(title)}</title>",
            *parts,
            "</svg>\n",
        ]
    )


# legible on the pages of either theme
CAPTION = "#768390"


def _row(row: Row, top: float, theme: Theme) -> Iterator[str]:
    column = 0
    for look, cells in groupby(row, key=lambda cell: cell[1]):
        chars = [char for char, _ in cells]
        yield from _run("".join(chars), look, column, len(chars), top, theme)
        column += len(chars)


def _run(
    text: str, look: Look, column: int, length: int, top: float, theme: Theme
) -> Iterator[str]:
    colour, ground = _colours(look, theme)
    left, width = MARGIN + column * CELL, length * CELL
    if ground != theme.ground:
        yield (
            f'<rect x="{left:.5g}" y="{top:g}" width="{width:.5g}" height="{ROW}" fill="{ground}"/>'
        )
    attributes = f'fill="{colour}"'
    attributes += ' font-weight="bold"' if look.is_bold else ""
    attributes += ' text-decoration="underline"' if look.is_underlined else ""
    # several blanks would be shown as one, so each part gets its place; and whatever font there is,
    # what stands in columns stays in them
    for part in PARTS.finditer(text):
        place = f'{attributes} textLength="{len(part[0]) * CELL:.5g}"'
        yield _text(part[0], left + part.start() * CELL, top + 13, place)


def _text(text: str, left: float, base: float, attributes: str) -> str:
    return f'<text x="{left:.5g}" y="{base:g}" {attributes}>{escape(text)}</text>'


def _colours(look: Look, theme: Theme) -> tuple[str, str]:
    colour = theme.text if look.colour == "default" else f"#{look.colour}"
    ground = theme.ground if look.ground == "default" else f"#{look.ground}"
    return (ground, colour) if look.is_reversed else (colour, ground)
