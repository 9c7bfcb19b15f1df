"""Which sessions are removed: those that a person names, and those that retention names."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import NotSaved, Refused, SessionError, Unsynced
from session_cli.names import parse_name
from session_cli.store import lease, retention
from session_cli.store.catalog import (
    Session,
    Snapshot,
    pick,
    read_whole,
    snapshots,
    survey,
)
from session_cli.store.commit import adopt, drop_pointer
from session_cli.store.conflicts import list_old, remove_old
from session_cli.store.files import Damaged, exists, link_target, read_file
from session_cli.store.latest import ANY_SESSION, Binding, Readable
from session_cli.store.removal import (
    SESSIONS_AT_ONCE,
    group_by_session,
    remove_sessions,
    second_of,
)
from session_cli.store.sidecar import note_delete, read_sidecar
from session_cli.times import DAY, elapsed, now, pause, stamp, stamp_epoch

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_cli.store.catalog import Seen
    from session_cli.store.retention import Action
    from session_cli.store.store import Store

# the limits of a run that is part of another verb: a second in all
FILES_A_RUN = 500
LOOKING_SECONDS = 0.4
REMOVING_SECONDS = 0.6
# a writer that waits for the lock must find it free when the kernel wakes it
LOCK_FREE_SECONDS = 0.001


def start_new(store: Store, session: str | None = None) -> None:
    """Archives the latest session, so that the next save starts another one.

    With `session` it raises Refused unless that is the latest.
    """
    store.prepare()
    with store.changing(Binding(session)) as found:
        if isinstance(found, Readable) and found.session_id:
            _archive(store, found)
        elif found:
            drop_pointer(store)
    tidy(store)


def _archive(store: Store, found: Readable) -> None:
    since = _day_before(doc.earliest_second(store.type, found.session_id, found.state))
    action = retention.Action("archive", found.session_id, "to start a new session")
    remove_sessions(store, [action], lambda each: group_by_session(store, {}, since).get(each, []))


def _day_before(second: str) -> str:
    """The second a day before: the draft's stamps are in local time, which may be ahead of UTC."""
    epoch = stamp_epoch(second)
    return "" if epoch is None else stamp(epoch - DAY)


def delete(store: Store, seen: Session, if_revision: int | None = None) -> None:
    """Removes for good the session that was `seen`, if it has not changed since.

    Raises Locked when another program has opened it meanwhile, Refused when it was saved. With
    `if_revision` it raises Refused unless that session is the latest, at that revision.
    """
    binding = ANY_SESSION if if_revision is None else Binding(seen.session_id, if_revision)
    with store.changing(binding):
        lease.refuse_if_open(store.folder, seen.session_id)
        session = pick(store, seen.session_id)
        _refuse_if_saved(session, seen)
        if store.location.is_synced:
            note_delete(store.folder, session.state.get("id"))
        action = retention.Action("delete", seen.session_id, "on request")
        remove_sessions(
            store,
            [action],
            # a pointer that was a plain file may become a snapshot only now
            lambda each: session.snapshots or group_by_session(store, {}).get(each, []),
        )


def _refuse_if_saved(session: Session, seen: Session) -> None:
    before, now_there = (
        (doc.revision_of(each.state), each.state.get("updated_at")) for each in (seen, session)
    )
    if before != now_there:
        raise Refused(
            f"not deleted: {seen.session_id} was saved meanwhile and is now at revision"
            f" {now_there[0]}; 'session-cli history {seen.session_id}' shows it"
        )


def plan_prune(store: Store) -> list[Action]:
    """What `prune` would do now."""
    return _plan(store, survey(store, snapshots(store), {}, read_whole))


def prune(store: Store) -> None:
    """Archives and deletes what retention says, and reports each session."""
    store.prepare()
    with store.writing():
        adopt(store)
    sweep = Sweep(store)
    while sweep.due:
        try:
            sweep.remove_next(SESSIONS_AT_ONCE)
        except Unsynced as error:
            raise NotSaved(
                f"started but not finished: {error}; run 'session-cli prune' again to finish"
            ) from None
        pause(LOCK_FREE_SECONDS)
    _remove_old_conflicts(store)


def _remove_old_conflicts(store: Store) -> None:
    if list_old(store.folder, store.type):
        with store.writing():
            remove_old(store)


def tidy(store: Store) -> None:
    """Prunes for about a second, as a part of another verb.

    What is left to do, or fails, is reported and is no failure.
    """
    try:
        if exists(store.pending_removal):
            with store.writing():
                pass
        sweep = Sweep(store, LOOKING_SECONDS)
        until = elapsed() + REMOVING_SECONDS
        while sweep.due and elapsed() < until and sweep.files_with_next() <= FILES_A_RUN:
            sweep.remove_next(1)
            pause(LOCK_FREE_SECONDS)
        _remove_old_conflicts(store)
    except SessionError as error:
        store.warn(f"old sessions were not archived or deleted: {error}")
    else:
        _report_waiting(store, len(sweep.due), sweep.border != "")


def _report_waiting(store: Store, count: int, there_may_be_more: bool) -> None:
    if count:
        waiting = "session waits" if count == 1 else "sessions wait"
        least = "at least " if there_may_be_more else ""
        store.warn(
            f"{least}{count} more {waiting} to be archived or deleted; run 'session-cli prune'"
        )


