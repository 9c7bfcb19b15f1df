"""Errors, and the exit code of each."""

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
# the shell's own code for a command that is not there
EXIT_NOT_INSTALLED = 127


class SessionError(Exception):
    """A failure a user can act on: the message says what, where and what to type next."""

    exit_code = 1


class Absent(SessionError):
    """The answer is no, or nothing was found."""


class BadInput(SessionError):
    """The arguments or the DATA cannot be used; nothing was written."""

    exit_code = 2


class NoSession(SessionError):
    """There is no session to work on."""

    exit_code = 3


class Unreadable(SessionError):
    """The state is there but cannot be read, or a newer version wrote it."""

    exit_code = 4


class SignedOut(SessionError):
    """It cannot be done without signing in to the hub, or signing in again."""

    exit_code = 4


class Locked(SessionError):
    """Another process holds the folder or the session."""

    exit_code = 5


class Refused(SessionError):
    """It would overwrite the work of another program or person."""

    exit_code = 6


class NotSaved(SessionError):
    """The disk or the rights did not allow it; what was there is intact."""

    exit_code = 7


class Unavailable(SessionError):
    """The cluster or ConfigHub cannot be reached or did not answer as expected."""

    exit_code = 8


class Unfinished(SessionError):
    """The import did what it could, and something is missing."""

    exit_code = 9


class Unsynced(SessionError):
    """It is saved and the latest, but the disk has not confirmed that: a power loss may undo it."""

    exit_code = 10


def unreadable(error: OSError) -> Unreadable:
    """The error to raise when the sessions folder, or a file in it, cannot be read."""
    place = error.filename or "the sessions folder"
    return Unreadable(f"cannot read {place}: {error.strerror or error}")


def advice(error: OSError) -> str:
    """What to do about an error of the disk; the end of a message."""
    if error.errno in (ENOSPC, EDQUOT):
        return "free some space, then try again"
    if error.errno in (EROFS, EACCES, EPERM):
        return "make it writable, or choose another folder with --dir"
    if error.errno in (ENOLCK, EOPNOTSUPP, ENOSYS):
        return (
            "its file system does not support this; choose a folder on a local disk with --dir"
            " or CONFIGHUB_SESSION_DIR"
        )
    if error.errno in (EMFILE, ENFILE):
        return "raise the limit with 'ulimit -n 64', then try again"
    return "run 'session-cli doctor', then try again"


def printable(text: str) -> str:
    """`text` on one line, with control and formatting characters escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
