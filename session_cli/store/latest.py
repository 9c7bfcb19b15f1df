"""The latest session of a folder, as it is found: healthy, recovered or lost. Takes no lock."""

from __future__ import annotations

import posix

from session_cli import document as doc
from session_cli.errors import Refused, Unreadable
from session_cli.names import SUFFIX, parse_name
from session_cli.steps import TYPES
from session_cli.store.files import (
    Damaged,
    Reading,
    TooLarge,
    absolute,
    exists,
    is_link,
    link_target,
    noted,
    read_file,
    reason,
    split,
)
from session_cli.store.folder import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from session_cli.document import Document
    from session_cli.store import Location

# a reader that lost a race against a writer looks again; more often than this it is damage
ATTEMPTS = 3


class Found:
    """What the pointer led to.

    `state` is None where nothing intact was left; `raw` is what `cat` would then print, or None.
    `name` is the snapshot that answers (None: the pointer is itself a plain file), `pointed` the
    snapshot that the pointer names, and `problem` one sentence on what was lost, if anything.
    `is_withheld` tells that there is more than `cat` ought to print. `published` is the highest
    revision of the session that may have been published, also where only an older one is intact.
    """

    is_withheld = False

    def __init__(
        self,
        state: Document | None,
        raw: bytes | None,
        name: str | None,
        pointed: str | None,
        problem: str | None = None,
        published: int | None = None,
    ) -> None:
        self.published = doc.revision_of(state or {}) if published is None else published
        self.state = state
        self.raw = raw
        self.name = name
        self.pointed = pointed
        self.problem = problem


class Intact:
    """The newest intact snapshot of a session: its path in the folder, its bytes and its state.

    `damaged` are the newer snapshots that may have been this session's, each with what it is, and
    `published` the highest revision that one of them all may have had.
    """

    def __init__(
        self,
        path: str,
        raw: bytes,
        state: Document,
        damaged: list[tuple[str, Exception]],
        told: int,
    ) -> None:
        self.path = path
        self.name = split(path)[1]
        self.raw = raw
        self.state = state
        self.damaged = damaged
        # no revision is used twice: each of the damaged may have been one
        self.published = max(told, doc.revision_of(state) + len(damaged))


