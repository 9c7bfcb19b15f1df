"""All sessions of a folder: found, resumed, rolled back, archived, deleted and pruned."""

from __future__ import annotations

from session_cli import document as doc
from session_cli import retention
from session_cli.document import quote
from session_cli.errors import Absent, NoSession, SessionError
from session_cli.folder import (
    Damaged,
    exists,
    noted,
    read_file,
    read_start,
    reason,
    remove,
    sync_folder,
)
from session_cli.lease import is_held
from session_cli.names import SUFFIX, parse_name
from session_cli.times import now, parse, stamp_epoch, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_cli.document import Document
    from session_cli.store import Found, Store

FILES_A_RUN = 500
PAST = {"archive": "archived", "delete": "deleted"}


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
        return self.snapshots[-1].archived

    @property
    def touched_at(self) -> float | None:
        """When it was last saved or resumed; None where what it says is no time."""
        said = [self.state[key] for key in ("updated_at", "resumed_at") if key in self.state]
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


# finding


def survey(store: Store, at_most: int | None = None) -> list[Session]:
    """The sessions of the folder and its archive, newest first.

    With `at_most`, that many files are looked at, the newest ones: so that every session found
    is judged by its newest snapshot, and what lies behind comes in reach as others are deleted.
    """
    groups: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots(store)[-at_most if at_most else None :]:
        session_id = _session_of(store, snapshot)
        if session_id:
            groups.setdefault(session_id, []).append(snapshot)
    sessions = [_session(store, *group) for group in groups.items()]
    found = [session for session in sessions if session]
    found.sort(key=lambda session: parse_name(store.type, session.snapshots[-1].name) or ("", 0))
    return found[::-1]


def snapshots(store: Store) -> list[Snapshot]:
    """Every snapshot of the type, archived or not, oldest first."""
    found = [Snapshot(name, False) for name in store.folder.names()]
    # half-way through being archived a snapshot stands in both places
    active = {snapshot.name for snapshot in found}
    found += [Snapshot(name, True) for name in store.folder.archived_names() if name not in active]
    found.sort(key=lambda snapshot: parse_name(store.type, snapshot.name) or ("", 0))
    return found


def _session_of(store: Store, snapshot: Snapshot) -> str | None:
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
    wanted = session_id or latest_id(store, store.find())
    if wanted is None:
        raise NoSession("there is no session; 'session-cli list --all' shows what there was")
    for session in survey(store):
        if session.session_id == wanted:
            return session
    raise NoSession(f"there is no session {wanted}; 'session-cli list --all' shows what there is")


def latest_id(store: Store, found: Found | None) -> str | None:
    """The id of the latest session, None when there is none or nothing of it is intact."""
    return store.session_id(found.state, found.name or "") if found and found.state else None


def history(store: Store, session: Session) -> Iterator[tuple[Snapshot, Document]]:
    """The intact snapshots of a session with their states, newest first."""
    for snapshot in reversed(session.snapshots):
        state = _state_in(store, snapshot)
        if state:
            yield snapshot, state


# going back to one


def resume(store: Store, session_id: str | None) -> Document:
    """Publishes the newest snapshot of a session again, as the latest; its state."""
    return _again(store, session_id, None)


def rollback(store: Store, revision: int) -> Document:
    """Publishes that revision of the latest session again, as the newest; its state."""
    return _again(store, None, revision)


def _again(store: Store, session_id: str | None, revision: int | None) -> Document:
    store.prepare()
    with store.writing():
        found = store.follow()
        if found and found.state and found.name is None:
            # a plain pointer is taken over first, or flipping it would lose what only it holds
            store.adopted(found)
            session_id = session_id or latest_id(store, found)
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


# letting go of one


def start_new(store: Store) -> None:
    """Archives the latest session, so that the next save begins another one."""
    store.prepare()
    with store.writing():
        found = store.follow()
        session_id = latest_id(store, found)
        if session_id:
            action = retention.Action("archive", session_id, "a new session was asked for")
            _take_away(store, action)
        elif found:
            store.drop_pointer()
        _prune(store, FILES_A_RUN)


def delete(store: Store, session_id: str) -> None:
    """Removes a session for good."""
    with store.writing():
        action = retention.Action("delete", session_id, "it was asked for")
        _take_away(store, action)


def planned(store: Store) -> list[retention.Action]:
    """What `prune` would do now."""
    return _plan(store, survey(store))


def prune(store: Store) -> list[retention.Action]:
    """Archives and deletes what retention says, and says so; what it did."""
    store.prepare()
    with store.writing():
        return _prune(store, None)


