"""DATA from standard input, read only when it is meant for us."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` and `select` would cost a save more
import posix  # os would cost every start a millisecond
from _stat import S_ISFIFO, S_ISREG

from session_cli.document import MAX_BYTES

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_SECONDS = 2


def is_meant_for_us() -> bool:
    """Whether stdin is a pipe or a file that is not also our parent's stdin.

    In `kubectl ... | session-cli save scan` it is. The pipe of a `while read` loop, of a script
    piped into bash or of a CI step is not: there the parent's stdin is the same one. Nor is a
    socket, which sshd gives to a command whose stdin is a remote terminal.
    """
    try:
        ours = posix.fstat(0)
        is_data = S_ISFIFO(ours.st_mode) or S_ISREG(ours.st_mode)
        return is_data and not _is_parents(ours)
    except OSError:
        return False


def _is_parents(ours: posix.stat_result) -> bool:
    """Raises OSError where the parent's descriptors cannot be listed, as outside Linux."""
    descriptors = f"/proc/{posix.getppid()}/fd"
    posix.listdir(descriptors)
    try:
        theirs = posix.stat(f"{descriptors}/0")
    except FileNotFoundError:
        return False
    return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)


def read_all(warn: Callable[[str], None]) -> bytes:
    """Everything on stdin, up to one byte over the limit of DATA; warns while nothing arrives."""
    line = "waiting for DATA on standard input"
    if posix.isatty(0):
        line += "; end it with Ctrl-D, or save without '-'"
    _signal.signal(_signal.SIGALRM, lambda *_: warn(line))
    _signal.setitimer(_signal.ITIMER_REAL, QUIET_SECONDS)
    chunks, size = [], 0
    while size <= MAX_BYTES and (chunk := posix.read(0, 1 << 20)):
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        chunks.append(chunk)
        size += len(chunk)
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    return b"".join(chunks)
