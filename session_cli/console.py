"""Stdout and stderr, raw: whole answers, and lines for people."""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import sys

from session_cli.errors import SessionError, printable


def warn(line: str) -> None:
    """Prints one line for people on stderr."""
    write_stderr(f"session-cli: {printable(line)}\n".encode("utf-8", "replace"))


def write_stderr(raw: bytes) -> None:
    """Writes `raw` to stderr, for people."""
    try:
        posix.write(2, raw)
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


_speaks_utf8: bool | None = None


def speaks_utf8() -> bool:
    """Whether the caller's locale is there and in UTF-8; none at all is the one called C."""
    global _speaks_utf8
    if _speaks_utf8 is None:
        _speaks_utf8 = _ask_locale()
    return _speaks_utf8


def _ask_locale() -> bool:
    import locale

    given = given_environment()
    names = (given.get(name) for name in (b"LC_ALL", b"LC_CTYPE", b"LANG"))
    named = next(filter(None, names), b"C").decode(errors="surrogateescape")
    ours = locale.setlocale(locale.LC_CTYPE, None)
    try:
        locale.setlocale(locale.LC_CTYPE, named)
        return locale.nl_langinfo(locale.CODESET).upper() == "UTF-8"
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, ours)


def given_environment() -> dict[bytes, bytes]:
    """The environment as our caller gave it; Python has set LC_CTYPE in it where that was C."""
    try:
        with open("/proc/self/environ", "rb") as file:
            pairs = [line.partition(b"=") for line in file.read().split(b"\0")]
        return {name: value for name, _, value in pairs}
    except OSError:
        given = dict(posix.environ)
        # where there is no /proc, UTF-8 mode shows that Python has set it
        if sys.flags.utf8_mode and b"PYTHONUTF8" not in given:
            given.pop(b"LC_CTYPE", None)
        return given
