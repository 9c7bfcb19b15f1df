"""A list on the screen without a screen: cursor, filter, marks, and the rows that are drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.text.columns import Table
from session_cli.tui.choice import Browse, Choice

NAMES = ["pay-prod/api", "pay-prod/db", "shop/api", "shop/web", "shop/Worker"]


def make_table(names: list[str], marks: str = "") -> Table:
    cells = [tuple(name.split("/")) for name in names]
    return Table(("NAMESPACE", "WORKLOAD"), names, cells, lambda _: ("", ""), list(marks) or None)


def make_choice(marks: str = "x x- ", names: list[str] | None = None) -> Choice:
    return Choice(make_table(names or NAMES, marks))


def numbered(count: int) -> Browse:
    return Browse(make_table([f"a/{number:05}" for number in range(count)]))


def shown(browse: Browse) -> list[str]:
    return [browse.table.ids[place] for place in browse.shown]


def test_the_cursor_stays_within_the_rows() -> None:
    browse = Browse(make_table(NAMES))
    assert browse.current == "pay-prod/api"

    browse.move(-1)
    assert browse.cursor == 0
    browse.move(3)
    assert browse.current == "shop/web"
    browse.move(3)
    assert browse.current == "shop/Worker"
    browse.move_to_first()
    assert browse.cursor == 0
    browse.move_to_last()
    assert browse.cursor == 4
    browse.move_to(2)
    assert browse.current == "shop/api"


def test_in_an_empty_list_nothing_moves_and_nothing_is_current() -> None:
    choice = Choice(make_table([]))

    choice.move(1)
    choice.move_to_last()
    choice.go_to("a")
    choice.set_filter("a")
    choice.toggle_all()

    assert choice.toggle() == ""
    assert (choice.current, choice.cursor, choice.window(10)) == (None, 0, 0)
    assert (choice.chosen, choice.is_changed) == ([], False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", NAMES),
        ("   ", NAMES),
        ("API", ["pay-prod/api", "shop/api"]),
        ("api shop", ["shop/api"]),
        ("shop api", ["shop/api"]),
        ("o wor", ["shop/Worker"]),
        ("op/w", ["shop/web", "shop/Worker"]),
        ("pay shop", []),
        ("*", []),
    ],
)
def test_a_filter_shows_rows_with_all_of_its_words_in_any_order(
    text: str, found: list[str]
) -> None:
    browse = Browse(make_table(NAMES))

    browse.set_filter(text)

    assert shown(browse) == found


def test_a_filter_finds_what_is_spelt_out_in_the_rows() -> None:
    browse = Browse(make_table(["a/caf\u00e9", "a/cafe", "a/\x1b[2J"]))

    browse.set_filter("\u00e9")
    assert shown(browse) == [r"a/caf\xe9"]
    browse.set_filter("\x1b")
    assert shown(browse) == [r"a/\x1b[2J"]


def test_the_cursor_stays_on_its_row_while_that_is_shown() -> None:
    browse = Browse(make_table(NAMES))
    browse.go_to("shop/web")

    browse.set_filter("shop")
    assert (browse.current, browse.cursor) == ("shop/web", 1)
    browse.set_filter("shop w")
    assert (browse.current, browse.cursor) == ("shop/web", 0)
    browse.set_filter("")
    assert (browse.current, browse.cursor) == ("shop/web", 3)
    browse.set_filter("db")
    assert browse.current == "pay-prod/db"
    browse.set_filter("nowhere")
    assert browse.current is None
    browse.set_filter("")
    assert browse.current == "pay-prod/api"


words = st.lists(st.sampled_from(["a", "p", "pay", "shop", "api", "W", "/", "x", ""]), max_size=4)


@given(st.lists(words.map(" ".join), max_size=6))
def test_a_filter_shows_the_same_rows_whatever_was_typed_before(texts: list[str]) -> None:
    browse = Browse(make_table(NAMES))

    for text in texts:
        browse.set_filter(text)
        fresh = Browse(make_table(NAMES))
        fresh.set_filter(text)
        assert browse.shown == fresh.shown
        assert browse.cursor == 0 or browse.cursor < len(browse.shown)


def test_go_to_a_row_that_is_hidden_or_unknown_changes_nothing() -> None:
    browse = Browse(make_table(NAMES))
    browse.set_filter("shop")
    browse.move(1)

    browse.go_to("pay-prod/db")
    browse.go_to("gone")
    assert browse.current == "shop/web"
    browse.go_to("shop/Worker")
    assert browse.current == "shop/Worker"


def test_a_toggled_row_changes_its_mark_and_what_is_chosen() -> None:
    choice = make_choice()
    assert (choice.chosen, choice.chosen_count) == (["pay-prod/api", "shop/api"], 2)
    assert not choice.is_changed

    assert choice.toggle() == ""
    choice.move(1)
    choice.toggle()

    assert (choice.chosen, choice.chosen_count) == (["pay-prod/db", "shop/api"], 2)
    assert choice.is_changed
    # the table stays what it was
    assert choice.table.marks == list("x x- ")


def test_what_is_in_confighub_cannot_be_toggled() -> None:
    choice = make_choice()
    choice.go_to("shop/web")

    assert choice.toggle() == "already in ConfigHub"
    assert not choice.is_changed
    assert choice.marks == list("x x- ")


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("x x- ", "", "xxx-x"),
        ("xxx-x", "", "   - "),
        ("x x- ", "shop", "x x-x"),
        ("x x-x", "shop", "x  - "),
        ("     ", "pay", "xx   "),
        ("x x- ", "nowhere", "x x- "),
        ("x x- ", "web", "x x- "),
    ],
)
def test_all_that_is_shown_is_chosen_or_nothing_of_it_if_it_was(
    before: str, text: str, after: str
) -> None:
    choice = make_choice(before)
    choice.set_filter(text)

    choice.toggle_all()

    assert "".join(choice.marks) == after
    assert choice.chosen_count == after.count("x") == len(choice.chosen)
    assert choice.is_changed is (before != after)


def test_the_window_moves_only_when_the_cursor_leaves_it() -> None:
    browse = numbered(100)

    assert browse.window(10) == 0
    browse.move_to(9)
    assert browse.window(10) == 0
    browse.move(1)
    assert browse.window(10) == 1
    browse.move(-5)
    assert browse.window(10) == 1
    browse.move_to(0)
    assert browse.window(10) == 0


def test_the_window_is_full_as_long_as_there_are_rows() -> None:
    browse = numbered(100)
    browse.move_to_last()
    assert browse.window(10) == 90

    assert browse.window(30) == 70
    browse.set_filter("0009")
    assert browse.window(30) == 0


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(-70, 70), st.integers(0, 30))))
def test_the_cursor_is_always_in_the_window(count: int, moves: list[tuple[int, int]]) -> None:
    browse = numbered(count)

    for rows, height in moves:
        browse.move(rows)
        top = browse.window(height)
        assert 0 <= top <= browse.cursor < top + max(1, height)
        assert top <= max(0, count - height)


def test_a_list_that_takes_the_place_of_another_continues_where_that_was() -> None:
    before = Browse(make_table(NAMES))
    before.set_filter("api")
    before.move(1)
    assert before.current == "shop/api"

    after = Browse(make_table(["a/api", *NAMES]))
    after.take_place_of(before)

    assert (after.current, shown(after)) == ("shop/api", ["a/api", "pay-prod/api", "shop/api"])


def test_where_its_row_is_gone_the_cursor_stays_at_its_place() -> None:
    before = Browse(make_table(NAMES))
    before.move(3)

    after = Browse(make_table([name for name in NAMES if name != "shop/web"]))
    after.take_place_of(before)

    assert after.current == "shop/Worker"


@pytest.mark.parametrize(("below", "top"), [(0, 0), (2, 2), (50, 4)])
def test_what_belongs_to_a_row_is_in_sight_with_it(below: int, top: int) -> None:
    browse = numbered(100)
    browse.move(4)

    browse.below = below

    assert browse.window(5) == top
    browse.move(-1)
    assert browse.below == 0
