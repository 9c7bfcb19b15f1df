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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# not there, or a file where a folder should be: no such thing either way
GONE = (ENOENT, ENOTDIR)
# the file system has no hard links, or no symlinks
NO_LINKS = (EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV)
READ_FLAGS = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
CREATE_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
APPEND_FLAGS = (
    posix.O_WRONLY
    | posix.O_APPEND
    | posix.O_CREAT
    | posix.O_NOFOLLOW
    | posix.O_NONBLOCK
    | posix.O_CLOEXEC
)
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
    """All of a regular file of ours; Damaged if it is anything else, OSError if it cannot."""
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


def noted(path: str) -> str | None:
    """What `Folder.note` keeps at `path`; None when nothing is there, or something else."""
    try:
        return link_target(path)
    except ValueError:
        pass
    try:
        return read_file(path).decode("utf-8", "replace")
    except Damaged:
        return None


def holds(path: str, raw: bytes) -> bool:
    """Whether `path` is a file with exactly these bytes."""
    try:
        return read_file(path) == raw
    except (Damaged, FileNotFoundError):
        return False


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


def forget(path: str) -> None:
    """Removes what is in nobody's way."""
    try:
        posix.unlink(path)
    except OSError:
        # whoever needs the name next is told what is wrong with it
        pass


def remove(path: str) -> None:
    """Removes what stands at `path`; it is fine if it is gone already."""
    try:
        posix.unlink(path)
    except FileNotFoundError:
        pass


def replace(path: str, raw: bytes) -> None:
    """Puts `raw` at `path`, whole, by one rename over whatever is there."""
    temporary = f"{split(path)[0]}/.new-file"
    forget(temporary)
    write_new(temporary, raw)
    posix.rename(temporary, path)


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


def absolute(path: str) -> str:
    """`path` from the root, as a link in another folder must name it."""
    return path if path.startswith("/") else f"{posix.getcwd()}/{path}"


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
        """Puts `raw` under the fresh `name`, whole or not at all; FileExistsError if taken."""
        temporary = self.at(".new-snapshot")
        # what a crashed writer left there is nobody's any more
        forget(temporary)
        write_new(temporary, raw)
        try:
            posix.link(temporary, self.at(name))
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            write_new(self.at(name), raw)
        finally:
            forget(temporary)

    def point(self, link: str, target: str) -> None:
        """Makes the symlink at `link` point to `target`, by one rename over whatever is there."""
        temporary = f"{split(link)[0]}/.new-link"
        forget(temporary)
        posix.symlink(target, temporary)
        posix.rename(temporary, link)

    def note(self, path: str, text: str) -> None:
        """Keeps `text` at `path` as a symlink's target, in a file where there are no symlinks."""
        try:
            self.point(path, text)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            replace(path, text.encode())

    def sync(self) -> None:
        """Makes every name in the folder durable."""
        sync_folder(self.path)

    def keep_damaged(self, path: str) -> str | None:
        """Puts the file at `path` into `corrupt/` too, for somebody to look at; None for a link."""
        if is_link(path) or not exists(path):
            return None
        corrupt = self.at("corrupt")
        make_folder(corrupt)
        place = _name_in(corrupt, path)
        if place:
            # a save that failed after this step was tried again
            return place
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
        remove(self.at(name))

    def archive(self, names: Sequence[str]) -> None:
        """Moves snapshots into `archive/`; it is fine if some are there already."""
        archive = self.at("archive")
        make_folder(archive)
        for name in names:
            _second_name(self.at(name), f"{archive}/{name}")
        # no name is given up before the other one is on the disk
        sync_folder(archive)
        for name in names:
            self.remove(name)

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
        fd = posix.open(self.at("events.jsonl"), APPEND_FLAGS, 0o600)
        try:
            posix.write(fd, line)
        finally:
            posix.close(fd)


def _second_name(path: str, other: str) -> None:
    """Makes `other` a name of the same bytes; never over anything that is there."""
    try:
        posix.link(path, other)
    except OSError as error:
        if error.errno not in (ENOENT, EEXIST, *NO_LINKS):
            raise
        if not exists(other):
            replace(other, read_file(path))
        elif exists(path) and not holds(other, read_file(path)):
            raise
        # else an earlier run was cut short after this step


def _name_in(folder: str, path: str) -> str | None:
    """Another name in `folder` of the very file at `path`."""
    file = posix.lstat(path)
    for place in (f"{folder}/{name}" for name in posix.listdir(folder)):
        other = posix.lstat(place)
        if (other.st_dev, other.st_ino) == (file.st_dev, file.st_ino):
            return place
    return None


def _vacant(folder: str, name: str) -> str:
    """A path in `folder` for `name` that nothing has yet: `name`, `name.2`, `name.3` ..."""
    place, number = f"{folder}/{name}", 1
    while exists(place):
        number += 1
        place = f"{folder}/{name}.{number}"
    return place


def _drop_oldest(corrupt: str, keep: str) -> None:
    """Bounds `corrupt/`: a program that damages its state again and again must not fill it."""
    files = [f"{corrupt}/{name}" for name in posix.listdir(corrupt)]
    files = [path for path in files if path != keep and not S_ISDIR(posix.lstat(path).st_mode)]
    files.sort(key=lambda path: posix.lstat(path).st_mtime_ns)
    for path in files[: -CORRUPT_KEPT + 1]:
        remove(path)
