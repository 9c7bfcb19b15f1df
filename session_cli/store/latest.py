"""The latest session of a folder, and what was found at the pointer to it. Takes no lock."""

from __future__ import annotations

import posix  # os would cost every start a millisecond

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
    read_file,
    read_note,
    reason,
    split,
)
from session_cli.store.folder import Folder

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable

    from session_cli.document import Document
    from session_cli.store import Location

# a reader that lost a race against a writer tries again; more often than this it is damage
ATTEMPTS = 3
NONE_LEFT = ", and no intact snapshot of it is left"
WHERE_THINGS_ARE = "'session-cli status' shows the latest session"


class Readable:
    """A session whose state can be used: its id, the state, and the bytes of the state.

    The id is empty where a file that another program wrote names none. `highest_revision` is the
    highest that may have been published, also where only an older one is intact.
    """

    def __init__(self, session_id: str, state: Document, raw: bytes) -> None:
        self.session_id = session_id
        self.state = state
        self.raw = raw
        self.highest_revision = doc.revision_of(state)


class Healthy(Readable):
    """The pointer leads to an intact snapshot: `name`."""

    def __init__(self, session_id: str, state: Document, raw: bytes, name: str) -> None:
        super().__init__(session_id, state, raw)
        self.name = name


class PlainFile(Readable):
    """The pointer is not a link but the state itself, as the draft of this tool left it."""


class Damage:
    """The pointer does not lead to a state.

    `path` is what is damaged or gone: a snapshot, or the pointer itself. `problem` is one sentence
    about it.
    """

    path: str
    problem: str


class Recovered(Readable, Damage):
    """The pointer does not lead to a state; the newest intact snapshot of its session is used."""

    def __init__(self, path: str, lost: str, session_id: str, snapshot: Intact) -> None:
        Readable.__init__(self, session_id, snapshot.state, snapshot.raw)
        revision = self.highest_revision
        self.path = path
        self.problem = f"{lost}; using revision {revision} of {session_id} instead"
        self.name = snapshot.name
        # a revision is not used again, even if that snapshot is gone
        self.highest_revision = snapshot.highest_revision + (0 if exists(path) else 1)


class Corrupt(Damage):
    """No intact snapshot is left; `raw` are the bytes of the damaged one."""

    def __init__(self, path: str, lost: str, raw: bytes) -> None:
        self.path = path
        self.problem = lost + NONE_LEFT
        self.raw = raw


class Lost(Damage):
    """No intact snapshot is left, and no bytes that could be shown."""

    def __init__(self, path: str, lost: str) -> None:
        self.path = path
        self.problem = lost + NONE_LEFT


class Oversized(Lost):
    """The file is larger than a state may be, so it is not read."""


if TYPE_CHECKING:
    Found = Healthy | PlainFile | Recovered | Corrupt | Lost


class Intact:
    """The newest intact snapshot of a session: its path in the folder, its bytes and its state.

    `damaged` are the newer snapshots that may have been this session's, each with what it is.
    """

    def __init__(
        self,
        path: str,
        raw: bytes,
        state: Document,
        damaged: list[tuple[str, Exception]],
        stated: int,
    ) -> None:
        self.path = path
        self.name = split(path)[1]
        self.raw = raw
        self.state = state
        self.damaged = damaged
        # no revision is used twice: each of the damaged snapshots may have been one
        self.highest_revision = max(stated, doc.revision_of(state) + len(damaged))


class Binding:
    """What a caller says about the latest session; None where it says nothing."""

    def __init__(self, session_id: str | None = None, revision: int | None = None) -> None:
        self.session_id = session_id
        self.revision = revision

    def conflict(self, found: Found | None) -> str | None:
        """Why `found` is not the session that the caller means; None when it is."""
        session = found if isinstance(found, Readable) else None
        latest = session.session_id if session else None
        revision = doc.revision_of(session.state) if session else 0
        if self.session_id not in (None, latest):
            now_there = f"it is {latest}" if latest else "there is none"
            return f"the latest session is not {self.session_id}: {now_there}"
        if self.revision not in (None, revision):
            return f"{latest or 'no session'} is at revision {revision}, not {self.revision}"
        return None

    def check(self, found: Found | None) -> None:
        """Raises Refused unless `found` is the session that the caller means."""
        why = self.conflict(found)
        if why:
            raise Refused(f"not done: {why}; {WHERE_THINGS_ARE}")


ANY_SESSION = Binding()


