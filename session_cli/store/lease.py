"""The lease: a session is open in a program as long as that program holds a descriptor locked.

The program opens a file of its own and keeps it open; we lock that descriptor and record whose it
is. The lock belongs to the open file, so it outlives us and ends with the program.
"""

from __future__ import annotations

import fcntl
import posix  # os would cost every start a millisecond
from stat import S_ISREG

from session_cli import document as doc
from session_cli.errors import BadInput, Locked
from session_cli.store.files import (
    READ_FLAGS,
    Damaged,
    make_folder,
    read_file,
    replace,
    unlink_quietly,
)
from session_cli.store.folder import Folder
from session_cli.store.latest import Binding
from session_cli.times import now, utc
from session_cli.words import holder_line

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.store import Store

LEASES = ".lease"
OPENING_SECONDS = 60


def find_holder(folder: Folder, session_id: str) -> Document | None:
    """Who holds the session: pid, host, user, since; None when no living program does."""
    try:
        record = doc.parse_state(read_file(folder.at(f"{LEASES}/{session_id}")))
    except (Damaged, doc.NotADocument, OSError):
        return None
    return record if _is_locked(record) else None


def is_held(folder: Folder, session_id: str) -> bool:
    """Whether some living program has the session open."""
    return find_holder(folder, session_id) is not None


def refuse_if_open(folder: Folder, session_id: str) -> None:
    """Raises Locked when a program other than our caller has the session open."""
    holder = find_holder(folder, session_id)
    if holder and holder.get("pid") != posix.getppid():
        raise Locked(describe_holder(session_id, holder))


def held_sessions(folder: Folder) -> set[str]:
    """The sessions that living programs have open."""
    try:
        names = posix.listdir(folder.at(LEASES))
    except OSError:
        # no program has opened one here, or the folder cannot be read
        return set()
    return {name for name in names if is_held(folder, name)}


def _is_locked(record: Document) -> bool:
    """Only a lock counts, not the pid: by now that may be another program's."""
    try:
        fd = posix.open(record["path"], READ_FLAGS)
    except (OSError, KeyError, TypeError, ValueError):
        return False
    try:
        if _identity(fd) != [record.get("device"), record.get("inode")]:
            return False
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        posix.close(fd)
    return False


def _identity(fd: int) -> list[int]:
    status = posix.fstat(fd)
    return [status.st_dev, status.st_ino]


def take(store: Store, session_id: str, fd: int, pid: int) -> None:
    """Leases the session to a descriptor of the process `pid`.

    Raises Locked when another program holds it, Refused when by now another session is the latest.
    """
    with store.changing(Binding(session_id)):
        holder = find_holder(store.folder, session_id)
        if holder and [holder.get("device"), holder.get("inode")] != _checked_identity(fd):
            raise Locked(describe_holder(session_id, holder))
        _lock(session_id, fd, holder)
        _write_record(store.folder, session_id, fd, pid)


def take_over(store: Store, session_id: str, fd: int, pid: int) -> None:
    """Leases the session to a descriptor of the process `pid`, also when another program holds it.

    That program finds out at its next bound save. Raises Refused when by now another session is the
    latest.
    """
    with store.changing(Binding(session_id)):
        _lock(session_id, fd, find_holder(store.folder, session_id))
        _write_record(store.folder, session_id, fd, pid)


def _checked_identity(fd: int) -> list[int]:
    try:
        status = posix.fstat(fd)
    except (OSError, OverflowError):
        raise BadInput(
            f"descriptor {fd} is not open; open a file on it first: exec {fd}>>FILE"
        ) from None
    if fd < 3 or not S_ISREG(status.st_mode):
        raise BadInput(f"descriptor {fd} is not a file that you opened; open one: exec 9>>FILE")
    return [status.st_dev, status.st_ino]


def _lock(session_id: str, fd: int, holder: Document | None) -> None:
    # raises BadInput for a descriptor that is no file of the caller's
    _checked_identity(fd)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked(describe_holder(session_id, holder or {})) from None


def describe_holder(session_id: str, holder: Document) -> str:
    """The line that says who holds the session."""
    return (
        f"{session_id} is open in {holder_line(holder)};"
        " leave it there, or take it with 'lease --take-over' and a file of your own"
    )


def _write_record(folder: Folder, session_id: str, fd: int, pid: int) -> None:
    device, inode = _identity(fd)
    record = {
        "session_id": session_id,
        "pid": pid,
        "host": posix.uname().nodename,
        "user": _user(),
        "since": utc(now()),
        "path": _path_of(fd),
        "device": device,
        "inode": inode,
    }
    make_folder(folder.at(LEASES))
    _sweep(folder)
    replace(folder.at(f"{LEASES}/{session_id}"), doc.dump(record))


def _sweep(folder: Folder) -> None:
    """Removes what dead programs left behind."""
    for name in posix.listdir(folder.at(LEASES)):
        if find_holder(folder, name) is None:
            _unlink_if_abandoned(folder.at(f"{LEASES}/{name}"))


def _unlink_if_abandoned(path: str) -> None:
    status = posix.lstat(path)
    itself = {"path": path, "device": status.st_dev, "inode": status.st_ino}
    # a program that has just opened its file has not locked it yet
    if now() - status.st_mtime > OPENING_SECONDS and not _is_locked(itself):
        unlink_quietly(path)


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(posix.geteuid()).pw_name
    except KeyError:
        return str(posix.geteuid())


def _path_of(fd: int) -> str:
    try:
        return posix.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        # macOS has no /proc; there fcntl knows the path
        get_path = getattr(fcntl, "F_GETPATH", 50)
        return (
            fcntl.fcntl(fd, get_path, bytes(1024)).rstrip(b"\0").decode("utf-8", "surrogateescape")
        )
