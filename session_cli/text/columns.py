"""Rows of a list whose cells stand in columns, which narrow until a row fits. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from session_cli.words import plain

WIDEST_COLUMN = 40
# a kind and an owner of the usual ones are never cut
NARROWEST_COLUMN = 12
NARROWEST_CUT = 8
NARROWEST_KEY = 16
# a name is still recognized by its beginning and its end
COMFORTABLE_KEY = 28
NARROWEST_KEPT = 18
NARROWEST_NOTE = 15
GAP = "  "
_PADDING = re.compile(r"(?<=\S) {3,}")

# (style, text): a part of a line; the style is "" or words of the theme, with blanks between
Fragment = tuple[str, str]
# of a cell: one style, or how many characters have which, from the left
Style = str | Sequence[tuple[int, str]]


class Listing(Protocol):
    """Rows to browse, in printable text."""

    @property
    def ids(self) -> Sequence[str]:
        """The id of each row."""

    @property
    def marks(self) -> Sequence[str]:
        """The mark of each row."""

    def __len__(self) -> int:
        """How many rows there are."""

    def fit(self, width: int | None) -> list[int]:
        """The widths of the columns for rows of at most `width` characters."""

    def line(self, place: int, widths: Sequence[int]) -> list[Fragment]:
        """The row at `place`, in columns of these widths."""

    def heading(self, widths: Sequence[int]) -> list[Fragment]:
        """The headings of the columns; nothing where no column has one."""

    def words(self, place: int) -> str:
        """What a filter looks in, in lower case."""


class Table:
    """Rows whose cells stand in columns that narrow, and are left out, until a row fits.

    A heading is "" for a column that needs none. A mark says whether a row is chosen: CHOSEN,
    NOT_CHOSEN or CANNOT_CHOOSE of `workflow.choices`. Whatever `ids` and `cells` hold, it is shown
    in printable ASCII. `styles_of` is asked for the styles of a row's cells when the row is shown.

    The `keys` are the columns that distinguish the rows: very long ones lose their middle before
    other cells are cut, else they are narrowed last, and left out only where nothing else fits.
    Columns to be `kept` are narrowed first, but left out last. Those that are `whole`, as a bar has
    to be, are left out before anything is narrowed.

    With `has_notes` the last column takes only the room that the others leave. In a row whose note
    is too long for that, the note covers the cells of the columns that `covered_in` names, the
    last one first, until it is readable; without them it is not shown at all.
    """

    def __init__(
        self,
        headings: Sequence[str],
        ids: Sequence[str],
        cells: Sequence[tuple[str, ...]],
        styles_of: Callable[[int], Sequence[Style]],
        marks: Sequence[str] | None = None,
        keys: tuple[int, ...] = (0,),
        kept: tuple[int, ...] = (),
        whole: tuple[int, ...] = (),
        has_notes: bool = False,
        covered_in: Callable[[int], Sequence[int]] = lambda _: (),
    ) -> None:
        self.headings = headings
        self.ids = [plain(each) for each in ids]
        self.cells = [tuple([plain(cell) for cell in row]) for row in cells]
        self.marks = list(marks or [" "] * len(self.ids))
        self._styles_of = styles_of
        self._keys, self._kept, self._whole = keys, kept, whole
        self._has_notes, self._covered_in = has_notes, covered_in
        self._natural = self._measure()
        self._widths: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def _measure(self) -> list[int]:
        """The widths of the columns; a column without any text has none."""
        widest = [max(map(len, column)) for column in zip(*self.cells, strict=True)]
        return [
            max(width, len(heading)) if width else 0
            for width, heading in zip(
                widest or [0] * len(self.headings), self.headings, strict=True
            )
        ]

    def fit(self, width: int | None) -> list[int]:
        """The widths of the columns for rows of at most `width` characters; 0 for one left out.

        Without a width, nothing is cut.
        """
        if width is None:
            return self._natural
        if width not in self._widths:
            self._widths[width] = self._fit_to(width)
        return self._widths[width]

    def _fit_to(self, width: int) -> list[int]:
        *others, note = self._natural
        if not self._has_notes:
            return _fit(self._natural, width, self._keys, self._kept, self._whole)
        widths = _fit(others, width, self._keys, self._kept, self._whole)
        return [*widths, max(0, min(note, width - _total(widths) - len(GAP)))]

    def line(self, place: int, widths: Sequence[int]) -> list[Fragment]:
        """The row at `place`, in columns of these widths; its last cell has the rest of the row."""
        if self._has_notes:
            widths = self._with_note(place, widths)
        # of names that begin alike the end is seen, too
        cells = [
            _cut_middle(cell, widths[column]) if column in self._keys else cell
            for column, cell in enumerate(self.cells[place])
        ]
        return _fragments(cells, self._styles_of(place), widths)

    def _with_note(self, place: int, widths: Sequence[int]) -> Sequence[int]:
        """The widths of the columns of a row, so that its note is readable or not there."""
        least = min(len(self.cells[place][-1]), NARROWEST_NOTE)
        *others, room = widths
        if room >= least:
            return widths
        for column in self._covered_in(place):
            if others[column]:
                room += others[column] + (len(GAP) if room else 0)
                others[column] = 0
            if room >= least:
                return [*others, room]
        return [*widths[:-1], 0]

    def heading(self, widths: Sequence[int]) -> list[Fragment]:
        """The headings of the columns."""
        return _fragments(self.headings, ["heading"] * len(self.headings), widths)

    def words(self, place: int) -> str:
        """What a filter looks in, in lower case: the row as it is uncut, and its id."""
        return "  ".join((*self.cells[place], self.ids[place])).lower()


class Lines:
    """Rows without columns: a line that is too wide loses what it was padded with, then its end.

    Ids and lines are shown in printable ASCII.
    """

    def __init__(self, ids: Sequence[str], lines: Sequence[Sequence[Fragment]]) -> None:
        self.ids = [plain(each) for each in ids]
        self.marks = [" "] * len(self.ids)
        self._lines = [[(style, plain(text)) for style, text in line] for line in lines]
        self._texts = ["".join(text for _, text in line) for line in self._lines]
        self._widest = max(map(len, self._texts), default=0)

    def __len__(self) -> int:
        return len(self.ids)

    def fit(self, width: int | None) -> list[int]:
        """The width of a row, as if it were one column."""
        return [self._widest if width is None else min(self._widest, width)]

    def line(self, place: int, widths: Sequence[int]) -> list[Fragment]:
        """The row at `place`, cut to the width."""
        line = self._lines[place]
        if len(self._texts[place]) > widths[0]:
            line = [(style, _PADDING.sub("  ", text)) for style, text in line]
        rest, fragments = _cut("".join(text for _, text in line), widths[0]), []
        for style, text in line:
            fragments.append((style, rest[: len(text)]))
            rest = rest[len(text) :]
        return [fragment for fragment in fragments if fragment[1]]

    def heading(self, _: Sequence[int]) -> list[Fragment]:
        return []

    def words(self, place: int) -> str:
        """What a filter looks in, in lower case: the row as it is uncut, and its id."""
        return f"{self._texts[place]}  {self.ids[place]}".lower()


def _fragments(
    row: Sequence[str], styles: Sequence[Style], widths: Sequence[int]
) -> list[Fragment]:
    """The cells in their columns; the last of them that has a text has the rest of the row."""
    fragments: list[Fragment] = []
    blanks = ""
    columns = [column for column, width in enumerate(widths) if width]
    last = max((column for column in columns if row[column]), default=-1)
    room = _total(widths)
    for column in columns:
        width = widths[column]
        cut = _cut(row[column], room if column == last else width)
        if cut:
            painted = _paint(cut, styles[column])
            fragments += [("", blanks), *painted] if blanks else painted
            blanks = ""
        blanks += " " * (width - len(cut)) + GAP
        room -= width + len(GAP)
    return fragments


def _paint(text: str, style: Style) -> list[Fragment]:
    if isinstance(style, str):
        return [(style, text)]
    fragments, end = [], 0
    for length, each in style:
        fragments.append((each, text[end : end + length]))
        end += length
    return [fragment for fragment in [*fragments, ("", text[end:])] if fragment[1]]


def _fit(
    widths: list[int],
    width: int,
    keys: tuple[int, ...],
    kept: tuple[int, ...],
    whole: tuple[int, ...] = (),
) -> list[int]:
    """The widths of the columns: first very long `keys` are narrowed, then the others, then `keys`.

    When that is not enough, the others are left out (width 0), the last one first; those before a
    key only where no row would fit with them.
    """
    natural = [min(each, WIDEST_COLUMN) for each in widths]
    others = [place for place in range(len(widths)) if place not in keys + kept + whole]
    left = [*kept, *others]
    for place in whole:
        if _total(natural) > width:
            natural[place] = 0
    while True:
        widths = natural.copy()
        _narrow(widths, kept, NARROWEST_KEPT, width)
        _narrow(widths, keys, COMFORTABLE_KEY, width)
        _narrow(widths, others, NARROWEST_COLUMN, width)
        _narrow(widths, keys, NARROWEST_KEY, width)
        if _total(widths) <= width:
            return widths
        if not left or left[-1] < max(keys):
            break
        natural[left.pop()] = 0
    _narrow(widths, keys, NARROWEST_CUT, width)
    while left and _total(widths) > width:
        widths[left.pop()] = 0
    _narrow(widths, keys, 1, width)
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


def _cut_middle(text: str, width: int) -> str:
    """The text, with `..` in its middle in place of what does not fit."""
    if len(text) <= width or width < NARROWEST_CUT:
        return text
    end = (width - 2) // 2
    return f"{text[: width - 2 - end]}..{text[-end:]}"


def _cut(text: str, width: int) -> str:
    """The text, with `..` in place of what does not fit."""
    return text if len(text) <= width else text[: max(0, width - 2)] + ".."[:width]
