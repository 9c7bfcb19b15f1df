"""The screen of work under way, as it would be drawn."""

from __future__ import annotations

from threading import Thread

from waiting import eventually

from session_cli import processes
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


def test_seconds_are_counted_as_seconds() -> None:
    board = Board("Waiting for the worker")
    board.bar(0, 120, "worker dev: unknown", "s")

    assert any("] 0 of 120 s   worker dev" in line for line in drawn(board))
    assert [("", "0 of 120 s, worker dev: unknown")] in board.facts(60)


def test_it_says_in_whole_seconds_when_it_gives_up() -> None:
    board = Board("Scanning the cluster")
    call = Thread(target=processes.run, args=(["sleep", "1"], 299.975))
    call.start()
    eventually(lambda: any("gives up after 300 s" in line for line in drawn(board)))
    call.join()
