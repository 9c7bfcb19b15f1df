"""Letting go of sessions: when a person asks for it, and as retention says."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import NotSaved, Refused, SessionError, Unsynced
from session_cli.names import parse_name
from session_cli.store import lease, retention
from session_cli.store.catalog import (
    Session,
    Snapshot,
    in_whole,
    latest_id,
    pick,
    snapshots,
    survey,
)
from session_cli.store.files import exists, link_target
from session_cli.store.removal import SESSIONS_AT_ONCE, owned_by_each, second_of, take_away
from session_cli.times import DAY, elapsed, now, pause, stamp, stamp_epoch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_cli.store.catalog import Seen
    from session_cli.store.retention import Action
    from session_cli.store.store import Store

# the bounds of a run that nobody asked for: a second in all
FILES_A_RUN = 500
LOOKING_SECONDS = 0.4
LETTING_GO_SECONDS = 0.6
# who waits for the lock is woken when it is free, and must find it so
LOCK_FREE_SECONDS = 0.001


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
        if found and found.state and session_id:
            since = _day_before(doc.began(store.type, session_id, found.state))
            action = retention.Action("archive", session_id, "a new session was asked for")
            take_away(store, [action], lambda each: owned_by_each(store, {}, since).get(each, []))
        elif found:
            store.drop_pointer()
    tidy(store)


def _day_before(second: str) -> str:
    """For a stamp in local time, as the draft writes them, may be ahead of ours."""
    epoch = stamp_epoch(second)
    return "" if epoch is None else stamp(epoch - DAY)


def delete(store: Store, seen: Session, if_revision: int | None = None) -> None:
    """Removes for good the session that was `seen`, if it still is as it was then.

    Locked when another program has opened it meanwhile, Refused when it was saved. With
    `if_revision`: Refused unless it is the latest, at that revision.
    """
    with store.writing():
        store.adopt()
        if if_revision is not None:
            store.refuse_unbound(store.follow(), seen.session_id, if_revision)
        lease.refuse_if_open(store.folder, seen.session_id)
        session = pick(store, seen.session_id)
        _refuse_if_saved(session, seen)
        action = retention.Action("delete", seen.session_id, "it was asked for")
        # a pointer that was a plain file may become a snapshot only now
        owned = session.snapshots
        take_away(store, [action], lambda each: owned or owned_by_each(store, {}).get(each, []))


def _refuse_if_saved(session: Session, seen: Session) -> None:
    before, now_there = (
        (doc.revision_of(each.state), each.state.get("updated_at")) for each in (seen, session)
    )
    if before != now_there:
        raise Refused(
            f"not deleted: {seen.session_id} was saved meanwhile, it is at revision"
            f" {now_there[0]} by now; 'session-cli history {seen.session_id}' shows it"
        )


def planned(store: Store) -> list[Action]:
    """What `prune` would do now."""
    return _plan(store, survey(store, snapshots(store), {}, in_whole))


def prune(store: Store) -> None:
    """Archives and deletes what retention says, and says so."""
    store.prepare()
    with store.writing():
        store.adopt()
    sweep = Sweep(store)
    while sweep.due:
        try:
            sweep.go_on(SESSIONS_AT_ONCE)
        except Unsynced as error:
            raise NotSaved(
                f"begun and not finished: {error}; 'session-cli prune' goes on"
            ) from None
        pause(LOCK_FREE_SECONDS)


def tidy(store: Store) -> None:
    """The same within bounds; what waits, or cannot be done, is told and is no failure."""
    try:
        if exists(store.leaving_link):
            with store.writing():
                pass
        sweep = Sweep(store, LOOKING_SECONDS)
        until = elapsed() + LETTING_GO_SECONDS
        while sweep.due and elapsed() < until and sweep.files_with_next() <= FILES_A_RUN:
            sweep.go_on(1)
            pause(LOCK_FREE_SECONDS)
    except SessionError as error:
        store.say(f"old sessions stay where they are: {error}")
    else:
        _tell_waiting(store, len(sweep.due), sweep.border != "")


def _tell_waiting(store: Store, count: int, there_may_be_more: bool) -> None:
    if count:
        waiting = "session waits" if count == 1 else "sessions wait"
        least = "at least " if there_may_be_more else ""
        store.say(
            f"{least}{count} more {waiting} to be archived or deleted: 'session-cli prune' does it"
        )


class Sweep:
    """Retention, a few sessions at a time.

    Between them the lock is free; what others did meanwhile is looked at before any more is let go.
    With `seconds`, what cannot be looked at within them is left out, from the oldest on.
    """

    def __init__(self, store: Store, seconds: float | None = None) -> None:
        self.store = store
        self.seconds = seconds
        self.files = 0
        self.seen: Seen = {}
        self._look()

    def _look(self) -> None:
        # first what shows that somebody changed something: a change during the look shows, too
        self.mark = 0
        self.entries = self.store.folder.entries()
        self.target = _target(self.store)
        self.border = ""
        sessions = survey(self.store, self._within_time(), self.seen, in_whole)
        self.kept = [
            each.snapshots[0].name for each in sessions[: retention.SESSIONS_KEPT] if each.snapshots
        ]
        self.owned = {each.session_id: each.snapshots for each in sessions}
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
        return doc.began(self.store.type, session.session_id, session.state) > self.border

    def files_with_next(self) -> int:
        """How many files will have been let go of with the session that is next."""
        return self.files + len(self.owned[self.due[-1].session_id]) if self.files else 0

    def go_on(self, at_most: int) -> None:
        """Lets go of the next sessions, of those that are still due."""
        store = self.store
        with store.writing():
            store.adopt()
            if self._is_outdated():
                self._look()
            batch = self._next(at_most)
            if batch:
                take_away(store, batch, self._snapshots_of)
                gone = [each for action in batch for each in self.owned[action.session_id]]
                self.files += len(gone)
                self._expect(gone)

    def _is_outdated(self) -> bool:
        # were one of those kept gone, another would be among the newest, which are not deleted
        return (
            self.target != _target(self.store)
            or not all(self._is_there(name) for name in self.kept)
            or (self.mark != self.store.folder.changed_at() and self._is_entered())
        )

    def _is_entered(self) -> bool:
        """Whether snapshots came or went, or other pointers."""
        changed = self.entries ^ self.store.folder.entries()
        return any(
            name.endswith("-session") or parse_name(self.store.type, name) for name in changed
        )

    def _is_there(self, name: str) -> bool:
        folder = self.store.folder
        return exists(folder.at(name)) or exists(folder.at(f"archive/{name}"))

    def _next(self, at_most: int) -> list[Action]:
        held = lease.held(self.store.folder)
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
        return self.owned[session_id] or owned_by_each(self.store, self.seen).get(session_id, [])

    def _expect(self, gone: list[Snapshot]) -> None:
        """Notes what the folder looks like now that these have left it."""
        if self.target == _target(self.store):
            self.entries.difference_update(each.name for each in gone if not each.archived)
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
    latest = latest_id(store, store.find())
    in_use = {
        *lease.held(store.folder),
        *(store.folder.sessions_in_use(but=store.session_link) if sessions else ()),
    }
    facts = [
        retention.Facts(
            session.session_id,
            session.touched_at,
            archived=session.archived,
            latest=session.session_id == latest,
            in_use=session.session_id in in_use,
            partial=session.is_partial,
        )
        for session in sessions
    ]
    return retention.plan(facts, store.type, now())
