"""All sessions of a folder and their snapshots, read and listed. Takes no lock."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import NoSession, SessionError
from session_cli.names import SUFFIX, parse_name
from session_cli.store.files import Damaged, Reading, is_link
from session_cli.store.latest import Healthy, Readable
from session_cli.times import parse, stamp_epoch

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from session_cli.document import Document
    from session_cli.store.latest import Found, Latest

    # by the name of a snapshot: its session, None when it cannot be read, and its state if known
    Seen = dict[str, tuple[str | None, Document | None]]
    Read = Callable[[Reading], Document | None]

# for more snapshots than this a quicker parser is worth loading
MANY = 2_000
KEPT = (
    "version type session_id created_at updated_at resumed_at revision step cluster_context"
).split()


class Snapshot:
    """One saved file: its `path` below the sessions folder (`archive/...` when archived)."""

    __slots__ = ("is_archived", "name")

    def __init__(self, name: str, is_archived: bool) -> None:
        self.name = name
        self.is_archived = is_archived

    @property
    def path(self) -> str:
        """Where it is in the sessions folder."""
        return f"archive/{self.name}" if self.is_archived else self.name


class Session:
    """One session: its snapshots, the newest first, and the state in the newest intact one.

    In a list of sessions the state is reduced to what lists and retention need.
    """

    __slots__ = ("session_id", "snapshots", "state")

    def __init__(self, session_id: str, snapshots: list[Snapshot], state: Document) -> None:
        self.session_id = session_id
        self.snapshots = snapshots
        self.state = state

    @property
    def is_archived(self) -> bool:
        """Whether its newest snapshot is in the archive."""
        return bool(self.snapshots) and self.snapshots[0].is_archived

    @property
    def touched_at(self) -> float | None:
        """When it was last saved or resumed; None where that is not known."""
        texts = [self.state[key] for key in ("updated_at", "resumed_at") if key in self.state]
        if texts:
            times = [parse(text) for text in texts]
            return None if None in times else max(time for time in times if time is not None)
        if not self.snapshots:
            return None
        return stamp_epoch(self.snapshots[0].name.removesuffix(SUFFIX).split("-", 1)[1][:17])

    @property
    def is_partial(self) -> bool:
        """Whether it created Units in ConfigHub and was never completed."""
        return _has_units(self.state) and self.state.get("step") != "complete"


def snapshots(latest: Latest) -> list[Snapshot]:
    """Every snapshot of the type, archived or not, the newest first."""
    active = latest.folder.names()
    found = [Snapshot(name, False) for name in active]
    archived = latest.folder.archived_names()
    if archived:
        # a snapshot that is just being archived is in both places
        active_ones = set(active)
        found += [Snapshot(name, True) for name in archived if name not in active_ones]
        found.sort(key=lambda snapshot: parse_name(latest.type, snapshot.name) or ("", 0))
    return found[::-1]


def survey(
    latest: Latest, newest_first: Iterable[Snapshot], seen: Seen, read: Read
) -> list[Session]:
    """The sessions of these snapshots, newest first, each snapshot read at most once.

    `seen` is what is known of snapshots already, and is added to: a snapshot never changes. `read`
    is how the newest of a session is read where its first lines do not hold all of it.
    """
    groups: dict[str, list[Snapshot]] = {}
    states: dict[str, Document] = {}
    parse: Callable[[bytes], Document | None] = _parse

    def read_for(session_id: str) -> Read | None:
        return read if session_id not in states else None

    for number, snapshot in enumerate(newest_first):
        if number == MANY:
            parse = _fast_parser()
        session_id, state = seen.get(snapshot.name, (None, None))
        if snapshot.name not in seen or (state is None and session_id not in states):
            session_id, state = _read_snapshot(latest, snapshot, read_for, parse)
            if state is not None:
                state = _reduce(state) if session_id not in states else None
            seen[snapshot.name] = session_id, state
        if session_id:
            groups.setdefault(session_id, []).append(snapshot)
            if state is not None:
                states.setdefault(session_id, state)
    sessions = [Session(each, groups[each], states[each]) for each in groups if each in states]
    plain = _plain_session(latest)
    return [plain, *sessions] if plain and plain.session_id not in groups else sessions


def _reduce(state: Document) -> Document:
    """The members of a state, which may be large, that lists and retention need."""
    kept = {key: state[key] for key in KEPT if key in state}
    if _has_units(state):
        kept["confighub"] = {"units_created": True}
    return kept


def _has_units(state: Document) -> bool:
    confighub = state.get("confighub")
    return isinstance(confighub, dict) and bool(confighub.get("units_created"))


def _read_snapshot(
    latest: Latest,
    snapshot: Snapshot,
    read_for: Callable[[str], Read | None],
    parse: Callable[[bytes], Document | None],
) -> tuple[str | None, Document | None]:
    """The session of a snapshot, None when it cannot be read, and its state if it is intact.

    What its first lines do not show is read only as `read_for` says for that session.
    """
    try:
        with Reading(latest.folder.at(snapshot.path)) as file:
            start = file.start()
            state = parse(start) if len(start) == file.size else None
            head = state or doc.head(start)
            if "session_id" not in head:
                head = state = doc.parse_state(file.whole())
            session_id = latest.session_id(head, snapshot.name)
            read = read_for(session_id) if state is None else None
            return session_id, read(file) if read else state
    except (Damaged, doc.NotADocument, OSError):
        return None, None


def _fast_parser() -> Callable[[bytes], Document | None]:
    """A quicker parser of states where there is one; what that refuses, ours judges."""
    try:
        from orjson import loads
    except ImportError:
        # a save may lead here, and needs nothing installed
        return _parse

    def parse(raw: bytes) -> Document | None:
        try:
            state = loads(raw)
        except ValueError:
            return _parse(raw)
        return state if isinstance(state, dict) else None

    return parse


def read_outline(file: Reading) -> Document | None:
    """The members that a large state starts with, for lists; one of another form is read whole.

    It does not verify the rest of the file: whoever resumes the session does.
    """
    outline = doc.head_members(file.start()) if file.end(3) == b"\n}\n" else {}
    return outline if "session_id" in outline else read_whole(file)


def read_whole(file: Reading) -> Document | None:
    """All of a state; None when it is damaged."""
    return _parse(file.whole())


def _parse(raw: bytes) -> Document | None:
    try:
        return doc.parse_state(raw)
    except doc.NotADocument:
        return None


def list_sessions(latest: Latest, found: Found | None = None) -> list[Session]:
    """All sessions of the folder and its archive, newest first, for a list.

    `found` is the latest one where that was read already: it is not read again.
    """
    seen: Seen = {}
    if isinstance(found, Healthy):
        seen[found.name] = found.session_id, _reduce(found.state)
    return survey(latest, snapshots(latest), seen, read_outline)


def _plain_session(latest: Latest) -> Session | None:
    """The session whose pointer is still a plain file, so that it may have no snapshot."""
    if is_link(latest.pointer):
        return None
    try:
        found = latest.find()
    except SessionError:
        return None
    if not isinstance(found, Readable) or not found.session_id:
        return None
    return Session(found.session_id, [], found.state)


def pick(latest: Latest, session_id: str | None) -> Session:
    """The session of that id, or the latest one, with its state; raises NoSession without one."""
    wanted = resolve_id(latest, session_id)
    mine: list[Snapshot] = []
    states: list[Document] = []

    def read_for(theirs: str) -> Read | None:
        return read_whole if theirs == wanted and not states else None

    for snapshot in snapshots(latest):
        theirs, state = _read_snapshot(latest, snapshot, read_for, _parse)
        if theirs == wanted:
            mine.append(snapshot)
            states += [state] if state is not None else []
    if states:
        return Session(wanted, mine, states[0])
    plain = _plain_session(latest)
    if plain and plain.session_id == wanted:
        return plain
    raise no_session(wanted)


def history(latest: Latest, session_id: str | None) -> Iterator[tuple[Snapshot, Document]]:
    """The intact snapshots of a session, or of the latest, with their states, newest first."""
    wanted = resolve_id(latest, session_id)

    def read_for(theirs: str) -> Read | None:
        return read_whole if theirs == wanted else None

    plain = _plain_session(latest)
    is_there = plain is not None and plain.session_id == wanted
    for snapshot in snapshots(latest):
        theirs, state = _read_snapshot(latest, snapshot, read_for, _parse)
        if theirs == wanted and state is not None:
            is_there = True
            yield snapshot, state
    if not is_there:
        raise no_session(wanted)


def resolve_id(latest: Latest, session_id: str | None) -> str:
    """That id, or the latest session's where it is None; raises NoSession without one."""
    if session_id is None:
        found = latest.find()
        session_id = found.session_id if isinstance(found, Readable) else ""
    if not session_id:
        raise NoSession("there is no session; 'session-cli list --all' shows earlier ones")
    return session_id


def no_session(session_id: str) -> NoSession:
    """The error for an id that no session has."""
    return NoSession(
        f"there is no session {session_id}; 'session-cli list --all' shows which there are"
    )
