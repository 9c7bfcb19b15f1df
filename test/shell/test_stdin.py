"""Save and a stdin on which nothing comes: a pipe that stays open, a socket, a terminal."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shlex import quote

import pytest
import waiting
from processes import Command

SHIM = Path(__file__).parent.parent / "atk" / "lib" / "session.sh"
SAVES = {
    "session-cli": "session-cli save scan",
    "session-cli with data": "session-cli save scan '{\"a\": 1}'",
    "session_save": f"source {quote(str(SHIM))}; session_save scan",
}
WAITING = {
    "session-cli": "exec session-cli save scan -",
    "session-cli without a dash": "exec session-cli save scan",
    "session_save": f"source {quote(str(SHIM))}; session_save scan -",
}
TYPED = b'{"typed": "by a person"}\n'


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe, closed afterwards."""
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def run(script: str, stdin: int) -> subprocess.CompletedProcess[str]:
    """Runs the bash script to its end; TimeoutExpired when it hangs."""
    return waiting.run(["bash", "-c", script], stdin=stdin, text=True)


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_an_idle_pipe_that_the_calling_script_has_too_is_not_waited_for(
    save: str, cli: Command
) -> None:
    with pipe() as (reader, _):
        done = run(f"{save}; echo $?", reader)

    assert (done.stdout, done.stderr) == ("0\n", "")
    assert cli("get-step").stdout == b"scan\n"


@pytest.mark.parametrize("save", ["exec session-cli save scan", *SAVES.values()])
def test_a_socket_is_not_read_as_ssh_gives_one_to_a_command_without_a_shell(
    save: str, cli: Command
) -> None:
    with ExitStack() as stack:
        theirs, ours = (stack.enter_context(end) for end in socket.socketpair())
        theirs.send(TYPED)
        done = run(save, ours.fileno())
        left = ours.recv(1000)

    assert (done.returncode, done.stderr) == (0, "")
    assert left == TYPED
    assert cli("get-step").stdout == b"scan\n"


@pytest.mark.parametrize("save", ["exec session-cli save scan", *SAVES.values()])
def test_a_terminal_is_not_read(save: str, cli: Command) -> None:
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, TYPED)
        done = run(save, terminal)
        left = os.read(terminal, 1000)
    finally:
        os.close(keyboard)
        os.close(terminal)

    assert (done.returncode, done.stderr) == (0, "")
    assert left == TYPED
    assert cli("get-step").stdout == b"scan\n"


@pytest.mark.parametrize("save", WAITING.values(), ids=WAITING)
def test_two_silent_seconds_bring_one_line_that_says_what_is_waited_for(
    save: str, cli: Command
) -> None:
    with subprocess.Popen(
        ["bash", "-c", save], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdin and process.stderr
            is_told = waiting.eventually(lambda: select.select([process.stderr], [], [], 0.1)[0])
            _, told = waiting.communicate(process, b'{"a": 1}')
        finally:
            process.kill()

    assert is_told
    assert told.count(b"\n") == 1
    assert b"waiting for DATA on standard input" in told
    assert process.returncode == 0
    assert cli("get", "a").stdout == b"1\n"


def test_data_that_comes_at_once_brings_no_such_line(cli: Command) -> None:
    answer = cli("save", "scan", "-", stdin=b'{"a": 1}')

    assert answer == (0, b"", "")


@pytest.mark.parametrize("data", ["-", None])
def test_data_that_comes_in_pieces_is_read_to_its_end(data: str | None, cli: Command) -> None:
    command = ["session-cli", "save", "scan", *filter(None, [data])]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for piece in [b'{"note": "', *[b"x" * 100_000] * 5, b'"}']:
            process.stdin.write(piece)
            process.stdin.flush()

    assert process.returncode == 0
    assert cli("get", "length(note)").stdout == b"500000\n"
