"""Removing: sessions go to the archive or for good, and a session loses its older snapshots.

What removes sessions is noted first, so that the next writer finishes it after a crash. Every
function here is called under the write lock.
"""

from __future__ import annotations

from session_cli.document import earliest_second, quote
from session_cli.errors import NotSaved, Unsynced
from session_cli.names import STAMP_LENGTH, parse_name
from session_cli.store import retention
from session_cli.store.catalog import Snapshot, snapshots
from session_cli.store.commit import drop_pointer
from session_cli.store.files import (
    exists,
    is_link,
    link_target,
    read_note,
    reason,
    remove,
    split,
    sync_folder,
)
from session_cli.store.latest import Readable
from session_cli.times import now, utc

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from session_cli.document import Document
    from session_cli.store.catalog import Seen
    from session_cli.store.latest import Latest
    from session_cli.store.retention import Action

# as many as the note can name: a link's target may be no longer than 1,024 bytes everywhere
SESSIONS_AT_ONCE = 24
PAST = {"archive": "archived", "delete": "deleted"}
# a save has no time to look at more snapshots of its session
SNAPSHOTS_AT_ONCE = 500
# after so many snapshots of others in a row there may be thousands of them
OTHERS_IN_A_ROW = 10


def remove_sessions(
    latest: Latest, actions: Sequence[Action], snapshots_of: Callable[[str], list[Snapshot]]
) -> None:
    """Does actions of one kind, noted first: the next writer finishes what a crash interrupted.

    What fails before a snapshot was removed is undone: it must not happen later, unasked.
    """
    before = Before(latest)
    latest.folder.write_note(latest.pending_removal, _as_text(actions))
    leaving: list[Snapshot] = []
    try:
        latest.folder.sync()
        _drop_if_latest(latest, actions)
        leaving = [each for a in actions for each in reversed(snapshots_of(a.session_id))]
        _move_out(latest, actions[0].verb, leaving)
    except OSError as error:
        is_whole = all(exists(latest.folder.at(each.path)) for each in leaving)
        if is_whole and before.restore(leaving):
            raise
        ids = ", ".join(action.session_id for action in actions)
        raise NotSaved(
            f"started but not finished: {error.filename or latest.folder.path}: {reason(error)};"
            f" the next verb that writes will {actions[0].verb} {ids}"
        ) from None
    try:
        _report(latest, actions)
    except OSError as error:
        path = error.filename or latest.folder.path
        raise Unsynced(f"done, but a power loss may undo it: {path}: {reason(error)}") from None


class Before:
    """Where the pointer and the session link led before something was removed."""

    def __init__(self, latest: Latest) -> None:
        self.latest = latest
        self.target = link_target(latest.pointer) if is_link(latest.pointer) else None
        self.session_id = latest.current_session()

    def restore(self, staying: Sequence[Snapshot]) -> bool:
        """Puts both back and drops the note; returns whether that worked.

        The snapshots that stay are left in one place only, not in the archive as well.
        """
        folder = self.latest.folder
        try:
            folder.undo_archive([each.name for each in staying if not each.is_archived])
            if self.target and not exists(self.latest.pointer):
                if self.session_id:
                    folder.write_note(self.latest.session_link, self.session_id)
                folder.point(self.latest.pointer, self.target)
                sync_folder(split(self.latest.pointer)[0])
            remove(self.latest.pending_removal)
            folder.sync()
        except OSError:
            return False
        return True


def _as_text(actions: Sequence[Action]) -> str:
    ids = " ".join(action.session_id for action in actions)
    return f"{actions[0].verb}/{ids}/{actions[0].why}"


def _from_text(text: str) -> list[Action]:
    verb, _, rest = text.partition("/")
    ids, _, why = rest.partition("/")
    return [retention.Action(verb, each, why) for each in ids.split()] if verb in PAST else []