class Latest:
    """The latest session of one type at one location; `say` takes the lines meant for people."""

    def __init__(self, location: Location, say: Callable[[str], None]) -> None:
        self.location = location
        self.type = location.type
        self.say = say
        self.pointer = location.pointer or ""
        self.folder = Folder(location.folder or "", location.type)
        mark = self._mark()
        self.session_link = self.folder.at(f".{mark}-session")
        self.leaving_link = self.folder.at(f".{mark}-leaving")

    def _mark(self) -> str:
        """What our hidden files are called after: the pointer, and where it is if not beside."""
        place, name = split(self.pointer)
        mark = name.removesuffix(SUFFIX).removesuffix("-latest")
        if self.is_our_folder(place):
            return mark
        from binascii import crc32

        return f"{mark}-{crc32(absolute(self.pointer).encode('utf-8', 'surrogateescape')):08x}"

    def find(self) -> Found | None:
        """The latest session; None when there is none. Takes no lock."""
        if not self.folder.path:
            return None
        try:
            self.folder.is_there()
            return self.follow()
        except OSError as error:
            raise Unreadable(
                f"cannot read {self.pointer}: {reason(error)};"
                " 'session-cli doctor' says what is wrong"
            ) from None

    def follow(self) -> Found | None:
        """The same for a caller that holds the lock and tells failures in its own way."""
        pointed = None
        for _ in range(ATTEMPTS):
            try:
                target = link_target(self.pointer)
                if target is None:
                    return None
                pointed = self.own_name(target)
                if pointed is None:
                    self._refuse_other_type(target)
                    return self._recover(f"{self.pointer} points to {target}", None, None)
                return self._judge(self.folder.at(pointed), pointed)
            except FileNotFoundError:
                continue
            except ValueError:
                found = self._plain_pointer()
                if found:
                    return found
        return self._recover(f"{self.folder.at(pointed or '')} is gone", None, pointed)

    def _plain_pointer(self) -> Found | None:
        """What the pointer holds itself; None when a writer has just put a link in its place."""
        try:
            found = self._judge(self.pointer, None)
        except FileNotFoundError:
            return None
        return None if is_link(self.pointer) else found

    def own_name(self, target: str) -> str | None:
        """The snapshot in our folder that a link's `target` names, else None."""
        place, name = split(target)
        beside = split(self.pointer)[0]
        if place == ".":
            place = beside
        elif not place.startswith("/"):
            place = f"{beside}/{place}"
        return name if parse_name(self.type, name) and self.is_our_folder(place) else None

    def _refuse_other_type(self, target: str) -> None:
        others = [type_ for type_ in TYPES if parse_name(type_, split(target)[1])]
        if others and others != [self.type]:
            raise Refused(
                f"{self.pointer} leads to a session of type {others[0]}, not {self.type};"
                f" say --type {others[0]}, or give another --file"
            )

    def is_our_folder(self, place: str) -> bool:
        """Whether `place` is the sessions folder, however it is spelt."""
        if place == self.folder.path:
            return True
        try:
            theirs, ours = posix.stat(place), posix.stat(self.folder.path)
        except OSError:
            return False
        return (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)

    def _judge(self, path: str, pointed: str | None) -> Found:
        raw = None
        try:
            raw = read_file(path)
            return Found(doc.parse_state(raw), raw, pointed, pointed)
        except (Damaged, doc.NotADocument) as damage:
            found = self._recover(f"{path} is damaged ({damage})", raw, pointed)
            found.is_withheld = found.state is None and isinstance(damage, TooLarge)
            return found

    def _recover(self, lost: str, raw: bytes | None, pointed: str | None) -> Found:
        """The newest intact snapshot of the session that was pointed at, never another's."""
        session_id = self.current_session()
        intact = self.newest_intact(session_id) if session_id else None
        if not intact:
            return Found(None, raw, None, pointed, f"{lost}, and no intact snapshot of it is left")
        revision = doc.revision_of(intact.state)
        told = f"{lost}; revision {revision} of {session_id} answers instead"
        # what is gone had a revision, too
        gone = 1 if pointed and not exists(self.folder.at(pointed)) else 0
        published = intact.published + gone
        return Found(intact.state, intact.raw, intact.name, pointed, told, published)

    def newest_intact(self, session_id: str, since: str = "") -> Intact | None:
        """The newest intact snapshot of a session, from the second `since` on; None without one.

        OSError when a newer one cannot be read: it may be the session's, and whole.
        """
        damaged: list[tuple[str, Exception]] = []
        told = 0
        for path in self.folder.paths_since(since):
            head: Document = {}
            try:
                with Reading(self.folder.at(path)) as file:
                    head = doc.head(file.start())
                    if self._is_anothers(head, path, session_id):
                        continue
                    raw = file.whole()
                state = doc.parse_state(raw)
            except FileNotFoundError:
                continue
            except (Damaged, doc.NotADocument) as damage:
                damaged.append((self.folder.at(path), damage))
                told = max(told, doc.revision_of(head))
                continue
            if self.session_id(state, split(path)[1]) == session_id:
                return Intact(path, raw, state, damaged, told)
        return None

    def _is_anothers(self, head: Document, path: str, session_id: str) -> bool:
        return "session_id" in head and self.session_id(head, split(path)[1]) != session_id

    def current_session(self) -> str | None:
        """The session that was begun or resumed last; it outlives the pointer to it."""
        return noted(self.session_link)

    def session_id(self, state: Document, name: str) -> str:
        """The session of a state that stands in the snapshot `name`."""
        file_id = name.removesuffix(SUFFIX)
        if state.get("session_id") == file_id:
            # the first snapshot of a session, whose name is well-formed
            return file_id
        return doc.session_id_of(state, self.type, file_id)

    def session_at(self, path: str) -> str | None:
        """The session of the snapshot at `path` in the folder; None when it cannot be read."""
        try:
            with Reading(self.folder.at(path)) as file:
                state = doc.head(file.start())
                if "session_id" not in state:
                    state = doc.parse_state(file.whole())
        except (Damaged, doc.NotADocument, OSError):
            return None
        return self.session_id(state, split(path)[1])
