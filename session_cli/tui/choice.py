"""What a list on the screen does: a cursor in rows, a filter, marks. Pure: it draws nothing."""

from __future__ import annotations

from bisect import bisect_left

from session_cli.text.columns import Listing
from session_cli.words import plain
from session_cli.workflow.choices import CANNOT_CHOOSE, CHOSEN, NOT_CHOSEN


class Browse:
    """A cursor that moves in the rows of a table, of which a filter shows some.

    `shown` are the places in the table of the rows that are shown, in order; `cursor` is a place in
    `shown`, 0 when nothing is.
    """

    def __init__(self, table: Listing) -> None:
        self.table = table
        self.shown = list(range(len(table)))
        self.cursor = 0
        self.filter = ""
        # how many rows below the cursor are to be in sight, too, if there is room for them
        self.below = 0
        self._top = 0
        # made beforehand: a letter of the filter is to be answered at once
        self._words = [table.words(place) for place in self.shown]

    @property
    def current(self) -> str | None:
        """The id of the row under the cursor; None when no row is shown."""
        return self.table.ids[self.shown[self.cursor]] if self.shown else None

    def move(self, rows: int) -> None:
        """Moves the cursor by so many rows, down or (negative) up, as far as there are rows."""
        self.move_to(self.cursor + rows)

    def move_to(self, number: int) -> None:
        """Moves the cursor to that place in `shown`, or to the nearest that there is."""
        self.cursor = max(0, min(number, len(self.shown) - 1))
        self.below = 0

    def move_to_first(self) -> None:
        """Moves the cursor to the first row that is shown."""
        self.cursor = 0

    def move_to_last(self) -> None:
        """Moves the cursor to the last row that is shown."""
        self.move_to(len(self.shown) - 1)

    def go_to(self, id_: str) -> None:
        """Moves the cursor to the row of that id, if it is shown."""
        if id_ in self.table.ids:
            self._put_cursor_on(self.table.ids.index(id_), self.cursor)

    def take_place_of(self, before: Browse) -> None:
        """Takes filter and cursor over from the list that this one replaces."""
        self.set_filter(before.filter)
        self.move_to(before.cursor)
        if before.current is not None:
            self.go_to(before.current)
        self._top = before._top

    def set_filter(self, text: str) -> None:
        """Shows the rows in which every word of `text` occurs, in any order and case.

        The cursor stays on its row if that is still shown, else it moves to the first one.
        """
        before = self.shown[self.cursor] if self.shown else 0
        # a longer filter lets through some of what the shorter one did
        places = self.shown if text.startswith(self.filter) else list(range(len(self.table)))
        self.filter = text
        # as rows are: printable ASCII
        for word in (plain(each).lower() for each in text.split()):
            places = [place for place in places if word in self._words[place]]
        self.shown = places
        self._put_cursor_on(before, 0)

    def _put_cursor_on(self, place: int, otherwise: int) -> None:
        number = bisect_left(self.shown, place)
        is_shown = number < len(self.shown) and self.shown[number] == place
        self.cursor = number if is_shown else otherwise

    def window(self, height: int) -> int:
        """The first place in `shown` of the `height` rows to draw; the cursor is among them.

        It stays what it was as long as the cursor does not leave the window.
        """
        height = max(1, height)
        top = min(self._top, self.cursor)
        top = max(top, self.cursor - height + 1 + min(self.below, height - 1))
        self._top = max(0, min(top, len(self.shown) - height))
        return self._top


class Choice(Browse):
    """Rows to choose from, each with its mark.

    `is_changed` is set when a mark changes; whoever saves the choice clears it.
    """

    def __init__(self, table: Listing) -> None:
        super().__init__(table)
        self.marks = list(table.marks)
        self.chosen_count = self.marks.count(CHOSEN)
        self.is_changed = False

    @property
    def chosen(self) -> list[str]:
        """The ids of the chosen rows in their order, also of those that the filter hides."""
        return [id_ for id_, mark in zip(self.table.ids, self.marks, strict=True) if mark == CHOSEN]

    def toggle(self) -> str:
        """Chooses the row under the cursor, or no longer; what speaks against it, else ""."""
        return self.toggle_at(self.shown[self.cursor]) if self.shown else ""

    def toggle_at(self, place: int) -> str:
        """The same for the row at that place in the table."""
        if self.marks[place] == CANNOT_CHOOSE:
            return "already in ConfigHub"
        is_chosen = self.marks[place] == CHOSEN
        self._mark([place], NOT_CHOSEN if is_chosen else CHOSEN)
        return ""

    def toggle_all(self) -> None:
        """Chooses all that is shown and can be chosen; if all of it is chosen already, nothing."""
        can_be_added = [place for place in self.shown if self.marks[place] == NOT_CHOSEN]
        if can_be_added:
            self._mark(can_be_added, CHOSEN)
        else:
            self._mark([each for each in self.shown if self.marks[each] == CHOSEN], NOT_CHOSEN)

    def _mark(self, places: list[int], mark: str) -> None:
        for place in places:
            self.marks[place] = mark
        self.chosen_count += len(places) if mark == CHOSEN else -len(places)
        self.is_changed = self.is_changed or bool(places)
