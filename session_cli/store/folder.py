"""The sessions folder: the snapshots of one type in it, and the places beside them."""

from __future__ import annotations

import posix  # os would cost every start a millisecond
import time
from _stat import S_IMODE, S_ISDIR, S_ISREG, S_ISVTX

from session_cli.names import SUFFIX, Key, format_id, newest_first
from session_cli.store.files import (
    CREATE_FLAGS,
    GONE,
    NO_LINKS,
    Damaged,
    exists,
    hard_link,
    has_content,
    is_link,
    make_folder,
    read_file,
    read_note,
    remove,
    replace,
    split,
    sync_folder,
    temporary_path,
    unlink_quietly,
    unused_name,
    write_new,
    wrong_owner,
)

TYPE_CHECKING = False  # typing would cost a start more than all of ours
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

    The caller holds the write lock for everything that changes it.
    """

    def __init__(self, path: str, type_: str) -> None:
        self.path = path
        self.type = type_

    def at(self, name: str) -> str:
        """The path of `name` in this folder."""
        return f"{self.path}/{name}"

    def is_there(self) -> bool:
        """Whether the folder exists; raises OSError when it is not our own."""
        try:
            status = posix.stat(self.path)
        except OSError as error:
            if error.errno in GONE:
                return False
            raise
        if not S_ISDIR(status.st_mode):
            raise NotADirectoryError(0, "it is not a folder")
        if status.st_uid != posix.geteuid():
            raise wrong_owner(status.st_uid)
        return True

    def make(self) -> None:
        """Makes the folder if it is missing."""
        if not self.is_there():
            make_folder(self.path)

    def is_open(self) -> bool:
        """Whether other users have rights on the folder.

        A shared folder such as /tmp or the root is not ours to close, and does not count.
        """
        mode = S_IMODE(posix.stat(self.path).st_mode)
        is_shared = mode & S_ISVTX or self.path.strip("/.") == ""
        return bool(mode & 0o077) and not is_shared

    def tighten(self) -> bool:
        """Takes away the rights of other users; returns whether that worked."""
        try:
            posix.chmod(self.path, 0o700)
        except OSError:
            # the result says so
            pass
        return not self.is_open()

    def entries(self) -> set[str]:
        """Every name in the folder, also those that are not ours."""
        return set(posix.listdir(self.path))

    def mark(self) -> int:
        """Sets the folder's time of change to one that no other change sets; 0 if it cannot.

        A later `changed_at` that differs means that somebody has changed the folder since.
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
        """(stamp, N) of the snapshots in a folder, newest first, from one second to another."""
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
        """The snapshots as paths in the folder, newest first, the archived ones last."""
        yield from self.names_since(stamp)
        for key in self._keys_in(self.at("archive"), stamp):
            yield f"archive/{format_id(self.type, key)}{SUFFIX}"

    def sessions_in_use(self, but: str) -> set[str | None]:
        """The sessions that other pointers lead to, all but that of the session link `but`."""
        links = (self.at(name) for name in posix.listdir(self.path) if name.endswith("-session"))
        return {read_note(link) for link in links if link != but}

    def newest_key(self) -> Key | None:
        """(stamp, N) of the newest snapshot, archived ones included: no name is used twice."""
        newest = (next(self._keys_in(path), None) for path in (self.path, self.at("archive")))
        return max(filter(None, newest), default=None)

    def publish(self, name: str, raw: bytes) -> None:
        """Writes `raw` as the new `name`, whole or not at all; FileExistsError if it exists."""
        temporary = self.at(".new-snapshot")
        # a leftover of a writer that crashed
        unlink_quietly(temporary)
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
            unlink_quietly(temporary)

    def point(self, link: str, target: str) -> None:
        """Makes the symlink at `link` point to `target`, by one rename over whatever is there."""
        temporary = temporary_path(link)
        unlink_quietly(temporary)
        posix.symlink(target, temporary)
        posix.rename(temporary, link)

    def seal(self, name: str) -> None:
        """Lets bash see that nobody has changed the snapshot `name` since it was written.

        The seal has the snapshot's modification time, to the nanosecond, which no other file has.
        Without a seal readers verify the state, so a failure here is no failure of the save.
        """
        path = self.at(f".{self.type}-seal")
        try:
            moment = posix.stat(self.at(name)).st_mtime_ns
            # a file system that keeps no finer times would not show a change soon after
            if moment % COARSE_NS == 0:
                return
            if not exists(path):
                posix.close(posix.open(path, CREATE_FLAGS, 0o600))
            posix.utime(path, ns=(moment, moment), follow_symlinks=False)
        except OSError:
            pass

    def write_note(self, path: str, text: str) -> None:
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
        """Gives the file at `path` a second name in `corrupt/`; its path, None for a link."""
        if is_link(path) or not exists(path):
            return None
        corrupt = self.at("corrupt")
        make_folder(corrupt)
        place = _name_in(corrupt, path)
        if place:
            # an earlier save failed after this step
            return place
        place = unused_name(corrupt, split(path)[1])
        try:
            if not S_ISREG(posix.lstat(path).st_mode):
                raise Damaged("it is not a regular file")
            hard_link(path, place)
        except Damaged:
            # a file that gets no second name is moved, unread
            posix.rename(path, place)
        sync_folder(corrupt)
        _drop_oldest(corrupt, keep=place)
        return place

    def remove(self, name: str) -> None:
        """Removes `name`, if it is there."""
        remove(self.at(name))

    def archive(self, names: Sequence[str]) -> None:
        """Moves snapshots into `archive/`; some may be there already."""
        self.move(names, self.at("archive"))

    def move(self, paths: Sequence[str], place: str) -> None:
        """Moves files of the folder to `place`, a folder in it; some may be there already."""
        make_folder(place)
        for path in paths:
            hard_link(self.at(path), f"{place}/{split(path)[1]}")
        # no name is removed before the other one is on the disk
        sync_folder(place)
        for path in paths:
            self.remove(path)

    def undo_archive(self, names: Sequence[str]) -> None:
        """Undoes an `archive` that has removed no name yet: what stays is in one place only."""
        for name in names:
            copy = self.at(f"archive/{name}")
            # a file with other bytes was there before
            if exists(copy) and has_content(copy, read_file(self.at(name))):
                remove(copy)

    def keep_conflict(self, session_id: str, raw: bytes) -> str:
        """Keeps DATA that was refused in `conflicts/`, the same bytes once; the path of it."""
        conflicts = self.at("conflicts")
        make_folder(conflicts)
        for name in posix.listdir(conflicts):
            if name.startswith(session_id) and has_content(f"{conflicts}/{name}", raw):
                return f"{conflicts}/{name}"
        place = unused_name(conflicts, session_id + SUFFIX)
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


def _name_in(folder: str, path: str) -> str | None:
    """Another name in `folder` of the very file at `path`."""
    file = posix.lstat(path)
    for place in (f"{folder}/{name}" for name in posix.listdir(folder)):
        other = posix.lstat(place)
        if (other.st_dev, other.st_ino) == (file.st_dev, file.st_ino):
            return place
    return None


def _drop_oldest(corrupt: str, keep: str) -> None:
    """Bounds `corrupt/`: a program that damages its state again must not fill the disk."""
    files = [f"{corrupt}/{name}" for name in posix.listdir(corrupt)]
    files = [path for path in files if path != keep and not S_ISDIR(posix.lstat(path).st_mode)]
    files.sort(key=lambda path: posix.lstat(path).st_mtime_ns)
    for path in files[: -CORRUPT_KEPT + 1]:
        remove(path)