class Latest:
    """The latest session of one type at one location; `warn` prints a line for people."""

    def __init__(self, location: Location, warn: Callable[[str], None]) -> None:
        self.location = location
        self.type = location.type
        self.warn = warn
        self.pointer = location.pointer or ""
        self.folder = Folder(location.folder or "", location.type)
        mark = self._mark()
        self.session_link = self.folder.at(f".{mark}-session")
        # the name of earlier versions: after an upgrade, what they did not finish is finished
        self.pending_removal = self.folder.at(f".{mark}-leaving")
        self.pending_receipt = self.folder.at(f".{mark}-receiving")

    def _mark(self) -> str:
        """What our hidden files are named after: the pointer, and its folder if not ours."""
        place, name = split(self.pointer)
        mark = name.removesuffix(SUFFIX).removesuffix("-latest")
        if self.is_our_folder(place):
            return mark
        from binascii import crc32

        return f"{mark}-{crc32(absolute(self.pointer).encode('utf-8', 'surrogateescape')):08x}"

    def read(self) -> Found | None:
        """The latest session, with a warning about damage; None when there is no session.

        Raises Unreadable when it cannot be read, or is too large to be shown.
        """
        found = self.find()
        if isinstance(found, Damage):
            if isinstance(found, Oversized):
                raise Unreadable(
                    f"{found.problem}; the next save starts a new session and keeps the file in"
                    " corrupt/"
                )
            self.warn(found.problem)
        return found

    def read_session(self) -> Readable | None:
        """The latest session as `read` finds it, when its state can be used; else None."""
        found = self.read()
        return found if isinstance(found, Readable) else None

    def find(self) -> Found | None:
        """The latest session, without a warning; raises Unreadable when it cannot be read."""
        if not self.folder.path:
            return None
        try:
            self.folder.is_there()
            return self.follow()
        except OSError as error:
            raise Unreadable(
                f"cannot read {self.pointer}: {reason(error)};"
                " run 'session-cli doctor' for what is wrong"
            ) from None

    def follow(self) -> Found | None:
        """The latest session for a caller that holds the lock and handles OSError itself."""
        path = self.pointer
        for _ in range(ATTEMPTS):
            try:
                target = link_target(self.pointer)
                if target is None:
                    return None
                name = self.own_name(target)
                if name is None:
                    self._refuse_other_type(target)
                    lost = f"{self.pointer} points to {target}"
                    return self._recover(self.pointer, lost) or Lost(self.pointer, lost)
                path = self.folder.at(name)
                return self._judge(path, name)
            except FileNotFoundError:
                continue
            except ValueError:
                found = self._plain_pointer()
                if found:
                    return found
        lost = f"{path} is gone"
        return self._recover(path, lost) or Lost(path, lost)

    def _plain_pointer(self) -> Found | None:
        """What is in the pointer itself; None when a writer has just put a link in its place."""
        try:
            found = self._judge(self.pointer, "")
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
                f" use --type {others[0]}, or another --file"
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

    def _judge(self, path: str, name: str) -> Found:
        """What the file at `path` is: the snapshot `name`, or the pointer where that is empty."""
        try:
            raw = read_file(path)
        except Damaged as damage:
            lost = f"{path} is damaged ({damage})"
            kind = Oversized if isinstance(damage, TooLarge) else Lost
            return self._recover(path, lost) or kind(path, lost)
        try:
            state = doc.parse_state(raw)
        except doc.NotADocument as damage:
            lost = f"{path} is damaged ({damage})"
            return self._recover(path, lost) or Corrupt(path, lost, raw)
        session_id = self.session_id(state, name)
        if name:
            return Healthy(session_id, state, raw, name)
        return PlainFile(session_id, state, raw)

    def _recover(self, path: str, lost: str) -> Recovered | None:
        """The newest intact snapshot of the session that was pointed at, never another's."""
        session_id = self.current_session()
        snapshot = self.newest_intact(session_id) if session_id else None
        if not session_id or not snapshot:
            return None
        return Recovered(path, lost, session_id, snapshot)

    def newest_intact(self, session_id: str, since: str = "") -> Intact | None:
        """The newest intact snapshot of a session, from the second `since` on; None without one.

        Raises OSError when a newer one cannot be read: it may be the session's, and whole.
        """
        damaged: list[tuple[str, Exception]] = []
        stated = 0
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
                stated = max(stated, doc.revision_of(head))
                continue
            if self.session_id(state, split(path)[1]) == session_id:
                return Intact(path, raw, state, damaged, stated)
        return None

    def _is_anothers(self, head: Document, path: str, session_id: str) -> bool:
        return "session_id" in head and self.session_id(head, split(path)[1]) != session_id

    def current_session(self) -> str | None:
        """The session that was started or resumed last; it outlives the pointer to it."""
        return read_note(self.session_link)

    def session_id(self, state: Document, name: str) -> str:
        """The session of a state that was read from the snapshot `name`."""
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
