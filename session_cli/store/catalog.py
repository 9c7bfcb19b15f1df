"""All sessions of a folder: found, resumed and rolled back."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import Absent, NoSession, SessionError
from session_cli.names import SUFFIX, parse_name
from session_cli.store.files import Damaged, Reading, is_link
from session_cli.times import now, parse, stamp_epoch, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from session_cli.document import Document
    from session_cli.store.latest import Found, Intact
    from session_cli.store.store import Store

    # by the name of a snapshot: its session, None when it cannot be read, and its state if known
    Seen = dict[str, tuple[str | None, Document | None]]
    Read = Callable[[Reading], Document | None]

# from so many snapshots on a quicker parser is worth loading
MANY = 2_000
KEPT = (
    "version type session_id created_at updated_at resumed_at revision step cluster_context"
).split()


class Snapshot:
    """One saved file: its `path` below the sessions folder (`archive/...` when archived)."""

    __slots__ = ("archived", "name")

    def __init__(self, name: str, archived: bool) -> None:
        self.name = name
        self.archived = archived

    @property
    def path(self) -> str:
        """Where it lies in the sessions folder."""
        return f"archive/{self.name}" if self.archived else self.name


class Session:
    """One session: its snapshots, the newest first, and the state in the newest intact one.

    In a list of sessions the state is reduced to what lists and retention are about.
    """

    __slots__ = ("session_id", "snapshots", "state")

    def __init__(self, session_id: str, snapshots: list[Snapshot], state: Document) -> None:
        self.session_id = session_id
        self.snapshots = snapshots
        self.state = state

    @property
    def archived(self) -> bool:
        """Whether its newest snapshot lies in the archive."""
        return bool(self.snapshots) and self.snapshots[0].archived

    @property
    def touched_at(self) -> float | None:
        """When it was last saved or resumed; None where what it says is no time."""
        said = [self.state[key] for key in ("updated_at", "resumed_at") if key in self.state]
        if not said and not self.snapshots:
            return None
        if not said:
            return stamp_epoch(self.snapshots[0].name.removesuffix(SUFFIX).split("-", 1)[1][:17])
        times = [parse(text) for text in said]
        return None if None in times else max(time for time in times if time is not None)

    @property
    def is_partial(self) -> bool:
        """Whether it created units in ConfigHub and never came to its end."""
        confighub = self.state.get("confighub")
        units = confighub.get("units_created") if isinstance(confighub, dict) else None
        return bool(units) and self.state.get("step") != "complete"


def snapshots(store: Store) -> list[Snapshot]:
    """Every snapshot of the type, archived or not, the newest first."""
    active = store.folder.names()
    found = [Snapshot(name, False) for name in active]
    archived = store.folder.archived_names()
    if archived:
        # half-way through being archived a snapshot stands in both places
        active_ones = set(active)
        found += [Snapshot(name, True) for name in archived if name not in active_ones]
        found.sort(key=lambda snapshot: parse_name(store.type, snapshot.name) or ("", 0))
    return found[::-1]


def survey(store: Store, newest_first: Iterable[Snapshot], seen: Seen, read: Read) -> list[Session]:
    """The sessions of these snapshots, newest first, each snapshot looked into at most once.

    `seen` is what is known of snapshots already, and is added to: one never changes. `read` is how
    the newest of a session is read where it is too large for one look.
    """
    groups: dict[str, list[Snapshot]] = {}
    states: dict[str, Document] = {}
    parse: Callable[[bytes], Document | None] = _intact

    def read_for(session_id: str) -> Read | None:
        return read if session_id not in states else None

    for number, snapshot in enumerate(newest_first):
        if number == MANY:
            parse = _parser()
        session_id, state = seen.get(snapshot.name, (None, None))
        if snapshot.name not in seen or (state is None and session_id not in states):
            session_id, state = _look_into(store, snapshot, read_for, parse)
            if state is not None:
                state = _reduced(state) if session_id not in states else None
            seen[snapshot.name] = session_id, state
        if session_id:
            groups.setdefault(session_id, []).append(snapshot)
            if state is not None:
                states.setdefault(session_id, state)
    found = [Session(each, groups[each], states[each]) for each in groups if each in states]
    return [*_only_in_pointer(store, set(groups)), *found]


def _reduced(state: Document) -> Document:
    """What lists and retention need to know of a state, which may be large."""
    kept = {key: state[key] for key in KEPT if key in state}
    confighub = state.get("confighub")
    if isinstance(confighub, dict) and confighub.get("units_created"):
        kept["confighub"] = {"units_created": True}
    return kept


def _look_into(
    store: Store,
    snapshot: Snapshot,
    read_for: Callable[[str], Read | None],
    parse: Callable[[bytes], Document | None],
) -> tuple[str | None, Document | None]:
    """The session of a snapshot, None when it cannot be read, and its state if it is intact.

    What one look does not show is read only as `read_for` says for that session.
    """
    try:
        with Reading(store.folder.at(snapshot.path)) as file:
            start = file.start()
            state = parse(start) if len(start) == file.size else None
            said = state or doc.head(start)
            if "session_id" not in said:
                said = state = doc.parse_state(file.whole())
            session_id = store.session_id(said, snapshot.name)
            read = read_for(session_id) if state is None else None
            return session_id, read(file) if read else state
    except (Damaged, doc.NotADocument, OSError):
        return None, None


def _parser() -> Callable[[bytes], Document | None]:
    """A quicker reader of states where there is one; what that refuses is judged as ever."""
    try:
        from orjson import loads
    except ImportError:
        # what a save may bring about needs nothing installed
        return _intact

    def parse(raw: bytes) -> Document | None:
        try:
            state = loads(raw)
        except ValueError:
            return _intact(raw)
        return state if isinstance(state, dict) else None

    return parse


def in_outline(file: Reading) -> Document | None:
    """The members that a large state begins with, for lists; one of another form is read whole.

    Whether it is intact to the last bit is seen by whoever goes on with it.
    """
    said = doc.beginning(file.start()) if file.end(3) == b"\n}\n" else {}
    return said if "session_id" in said else in_whole(file)


def in_whole(file: Reading) -> Document | None:
    """All of a state; None when it is damaged."""
    return _intact(file.whole())


def _intact(raw: bytes) -> Document | None:
    try:
        return doc.parse_state(raw)
    except doc.NotADocument:
        return None


def listed(store: Store, found: Found | None = None) -> list[Session]:
    """All sessions of the folder and its archive, newest first, for a list.

    `found` is the latest one where that is known: it is not read again.
    """
    seen: Seen = {}
    if found and found.state and found.name and not found.problem:
        seen[found.name] = store.session_of(found), _reduced(found.state)
    return survey(store, snapshots(store), seen, in_outline)


def _only_in_pointer(store: Store, known: set[str]) -> list[Session]:
    """The session that has no snapshot yet: its pointer is still a plain file."""
    if is_link(store.pointer):
        return []
    try:
        found = store.find()
    except SessionError:
        return []
    session_id = latest_id(store, found)
    if not found or not found.state or not session_id or session_id in known:
        return []
    return [Session(session_id, [], found.state)]


def pick(store: Store, session_id: str | None) -> Session:
    """The session of that id, or the latest one, with its state; NoSession when it is not there."""
    wanted = wanted_id(store, session_id)
    mine: list[Snapshot] = []
    states: list[Document] = []

    def read_for(theirs: str) -> Read | None:
        return in_whole if theirs == wanted and not states else None

    for snapshot in snapshots(store):
        theirs, state = _look_into(store, snapshot, read_for, _intact)
        if theirs == wanted:
            mine.append(snapshot)
            states += [state] if state is not None else []
    if states:
        return Session(wanted, mine, states[0])
    for session in _only_in_pointer(store, set()):
        if session.session_id == wanted:
            return session
    raise _no_session(wanted)


def history(store: Store, session_id: str | None) -> Iterator[tuple[Snapshot, Document]]:
    """The intact snapshots of a session, or of the latest, with their states, newest first."""
    wanted = wanted_id(store, session_id)
    is_there = any(each.session_id == wanted for each in _only_in_pointer(store, set()))
    for snapshot in snapshots(store):
        theirs, state = _look_into(
            store, snapshot, lambda theirs: in_whole if theirs == wanted else None, _intact
        )
        if theirs == wanted and state is not None:
            is_there = True
            yield snapshot, state
    if not is_there:
        raise _no_session(wanted)


def wanted_id(store: Store, session_id: str | None) -> str:
    """That id, or the latest session's; NoSession when there is none."""
    wanted = latest_id(store, store.find()) if session_id is None else session_id
    if not wanted:
        raise NoSession("there is no session; 'session-cli list --all' shows what there was")
    return wanted


