"""How head, body and foot fill a screen."""

from __future__ import annotations

import pytest

from session_cli.tui.canvas import lay_out
from session_cli.tui.theme import Line
from session_cli.tui.views import Text

HEAD: list[Line] = [[("title", "head")], []]


def drawn(view: Text, height: int) -> list[str]:
    lines = lay_out(HEAD, lambda room: view.body(20, room), lambda: view.foot(20), height)
    return ["".join(text for _, text in line) for line in lines]


def numbered(count: int) -> Text:
    return Text(lambda _: [f"row {number}" for number in range(count)], ())


@pytest.mark.parametrize("height", range(6, 30))
@pytest.mark.parametrize("count", [0, 1, 12, 40])
def test_a_screen_is_filled_whatever_its_body_holds(count: int, height: int) -> None:
    view = numbered(count)

    # a terminal may grow and shrink between two frames
    for each in (height, height + 9, height):
        lines = drawn(view, each)
        assert len(lines) == each
        assert lines[0] == "head"
        assert "[?] Keys" in lines[-1]
        rows = sum("row" in line for line in lines)
        # else a page would be more than what is seen
        assert rows == count or rows == view.height >= each - 4


def test_a_body_that_is_higher_than_the_screen_is_cut_and_the_foot_says_how_to_move() -> None:
    view = numbered(40)

    lines = drawn(view, 12)

    assert "row 0" in lines[2]
    assert "Up Down" in " ".join(lines[-2:])
    assert not any("row 39" in line for line in lines)
    view.press("end")
    assert any("row 39" in line for line in drawn(view, 12))
