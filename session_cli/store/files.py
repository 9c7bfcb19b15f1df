"""Files and folders: each operation whole, durable, and never through a link."""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import time
from _stat import S_ISREG
from errno import (
    EACCES,
    EBADF,
    EEXIST,
    EINVAL,
    EISDIR,
    ELOOP,
    EMLINK,
    ENOENT,
    ENOSYS,
    ENOTDIR,
    EOPNOTSUPP,
    EPERM,
    EXDEV,
)

from session_cli.errors import NotSaved, Unsynced, advice

# not there, or a file where a folder should be: no such thing either way
GONE = (ENOENT, ENOTDIR)
# the file system has no hard links, or no symlinks
NO_LINKS = (EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV)
# how a file system says that it cannot sync a folder; such a one needs no sync
CANNOT_SYNC = (EINVAL, ENOSYS, EOPNOTSUPP, EBADF, EISDIR)
# the size limit of a state (`document.MAX_BYTES`): a larger file cannot be ours
LARGEST = 16 * 1024 * 1024
# all of a small state, and the first members of any
START = 4096
READ_FLAGS = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
CREATE_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC


def wrong_owner(owner: int) -> PermissionError:
    """The error for a folder or a file of another user: it is left alone."""
    return PermissionError(
        0,
        f"it belongs to user {owner}, not to you; run this as that user, or choose another folder"
        " with --dir",
    )


class Damaged(Exception):
    """The file at a path is not a state; the message says in a few words what it is."""


class TooLarge(Damaged):
    """A file larger than any state: neither read nor shown."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {LARGEST // 1024 // 1024} MiB")


def reason(error: OSError) -> str:
    """The system's words for `error`, without the path: our messages name it themselves."""
    return error.strerror or str(error)


def not_saved(path: str, error: OSError) -> NotSaved:
    """The error to raise when the disk or the rights refuse to change `path`."""
    # of a rename or a link, which have two paths, the second is the one written to
    place = error.filename2 or error.filename or path
    return NotSaved(f"not saved: {place}: {reason(error)}; {advice(error)}")


def unsynced(done: str, path: str, error: OSError) -> Unsynced:
    """The error to raise when something was done that the disk may not have yet."""
    place = error.filename or path
    return Unsynced(f"{done}: {place}: {reason(error)}; check that disk, then save once more")


class Reading:
    """A regular file of ours in a `with` block, read only as far as the caller asks.

    Raises Damaged if it is anything else, OSError if it cannot be read.
    """

    def __init__(self, path: str) -> None:
        try:
            self.fd = posix.open(path, READ_FLAGS)
        except OSError as error:
            if error.errno == ELOOP and is_link(path):
                raise Damaged("it is a link") from None
            raise
        self.raw = b""
        try:
            self.size = _size_of_ours(self.fd)
        except BaseException as error:
            posix.close(self.fd)
            if isinstance(error, OSError):
                error.filename = path
            raise

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        posix.close(self.fd)

    def start(self) -> bytes:
        """The first few lines' worth."""
        self.raw = self.raw or posix.read(self.fd, START)
        return self.raw

    def whole(self) -> bytes:
        """All of it, also of what has grown since."""
        while len(self.raw) != self.size or not self.raw:
            more = posix.read(self.fd, max(START, self.size + 1 - len(self.raw)))
            if not more:
                break
            self.raw += more
            if len(self.raw) > LARGEST:
                raise TooLarge
        return self.raw

    def end(self, count: int) -> bytes:
        """The last `count` bytes."""
        return posix.pread(self.fd, count, max(0, self.size - count))


def _size_of_ours(fd: int) -> int:
    status = posix.fstat(fd)
    if not S_ISREG(status.st_mode):
        raise Damaged("it is not a regular file")
    if status.st_uid != posix.geteuid():
        raise wrong_owner(status.st_uid)
    if status.st_size > LARGEST:
        raise TooLarge
    return status.st_size


def read_file(path: str) -> bytes:
    """All of a regular file of ours; Damaged if it is anything else, OSError if unreadable."""
    with Reading(path) as file:
        return file.whole()


def is_link(path: str) -> bool:
    """Whether the last component of `path` is itself a symlink."""
    try:
        posix.readlink(path)
    except OSError:
        return False
    return True


def describe_dangling(path: str) -> str | None:
    """Where the dangling link at `path` points, in words; None for anything else."""
    if not is_link(path):
        return None
    try:
        posix.stat(path)
    except FileNotFoundError:
        return f"it is a link to {posix.readlink(path)}, which is not there"
    return None


def link_target(path: str) -> str | None:
    """Where the symlink at `path` points; None without one, ValueError for any other file."""
    try:
        return posix.readlink(path)
    except OSError as error:
        if error.errno in GONE:
            return None
        if error.errno == EINVAL:
            raise ValueError(path) from None
        raise


