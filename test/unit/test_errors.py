"""Messages stay on one line and obey nothing that stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.errors import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            "not saved: /home/zoë/x y: full", "not saved: /home/zoë/x y: full", id="plain"
        ),
        pytest.param("a\nb\tc", r"a\nb\tc", id="line break and tab"),
        pytest.param("\x1b[2J", r"\x1b[2J", id="escape sequence"),
        pytest.param("\x9b2J", r"\x9b2J", id="escape sequence in one character"),
        pytest.param("a\u202eb\u2028c", r"a\u202eb\u2028c", id="direction and line separator"),
        pytest.param("a\udcffb", r"a\udcffb", id="a byte that is no UTF-8"),
    ],
)
def test_what_a_terminal_could_obey_is_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_every_message_fits_on_one_line_that_can_be_written(text: str) -> None:
    line = printable(text)

    assert line.isprintable()
    assert line.encode("utf-8").decode().splitlines() == ([line] if line else [])
