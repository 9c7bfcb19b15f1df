"""Boxes: framed at any width, two of them beside each other, and the same in ASCII."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import wcswidth

from session_cli.text.boxes import (
    NARROWEST,
    WIDEST,
    Paragraph,
    box,
    in_ascii,
    pair,
    unframe,
    visible,
)

LEFT: list[Paragraph] = [["✓ Logged in", "○ No worker"], ["ALL SET"]]
RIGHT: list[Paragraph] = [["Step: Verify"], [("[R] Resume", "[N] New session")]]


def widths(text: str) -> set[int]:
    return {wcswidth(line) for line in text.split("\n")}


def test_two_boxes_share_a_wall() -> None:
    assert pair(("CONNECTION", LEFT), ("SESSION STATE", RIGHT), 80) == (
        "┌─ CONNECTION ────────────────┬─ SESSION STATE ────────────────────────────────┐\n"
        "│                             │                                                │\n"
        "│  ✓ Logged in                │  Step: Verify                                  │\n"
        "│  ○ No worker                │                                                │\n"
        "│                             │  [R] Resume    [N] New session                 │\n"
        "│  ALL SET                    │                                                │\n"
        "│                             │                                                │\n"
        "└─────────────────────────────┴────────────────────────────────────────────────┘"
    )


def test_one_stands_above_the_other_where_there_is_no_room() -> None:
    text = pair(("CONNECTION", LEFT), ("SESSION STATE", RIGHT), 60)

    assert text == f"{box('CONNECTION', LEFT, 60)}\n{box('SESSION STATE', RIGHT, 60)}"


@pytest.mark.parametrize("title", ["A", "CONNECTION, saved an unknown time ago", "X" * 40])
@pytest.mark.parametrize("width", [2 * NARROWEST - 1, 80, 100, 120, WIDEST])
def test_the_wall_is_straight_under_any_title(title: str, width: int) -> None:
    lines = pair((title, LEFT), ("SESSION STATE", RIGHT), width).split("\n")

    assert {len(line) for line in lines} == {width}
    wall = lines[0].index("┬")
    assert {line[wall] for line in lines} == {"┬", "│", "┴"}
    assert lines[-1].index("┴") == wall
    assert title in lines[0]


@pytest.mark.parametrize("width", [-1, 0, 39, 40, 200, 201, 10**6])
def test_a_box_keeps_to_what_can_be_read(width: int) -> None:
    kept = min(max(width, NARROWEST), WIDEST)

    assert widths(box("T", LEFT, width)) == {kept}
    assert widths(pair(("T", LEFT), ("S", RIGHT), width)) == {kept}


marks = st.sampled_from("👍🏽🇩🇪\u0301\u093f\u0bbe\u1160\ufe0f\u200d日é한\u1100\u1161क्ष✓█… ")
texts = st.text(marks | st.characters(), max_size=60)
paragraphs = st.lists(
    st.lists(
        texts | st.lists(texts, min_size=1, max_size=3).map(lambda _: ("[R] Run", "[Q] Quit"))
    ),
    max_size=3,
)


@given(paragraphs, paragraphs, st.integers(30, 210))
@example([["👍🏽 🇩🇪 🇩🇪"]], [["क्ष\u093f \u0301"]], 40)
@example([["\x1b[2J\r\n\t\u202e\u2028"]], [["x" * 300]], 90)
def test_boxes_are_equally_wide_in_every_line_and_in_ascii_too(
    left: list[Paragraph], right: list[Paragraph], width: int
) -> None:
    text = pair(("LEFT", left), ("RIGHT", right), width)
    plain = in_ascii(text)

    assert widths(text) == {min(max(width, NARROWEST), WIDEST)}
    assert plain.isascii()
    assert [len(line) for line in plain.split("\n")] == [wcswidth(x) for x in text.split("\n")]
    assert not [char for char in text if not char.isprintable() and char != "\n"]


def test_in_ascii_the_frame_and_the_signs_can_be_distinguished() -> None:
    assert in_ascii("┌─┬┐│├┤└┴┘ ✓ ✗ ○ █ — … ↑ ↓ é日") == "+-++|+++++ * x o # - . ^ v ???"


def test_ascii_is_left_as_it_is() -> None:
    text = "".join(map(chr, range(32, 127)))

    assert in_ascii(f"{text}\n{text}") == f"{text}\n{text}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u3164b\ufe0f", "a\\u3164b\\ufe0f"),
        ("two\nlines\ttab", "two\\nlines\\ttab"),
        ("\ud800", "\\ud800"),
        ("日本 é", "日本 é"),
    ],
)
def test_what_would_act_or_hide_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_no_value_can_pose_as_a_line_of_its_own() -> None:
    text = box("T", [[f"Cluster: {'x' * 26} Step: Verify"]], 44)

    assert "│  Step: Verify" not in text
    assert "│    Step: Verify" in text


def test_keys_are_kept_whole() -> None:
    text = box("T", [[("[R] Resume session", "[N] New session", "[V] View log")]], 40)

    assert all(key in text for key in ("[R] Resume session", "[N] New session", "[V] View log"))


def test_without_a_frame_a_box_says_what_it_holds() -> None:
    paragraphs: list[Paragraph] = [
        ["Step: Verify", "  payment-api"],
        ["Flux       ████ 4", "Argo │ CD  ██ 2"],
        [("[R] Resume", "[N] New session")],
    ]

    assert unframe(box("RESUME SESSION?", paragraphs, 60).split("\n")) == [
        "RESUME SESSION?",
        "",
        "Step: Verify",
        "  payment-api",
        "",
        "Flux        4",
        "Argo │ CD   2",
        "",
        "[R] Resume    [N] New session",
    ]


def test_lines_beside_a_box_lose_the_margin_of_the_screen_alone() -> None:
    lines = [*box("EXIT", [["Saved."]], 40).split("\n"), "", "  To stop it:", "    kill 1", "map"]

    assert unframe(lines) == ["EXIT", "", "Saved.", "", "To stop it:", "  kill 1", "map"]


@given(st.lists(st.lists(texts, max_size=3), max_size=3), st.integers(40, 78))
def test_nothing_but_the_frame_is_taken_off(content: list[list[str]], width: int) -> None:
    framed = box("TITLE", [list(each) for each in content], width)

    title, *said = unframe(framed.split("\n"))

    assert title == "TITLE"
    told = "".join(visible(text) for paragraph in content for text in paragraph)
    assert "".join(said).replace(" ", "") == told.replace(" ", "").replace("█", "")