def read_note(path: str) -> str | None:
    """What `Folder.write_note` keeps at `path`; None where there is no note."""
    try:
        return link_target(path)
    except ValueError:
        pass
    try:
        return read_file(path).decode("utf-8", "replace")
    except Damaged:
        return None


def has_content(path: str, raw: bytes) -> bool:
    """Whether `path` is a file of ours with exactly these bytes."""
    try:
        return read_file(path) == raw
    except (Damaged, FileNotFoundError):
        return False


def exists(path: str) -> bool:
    """Whether there is anything at `path`, if only a dangling link."""
    try:
        posix.lstat(path)
    except OSError as error:
        if error.errno in GONE:
            return False
        raise
    return True


def write_new(path: str, raw: bytes) -> None:
    """Creates `path` with `raw`, on the disk before it returns; FileExistsError if it is taken."""
    fd = posix.open(path, CREATE_FLAGS, 0o600)
    try:
        _write_all(fd, raw)
        _set_precise_mtime(fd)
        posix.fsync(fd)
    finally:
        posix.close(fd)


def _write_all(fd: int, raw: bytes) -> None:
    rest = memoryview(raw)
    while rest:
        rest = rest[posix.write(fd, rest) :]


def _set_precise_mtime(fd: int) -> None:
    """Sets the modification time to the nanosecond.

    The file system's own clock ticks only some hundred times a second: a change to the file within
    the same tick would leave the same time behind.
    """
    moment = time.time_ns()
    try:
        posix.utime(fd, ns=(moment, moment))
    except OSError:
        # without it the file is not sealed, so readers verify it
        pass


def unlink_quietly(path: str) -> None:
    """Removes a leftover; no failure when that cannot be done."""
    try:
        posix.unlink(path)
    except OSError:
        # the next operation that needs the name fails with the reason
        pass


def remove(path: str) -> None:
    """Removes the file or link at `path`, if there is one."""
    try:
        posix.unlink(path)
    except FileNotFoundError:
        pass


def replace(path: str, raw: bytes) -> None:
    """Puts `raw` at `path`, whole, by one rename over whatever is there."""
    temporary = temporary_path(path)
    unlink_quietly(temporary)
    write_new(temporary, raw)
    posix.rename(temporary, path)


def replace_soon(path: str, raw: bytes) -> None:
    """Puts `raw` at `path`, whole; a power loss may bring back what was there before."""
    temporary = temporary_path(path)
    unlink_quietly(temporary)
    fd = posix.open(temporary, CREATE_FLAGS, 0o600)
    try:
        _write_all(fd, raw)
    finally:
        posix.close(fd)
    posix.rename(temporary, path)


def temporary_path(path: str) -> str:
    """Where a new `path` is written before it is renamed: beside it, and named after it.

    Named after it because pointers in one place may belong to several sessions folders.
    """
    place, name = split(path)
    return f"{place}/.new-{name.lstrip('.')}"


def sync_folder(path: str) -> None:
    """Makes the names in `path` as durable as the files they name, where that can be done."""
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    except OSError as error:
        # a folder that may be written to but not listed cannot be opened
        if error.errno == EACCES:
            return
        raise
    try:
        posix.fsync(fd)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        posix.close(fd)


def split(path: str) -> tuple[str, str]:
    """(folder, name) of `path`."""
    folder, slash, name = path.rpartition("/")
    return (folder or "/") if slash else ".", name


def absolute(path: str) -> str:
    """`path` from the root, as a link in another folder must name it."""
    return path if path.startswith("/") else f"{posix.getcwd()}/{path}"


def make_folder(path: str) -> None:
    """`path` and the folders above it that are missing, each 0700 and durable in its parent."""
    missing = []
    while path and not exists(path):
        missing.append(path)
        path = split(path)[0]
    dangling = describe_dangling(path)
    if dangling:
        raise FileNotFoundError(ENOENT, dangling, path)
    for folder in reversed(missing):
        try:
            posix.mkdir(folder, 0o700)
        except FileExistsError:
            continue
        sync_folder(split(folder)[0])


def hard_link(path: str, other: str) -> None:
    """Makes `other` a hard link to `path`, or a copy where there are none; never overwrites."""
    try:
        posix.link(path, other)
    except OSError as error:
        if error.errno not in (ENOENT, EEXIST, *NO_LINKS):
            raise
        if not exists(other):
            replace(other, read_file(path))
        elif exists(path) and not has_content(other, read_file(path)):
            raise
        # else an earlier run was interrupted after this step


def unused_name(folder: str, name: str) -> str:
    """The first path in `folder` that is free: `name`, `name.2`, `name.3` ..."""
    place, number = f"{folder}/{name}", 1
    while exists(place):
        number += 1
        place = f"{folder}/{name}.{number}"
    return place
