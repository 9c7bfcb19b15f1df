"""A list and the table of its keys, as they would be drawn."""

from __future__ import annotations

from session_cli.text.columns import Table
from session_cli.tui.choice import Browse
from session_cli.tui.keys import ENTER, QUIT, Key
from session_cli.tui.list_views import Browsing
from session_cli.tui.views import Help, View

NAMES = ["api", "db", "web"]


def make_view() -> Browsing:
    table = Table([""], NAMES, [(name,) for name in NAMES], lambda _: [""])
    return Browsing(Browse(table), (Key(ENTER, "Enter", "Open"), QUIT))


def drawn(view: View) -> list[str]:
    return ["".join(text for _, text in line).rstrip() for line in view.body(60, 20)]


def test_a_filter_that_matches_nothing_says_so_until_escape_shows_all() -> None:
    view = make_view()
    view.rows.set_filter("zzz")
    said = "  nothing matches; Esc shows all rows"

    assert drawn(view)[-1] == said
    view.press(ENTER)
    assert drawn(view)[-1] == said
    view.press("escape")
    assert said not in drawn(view)
    assert "  3 of 3 shown" in drawn(view)


def test_the_keys_tell_how_to_clear_a_filter_and_those_of_the_terminal() -> None:
    lines = [line.split() for line in drawn(Help(make_view()))]

    assert ["Esc", "Clear", "the", "filter"] in lines
    assert ["Ctrl-C", "Quit", "at", "once"] in lines
    assert ["Ctrl-Z", "Suspend;", "fg", "comes", "back"] in lines
