"""Other programs: run within a bounded time, what they say kept apart, gone when we are told to go.

A program runs in a process group of its own, so that nothing it starts is left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from session_cli.errors import NotSaved, Unavailable, printable
from session_cli.redaction import masked
from session_cli.times import elapsed

TICK_SECONDS = 0.25
# a closed terminal, Ctrl-C, and being told to go
ENDINGS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

Started = subprocess.Popen[bytes]


class Finished(NamedTuple):
    """What a program left: its exit code, its stdout as bytes, its stderr as text."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def complaint(self) -> str:
        """The last line on its stderr, in which no credential and no control character is left."""
        # masked as a whole, for a private key has many lines
        lines = [line.strip() for line in masked(self.stderr).splitlines() if line.strip()]
        return printable(lines[-1]) if lines else f"it said nothing, exit code {self.code}"


class NotInstalled(Unavailable):
    """The program is not on PATH."""


class TimedOut(Unavailable):
    """The program did not end in time and was stopped."""


def run(
    command: Sequence[str],
    timeout: float,
    stdin: bytes = b"",
    tick: Callable[[], None] = lambda: None,
) -> Finished:
    """Runs `command` for `timeout` seconds at most; `tick` is called while it is waited for."""
    with _until_told_to_go() as heed:
        process = _started(command)
        try:
            heed()
            stdout, stderr = _communicate(process, command, timeout, stdin, tick)
        except BaseException:
            _stop(process)
            raise
    return Finished(process.returncode, stdout, stderr.decode("utf-8", "replace"))


def _started(command: Sequence[str]) -> Started:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except FileNotFoundError:
        raise NotInstalled(f"{command[0]} is not on PATH") from None
    except OSError as error:
        raise NotInstalled(f"{command[0]} cannot be run: {error.strerror}") from None


def _communicate(
    process: Started,
    command: Sequence[str],
    timeout: float,
    stdin: bytes,
    tick: Callable[[], None],
) -> tuple[bytes, bytes]:
    give_up_at = elapsed() + timeout
    given: bytes | None = stdin
    while True:
        try:
            return process.communicate(given, timeout=TICK_SECONDS)
        except subprocess.TimeoutExpired:
            given = None
            tick()
            if elapsed() > give_up_at:
                what = " ".join(command[:3])
                raise TimedOut(f"'{what}' did not answer within {timeout:g} s") from None


def _stop(process: Started) -> None:
    try:
        # also when it has ended: what it started may be what we waited for
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # all of them have ended, or wait to be reaped, which macOS calls a lack of rights
        pass
    process.wait()


@contextmanager
def _until_told_to_go() -> Iterator[Callable[[], None]]:
    """What would kill us becomes an exception, so that the program is stopped too.

    It comes once `heed` was called: half started, a program could not be stopped.
    """
    told: list[int] = []
    is_heeded = False

    def note(number: int, _: object) -> None:
        told.append(number)
        if is_heeded:
            go()

    def go() -> None:
        if told:
            raise KeyboardInterrupt if told[0] == signal.SIGINT else SystemExit(128 + told[0])

    def heed() -> None:
        nonlocal is_heeded
        is_heeded = True
        go()

    # one that is ignored, as under nohup, stays so
    before = {number: signal.getsignal(number) for number in ENDINGS}
    deadly = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in deadly:
        signal.signal(number, note)
    try:
        yield heed
    finally:
        for number in deadly:
            signal.signal(number, before[number])
        if not is_heeded:
            go()


def start(command: Sequence[str], log_path: str) -> Started:
    """Starts a program that outlives us and our terminal, its words in a file."""
    try:
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise NotSaved(f"{log_path} cannot be written: {error.strerror}") from None
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    except OSError as error:
        raise NotInstalled(f"{command[0]} cannot be run: {error.strerror}") from None
    finally:
        os.close(log)
