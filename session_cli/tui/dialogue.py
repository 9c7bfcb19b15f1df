"""How views are asked line by line: what is said of each, and what a line answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from session_cli.text.boxes import NARROWEST_PAIR, unframe
from session_cli.tui.answers import find_key, find_rows, list_caps
from session_cli.tui.board import Board
from session_cli.tui.clauses import CLAUSES
from session_cli.tui.keys import ENTER, ESCAPE, HELP, Key, hints, letter
from session_cli.tui.list_views import Browsing, Choosing
from session_cli.tui.theme import Line
from session_cli.tui.views import Text, View

ROWS_AT_ONCE = 20
# in a text that is wider than this, boxes stand side by side
WIDEST_TEXT = NARROWEST_PAIR - 1
_GAP = re.compile(" {3,}")
HOW_TO_ANSWER = "Answer with a letter or a word, then Enter. ? says what each answer does."
HOW_TO_WAIT = "Enter says how far it is, q and Enter leave, ? says what else there is."
NOTHING_MATCHES = "nothing matches; / alone shows all rows"
NOTHING_CHOSEN = "choose at least one: type its number, or a for all"

Lines = list[str]


class Reply(NamedTuple):
    """What is said to a line that was typed, and the key that it answers the view with, if any."""

    lines: Lines
    answer: str = ""


class Dialogue:
    """The base of all dialogues, each about one view."""

    prompt = "> "
    # what somebody has to know who never had such a dialogue
    explanation = HOW_TO_ANSWER

    def __init__(self, view: View) -> None:
        self.view = view

    @property
    def only_answer(self) -> str:
        """The key that answers it where there is no other; then nobody is asked."""
        return ""

    def begin(self, width: int) -> Lines:
        """What is said when the view is shown."""
        raise NotImplementedError

    def go_on(self) -> Lines:
        """What is said when it is shown again, with nothing else in between."""
        return []

    def news(self, width: int) -> Lines:
        """What is said when it has got another text while it is shown."""
        return []

    def take(self, line: str, width: int) -> Reply:
        """Takes a line that was typed."""
        if line.strip() == HELP.name:
            return Reply(list_answers(self.keys))
        answer = find_key(self.view.keys, line)
        return Reply([], answer) if answer else Reply([self.refusal])

    @property
    def keys(self) -> Sequence[Key]:
        """All that can be typed."""
        return self.view.keys

    @property
    def refusal(self) -> str:
        """What is said to a line that is no answer."""
        return f"Type {list_caps((*self.keys, HELP))}."


class TextDialogue(Dialogue):
    """A text, and its keys."""

    view: Text
    said: Lines

    def begin(self, width: int) -> Lines:
        self.said = unframe(map(text_of, self.view.draw(min(width, WIDEST_TEXT))))
        keys = (*self.view.shown, HELP)
        return self.said if self.only_answer else [*self.said, "", *said_hints(keys, width)]

    def news(self, width: int) -> Lines:
        before = self.said
        self.begin(width)
        return [line for line in self.said if line and line not in before]

    @property
    def only_answer(self) -> str:
        # what is shown alone counts: nobody wants to leave a text that has been said
        return ENTER if [key.name for key in self.view.shown] == [ENTER] else ""


class WorkDialogue(Dialogue):
    """Work under way, of which everything that happens is said by itself."""

    view: Board
    prompt = ""
    explanation = HOW_TO_WAIT

    def begin(self, width: int) -> Lines:
        return [f"{self.view.title} ..."]

    def take(self, line: str, width: int) -> Reply:
        if not line.strip(" "):
            return Reply(unframe(map(text_of, self.view.facts(width))))
        return super().take(line, width)

    @property
    def keys(self) -> Sequence[Key]:
        return (Key(ENTER, "Enter", "How far it is"), *self.view.keys)


class ListDialogue(Dialogue):
    """A list, some rows at once; its rows have numbers, which stay theirs under any filter."""

    view: Browsing
    page_keys = (letter("n", "Next rows"), letter("p", "Rows before"))
    again = letter("l", "List again")

    def __init__(self, view: Browsing) -> None:
        super().__init__(view)
        self.top = 0

    def begin(self, width: int) -> Lines:
        return [*self._page(width), *said_hints(self.keys, width), *self.go_on()]

    def go_on(self) -> Lines:
        message, self.view.message = self.view.message, ""
        return [message] if message else []

    def take(self, line: str, width: int) -> Reply:
        typed = line.strip()
        if typed.startswith("/"):
            self.view.rows.set_filter(typed[1:].strip())
            self.top = 0
            return Reply(self._page(width))
        places = find_rows(typed.removeprefix("?"), len(self.view.rows.table))
        if places and typed.startswith("?"):
            return Reply(self._tell_details(places, width))
        if not find_key(self.view.keys, line):
            key = find_key((*self.page_keys, self.again), line)
            if key:
                return Reply(self._turn(key, width))
        return super().take(line, width)

    @property
    def keys(self) -> Sequence[Key]:
        details = (Key("", "? 1", "Details of a row"),) if self.view.details else ()
        pages = self.page_keys if len(self.view.rows.table) > ROWS_AT_ONCE else ()
        return (Key("", "/word", "Filter"), *pages, self.again, *details, *self.view.keys)

    def _turn(self, key: str, width: int) -> Lines:
        by = {"n": ROWS_AT_ONCE, "p": -ROWS_AT_ONCE}.get(key, 0)
        if not 0 <= self.top + by < max(1, len(self.view.rows.shown)):
            return ["These are the last rows." if by > 0 else "These are the first rows."]
        self.top += by
        return self._page(width)

    def _page(self, width: int) -> Lines:
        rows = self.view.rows
        columns = rows.table.fit(None)
        # no word is cut: where columns have no room, cells follow each other
        is_wide = self._margin + sum(columns) + 2 * len(columns) > width
        heading = "" if is_wide else text_of(rows.table.heading(columns))
        places = rows.shown[self.top : self.top + ROWS_AT_ONCE]
        lines = [self._row(place, columns) for place in places]
        return [
            *([" " * self._margin + heading] if lines and heading else []),
            *(_GAP.sub("  ", line) if is_wide else line for line in lines),
            self._count(),
            *([NOTHING_MATCHES] if self.view.matches_nothing else []),
        ]

    def _row(self, place: int, columns: Sequence[int]) -> str:
        row = self.view.rows.table.line(place, columns)
        return text_of([("", f"{place + 1:{self._digits}}. "), *self.view.mark(place), *row])

    @property
    def _digits(self) -> int:
        return len(str(len(self.view.rows.table)))

    @property
    def _margin(self) -> int:
        mark = self.view.mark(0) if len(self.view.rows.table) else []
        return self._digits + len(". ") + sum(len(text) for _, text in mark)

    def _count(self) -> str:
        facts = self.view.facts()
        if len(self.view.rows.shown) <= ROWS_AT_ONCE:
            return facts
        last = min(self.top + ROWS_AT_ONCE, len(self.view.rows.shown))
        return f"{facts}; these are {self.top + 1} to {last}"

    def _tell_details(self, places: Sequence[int], width: int) -> Lines:
        ids, details = self.view.rows.table.ids, self.view.details
        if details is None:
            return [self.refusal]
        return [text_of(line) for place in places for line in details(ids[place], width)]


class ChoiceDialogue(ListDialogue):
    """A list to choose from."""

    view: Choosing

    def take(self, line: str, width: int) -> Reply:
        choice = self.view.choice
        places = find_rows(line, len(choice.table))
        if places:
            return Reply([*self._toggle(places), self._chosen()])
        key = find_key((*self.view.keys, *ALL), line)
        if key == ALL[0].name:
            choice.toggle_all()
            return Reply([self._chosen()])
        if key == ENTER and choice.chosen_count == 0:
            # there is no row under a cursor that could be meant
            return Reply([NOTHING_CHOSEN])
        return super().take(line, width)

    def _toggle(self, places: Sequence[int]) -> Lines:
        told = ((place, self.view.choice.toggle_at(place)) for place in places)
        return [f"{place + 1}: {problem}" for place, problem in told if problem]

    def _chosen(self) -> str:
        return f"{self.view.choice.chosen_count} chosen"

    @property
    def keys(self) -> Sequence[Key]:
        return (Key("", "1 3-5", "Choose or not"), *ALL, *super().keys)


ALL = (letter("a", "All"),)


def begin_dialogue(view: View) -> Dialogue:
    """The dialogue about the view."""
    if isinstance(view, Choosing):
        return ChoiceDialogue(view)
    if isinstance(view, Browsing):
        return ListDialogue(view)
    return WorkDialogue(view) if isinstance(view, Board) else TextDialogue(view)


def text_of(line: str | Line) -> str:
    """The text of a line, whatever its styles."""
    return line if isinstance(line, str) else "".join(text for _, text in line).rstrip()


def said_hints(keys: Sequence[Key], width: int) -> Lines:
    """`[R] Resume    [N] New session`, in as many lines as that takes."""
    return [row.strip() for row in hints(keys, width)]


def list_answers(keys: Sequence[Key]) -> Lines:
    """What can be typed, and what it does, one a line."""
    told = (key for key in (*keys, HELP) if key.name != ESCAPE)
    return list(dict.fromkeys(f"{key.cap}: {_explain(key.does)}" for key in told))


def _explain(does: str) -> str:
    return f"{does} ({CLAUSES[does]})" if does in CLAUSES else does
