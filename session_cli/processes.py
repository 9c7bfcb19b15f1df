"""Runs other programs: with a timeout, stdout and stderr apart, and stopped when we are stopped.

A program runs in a process group of its own, so that whatever it starts is stopped with it.
Signals reach the main thread alone; in any other, a `tick` that raises is what stops a program.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import NamedTuple

from session_cli.errors import NotSaved, Unavailable, printable
from session_cli.redaction import masked_lines
from session_cli.times import elapsed

TICK_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
# the largest answers have a tenth of that
MOST_BYTES = 256 << 20
# a closed terminal, Ctrl-C, kill
ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

Process = subprocess.Popen[bytes]


class Finished(NamedTuple):
    """A program that has ended: its exit code, its stdout as bytes, its stderr as text."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def complaint(self) -> str:
        """The last line of its stderr, masked and printable; or by which signal it was killed."""
        if self.code < 0:
            return f"it was killed by signal {-self.code}"
        return last_line(self.stderr) or f"no error message, exit code {self.code}"


def last_line(output: str) -> str:
    """The last line of what a program wrote, masked and printable; "" when it wrote nothing."""
    return printable("".join(masked_lines(output)[-1:]))


class NotInstalled(Unavailable):
    """The program is not on PATH, or cannot be run."""


class NotRunnable(NotInstalled):
    """The program is there, and does not run."""


class TooMuchOutput(Unavailable):
    """The program printed more than can be of use, and was stopped."""


class TimedOut(Unavailable):
    """The program did not end before its timeout, and was stopped."""


class Call(NamedTuple):
    """A program that runs: its command, its timeout, and when it was started, in seconds."""

    command: Sequence[str]
    timeout: float
    began: float

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return elapsed() - self.began


_calls: list[Call] = []


def current_call() -> Call | None:
    """The program that somebody waits for now, for a screen that says so."""
    return _calls[-1] if _calls else None


def run(
    command: Sequence[str],
    timeout: float,
    stdin: bytes = b"",
    tick: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Runs `command` for at most `timeout` seconds; `tick` is called now and then while it runs.

    Its environment is ours where none is given. Raises NotInstalled, NotRunnable, TimedOut or
    TooMuchOutput, and what `tick` raises; a program that was started has been stopped then.
    """
    call = Call(command, timeout, elapsed())
    with _signals_as_exceptions() as deliver:
        process = _spawn(command, environment)
        _calls.append(call)
        try:
            deliver()
            stdout, stderr = _communicate(process, command, timeout, stdin, tick)
        except BaseException:
            _stop(process)
            raise
        finally:
            _calls.remove(call)
    return Finished(process.returncode, stdout, stderr.decode("utf-8", "replace"))


def _spawn(command: Sequence[str], environment: Mapping[str, str] | None) -> Process:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(
            command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
            env=environment,
            preexec_fn=_make_end_with_us(),
        )
    except FileNotFoundError:
        if shutil.which(command[0]):
            raise NotRunnable(f"{command[0]} cannot be run: its interpreter is missing") from None
        raise NotInstalled(f"{command[0]} is not on PATH") from None
    except OSError as error:
        raise NotRunnable(f"{command[0]} cannot be run: {error.strerror}") from None
    except ValueError:
        raise Unavailable(f"{command[0]} cannot be asked about a name with a NUL in it") from None


def _make_end_with_us() -> Callable[[], None] | None:
    """What a new program calls first, so that it is killed when we are killed; only Linux can.

    It takes no lock that a thread of ours may hold. See prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform != "linux":
        return None
    try:
        from ctypes import CDLL

        prctl, us = CDLL(None).prctl, os.getpid()
    except (ImportError, OSError, AttributeError):
        # some builds of Python have no ctypes
        return None

    def end_with_us() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:
            # we were killed before it had asked for that
            os._exit(1)

    return end_with_us


def _communicate(
    process: Process,
    command: Sequence[str],
    timeout: float,
    stdin: bytes,
    tick: Callable[[], None],
) -> tuple[bytes, bytes]:
    deadline = elapsed() + timeout
    to_send: bytes | None = stdin
    while True:
        try:
            return process.communicate(to_send, timeout=TICK_SECONDS)
        except subprocess.TimeoutExpired as so_far:
            to_send = None
            if len(so_far.output or b"") > MOST_BYTES:
                call = " ".join(command[:3])
                raise TooMuchOutput(f"'{call}' printed more than {MOST_BYTES >> 20} MiB") from None
            tick()
            if elapsed() > deadline:
                call = " ".join(command[:3])
                raise TimedOut(f"'{call}' timed out after {round(timeout, 1):g} s") from None


def _stop(process: Process) -> None:
    try:
        # even if it has ended: what it started may still run, and hold the pipes open
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # the whole group has ended; where some are not reaped yet, macOS reports EPERM
        pass
    process.wait()


@contextmanager
def _signals_as_exceptions() -> Iterator[Callable[[], None]]:
    """Turns the signals that would end us into exceptions, so that the program is stopped, too.

    Yields a function; until it is called, signals are held back: a program that is not fully
    started could not be stopped. Outside the main thread, where Python takes no handlers, it does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    received: list[int] = []
    is_delivering = False

    def handle(number: int, _: object) -> None:
        received.append(number)
        if is_delivering:
            raise_received()

    def raise_received() -> None:
        if received:
            number = received[0]
            raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    def deliver() -> None:
        nonlocal is_delivering
        is_delivering = True
        raise_received()

    if current_thread() is not main_thread():
        # signals are the main thread's; `tick` tells us when to end
        yield lambda: None
        return
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    # a signal that is ignored, as SIGHUP under nohup, stays ignored
    handled = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, handle)
    try:
        yield deliver
    finally:
        for number in handled:
            signal.signal(number, before[number])
        if not is_delivering:
            raise_received()


def start(command: Sequence[str], log_path: str) -> Process:
    """Starts a program that outlives us and our terminal; its output is appended to a file."""
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
