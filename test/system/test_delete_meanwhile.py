"""`delete` waits at its question; what happens meanwhile is not deleted."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Command
from system.folders import BEGIN, DAY, clock, kept
from waiting import communicate

SESSION = "import-2026-01-09-143022"


@pytest.fixture(autouse=True)
def one_session(quick: Command) -> None:
    quick("save", "scan", env=clock(BEGIN))


@contextmanager
def asking(*arguments: str) -> Iterator[Callable[[str], tuple[int, str]]]:
    """`session-cli delete` once its question stands there; the function answers it."""
    process = subprocess.Popen(
        [SCRIPTS / "session-cli", "delete", *arguments],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stderr
    question = ""
    while not question.endswith("[y/N]: "):
        question += process.stderr.read(1)

    def answer(text: str) -> tuple[int, str]:
        _, told = communicate(process, text)
        return process.returncode, told

    try:
        yield answer
    finally:
        process.kill()
        process.wait()


def test_a_session_that_was_saved_meanwhile_is_not_deleted(quick: Command, sessions: Path) -> None:
    with asking() as answer:
        assert quick("save", "review", '{"n": 1}', env=clock(BEGIN + 60)).code == 0
        before = kept(sessions)
        code, told = answer("y\n")

    assert code == 6
    assert f"not deleted: {SESSION} was saved meanwhile" in told
    assert kept(sessions) == before


def test_a_session_that_was_opened_meanwhile_is_not_deleted(
    quick: Command, cli: Command, sessions: Path, tmp_path: Path
) -> None:
    mine = os.open(tmp_path / "mine", os.O_RDWR | os.O_CREAT)
    with asking() as answer:
        held = cli("lease", "--fd", str(mine), pass_fds=[mine])
        assert held.code == 0, held.stderr
        # a lease is the parent's; who asks must be somebody else than this process
        record = sessions / ".lease" / SESSION
        record.write_text(record.read_text().replace(f'"pid": {os.getpid()}', '"pid": 1'))
        before = kept(sessions)
        code, told = answer("y\n")
    os.close(mine)

    assert code == 5
    assert f"{SESSION} is open in process" in told
    assert kept(sessions) == before


def test_a_session_that_left_meanwhile_is_reported_as_gone(quick: Command, cli: Command) -> None:
    with asking(SESSION) as answer:
        assert cli("delete", SESSION, "--yes").code == 0
        code, told = answer("y\n")

    assert code == 3
    assert f"there is no session {SESSION}" in told


def test_a_plain_file_that_changed_meanwhile_is_not_deleted(quick: Command, sessions: Path) -> None:
    """As the draft saves: with another time, and no revision."""
    pointer = sessions / "import-latest.json"
    state = pointer.read_text()
    pointer.unlink()
    for snapshot in sessions.glob("import-2*"):
        snapshot.unlink()
    state = "".join(line for line in state.splitlines() if '"revision"' not in line)
    pointer.write_text(state)
    with asking() as answer:
        pointer.write_text(state.replace("2026-01-09T14:30:22Z", "2026-01-09T15:00:00Z", 2))
        code, told = answer("y\n")

    assert code in (3, 6), told
    assert quick("load", env=clock(BEGIN + DAY)).stdout != b""


def test_a_session_that_stayed_as_it_was_is_deleted(quick: Command, sessions: Path) -> None:
    with asking() as answer:
        code, _ = answer("y\n")

    assert code == 0
    assert quick("get-step").stdout == b"none\n"
    assert not list(sessions.glob("import-*"))
