"""All sessions of a folder: found, resumed and rolled back."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import Absent, NoSession, SessionError
from session_cli.files import Damaged, is_link, read_file, read_start
from session_cli.names import SUFFIX, parse_name
from session_cli.times import now, parse, stamp_epoch, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_cli.document import Document
    from session_cli.latest import Found
    from session_cli.store import Store


class Snapshot:
    """One saved file: its `path` below the sessions folder (`archive/...` when archived)."""

    def __init__(self, name: str, archived: bool) -> None:
        self.name = name
        self.archived = archived
        self.path = f"archive/{name}" if archived else name


class Session:
    """One session: its snapshots, oldest first, and the state in the newest intact one."""

    def __init__(self, session_id: str, snapshots: list[Snapshot], state: Document) -> None:
        self.session_id = session_id
        self.snapshots = snapshots
        self.state = state

    @property
    def archived(self) -> bool:
        """Whether its newest snapshot lies in the archive."""
        return bool(self.snapshots) and self.snapshots[-1].archived

    @property
    def touched_at(self) -> float | None:
        """When it was last saved or resumed; None where what it says is no time."""
        said = [self.state[key] for key in ("updated_at", "resumed_at") if key in self.state]
        if not said and not self.snapshots:
            return None
        if not said:
            return stamp_epoch(self.snapshots[-1].name.removesuffix(SUFFIX).split("-", 1)[1][:17])
        times = [parse(text) for text in said]
        return None if None in times else max(time for time in times if time is not None)

    @property
    def is_partial(self) -> bool:
        """Whether it created units in ConfigHub and never came to its end."""
        confighub = self.state.get("confighub")
        units = confighub.get("units_created") if isinstance(confighub, dict) else None
        return bool(units) and self.state.get("step") != "complete"


def survey(store: Store, at_most: int | None = None) -> list[Session]:
    """The sessions of the folder and its archive, newest first.

    With `at_most`, that many files are looked at, the newest ones: so that every session found
    is judged by its newest snapshot, and what lies behind comes in reach as others are deleted.
    """
    groups: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots(store)[-at_most if at_most else None :]:
        session_id = session_of(store, snapshot)
        if session_id:
            groups.setdefault(session_id, []).append(snapshot)
    sessions = [_session(store, *group) for group in groups.items()]
    found = [session for session in sessions if session]
    found.sort(key=lambda session: parse_name(store.type, session.snapshots[-1].name) or ("", 0))
    return [*_only_in_pointer(store, set(groups)), *reversed(found)]


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


def snapshots(store: Store) -> list[Snapshot]:
    """Every snapshot of the type, archived or not, oldest first."""
    found = [Snapshot(name, False) for name in store.folder.names()]
    # half-way through being archived a snapshot stands in both places
    active = {snapshot.name for snapshot in found}
    found += [Snapshot(name, True) for name in store.folder.archived_names() if name not in active]
    found.sort(key=lambda snapshot: parse_name(store.type, snapshot.name) or ("", 0))
    return found


def session_of(store: Store, snapshot: Snapshot) -> str | None:
    """The session that a snapshot belongs to; None when it cannot be read."""
    path = store.folder.at(snapshot.path)
    try:
        state = doc.head(read_start(path))
        if "session_id" not in state:
            state = doc.parse_state(read_file(path))
    except (Damaged, doc.NotADocument, OSError):
        return None
    return store.session_id(state, snapshot.name)


def _session(store: Store, session_id: str, group: list[Snapshot]) -> Session | None:
    for snapshot in reversed(group):
        state = _state_in(store, snapshot)
        if state:
            return Session(session_id, group, state)
    return None


def _state_in(store: Store, snapshot: Snapshot) -> Document | None:
    try:
        return doc.parse_state(read_file(store.folder.at(snapshot.path)))
    except (Damaged, doc.NotADocument, OSError):
        return None


def pick(store: Store, session_id: str | None) -> Session:
    """The session of that id, or the latest one; NoSession when it is not there."""
    wanted = latest_id(store, store.find()) if session_id is None else session_id
    if not wanted:
        raise NoSession("there is no session; 'session-cli list --all' shows what there was")
    for session in survey(store):
        if session.session_id == wanted:
            return session
    raise NoSession(f"there is no session {wanted}; 'session-cli list --all' shows what there is")


def latest_id(store: Store, found: Found | None) -> str | None:
    """The id of the latest session, None when there is none or nothing of it is intact."""
    return store.session_of(found)


def history(store: Store, session: Session) -> Iterator[tuple[Snapshot, Document]]:
    """The intact snapshots of a session with their states, newest first."""
    for snapshot in reversed(session.snapshots):
        state = _state_in(store, snapshot)
        if state:
            yield snapshot, state


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
        session = pick(store, session_id)
        snapshot, state = _wanted(store, session, revision)
        store.refuse_newer(state)
        state = {**store.adopted_state(state, snapshot.name)}
        state["revision"] = doc.revision_of(session.state) + 1
        state["updated_at" if revision else "resumed_at"] = utc(now())
        store.commit(found, doc.ordered(state))
        return state


def _wanted(store: Store, session: Session, revision: int | None) -> tuple[Snapshot, Document]:
    for snapshot, state in history(store, session):
        if revision in (None, doc.revision_of(state)):
            return snapshot, state
    raise Absent(
        f"{session.session_id} has no revision {revision}; 'session-cli history' shows which it has"
    )
