"""Stdout and stderr, raw: whole answers, and lines for people."""

from __future__ import annotations

import posix  # os would cost every start a millisecond

from session_cli.errors import SessionError, printable


def warn(line: str) -> None:
    """Prints one line for people on stderr."""
    try:
        posix.write(2, f"session-cli: {printable(line)}\n".encode("utf-8", "replace"))
    except OSError:
        # there is no stderr; the exit code is still right
        pass


def ignore(_: str) -> None:
    """In place of `warn`, where the exit code says everything."""


def write_stdout(raw: bytes) -> None:
    """Writes all of `raw` to stdout; raises SessionError where that fails."""
    rest = memoryview(raw)
    try:
        while rest:
            rest = rest[posix.write(1, rest) :]
    except BrokenPipeError:
        _end_by_sigpipe()
    except OSError as error:
        raise SessionError(f"cannot write the answer: {error.strerror}") from None


def _end_by_sigpipe() -> None:
    """Ends as `cat` does when its reader ends first; Python would not."""
    import signal

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    posix.kill(posix.getpid(), signal.SIGPIPE)
