"""The only module that touches the sessions folder: each file operation whole and durable."""

from __future__ import annotations

import posix
from errno import (
    EEXIST,
    EINVAL,
    ELOOP,
    EMLINK,
    ENOENT,
    ENOSYS,
    ENOTDIR,
    EOPNOTSUPP,
    EPERM,
    EXDEV,
)
from stat import S_IMODE, S_ISDIR, S_ISREG, S_ISVTX

from session_cli.names import SUFFIX, Key, format_id, parse_name


# not there, or a file where a folder should be: no such thing either way
GONE = (ENOENT, ENOTDIR)
# the file system has no hard links, or no symlinks
NO_LINKS = (EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV)
READ_FLAGS = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
CREATE_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
CORRUPT_KEPT = 5


def foreign(owner: int) -> PermissionError:
    """The failure to tell when a folder or a file belongs to another user: we leave it alone."""
    return PermissionError(
        0, f"it belongs to user {owner}, not to you: be that user, or give another folder as --dir"
    )


class Damaged(Exception):
    """What stands at a path is not a state; the message says in a few words what it is."""


def reason(error: OSError) -> str:
    """The system's words for `error`, without the path: our messages name it themselves."""
    return error.strerror or str(error)


def read_file(path: str) -> bytes:
    """All of a regular file of ours; Damaged if it is anything else, OSError if it cannot be read."""
    try:
        fd = posix.open(path, READ_FLAGS)
    except OSError as error:
        if error.errno == ELOOP and is_link(path):
            raise Damaged("it is a link") from None
        raise
    try:
        status = posix.fstat(fd)
        if not S_ISREG(status.st_mode):
            raise Damaged("it is not a regular file")
        if status.st_uid != posix.geteuid():
            raise foreign(status.st_uid)
        return _read_all(fd, status.st_size)
    finally:
        posix.close(fd)


def read_start(path: str) -> bytes:
    """The first few lines' worth of a regular file."""
    fd = posix.open(path, READ_FLAGS)
    try:
        return posix.read(fd, 4096) if S_ISREG(posix.fstat(fd).st_mode) else b""
    finally:
        posix.close(fd)


def _read_all(fd: int, size: int) -> bytes:
    chunks = []
    while chunk := posix.read(fd, size + 1):
        chunks.append(chunk)
    return b"".join(chunks)


def is_link(path: str) -> bool:
    """Whether the last component of `path` is itself a symlink."""
    try:
        posix.readlink(path)
    except OSError:
        return False
    return True


def link_target(path: str) -> str | None:
    """Where the symlink at `path` points; None when nothing is there, ValueError for no symlink."""
    try:
        return posix.readlink(path)
    except OSError as error:
        if error.errno in GONE:
            return None
        if error.errno == EINVAL:
            raise ValueError(path) from None
        raise


def exists(path: str) -> bool:
    """Whether anything, be it a dangling link, stands at `path`."""
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
        rest = memoryview(raw)
        while rest:
            rest = rest[posix.write(fd, rest) :]
        posix.fsync(fd)
    finally:
        posix.close(fd)


