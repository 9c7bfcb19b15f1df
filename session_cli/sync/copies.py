"""The sessions as they stand here, read for the hub: bytes, hashes and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256

from session_cli import document as doc
from session_cli.store.catalog import Snapshot, list_sessions, snapshots
from session_cli.store.files import Damaged, read_file
from session_cli.store.latest import Healthy, Latest, Readable
from session_cli.store.sidecar import is_uuid
from session_cli.sync.plan import Local, what_matters


class Copy:
    """The newest intact snapshot of one session here."""

    def __init__(self, latest: Latest, session_id: str, raw: bytes, state: doc.Document) -> None:
        self.latest = latest
        self.session_id = session_id
        self.raw = raw
        self.state = state
        # None where another program saved it, or its id is none of ours
        self.uuid: str | None = state["id"] if is_uuid(state.get("id")) else None
        self.names: list[Snapshot] | None = None
        self.is_archived = False

    @cached_property
    def sha256(self) -> str:
        """That of its bytes."""
        return hash_of(self.raw)

    @cached_property
    def content(self) -> str:
        """The hash of what matters in it."""
        return content_of(self.state)

    @cached_property
    def snapshots(self) -> frozenset[str]:
        """The sha256 of each snapshot of it that is here."""
        mine = self.names if self.names is not None else _snapshots_of(self.latest, self.session_id)
        hashes = (_hash_at(self.latest, each) for each in mine)
        return frozenset([self.sha256, *filter(None, hashes)])

    def local(self, with_snapshots: bool) -> Local:
        """What is decided on; its older snapshots are read only where they may matter."""
        older = self.snapshots if with_snapshots else frozenset([self.sha256])
        return Local(self.sha256, self.content, older)


def hash_of(raw: bytes) -> str:
    """The sha256, as the hub names documents by."""
    return sha256(raw).hexdigest()


def content_of(state: doc.Document) -> str:
    """The hash of what matters in a state, however its members are ordered."""
    members = what_matters(state)
    return hash_of(doc.dump({key: members[key] for key in sorted(members)}))


def read_latest(latest: Latest) -> Copy | None:
    """The session that the pointer leads to; None where that is not healthy."""
    found = latest.find()
    if not isinstance(found, Healthy):
        return None
    return Copy(latest, found.session_id, found.raw, found.state)


def read_copy(latest: Latest, session_id: str) -> Copy | None:
    """The session of that id; None where nothing intact is here."""
    newest = latest.newest_intact(session_id)
    if newest is None:
        return None
    copy = Copy(latest, session_id, newest.raw, newest.state)
    copy.is_archived = newest.path.startswith("archive/")
    return copy


def read_copies(latest: Latest) -> Iterator[Copy]:
    """Every session here, the newest first, each read when it is its turn."""
    for session in list_sessions(latest):
        if not session.snapshots:
            # a pointer that is still a plain file, as another program leaves it
            found = latest.find()
            if isinstance(found, Readable) and found.session_id == session.session_id:
                yield Copy(latest, found.session_id, found.raw, found.state)
        for snapshot in session.snapshots:
            raw = _read(latest, snapshot)
            state = _parse(raw) if raw is not None else None
            if raw is None or state is None:
                continue
            copy = Copy(latest, session.session_id, raw, state)
            copy.names = session.snapshots
            copy.is_archived = session.is_archived
            yield copy
            break


def _snapshots_of(latest: Latest, session_id: str) -> list[Snapshot]:
    return [each for each in snapshots(latest) if latest.session_at(each.path) == session_id]


def _hash_at(latest: Latest, snapshot: Snapshot) -> str | None:
    raw = _read(latest, snapshot)
    return hash_of(raw) if raw is not None else None


def _read(latest: Latest, snapshot: Snapshot) -> bytes | None:
    try:
        return read_file(latest.folder.at(snapshot.path))
    except (Damaged, OSError):
        return None


def _parse(raw: bytes) -> doc.Document | None:
    try:
        return doc.parse_state(raw)
    except doc.NotADocument:
        return None
