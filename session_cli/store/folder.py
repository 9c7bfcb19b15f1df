"""The sessions folder: the snapshots of one type in it, and the places beside them."""

from __future__ import annotations

import posix
import time
from _stat import S_IMODE, S_ISDIR, S_ISREG, S_ISVTX

from session_cli.names import SUFFIX, Key, format_id, newest_first
from session_cli.store.files import (
    CREATE_FLAGS,
    GONE,
    NO_LINKS,
    Damaged,
    exists,
    foreign,
    forget,
    holds,
    is_link,
    make_folder,
    noted,
    read_file,
    remove,
    replace,
    second_name,
    split,
    sync_folder,
    vacant,
    write_new,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

APPEND_FLAGS = (
    posix.O_WRONLY
    | posix.O_APPEND
    | posix.O_CREAT
    | posix.O_NOFOLLOW
    | posix.O_NONBLOCK
    | posix.O_CLOEXEC
)
CORRUPT_KEPT = 5
COARSE_NS = 1_000_000


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

    def is_open(self) -> bool:
        """Whether others have rights on the folder.

        A shared place such as /tmp or the root is none of ours, and does not count.
        """
        mode = S_IMODE(posix.stat(self.path).st_mode)
        is_shared = mode & S_ISVTX or self.path.strip("/.") == ""
        return bool(mode & 0o077) and not is_shared

    def tighten(self) -> bool:
        """Takes away the rights of others; whether they are gone now."""
        try:
            posix.chmod(self.path, 0o700)
        except OSError:
            # whoever asked looks at what is true now
            pass
        return not self.is_open()

    def entries(self) -> set[str]:
        """Every name in the folder, whosever it is."""
        return set(posix.listdir(self.path))

    def mark(self) -> int:
        """Gives the folder a time of change that nobody else's change to it would; 0 if it cannot.

        The caller holds the write lock, and `changed_at` tells later whether anybody came by.
        """
        moment = time.time_ns()
        try:
            posix.utime(self.path, ns=(moment, moment))
        except OSError:
            return 0
        return self.changed_at()

    def changed_at(self) -> int:
        """When names in the folder were last changed, in nanoseconds."""
        return posix.stat(self.path).st_mtime_ns

    def names(self) -> list[str]:
        """The snapshots of the type, oldest first."""
        return self._names_in(self.path)

    def archived_names(self) -> list[str]:
        """The archived snapshots of the type, oldest first."""
        return self._names_in(self.at("archive"))

    def _names_in(self, path: str) -> list[str]:
        return [format_id(self.type, key) + SUFFIX for key in self._keys_in(path)][::-1]

    def _keys_in(self, path: str, since: str = "", until: str = "") -> Iterator[Key]:
        """(stamp, N) of the snapshots in a folder, the newest first; those asked for are parsed."""
        try:
            return newest_first(self.type, posix.listdir(path), since, until)
        except OSError as error:
            if error.errno in GONE:
                return iter(())
            raise

    def names_since(self, stamp: str = "", until: str = "") -> Iterator[str]:
        """The snapshots of the type, newest first, from one second to another."""
        keys = self._keys_in(self.path, stamp, until)
        return (format_id(self.type, key) + SUFFIX for key in keys)

    def paths_since(self, stamp: str = "") -> Iterator[str]:
        """The snapshots as paths in the folder, newest first, the archived ones at last."""
        yield from self.names_since(stamp)
        for key in self._keys_in(self.at("archive"), stamp):
            yield f"archive/{format_id(self.type, key)}{SUFFIX}"

    def sessions_in_use(self, but: str) -> set[str | None]:
        """The sessions that other pointers than the one of the session link `but` lead to."""
        links = (self.at(name) for name in posix.listdir(self.path) if name.endswith("-session"))
        return {noted(link) for link in links if link != but}

    def newest_key(self) -> Key | None:
        """(stamp, N) of the newest snapshot, archived ones included: no name is used twice."""
        newest = (next(self._keys_in(path), None) for path in (self.path, self.at("archive")))
        return max(filter(None, newest), default=None)

    def publish(self, name: str, raw: bytes) -> None:
        """Puts `raw` under the fresh `name`, whole or not at all; FileExistsError if taken."""
        temporary = self.at(".new-snapshot")
        # what a crashed writer left there is nobody's any more
        forget(temporary)
        try:
            write_new(temporary, raw)
        except FileExistsError:
            raise PermissionError(0, "it is in the way and cannot be removed", temporary) from None
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
        temporary = temporary_path(link)
        forget(temporary)
        posix.symlink(target, temporary)
        posix.rename(temporary, link)

    def seal(self, name: str) -> None:
        """Lets bash tell that nobody has changed the snapshot `name` since it was written.

        The seal's time of change is the snapshot's, to the nanosecond, which no other file has.
        Without a seal a reader has the state verified, so a failure here is none.
        """
        path = self.at(f".{self.type}-seal")
        try:
            moment = posix.stat(self.at(name)).st_mtime_ns
            # where a file system keeps no finer times, a change soon after leaves the same one
            if moment % COARSE_NS == 0:
                return
            if not exists(path):
                posix.close(posix.open(path, CREATE_FLAGS, 0o600))
            posix.utime(path, ns=(moment, moment), follow_symlinks=False)
        except OSError:
            pass

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
        place = vacant(corrupt, split(path)[1])
        try:
            if not S_ISREG(posix.lstat(path).st_mode):
                raise Damaged("it is not a regular file")
            second_name(path, place)
        except Damaged:
            # what has or gets no second name is moved, unread
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
            second_name(self.at(name), f"{archive}/{name}")
        # no name is given up before the other one is on the disk
        sync_folder(archive)
        for name in names:
            self.remove(name)

    def take_back(self, names: Sequence[str]) -> None:
        """Undoes `archive` before it has given up a name: what stays is in one place only."""
        for name in names:
            copy = self.at(f"archive/{name}")
            # what stood there before is somebody else's
            if exists(copy) and holds(copy, read_file(self.at(name))):
                remove(copy)

    def keep_conflict(self, session_id: str, raw: bytes) -> str:
        """Keeps DATA that was refused in `conflicts/`, the same bytes once; the path of it."""
        conflicts = self.at("conflicts")
        make_folder(conflicts)
        for name in posix.listdir(conflicts):
            if name.startswith(session_id) and holds(f"{conflicts}/{name}", raw):
                return f"{conflicts}/{name}"
        place = vacant(conflicts, session_id + SUFFIX)
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


def temporary_path(path: str) -> str:
    """Beside `path` and called after it: pointers in one place may belong to several folders."""
    place, name = split(path)
    return f"{place}/.new-{name.lstrip('.')}"


def _name_in(folder: str, path: str) -> str | None:
    """Another name in `folder` of the very file at `path`."""
    file = posix.lstat(path)
    for place in (f"{folder}/{name}" for name in posix.listdir(folder)):
        other = posix.lstat(place)
        if (other.st_dev, other.st_ino) == (file.st_dev, file.st_ino):
            return place
    return None


def _drop_oldest(corrupt: str, keep: str) -> None:
    """Bounds `corrupt/`: a program that damages its state again and again must not fill it."""
    files = [f"{corrupt}/{name}" for name in posix.listdir(corrupt)]
    files = [path for path in files if path != keep and not S_ISDIR(posix.lstat(path).st_mode)]
    files.sort(key=lambda path: posix.lstat(path).st_mtime_ns)
    for path in files[: -CORRUPT_KEPT + 1]:
        remove(path)