def _no_session(session_id: str) -> NoSession:
    return NoSession(
        f"there is no session {session_id}; 'session-cli list --all' shows what there is"
    )


def latest_id(store: Store, found: Found | None) -> str | None:
    """The id of the latest session, None when there is none or nothing of it is intact."""
    return store.session_of(found)


def resume(store: Store, session_id: str | None, if_revision: int | None = None) -> Document:
    """Publishes the newest snapshot of a session again, as the latest; its state.

    With `if_revision`: Refused unless it is the latest already, at that revision.
    """
    return _again(store, session_id, None, if_revision)


def rollback(store: Store, revision: int) -> Document:
    """Publishes that revision of the latest session again, as the newest; its state."""
    return _again(store, None, revision, None)


def _again(
    store: Store, session_id: str | None, revision: int | None, if_revision: int | None
) -> Document:
    store.prepare()
    with store.writing():
        # flipping a plain pointer would lose what only it holds
        store.adopt()
        found = store.follow()
        if if_revision is not None:
            store.refuse_unbound(found, session_id, if_revision)
        wanted = wanted_id(store, session_id)
        newest = store.newest_intact(wanted)
        if newest is None:
            raise _no_session(wanted)
        name, state = newest.name, newest.state
        if revision is not None:
            name, state = _at_revision(store, wanted, revision)
        store.refuse_newer(state)
        _tell_damaged(store, newest)
        state = {**store.adopted_state(state, name), "revision": newest.published + 1}
        state["updated_at" if revision else "resumed_at"] = utc(now())
        store.commit(found, doc.ordered(state))
        return state


def _tell_damaged(store: Store, newest: Intact) -> None:
    for path, damage in newest.damaged:
        revision, session_id = doc.revision_of(newest.state), newest.state.get("session_id")
        store.say(
            f"{path} is damaged ({damage}); revision {revision} of {session_id} is the newest"
            " that is intact"
        )


def _at_revision(store: Store, session_id: str, revision: int) -> tuple[str, Document]:
    for snapshot, state in history(store, session_id):
        if doc.revision_of(state) == revision:
            return snapshot.name, state
    raise Absent(
        f"{session_id} has no revision {revision}; 'session-cli history' shows which it has"
    )
