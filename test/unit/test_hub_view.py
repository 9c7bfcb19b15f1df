"""The map of ConfigHub on screens of any height: the list is what can be worked with."""

from __future__ import annotations

import pytest

from session_cli.confighub.hub_state import HubState
from session_cli.text.hub_overview import Tree
from session_cli.tui.hub import HubView

SPACES = [{"slug": f"team-{number}", "units": number} for number in range(9)]
WAY = [f"stage {number}" for number in range(12)]


def make_view() -> HubView:
    tree = Tree(HubState({"org": "acme", "spaces": SPACES}), {}, (), 0.0)
    return HubView(tree, lambda _: [*([("", line)] for line in WAY), [("", "asking")]])


def drawn(view: HubView, height: int) -> list[str]:
    return ["".join(text for _, text in line).rstrip() for line in view.body(80, height)]


@pytest.mark.parametrize(("height", "stages", "rows"), [(24, 12, 9), (12, 5, 4), (6, 1, 2)])
def test_the_way_is_cut_where_the_list_would_have_no_room(
    height: int, stages: int, rows: int
) -> None:
    lines = drawn(make_view(), height)

    assert len(lines) == height
    assert [line for line in lines if line.startswith("stage")] == WAY[:stages]
    assert lines[stages] == "asking"
    assert sum("acme" in line or "team-" in line for line in lines) == rows
    assert "  10 of 10 shown" in lines


def test_what_cannot_be_opened_has_no_hint_to_open_it() -> None:
    view = make_view()

    def foot() -> str:
        return "".join(text for line in view.foot(80) for _, text in line)

    assert view.rows.current == "org"
    assert "[Enter]" not in foot()
    assert "[R] Refresh" in foot()

    view.press("down")

    assert "[Enter] Open/close" in foot()


def test_a_click_finds_its_row_below_the_way() -> None:
    view = make_view()
    at = next(number for number, line in enumerate(drawn(view, 24)) if "team-2" in line)

    assert view.click(at) == ""
    assert view.rows.current == "space/team-2"
    assert view.click(at) == "enter"
    assert view.click(0) == ""