class Sweep:
    """Retention, a few sessions at a time.

    Between them the lock is free; what others changed meanwhile is read again before the next are
    removed. With `seconds`, snapshots that cannot be read within them are left out, oldest first.
    """

    def __init__(self, store: Store, seconds: float | None = None) -> None:
        self.store = store
        self.seconds = seconds
        self.files = 0
        self.seen: Seen = {}
        self._survey()

    def _survey(self) -> None:
        # read first, so that a change during the look shows as one
        self.mark = 0
        self.entries = self.store.folder.entries()
        self.target = _target(self.store)
        self.border = ""
        sessions = survey(self.store, self._within_time(), self.seen, read_whole)
        self.kept = [
            each.snapshots[0].name for each in sessions[: retention.SESSIONS_KEPT] if each.snapshots
        ]
        self.snapshots = {each.session_id: each.snapshots for each in sessions}
        whole = {each.session_id for each in sessions if self._is_whole(each)}
        self.due = [each for each in _plan(self.store, sessions) if each.session_id in whole]
        self.due.reverse()

    def _within_time(self) -> Iterator[Snapshot]:
        until = None if self.seconds is None else elapsed() + self.seconds
        for snapshot in snapshots(self.store):
            if until and snapshot.name not in self.seen and elapsed() > until:
                self.border = second_of(self.store, snapshot)
                return
            yield snapshot

    def _is_whole(self, session: Session) -> bool:
        """Whether all its snapshots were looked at."""
        return doc.earliest_second(self.store.type, session.session_id, session.state) > self.border

    def files_with_next(self) -> int:
        """How many files will have been removed with the session that is next."""
        return self.files + len(self.snapshots[self.due[-1].session_id]) if self.files else 0

    def remove_next(self, at_most: int) -> None:
        """Archives or deletes the next sessions, of those that are still due."""
        store = self.store
        with store.writing():
            adopt(store)
            if self._is_outdated():
                self._survey()
            batch = self._take_batch(at_most)
            if batch:
                remove_sessions(store, batch, self._snapshots_of)
                removed = [each for action in batch for each in self.snapshots[action.session_id]]
                self.files += len(removed)
                self._remember(removed)

    def _is_outdated(self) -> bool:
        # if one of the newest sessions was removed, another is now among those that are kept
        return (
            self.target != _target(self.store)
            or not all(self._is_there(name) for name in self.kept)
            or (self.mark != self.store.folder.changed_at() and self._has_other_names())
        )

    def _has_other_names(self) -> bool:
        """Whether snapshots or session links were added or removed."""
        changed = self.entries ^ self.store.folder.entries()
        return any(
            name.endswith("-session") or parse_name(self.store.type, name) for name in changed
        )

    def _is_there(self, name: str) -> bool:
        folder = self.store.folder
        return exists(folder.at(name)) or exists(folder.at(f"archive/{name}"))

    def _take_batch(self, at_most: int) -> list[Action]:
        held = lease.held_sessions(self.store.folder)
        batch: list[Action] = []
        while self.due and len(batch) < at_most:
            action = self.due[-1]
            if batch and (action.verb, action.why) != (batch[0].verb, batch[0].why):
                break
            self.due.pop()
            if action.session_id not in held:
                batch.append(action)
        return batch

    def _snapshots_of(self, session_id: str) -> list[Snapshot]:
        # a pointer that was a plain file has become a snapshot only now
        return self.snapshots[session_id] or group_by_session(self.store, self.seen).get(
            session_id, []
        )

    def _remember(self, removed: list[Snapshot]) -> None:
        """Remembers the folder as it is without these, to see later what others changed."""
        if self.target == _target(self.store):
            self.entries.difference_update(each.name for each in removed if not each.is_archived)
        else:
            self.entries = self.store.folder.entries()
            self.target = _target(self.store)
        self.mark = self.store.folder.mark()


def _target(store: Store) -> str | None:
    try:
        return link_target(store.pointer)
    except ValueError:
        return None


def _plan(store: Store, sessions: list[Session]) -> list[Action]:
    found = store.find()
    latest = found.session_id if isinstance(found, Readable) else None
    in_use = {
        *lease.held_sessions(store.folder),
        *(store.folder.sessions_in_use(but=store.session_link) if sessions else ()),
    }
    facts = [
        retention.Facts(
            session.session_id,
            session.touched_at,
            archived=session.is_archived,
            latest=session.session_id == latest,
            in_use=session.session_id in in_use,
            # what is kept anyway is not read
            unsynced=rank >= retention.SESSIONS_KEPT and _is_unsynced(store, session),
            partial=session.is_partial,
        )
        for rank, session in enumerate(sessions)
    ]
    return retention.plan(facts, store.type, now())


def _is_unsynced(store: Store, session: Session) -> bool:
    """Whether a hub that somebody has signed in to has it, but not as it stands here."""
    if not store.location.is_synced or not session.snapshots:
        return False
    from hashlib import sha256

    try:
        raw = read_file(store.folder.at(session.snapshots[0].path))
        sidecar = read_sidecar(store.folder, str(doc.parse_state(raw).get("id")))
    except (Damaged, doc.NotADocument, OSError):
        return False
    return sidecar is not None and not sidecar.is_clean(sha256(raw).hexdigest())
