"""How text that comes without looks is painted."""

from __future__ import annotations

import pytest

from session_cli.text.boxes import box, pair
from session_cli.tui.keys import Key, help_rows, hints, letter
from session_cli.tui.paint import paint

BOX = box(
    "CLUSTER",
    [
        ["✓ Logged in", "✗ gone", "! late, or not", "Flux       ████ 2"],
        [("[R] Resume", "[?] Keys")],
    ],
    44,
)
PAIR = pair(("CONNECTION", [["✓ in"]]), ("SESSION STATE", [["[I] New"]]), 80)


def styled(style: str, *lines: str) -> list[str]:
    return [text for line in lines for each, text in paint(line) if each == style]


@pytest.mark.parametrize("line", [*BOX.split("\n"), *PAIR.split("\n"), "", "  [R] Try again"])
def test_no_character_is_lost(line: str) -> None:
    assert "".join(text for _, text in paint(line)) == line


def test_signs_keys_bars_and_titles_have_looks() -> None:
    lines = BOX.split("\n")
    assert styled("title", *lines) == [" CLUSTER "]
    assert styled("ok", *lines) == ["✓"]
    assert styled("error", *lines) == ["✗"]
    assert [each.strip() for each in styled("warn", *lines)] == ["! late, or not"]
    assert styled("owner.flux", *lines) == ["Flux       ████"]
    assert styled("strong", *lines) == ["[R]", "[?]"]
    assert styled("title", *PAIR.split("\n")) == [" CONNECTION ", " SESSION STATE "]


def test_what_only_resembles_one_has_none() -> None:
    plain = "  Really! [x] order-prod [later] and a[1]"
    assert paint(plain) == [("", plain)]


KEYS = [
    letter(name, does) for name, does in zip("abcde", ["One", "Two", "Three"] * 2, strict=False)
]


def test_hints_stand_closer_where_that_saves_a_line_and_are_never_broken() -> None:
    whole = "  [A] One    [B] Two    [C] Three    [D] One    [E] Two"
    assert hints(KEYS, len(whole)) == [whole]
    closer = "  [A] One  [B] Two  [C] Three  [D] One  [E] Two"
    assert hints(KEYS, len(whole) - 1) == [closer]
    assert hints(KEYS, len(closer)) == [closer]
    assert hints(KEYS, len(closer) - 1) == [
        "  [A] One    [B] Two    [C] Three    [D] One",
        "  [E] Two",
    ]
    assert hints(KEYS, 1) == [f"  {key.hint}" for key in KEYS]


def test_keys_that_do_the_same_stand_in_one_row() -> None:
    keys = [letter("r", "Resume"), Key("q", "Q", "Quit"), Key("enter", "Enter", "Resume")]
    assert help_rows(keys) == [("R Enter", "Resume"), ("Q", "Quit")]
