"""Letting go of sessions: archived, deleted and pruned, announced, finished after a crash."""

from __future__ import annotations

from session_cli import retention
from session_cli.document import quote, revision_of
from session_cli.errors import Refused, SessionError
from session_cli.files import exists, noted, reason, remove, sync_folder
from session_cli.lease import is_held, refuse_if_open
from session_cli.sessions import Session, Snapshot, latest_id, pick, session_of, snapshots, survey
from session_cli.times import now, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from session_cli.store import Store

FILES_A_RUN = 500
PAST = {"archive": "archived", "delete": "deleted"}


def start_new(store: Store, session: str | None = None) -> None:
    """Archives the latest session, so that the next save begins another one.

    With `session`: Refused unless that is the latest.
    """
    store.prepare()
    with store.writing():
        store.adopt()
        found = store.follow()
        store.refuse_unbound(found, session, None)
        session_id = latest_id(store, found)
        if session_id:
            action = retention.Action("archive", session_id, "a new session was asked for")
            _take_away(store, action)
        elif found:
            store.drop_pointer()
        _prune(store, FILES_A_RUN)


def delete(store: Store, seen: Session, if_revision: int | None = None) -> None:
    """Removes for good the session that was `seen`, if it still is as it was then.

    Locked when another program has opened it meanwhile, Refused when it was saved. With
    `if_revision`: Refused unless it is the latest, at that revision.
    """
    with store.writing():
        store.adopt()
        if if_revision is not None:
            store.refuse_unbound(store.follow(), seen.session_id, if_revision)
        refuse_if_open(store.folder, seen.session_id)
        _refuse_if_saved(pick(store, seen.session_id), seen)
        action = retention.Action("delete", seen.session_id, "it was asked for")
        _take_away(store, action)


def _refuse_if_saved(session: Session, seen: Session) -> None:
    before, now_there = (
        (revision_of(each.state), each.state.get("updated_at")) for each in (seen, session)
    )
    if before != now_there:
        raise Refused(
            f"not deleted: {seen.session_id} was saved meanwhile, it is at revision"
            f" {now_there[0]} by now; 'session-cli history {seen.session_id}' shows it"
        )


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
    store.adopt()
    sessions = survey(store, at_most)
    actions = _plan(store, sessions)
    # within a limit only some of a session's snapshots may have been looked at
    known = {} if at_most else {each.session_id: each.snapshots for each in sessions}
    for action in actions:
        _take_away(store, action, known.get(action.session_id))
    return actions


def _plan(store: Store, sessions: list[Session]) -> list[retention.Action]:
    latest = latest_id(store, store.find())
    elsewhere = store.folder.sessions_in_use(but=store.session_link) if sessions else set()
    facts = [
        retention.Facts(
            session.session_id,
            session.touched_at,
            archived=session.archived,
            latest=session.session_id == latest,
            in_use=is_held(store.folder, session.session_id) or session.session_id in elsewhere,
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
    return [each for each in snapshots(store) if session_of(store, each) == session_id]


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
        if session_of(store, Snapshot(name, False)) == session_id:
            mine.append(name)
    extra = retention.superseded(mine[::-1])
    for name in extra:
        store.folder.remove(name)
    if extra:
        store.folder.sync()
        _log(store, "thinned out", session_id, f"{len(extra)} older snapshots")
