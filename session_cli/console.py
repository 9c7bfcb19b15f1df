"""Stdout and stderr, raw: whole answers, and lines for people."""

from __future__ import annotations

import posix

from session_cli.errors import SessionError, printable


def warn(line: str) -> None:
    """One line for people, on stderr."""
    try:
        posix.write(2, f"session-cli: {printable(line)}\n".encode("utf-8", "replace"))
    except OSError:
        # nobody can be told; the exit code still says it
        pass


def ignore(_: str) -> None:
    """For a verb whose exit code says everything."""


def write_stdout(raw: bytes) -> None:
    """`raw` on stdout, all of it."""
    rest = memoryview(raw)
    try:
        while rest:
            rest = rest[posix.write(1, rest) :]
    except BrokenPipeError:
        _die_of_broken_pipe()
    except OSError as error:
        raise SessionError(f"cannot write the answer: {error.strerror}") from None


def _die_of_broken_pipe() -> None:
    """As `cat` does when its reader leaves; Python would not."""
    import signal

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    posix.kill(posix.getpid(), signal.SIGPIPE)
