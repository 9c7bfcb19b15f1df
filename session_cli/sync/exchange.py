"""`sync`: each session that is here is compared with the hub's, and sent or pulled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import NoSession, Refused
from session_cli.store.received import Changed, NotReceived
from session_cli.store.restore import add_id, change_id
from session_cli.store.sidecar import Base, Sidecar, find_sidecar, list_sidecars, set_lease
from session_cli.sync import plan, pull
from session_cli.sync.copies import Copy, read_copies, read_copy
from session_cli.sync.deletion import is_deleted_here
from session_cli.sync.ended import send_logs
from session_cli.sync.listing import list_visible
from session_cli.sync.plan import There, decide
from session_cli.sync.push import (
    Verdict,
    is_refused,
    note_answer,
    note_owner,
    said_of,
    send,
    send_delete,
    sidecar_of,
    there_of,
)
from session_cli.sync.unsent import SETTLED
from session_cli.times import now, utc

if TYPE_CHECKING:
    from typing import Any

    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection

    Listed = dict[str, dict[str, Any]]

# so often is a session looked at again that was saved meanwhile
ATTEMPTS = 5
SENT, PULLED, ARCHIVED, DELETED = "sent", "pulled", "archived", "deleted"


class Outcome(NamedTuple):
    """What `sync` did to a session, and how it stands: a state of `plan`, with a sentence more
    about it; `kept` is where what was replaced here is kept.
    """

    session_id: str
    id: str
    state: str
    did: str = ""
    detail: str = ""
    kept: str | None = None

    @property
    def word(self) -> str:
        """How it stands in one of five words."""
        return plan.WORDS[self.state]


def sync_all(store: Store, connection: Connection, *, is_asked: bool) -> Iterator[Outcome]:
    """Every session here, the newest first; `is_asked` sends those from before the sign-in, too.

    Raises what `Connection.ask` and the write lock raise.
    """
    yield from delete_all(store, connection)
    listed = list_mine(connection)
    for copy in read_copies(store):
        yield sync_copy(store, connection, copy, listed, is_asked=is_asked)
    yield from _bring_back(store, connection)


def delete_all(store: Store, connection: Connection) -> Iterator[Outcome]:
    """Deletes at the hub what was deleted here."""
    for sidecar in list_sidecars(connection.folder):
        if connection.is_known(sidecar) and is_deleted_here(store, sidecar):
            verdict = send_delete(connection, sidecar)
            did = DELETED if verdict.state == plan.LOCAL_DELETED and not verdict.detail else ""
            yield Outcome(sidecar.session_id, sidecar.uuid, verdict.state, did, verdict.detail)


def _bring_back(store: Store, connection: Connection) -> Iterator[Outcome]:
    """What was deleted here while somebody else saved it: it was not ours to delete."""
    for sidecar in list_sidecars(connection.folder):
        is_theirs = sidecar.state == plan.RETURNED and sidecar.intent is None
        if is_theirs and store.newest_intact(sidecar.session_id) is None:
            found = pull.look(connection, sidecar.uuid)
            if found.document is not None:
                said = said_of(sidecar)
                pull.take_in(store, connection, None, sidecar, found)
                yield Outcome(sidecar.session_id, sidecar.uuid, plan.CLEAN, PULLED, said)


def list_mine(connection: Connection) -> Listed:
    """The summaries of the sessions that are ours at the hub, by their id."""
    return {each["id"]: each for each in list_visible(connection, "mine=true&status=all")}


def sync_one(store: Store, connection: Connection, session_id: str) -> Outcome:
    """One session, because somebody asked for it; raises NoSession, and what `sync_all` raises."""
    copy = read_copy(store, session_id)
    if copy is None:
        raise NoSession(
            f"there is no session {session_id} here; 'session-cli resume {session_id}' brings one"
            " that the hub has"
        )
    return sync_copy(store, connection, copy, {}, is_asked=True)


def sync_named(store: Store, connection: Connection, session_id: str) -> Outcome:
    """One session, because somebody has named it: one that was deleted at the hub, and resumed here
    since, is sent as another one, which nobody has deleted. Raises as `sync_one` does.
    """
    sidecar = find_sidecar(store.folder, session_id)
    if sidecar is not None and pull.is_deletion_done(sidecar):
        change_id(store, session_id)
    return sync_one(store, connection, session_id)


def sync_copy(
    store: Store, connection: Connection, copy: Copy, listed: Listed, *, is_asked: bool
) -> Outcome:
    """One session, looked at again when it was saved meanwhile."""
    session_id = copy.session_id
    for _ in range(ATTEMPTS):
        if copy.uuid is None:
            copy = _with_id(store, connection, copy, is_asked=is_asked)
        if copy.uuid is None:
            return Outcome(session_id, "", plan.NOT_SENT, "", "another program saved it")
        try:
            return _Exchange(store, connection, copy, is_asked).run(listed.get(copy.uuid))
        except Changed:
            again = read_copy(store, session_id)
            if again is None:
                break
            copy, listed = again, {}
        except NotReceived as error:
            return Outcome(session_id, str(copy.uuid), plan.REMOTE_AHEAD, "", str(error))
    raise Refused(f"{session_id} is being saved again and again; try again later")


def _with_id(store: Store, connection: Connection, copy: Copy, *, is_asked: bool) -> Copy:
    """A session that another program saved, with an id if it is to be sent."""
    is_older = copy.session_id in connection.account.before
    if (is_older and not is_asked) or pull.is_open_elsewhere(store, copy.session_id):
        return copy
    add_id(store, copy.session_id)
    return read_copy(store, copy.session_id) or copy


class _Exchange:
    """One session here and what the hub has of it, from the look to the end."""

    def __init__(self, store: Store, connection: Connection, copy: Copy, is_asked: bool) -> None:
        self.store = store
        self.connection = connection
        self.copy = copy
        self.uuid = str(copy.uuid)
        self.is_asked = is_asked
        self.sidecar = sidecar_of(connection, copy)

    def run(self, summary: dict[str, Any] | None) -> Outcome:
        """Decides and does it."""
        why_not = self._why_not()
        if why_not:
            return why_not
        there = there_of(summary)
        found = None
        if there is None and not self.sidecar.bases and not self.sidecar.in_flight:
            # as far as we know it was never sent; if it was, the hub says so
            return self._send(plan.Move(plan.SEND, plan.LOCAL_AHEAD))
        if there is None:
            found = pull.look(self.connection, self.uuid, self.sidecar.base)
            if found.there is None:
                return self._without(found)
            there = found.there
        elif summary is not None:
            note_owner(self.sidecar, summary)
        return self._with(there, found)

    def _why_not(self) -> Outcome | None:
        """Why nothing is asked about it, where nothing is."""
        sidecar = self.sidecar
        if not self.connection.is_known(sidecar):
            if not self.is_asked:
                detail = (
                    "it belongs to another hub or account;"
                    f" 'session-cli sync {self.copy.session_id}' sends it to this one"
                )
                return self._outcome(plan.OTHER_ACCOUNT, detail=detail)
            # here it begins anew
            self.sidecar = Sidecar(self.uuid, self.copy.session_id)
            return None
        is_older = self.copy.session_id in self.connection.account.before
        if not sidecar.bases and not sidecar.in_flight and is_older and not self.is_asked:
            return self._outcome(plan.NOT_SENT, detail=plan.explain_not_sent(self.copy.session_id))
        if self.is_asked and sidecar.lease and sidecar.state == plan.LEASE_LOST:
            # whoever asks takes it up again; the hub says whether somebody has it open
            set_lease(self.connection.folder, sidecar, None)
        if self._is_settled() and not self.is_asked:
            said = said_of(sidecar)
            is_deleted = sidecar.state == plan.REMOTE_DELETED and not self.copy.is_archived
            return self._outcome(
                sidecar.state, detail=self._advise_new(said) if is_deleted else said
            )
        return None

    def _is_settled(self) -> bool:
        state = self.sidecar.state
        # who sends only hears of a deletion: what it means is done here, once
        return state in SETTLED and (
            state != plan.REMOTE_DELETED or pull.is_deletion_done(self.sidecar)
        )

    def _with(self, there: There, found: pull.Found | None) -> Outcome:
        """The hub has the session."""
        sidecar, copy = self.sidecar, self.copy
        is_known = sidecar.base is not None and sidecar.base.etag == there.etag
        move = decide(copy.local(with_snapshots=not is_known), sidecar, there)
        if move.do == plan.LOOK:
            found = pull.look(self.connection, self.uuid, sidecar.base)
            if found.there is None:
                return self._without(found)
            move = decide(copy.local(with_snapshots=True), sidecar, found.there)
        if move.do == plan.SEND:
            return self._send(move)
        if move.do in (plan.PULL, plan.REPLACE) and found is not None:
            return self._pull(move, found)
        return self._keep(move, there)

    def _keep(self, move: plan.Move, there: There) -> Outcome:
        sidecar = self.sidecar
        if move.do == plan.ADOPT:
            base = Base(there.etag, there.sha256, self.copy.sha256)
            sidecar.rebase(base, self.copy.content)
            sidecar.in_flight = []
            sidecar.synced_at = utc(now())
        is_replaced = pull.was_replacing(sidecar)
        if move.do == plan.ADOPT and is_replaced:
            # an earlier sync was killed before it could say so
            note_answer(self.connection, sidecar, plan.DIVERGED, said_of(sidecar))
        elif move.do == plan.ADOPT or sidecar.state not in (plan.CLEAN, plan.DIVERGED):
            note_answer(self.connection, sidecar, plan.CLEAN)
        send_logs(self.connection, self.copy)
        if sidecar.state == plan.DIVERGED:
            return self._outcome(plan.DIVERGED, detail=said_of(sidecar))
        return self._outcome(move.state)

    def _send(self, move: plan.Move) -> Outcome:
        sidecar = self.sidecar
        if is_refused(sidecar, self.copy.sha256) and not self.is_asked:
            return self._outcome(plan.REFUSED, detail=said_of(sidecar))
        verdict = send(self.connection, self.copy, sidecar, move.etag)
        return self._after(verdict)

    def _after(self, verdict: Verdict) -> Outcome:
        if verdict.state == plan.CLEAN:
            send_logs(self.connection, self.copy)
            return self._outcome(plan.CLEAN, SENT)
        if verdict.there is not None:
            # another device was quicker
            return self._with(verdict.there, None)
        if verdict.state == plan.REMOTE_DELETED:
            return self._take_deletion(verdict.detail)
        return self._outcome(verdict.state, detail=verdict.detail)

    def _pull(self, move: plan.Move, found: pull.Found) -> Outcome:
        store, connection, copy = self.store, self.connection, self.copy
        if found.document is None:
            return self._outcome(plan.DETACHED, detail="it is offered to you: accept it first")
        if copy.is_archived and not self.is_asked:
            # it is offered, not pulled: somebody has put it away here
            return self._outcome(plan.REMOTE_AHEAD)
        if pull.is_open_elsewhere(store, copy.session_id):
            detail = "another device saved it; it is open in another program here, and stays so"
            return self._outcome(move.state, detail=detail)
        if move.do == plan.PULL:
            pull.take_in(store, connection, copy, self.sidecar, found)
            return self._outcome(plan.CLEAN, PULLED)
        received = pull.replace(store, connection, copy, self.sidecar, found)
        detail = said_of(self.sidecar)
        return self._outcome(plan.DIVERGED, PULLED, detail, received.kept)

    def _without(self, found: pull.Found) -> Outcome:
        """The hub does not have it, or does not show it."""
        sidecar = self.sidecar
        if found.status == 410:
            return self._take_deletion(found.said)
        if found.status == 404 and self._is_mine():
            if sidecar.bases and self.copy.is_archived and not self.is_asked:
                return self._outcome(plan.CLEAN)
            state = plan.ROLLED_BACK if sidecar.bases else plan.LOCAL_AHEAD
            return self._send(plan.Move(plan.SEND, state))
        state = plan.HANDED_OVER if found.slug == "handed-over" else plan.DETACHED
        detail = found.said if found.status == 403 else "it is no longer available to you"
        note_answer(self.connection, sidecar, state, detail)
        return self._outcome(state, detail=detail)

    def _is_mine(self) -> bool:
        owner = self.sidecar.owner
        return owner is None or owner.get("id") == self.connection.user_id

    def _take_deletion(self, said: str) -> Outcome:
        """It was deleted at the hub: it goes to the archive, once, and stays where it is after."""
        store, copy, sidecar = self.store, self.copy, self.sidecar
        if pull.is_deletion_done(sidecar):
            return self._outcome(plan.REMOTE_DELETED, detail=self._advise_new(said))
        if pull.is_open_elsewhere(store, copy.session_id):
            detail = f"{said} It is open in another program here, and stays so."
            return self._outcome(plan.REMOTE_DELETED, detail=detail)
        kept = pull.archive_deleted(store, self.connection, copy, sidecar, said)
        return self._outcome(plan.REMOTE_DELETED, ARCHIVED, said, kept)

    def _advise_new(self, said: str) -> str:
        return f"{said}; 'session-cli sync {self.copy.session_id}' sends it as a new session"

    def _outcome(
        self, state: str, did: str = "", detail: str = "", kept: str | None = None
    ) -> Outcome:
        return Outcome(self.copy.session_id, self.uuid, state, did, detail, kept)