def tidy(store: Store) -> None:
    """The same on a bounded number of files; what cannot be done is told and is no failure."""
    try:
        if exists(store.leaving_link) or _plan(store, survey(store, FILES_A_RUN)):
            with store.writing():
                _prune(store, FILES_A_RUN)
    except SessionError as error:
        store.say(f"old sessions stay where they are: {error}")


def _prune(store: Store, at_most: int | None) -> list[retention.Action]:
    sessions = survey(store, at_most)
    actions = _plan(store, sessions)
    # within a limit only some of a session's snapshots may have been looked at
    known = {} if at_most else {each.session_id: each.snapshots for each in sessions}
    for action in actions:
        _take_away(store, action, known.get(action.session_id))
    return actions


def _plan(store: Store, sessions: list[Session]) -> list[retention.Action]:
    latest = latest_id(store, store.find())
    facts = [
        retention.Facts(
            session.session_id,
            session.touched_at,
            archived=session.archived,
            latest=session.session_id == latest,
            leased=is_held(store.folder, session.session_id),
            partial=session.is_partial,
        )
        for session in sessions
    ]
    return retention.plan(facts, store.type, now())


def _take_away(store: Store, action: retention.Action, known: list[Snapshot] | None = None) -> None:
    """Notes first what is to be done: whoever writes next finishes it, should we be killed."""
    store.folder.note(store.leaving_link, f"{action.verb}/{action.session_id}/{action.why}")
    try:
        store.folder.sync()
        _drop_if_latest(store, action.session_id)
    except OSError:
        # it failed before anything was done: then nobody is to do it later, unasked
        if exists(store.pointer):
            remove(store.leaving_link)
        raise
    # a pointer that was a plain file has become a snapshot only now
    _finish(store, action, known or _snapshots_of(store, action.session_id))


def finish_leaving(store: Store) -> None:
    """Does what the leaving link says that somebody has begun; tells what cannot be done."""
    verb, _, rest = (noted(store.leaving_link) or "").partition("/")
    session_id, _, why = rest.partition("/")
    if verb in PAST:
        try:
            _drop_if_latest(store, session_id)
            action = retention.Action(verb, session_id, why)
            _finish(store, action, _snapshots_of(store, session_id))
            return
        except OSError as error:
            store.say(f"{session_id} could not be {PAST[verb]}: {reason(error)}; ask for it again")
    remove(store.leaving_link)


def _drop_if_latest(store: Store, session_id: str) -> None:
    if latest_id(store, store.follow()) == session_id:
        store.drop_pointer()


def _snapshots_of(store: Store, session_id: str) -> list[Snapshot]:
    return [each for each in snapshots(store) if _session_of(store, each) == session_id]


def _finish(store: Store, action: retention.Action, mine: list[Snapshot]) -> None:
    _move_out(store, action.verb, mine)
    _announce(store, action)
    remove(store.leaving_link)
    store.folder.sync()


def _move_out(store: Store, verb: str, mine: list[Snapshot]) -> None:
    if verb == "archive":
        store.folder.archive([each.name for each in mine if not each.archived])
    else:
        for each in mine:
            store.folder.remove(each.path)
        if any(each.archived for each in mine):
            sync_folder(store.folder.at("archive"))
    store.folder.sync()


def line_about(action: retention.Action) -> str:
    """The line that says that `action` was done, and how to undo it."""
    done = f"{PAST[action.verb]} {action.session_id}"
    if action.verb == "archive":
        done += f"; session-cli resume {action.session_id} brings it back"
    return f"{done} ({action.why})"


def _announce(store: Store, action: retention.Action) -> None:
    store.say(line_about(action))
    _log(store, PAST[action.verb], action.session_id, action.why)


def _log(store: Store, event: str, session_id: str, why: str) -> None:
    members = {"at": utc(now()), "event": event, "session_id": session_id, "why": why}
    line = ", ".join(f"{quote(key)}: {quote(value)}" for key, value in members.items())
    try:
        store.folder.log_event(f"{{{line}}}\n".encode())
    except OSError as error:
        store.say(f"{store.folder.at('events.jsonl')} could not be written: {error.strerror}")


def thin_out(store: Store, session_id: str) -> None:
    """Removes what a session need not keep of its own snapshots."""
    mine = []
    for name in reversed(store.folder.names()[-FILES_A_RUN:]):
        if _session_of(store, Snapshot(name, False)) == session_id:
            mine.append(name)
    extra = retention.superseded(mine[::-1])
    for name in extra:
        store.folder.remove(name)
    if extra:
        store.folder.sync()
        _log(store, "thinned out", session_id, f"{len(extra)} older snapshots")
