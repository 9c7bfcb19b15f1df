"""Who saved last, as a hub says it: whatever it says, it is text that a terminal may show."""

from __future__ import annotations

import pytest

from session_cli.sync.push import read_writer, writer_of


@pytest.mark.parametrize(
    ("writer", "shown"),
    [
        ({"user": "sam", "device_name": "desktop"}, "sam on desktop"),
        ({"user": "sam", "device_name": None}, "sam"),
        ({"user": 7, "device_name": ["x"]}, "somebody"),
        ({"user": "a\x1b[31mb", "device_name": ""}, "a\\x1b[31mb"),
        (7, "somebody"),
        (None, "somebody"),
        ("sam", "somebody"),
    ],
)
def test_who_saved_is_said_in_printable_words(writer: object, shown: str) -> None:
    assert writer_of({"writer": writer}) == shown


def test_nobody_is_named_where_the_hub_names_nobody() -> None:
    assert read_writer({}) == ("", "")
