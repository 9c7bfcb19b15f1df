"""The screen that tests of the TUIs look at shows what pyte shows."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from tui.screen import Rows

# letters narrow and combined; cursor, scrolling, erasing, inserting, regions, tabs, reset
PIECES = [
    *("a", "─│", "e\u0301", "\u200b", "x" * 30),
    *("\r", "\n", "\t", "\b", "\x1bM", "\x1bD", "\x1bc"),
    *(f"\x1b[{end}" for end in ("H", "2;9H", "A", "2B", "3C", "D", "J", "1J", "2J", "K", "1K")),
    *(f"\x1b[{end}" for end in ("2L", "M", "3@", "2P", "4X", "2;4r", "r", "4h", "4l", "?7l")),
]


@given(
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.booleans(), st.sampled_from([(), (5, 20), (7, 12)]))
    )
)
def test_a_row_that_changed_is_drawn_anew(said: list[tuple[str, bool, tuple[int, ...]]]) -> None:
    screen = Rows(12, 5)
    stream = pyte.Stream(screen)
    for piece, is_looked_at, size in said:
        stream.feed(piece)
        if size:
            screen.resize(*size)
        if is_looked_at:
            assert screen.display == super(Rows, screen).display

    assert screen.display == super(Rows, screen).display


def test_a_wide_letter_takes_two_columns() -> None:
    screen = Rows(12, 5)
    pyte.Stream(screen).feed("a日本─\r\n語")
    assert screen.display == super(Rows, screen).display
    assert screen.display[:2] == ["a日本─      ", "語          "]
