"""Rows of a list whose cells stand in columns, which narrow until a row fits. Pure.

A row is printable ASCII without a tab, so that bash can read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from session_cli.words import plain

WIDEST_COLUMN = 40
NARROWEST_COLUMN = 8
NARROWEST_KEY = 16
NARROWEST_KEPT = 18


class Row(NamedTuple):
    """One line of a list.

    The mark is `x` for chosen, `-` for what cannot be chosen, else blank.
    """

    id: str
    mark: str
    text: str


def rows(
    ids: Sequence[str],
    cells: Sequence[tuple[str, ...]],
    width: int | None,
    marks: Sequence[str] | None = None,
    keys: tuple[int, ...] = (0,),
    kept: tuple[int, ...] = (),
) -> list[Row]:
    """Rows whose cells stand in columns, all of them within `width` characters if that can be.

    The `keys` are the columns that distinguish the rows: they are narrowed last and never left out.
    Columns to be `kept` are narrowed first, but left out last, in reverse order.
    """
    texts = [[plain(cell) for cell in row] for row in cells]
    natural = [max(map(len, column)) for column in zip(*texts, strict=True)]
    widths = natural if width is None else _fit(natural, width, keys, kept)
    return [
        Row(plain(id_), mark, _line(row, widths))
        for id_, mark, row in zip(ids, marks or [" "] * len(ids), texts, strict=True)
    ]


def _fit(widths: list[int], width: int, keys: tuple[int, ...], kept: tuple[int, ...]) -> list[int]:
    """The widths of the columns: first the others are narrowed, then the `keys` a little.

    When that is not enough, the others are left out (width 0), the last one first.
    """
    natural = [min(each, WIDEST_COLUMN) for each in widths]
    others = [place for place in range(len(widths)) if place not in keys + kept]
    left = [*kept, *others]
    while True:
        widths = natural.copy()
        _narrow(widths, kept, NARROWEST_KEPT, width)
        _narrow(widths, others, NARROWEST_COLUMN, width)
        _narrow(widths, keys, NARROWEST_KEY, width)
        if _total(widths) <= width:
            return widths
        if not left or left[-1] < max(keys):
            break
        natural[left.pop()] = 0
    _narrow(widths, keys, NARROWEST_COLUMN, width)
    return widths


def _narrow(widths: list[int], places: Sequence[int], least: int, width: int) -> None:
    """Narrows the widest of the columns at `places` until the row fits or all are at `least`."""
    while places and _total(widths) > width:
        widest = max(places, key=lambda place: widths[place])
        if widths[widest] <= least:
            break
        widths[widest] -= 1


def _total(widths: Sequence[int]) -> int:
    """The width of a row, with two blanks between its columns."""
    shown = [width for width in widths if width]
    return sum(shown) + 2 * (len(shown) - 1)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_cell(text, width) for text, width in zip(row, widths, strict=True) if width]
    return "  ".join(cells).rstrip()


def _cell(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 2] + ".."