def sync_folder(path: str) -> None:
    """Makes the names in `path` as durable as the files they name."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    try:
        posix.fsync(fd)
    except OSError as error:
        # some file systems cannot sync a folder, and say so with EINVAL
        if error.errno != EINVAL:
            raise
    finally:
        posix.close(fd)


def split(path: str) -> tuple[str, str]:
    """(folder, name) of `path`."""
    folder, slash, name = path.rpartition("/")
    return (folder or "/") if slash else ".", name


def make_folder(path: str) -> None:
    """`path` and the folders above it that are missing, each 0700 and durable in its parent."""
    missing = []
    while path and not exists(path):
        missing.append(path)
        path = split(path)[0]
    for folder in reversed(missing):
        try:
            posix.mkdir(folder, 0o700)
        except FileExistsError:
            continue
        sync_folder(split(folder)[0])


class Folder:
    """A sessions folder and the snapshots of one type in it.

    Paths in it are `folder/name`; the caller holds the write lock for anything that changes it.
    """

    def __init__(self, path: str, type_: str) -> None:
        self.path = path
        self.type = type_

    def at(self, name: str) -> str:
        """The path of `name` in this folder."""
        return f"{self.path}/{name}"

    def is_there(self) -> bool:
        """Whether the folder exists; OSError when it is not ours to use."""
        try:
            status = posix.stat(self.path)
        except OSError as error:
            if error.errno in GONE:
                return False
            raise
        if not S_ISDIR(status.st_mode):
            raise NotADirectoryError(0, "it is not a folder")
        if status.st_uid != posix.geteuid():
            raise foreign(status.st_uid)
        return True

    def make(self) -> None:
        """The folder, made if it is missing."""
        if not self.is_there():
            make_folder(self.path)

    def tighten(self) -> bool:
        """Takes away the rights of others; says whether there were any.

        A shared place such as /tmp or the root is left alone: it is not our folder.
        """
        mode = S_IMODE(posix.stat(self.path).st_mode)
        if not mode & 0o077 or mode & S_ISVTX or self.path.strip("/.") == "":
            return False
        posix.chmod(self.path, 0o700)
        return True

    def names(self) -> list[str]:
        """The snapshots of the type, oldest first."""
        return self._names_in(self.path)

    def archived_names(self) -> list[str]:
        """The archived snapshots of the type, oldest first."""
        return self._names_in(self.at("archive"))

    def _names_in(self, path: str) -> list[str]:
        try:
            entries = posix.listdir(path)
        except OSError as error:
            if error.errno in GONE:
                return []
            raise
        keys = [key for key in (parse_name(self.type, entry) for entry in entries) if key]
        return [format_id(self.type, key) + SUFFIX for key in sorted(keys)]

    def newest_key(self) -> Key | None:
        """(stamp, N) of the newest snapshot, archived ones included: no name is used twice."""
        newest = [names[-1] for names in (self.names(), self.archived_names()) if names]
        return max((parse_name(self.type, name) or ("", 0) for name in newest), default=None)

    def publish(self, name: str, raw: bytes) -> None:
        """Puts `raw` under the fresh `name`, whole or not at all; FileExistsError if it is taken."""
        temporary = self._free(".new-snapshot")
        write_new(temporary, raw)
        try:
            posix.link(temporary, self.at(name))
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            write_new(self.at(name), raw)
        finally:
            self._forget(temporary)

    def _free(self, name: str) -> str:
        """The path of a temporary name: what a crashed writer left there is nobody's any more."""
        path = self.at(name)
        self._forget(path)
        return path

    @staticmethod
    def _forget(path: str) -> None:
        try:
            posix.unlink(path)
        except OSError:
            # it is in nobody's way: whoever needs the name next is told what is wrong with it
            pass

    def point(self, link: str, target: str) -> None:
        """Makes the symlink at `link` point to `target`, by one rename over whatever is there."""
        temporary = f"{split(link)[0]}/.new-link"
        self._forget(temporary)
        posix.symlink(target, temporary)
        posix.rename(temporary, link)

    def replace(self, path: str, raw: bytes) -> None:
        """Puts `raw` at `path`, whole, by one rename over whatever is there."""
        temporary = f"{split(path)[0]}/.new-file"
        self._forget(temporary)
        write_new(temporary, raw)
        posix.rename(temporary, path)

    def sync(self) -> None:
        """Makes every name in the folder durable."""
        sync_folder(self.path)

    def keep_damaged(self, path: str) -> str | None:
        """Puts the file at `path` into `corrupt/` too, for somebody to look at; None for a link."""
        if is_link(path) or not exists(path):
            return None
        corrupt = self.at("corrupt")
        make_folder(corrupt)
        place = _vacant(corrupt, split(path)[1])
        if S_ISREG(posix.lstat(path).st_mode):
            _second_name(path, place)
        else:
            posix.rename(path, place)
        sync_folder(corrupt)
        _drop_oldest(corrupt, keep=place)
        return place

    def remove(self, name: str) -> None:
        """Removes `name`; it is fine if it is gone already."""
        _unlink(self.at(name))

    def archive(self, name: str) -> None:
        """Moves the snapshot `name` into `archive/`; it is fine if it is there already."""
        _second_name(self.at(name), self.at("archive/" + name))
        _unlink(self.at(name))

    def keep_conflict(self, session_id: str, raw: bytes) -> str:
        """Keeps DATA that was refused in `conflicts/`; the path of it."""
        conflicts = self.at("conflicts")
        make_folder(conflicts)
        place = _vacant(conflicts, session_id + SUFFIX)
        write_new(place, raw)
        sync_folder(conflicts)
        return place

    def log_event(self, line: bytes) -> None:
        """Appends one line to `events.jsonl`."""
        flags = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
        fd = posix.open(self.at("events.jsonl"), flags, 0o600)
        try:
            posix.write(fd, line)
        finally:
            posix.close(fd)


def _unlink(path: str) -> None:
    try:
        posix.unlink(path)
    except FileNotFoundError:
        pass


def _second_name(path: str, other: str) -> None:
    """Makes `other` a name of the same bytes; never over anything that is there."""
    try:
        posix.link(path, other)
    except FileExistsError:
        # an earlier run was cut short after this step
        if not _same_bytes(path, other):
            raise
    except FileNotFoundError:
        if not exists(other):
            raise
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        write_new(other, read_file(path))


def _same_bytes(path: str, other: str) -> bool:
    return read_file(path) == read_file(other)


def _vacant(folder: str, name: str) -> str:
    """A path in `folder` for `name` that nothing has yet: `name`, `name.2`, `name.3` ..."""
    place, number = f"{folder}/{name}", 1
    while exists(place):
        number += 1
        place = f"{folder}/{name}.{number}"
    return place


def _drop_oldest(corrupt: str, keep: str) -> None:
    """Bounds `corrupt/`: a program that damages its state again and again must not fill the disk."""
    files = [path for path in (f"{corrupt}/{name}" for name in posix.listdir(corrupt))]
    files = [path for path in files if path != keep and S_ISREG(posix.lstat(path).st_mode)]
    files.sort(key=lambda path: posix.lstat(path).st_mtime_ns)
    for path in files[: -CORRUPT_KEPT + 1]:
        _unlink(path)
