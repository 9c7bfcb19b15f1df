"""What a typed line means, and what is said of a list that is read aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.text.columns import Table
from session_cli.tui.answers import find_key, find_rows, list_caps
from session_cli.tui.choice import Browse, Choice
from session_cli.tui.dialogue import NOTHING_CHOSEN, ROWS_AT_ONCE, begin_dialogue
from session_cli.tui.keys import ENTER, ESCAPE, HELP, QUIT, TAB, Key, letter
from session_cli.tui.list_views import Browsing, Choosing
from session_cli.tui.views import Question, Text

RESUME = (
    Key("r", "R", "Resume"),
    Key(ENTER, "Enter", "Resume"),
    Key("n", "N", "New session"),
    Key("d", "D", "Delete & start new"),
    Key(ESCAPE, "Esc", "Back"),
    Key(TAB, "Tab", "Tabs"),
)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("r", "r"),
        (" R ", "r"),
        ("resume", "r"),
        ("", ENTER),
        ("  ", ENTER),
        ("\t", TAB),
        ("Tab", TAB),
        ("new session", "n"),
        ("new", "n"),
        ("delete", "d"),
        ("back", ESCAPE),
        ("n n", ""),
        ("ne", ""),
        ("x", ""),
        ("&", ""),
    ],
)
def test_a_key_is_named_by_its_letter_or_by_its_word(line: str, name: str) -> None:
    assert find_key(RESUME, line) == name


def test_a_word_that_two_keys_begin_with_names_neither() -> None:
    keys = (Key("c", "C", "Continue without them"), Key("a", "A", "Continue with all"))

    assert find_key(keys, "continue") == ""
    assert find_key(keys, "continue with all") == "a"


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("1", [0]),
        ("1 3-5", [0, 2, 3, 4]),
        (" 5,1, 5 ", [4, 0]),
        ("2-2", [1]),
        ("", None),
        (",", None),
        ("0", None),
        ("6", None),
        ("3-1", None),
        ("1-6", None),
        ("-1", None),
        ("1 x", None),
        ("9" * 40, None),
    ],
)
def test_rows_are_named_by_numbers_and_ranges(line: str, places: list[int] | None) -> None:
    assert find_rows(line, 5) == places


@given(st.text(), st.integers(0, 50))
def test_whatever_is_typed_only_rows_that_are_there_are_named(line: str, count: int) -> None:
    assert set(find_rows(line, count) or []) <= set(range(count))


def test_what_can_be_typed_is_listed_once() -> None:
    assert list_caps(RESUME) == "R, Enter, N, D or Tab"
    assert list_caps([QUIT]) == "Q"


def lists(count: int) -> Table:
    ids = [f"shop/web-{number}" for number in range(count)]
    cells = [(each, "Deployment", "Native") for each in ids]
    return Table(("WORKLOAD", "KIND", "OWNER"), ids, cells, lambda _: ("", "", ""))


def choosing(count: int = 3) -> Choosing:
    return Choosing(Choice(lists(count)), (Key(ENTER, "Enter", "Continue"), QUIT))


def test_a_list_is_said_row_by_row_with_numbers() -> None:
    assert begin_dialogue(choosing()).begin(80)[:5] == [
        "       WORKLOAD    KIND        OWNER",
        "1. [ ] shop/web-0  Deployment  Native",
        "2. [ ] shop/web-1  Deployment  Native",
        "3. [ ] shop/web-2  Deployment  Native",
        "0 chosen, 3 of 3 shown",
    ]


def test_no_word_is_cut_where_columns_have_no_room() -> None:
    assert begin_dialogue(choosing()).begin(30)[0] == "1. [ ] shop/web-0  Deployment  Native"


def test_rows_are_chosen_by_their_numbers_and_enter_needs_one() -> None:
    view = choosing()
    dialogue = begin_dialogue(view)

    assert dialogue.take("", 80) == ([NOTHING_CHOSEN], "")
    assert dialogue.take("1-2", 80) == (["2 chosen"], "")
    assert dialogue.take("2 3", 80) == (["2 chosen"], "")
    assert view.choice.chosen == ["shop/web-0", "shop/web-2"]
    assert dialogue.take("a", 80) == (["3 chosen"], "")
    assert dialogue.take("continue", 80) == ([], ENTER)


def test_what_cannot_be_chosen_is_said_to_be_so() -> None:
    view = choosing()
    view.choice.marks[1] = "-"

    assert begin_dialogue(view).take("1-2", 80).lines == ["2: already in ConfigHub", "1 chosen"]


@given(st.integers(0, 70))
def test_from_page_to_page_it_says_every_row_once(count: int) -> None:
    dialogue = begin_dialogue(choosing(count))
    said = dialogue.begin(80)
    for _ in range(count // ROWS_AT_ONCE + 1):
        said += dialogue.take("n", 80).lines

    rows = [" ".join(line.split()) for line in said if ". [ ] " in line]
    assert rows == [f"{n + 1}. [ ] shop/web-{n} Deployment Native" for n in range(count)]


def test_a_filter_leaves_the_numbers_as_they_are_and_shows_the_first_of_its_rows() -> None:
    view = choosing(50)
    dialogue = begin_dialogue(view)
    dialogue.take("n", 80)

    assert "46. [ ] shop/web-45" in dialogue.take("/web-45", 80).lines[1]
    assert dialogue.take("46", 80).lines == ["1 chosen"]
    assert view.choice.chosen == ["shop/web-45"]
    assert dialogue.take("/", 80).lines[-1] == "1 chosen, 50 of 50 shown; these are 1 to 20"


def test_a_filter_that_matches_nothing_says_so_and_how_to_see_all() -> None:
    dialogue = begin_dialogue(choosing())

    assert dialogue.take("/zzz", 80).lines[-1] == "nothing matches; / alone shows all rows"
    assert "nothing" not in dialogue.take("/", 80).lines[-1]


def test_a_list_of_nothing_says_so() -> None:
    assert begin_dialogue(choosing(0)).begin(80)[0] == "0 chosen, 0 of 0 shown"


def test_a_list_without_marks_has_no_room_for_them() -> None:
    view = Browsing(Browse(lists(1)), (QUIT,))

    assert begin_dialogue(view).begin(80)[1] == "1. shop/web-0  Deployment  Native"


def test_details_are_said_where_a_list_has_some() -> None:
    view = choosing()
    assert "Type " in begin_dialogue(view).take("? 1", 80).lines[0]

    view.details = lambda id_, width: [[("strong", id_), ("", f" in {width}")]]
    assert begin_dialogue(view).take("?2", 80).lines == ["shop/web-1 in 80"]


def test_a_key_of_the_list_goes_before_the_keys_of_pages() -> None:
    view = Browsing(Browse(lists(1)), (letter("n", "Name"),))

    assert begin_dialogue(view).take("n", 80).answer == "n"
    assert begin_dialogue(view).take("next", 80).lines == ["These are the last rows."]


def test_a_question_is_said_with_its_keys_and_takes_nothing_else() -> None:
    dialogue = begin_dialogue(Question(lambda _: ["  Delete it?"], RESUME[:3], RESUME[3:]))

    assert dialogue.begin(80) == [
        "Delete it?",
        "",
        "[R] Resume    [Enter] Resume    [N] New session    [?] Keys",
    ]
    assert dialogue.take("yes", 80) == (["Type D, Tab, R, Enter, N or ?."], "")
    told = dialogue.take("?", 80).lines
    assert told[-1] == f"?: {HELP.does}"
    assert "N: New session (archives this session and starts another)" in told
    assert dialogue.take("d", 80) == ([], "d")


def test_a_text_with_one_way_on_is_said_and_nobody_is_asked() -> None:
    back = Key(ENTER, "Enter", "Back")

    assert begin_dialogue(Text(lambda _: ["a"], (back,), (QUIT,))).only_answer == ENTER
    assert begin_dialogue(Text(lambda _: ["a"], (back, QUIT))).only_answer == ""
