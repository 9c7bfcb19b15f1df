"""The screen of work under way, as it would be drawn."""

from __future__ import annotations

from session_cli.tui.board import Board


def drawn(board: Board, width: int = 60, height: int = 12) -> list[str]:
    return ["".join(text for _, text in line) for line in board.body(width, height)]


def test_it_shows_how_far_it_is_and_what_has_happened() -> None:
    board = Board("Creating Units")
    board.say("Unit api created")
    board.bar(1, 4, "Unit web")

    lines = drawn(board)

    assert "    [#######                       ] 1 of 4   Unit web" in lines
    assert lines[-1] == "    Unit api created"


def test_the_last_line_of_the_program_that_is_waited_for_is_shown_in_one_line() -> None:
    said = ["", "connecting to https://hub.example.com " * 5]
    board = Board("Waiting for the worker", last_line=lambda: said[0])

    assert not any(line.startswith("    | ") for line in drawn(board))
    said.pop(0)
    [line] = [line for line in drawn(board) if line.startswith("    | ")]
    assert "connecting to https://hub.example.com" in line and len(line) <= 60


def test_of_more_than_fits_the_newest_is_shown() -> None:
    board = Board("Creating Units")
    for number in range(50):
        board.say(f"Unit {number} created")

    lines = drawn(board, height=10)

    assert len(lines) <= 10
    assert lines[-1] == "    Unit 49 created"