def finish_removal(latest: Latest) -> None:
    """Finishes the removal that the note describes; warns when that fails."""
    actions = _from_text(read_note(latest.pending_removal) or "")
    try:
        if actions:
            _drop_if_latest(latest, actions)
            by_session = group_by_session(latest, {})
            leaving = [each for a in actions for each in reversed(by_session.get(a.session_id, []))]
            _move_out(latest, actions[0].verb, leaving)
            _report(latest, actions)
            return
    except OSError as error:
        ids = ", ".join(action.session_id for action in actions)
        latest.warn(f"{ids} could not be {PAST[actions[0].verb]}: {reason(error)}; try again")
    remove(latest.pending_removal)


def _drop_if_latest(latest: Latest, actions: Sequence[Action]) -> None:
    found = latest.follow()
    if isinstance(found, Readable) and found.session_id in [each.session_id for each in actions]:
        drop_pointer(latest)


def _report(latest: Latest, actions: Sequence[Action]) -> None:
    for action in actions:
        latest.warn(_line_about(latest, action))
        _log_event(latest, PAST[action.verb], action.session_id, action.why)
    remove(latest.pending_removal)
    latest.folder.sync()


def _move_out(latest: Latest, verb: str, oldest_first: list[Snapshot]) -> None:
    if verb == "archive":
        latest.folder.archive([each.name for each in oldest_first if not each.is_archived])
    else:
        for each in oldest_first:
            latest.folder.remove(each.path)
        if any(each.is_archived for each in oldest_first):
            sync_folder(latest.folder.at("archive"))
    latest.folder.sync()


def _line_about(latest: Latest, action: Action) -> str:
    """The line that says that `action` was done, and how to undo it."""
    done = f"{PAST[action.verb]} {action.session_id} ({action.why})"
    if action.verb == "archive":
        done += f"; {latest.location.command('resume', action.session_id)} brings it back"
    return done


def _log_event(latest: Latest, event: str, session_id: str, why: str) -> None:
    """Adds a line to `events.jsonl`; a log that cannot be written is a warning, no failure."""
    members = {"at": utc(now()), "event": event, "session_id": session_id, "why": why}
    line = ", ".join(f"{quote(key)}: {quote(value)}" for key, value in members.items())
    try:
        latest.folder.log_event(f"{{{line}}}\n".encode())
    except OSError as error:
        latest.warn(f"{latest.folder.at('events.jsonl')} could not be written: {reason(error)}")


def group_by_session(latest: Latest, seen: Seen, since: str = "") -> dict[str, list[Snapshot]]:
    """The snapshots of each session, newest first, from the second `since` on."""
    groups: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots(latest):
        if second_of(latest, snapshot) < since:
            break
        if snapshot.name not in seen:
            seen[snapshot.name] = latest.session_at(snapshot.path), None
        session_id = seen[snapshot.name][0]
        if session_id:
            groups.setdefault(session_id, []).append(snapshot)
    return groups


def second_of(latest: Latest, snapshot: Snapshot) -> str:
    """The second in a snapshot's name."""
    return snapshot.name[len(latest.type) + 1 :][:STAMP_LENGTH]


def prune_snapshots(latest: Latest, state: Document, newest: str) -> None:
    """Removes the snapshots that a session need not keep; `newest` is its last one."""
    mine = _own_snapshots(latest, state, newest)
    extra = retention.select_superseded(mine[::-1])
    for name in extra:
        latest.folder.remove(name)
    if extra:
        latest.folder.sync()
        _log_event(latest, "pruned", state["session_id"], f"{len(extra)} older snapshots")


def _own_snapshots(latest: Latest, state: Document, newest: str) -> list[str]:
    """The session's snapshots from `newest` back, until there are only those of others.

    Others are in between only where two sessions are saved in turn; what is older than many of
    them is kept.
    """
    last = parse_name(latest.type, newest) or ("", 0)
    started = earliest_second(latest.type, state["session_id"], state)
    mine: list[str] = []
    others = 0
    for name in latest.folder.names_since(started, until=last[0]):
        if (parse_name(latest.type, name) or last) > last:
            continue
        is_mine = latest.session_at(name) == state["session_id"]
        others = 0 if is_mine else others + 1
        mine += [name] if is_mine else []
        if others == OTHERS_IN_A_ROW or len(mine) == SNAPSHOTS_AT_ONCE:
            break
    return mine
