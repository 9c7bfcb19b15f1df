"""What can go wrong, and the exit code that says so."""

from __future__ import annotations

from errno import (
    EACCES,
    EDQUOT,
    EMFILE,
    ENFILE,
    ENOLCK,
    ENOSPC,
    ENOSYS,
    EOPNOTSUPP,
    EPERM,
    EROFS,
)

EXIT_INTERRUPTED = 130
# as a shell says of a command that is not there
EXIT_NOT_INSTALLED = 127


class SessionError(Exception):
    """A failure a user can act on: the message says what, where and what to type next."""

    exit_code = 1


class Absent(SessionError):
    """What was asked for is not in the state."""


class BadInput(SessionError):
    """The arguments or the DATA cannot be used; nothing was written."""

    exit_code = 2


class NoSession(SessionError):
    """There is no session to work on."""

    exit_code = 3


class Unreadable(SessionError):
    """The state is there and cannot be read, or a newer version wrote it."""

    exit_code = 4


class Locked(SessionError):
    """Another process holds the folder or the session."""

    exit_code = 5


class Refused(SessionError):
    """Doing it would overwrite somebody else's work."""

    exit_code = 6


class NotSaved(SessionError):
    """The disk or the rights did not allow it; what was there is intact."""

    exit_code = 7


class Unavailable(SessionError):
    """The cluster or ConfigHub did not give what was asked for."""

    exit_code = 8


class Unfinished(SessionError):
    """The import went on as far as it could, and something of it is missing."""

    exit_code = 9


class Unsynced(SessionError):
    """It is saved and the latest, but the disk did not say that a power loss cannot undo it."""

    exit_code = 10


def unreadable(error: OSError) -> Unreadable:
    """The failure to tell when the sessions folder, or a file in it, cannot be read."""
    place = error.filename or "the sessions folder"
    return Unreadable(f"cannot read {place}: {error.strerror or error}")


def advice(error: OSError) -> str:
    """What to do about a disk that refuses; the last words of a message."""
    if error.errno in (ENOSPC, EDQUOT):
        return "free some space, then try again"
    if error.errno in (EROFS, EACCES, EPERM):
        return "make it yours to write, or choose another folder with --dir"
    if error.errno in (ENOLCK, EOPNOTSUPP, ENOSYS):
        return (
            "its file system cannot do this; name a folder on a local disk with --dir"
            " or CONFIGHUB_SESSION_DIR"
        )
    if error.errno in (EMFILE, ENFILE):
        return "raise the limit with 'ulimit -n 64', then try again"
    return "'session-cli doctor' may know more; then try again"


def printable(text: str) -> str:
    """`text` on one line, with control and formatting characters shown, never obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
