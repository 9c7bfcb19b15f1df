"""The live feed: who listens hears of each change that they may see.

A stream begins with a snapshot, and says from then on how a session is now: what a reader missed
it never needs, so nothing is kept for it and events have no ids. What time alone changes (a lease
that runs out, a session that is archived) is no event: summaries have the times.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from session_cli.times import elapsed
from session_hub import limits, stream
from session_hub.access import Actor, can, is_offered_to
from session_hub.clock import now
from session_hub.problems import Problem
from session_hub.sessions import listing
from session_hub.sessions.summary import Session, handoff, summarize
from session_hub.stream import Stream

if TYPE_CHECKING:
    from session_hub.auth import Authenticator
    from session_hub.http import Call, Receive, Scope, Send
    from session_hub.stores import Store

log = logging.getLogger("session_hub")
TICK = 1.0
COMMENT_EVERY = 15.0
# a tick and a look-up come on top, and all of it stays within the 30 seconds
CHECK_EVERY = limits.RIGHTS_ARE_CACHED - 2 * TICK
QUERY = {"limit": str(limits.LARGEST_PAGE)}


async def watch(call: Call) -> Any:
    """GET /events: the stream of what the caller may see."""
    call.query()
    feed = call.hub.feed
    # not as they were up to 30 seconds ago: the stream looks again only after as long
    actor = await call.hub.authenticator.check(call.headers)

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        listener = feed.join(actor, call.headers)
        call.hub.metrics.count_stream(1)
        try:
            await feed.start(listener, call.hub.epoch)
            await listener.stream(scope, receive, send)
        finally:
            feed.leave(listener)
            call.hub.metrics.count_stream(-1)

    return respond


class Change:
    """A session as it is now, or as it was last. The summary is written once for each view."""

    __slots__ = ("_views", "at", "is_deletion", "session")

    def __init__(self, session: Session, *, is_deletion: bool = False) -> None:
        self.session = session
        self.is_deletion = is_deletion
        self.at = now()
        self._views: dict[bool, bytes] = {}

    def view(self, actor: Actor) -> bytes:
        """The event as the actor may see it: the open offer is for two people alone."""
        shows_offer = handoff(self.session, actor, self.at) is not None
        if shows_offer not in self._views:
            summary = summarize(self.session, actor, self.at)
            self._views[shows_offer] = stream.as_event("session", orjson.dumps(summary))
        return self._views[shows_offer]


class Listener:
    """Who reads a stream, and what they were shown."""

    __slots__ = ("actor", "checked", "early", "headers", "offers", "shown", "stream")

    def __init__(self, actor: Actor, headers: Mapping[str, str]) -> None:
        self.actor = actor
        self.headers = headers
        self.stream = Stream()
        # the `changes` of each session that the reader knows
        self.shown: dict[str, int] = {}
        # when the offers to the reader end
        self.offers: dict[str, float] = {}
        # what came before the snapshot was read; None: it was sent
        self.early: list[Change] | None = []
        self.checked = (elapsed(), now())

    def is_due(self, moment: float, at: float) -> bool:
        """Whether to look at the reader's rights again; a clock that was set asks for it, too."""
        last_moment, last_at = self.checked
        return (
            moment - last_moment >= CHECK_EVERY
            or not 0 <= at - last_at < CHECK_EVERY
            or self.actor.expires_at <= at
        )


class Feed:
    """Passes changes on to those who listen, in this process.

    A change costs as much as there are readers of that session: they are found by the reason for
    which they may see it, and then each is asked of `can`.
    """

    def __init__(self, store: Store, authenticator: Authenticator, stopping: asyncio.Event) -> None:
        self._store = store
        self._authenticator = authenticator
        self._stopping = stopping
        self._listeners: dict[Listener, None] = {}
        self._audiences: dict[str, set[Listener]] = {}
        # who was shown the session, by its id
        self._shown: dict[str, set[Listener]] = {}
        self._starting: set[Listener] = set()
        self._clock: asyncio.Task[None] | None = None

    def join(self, actor: Actor, headers: Mapping[str, str]) -> Listener:
        """Listens for the actor; raises Problem when the person listens enough already."""
        if len(self._audiences.get(_person(actor.org_id, actor.user_id), ())) >= (
            limits.STREAMS_A_USER
        ):
            raise Problem(
                "rate-limited",
                f"You have {limits.STREAMS_A_USER} streams open: close one, or ask for the list"
                " from time to time.",
                headers={"retry-after": "30"},
            )
        listener = Listener(actor, headers)
        self._listeners[listener] = None
        self._starting.add(listener)
        for audience in _audiences_of(actor):
            self._audiences.setdefault(audience, set()).add(listener)
        if self._clock is None:
            self._clock = asyncio.get_running_loop().create_task(self._run())
        return listener

    def leave(self, listener: Listener) -> None:
        """Listens no more."""
        self._listeners.pop(listener, None)
        self._starting.discard(listener)
        for audience in _audiences_of(listener.actor):
            _discard(self._audiences, audience, listener)
        for unique in listener.shown:
            _discard(self._shown, unique, listener)

    async def start(self, listener: Listener, epoch: str) -> None:
        """Sends the snapshot: the first page of the list, as the list answers it."""
        at = now()
        rows, cursor = await listing.read_page(self._store, listener.actor, QUERY, at)
        page = listing.as_page(rows, cursor, listener.actor, at, epoch)
        listener.stream.write(stream.event("snapshot", page))
        for row in rows:
            self._note(listener, row, at)
        early, listener.early = listener.early, None
        self._starting.discard(listener)
        for change in early or []:
            self._pass_on(listener, change)

    def publish(self, session: Session | None) -> None:
        """A session has changed: its row as it is now, or None if it was deleted since."""
        if session is not None:
            self._tell(Change(session))

    def publish_gone(self, session: Session) -> None:
        """A session was deleted: its last row."""
        self._tell(Change(session, is_deletion=True))

    def _tell(self, change: Change) -> None:
        if not self._listeners:
            return
        for listener in self._reach(change.session):
            if listener.early is not None:
                listener.early.append(change)
            else:
                self._pass_on(listener, change)

    def _reach(self, session: Session) -> set[Listener]:
        """All who may see the session, or were shown it."""
        reached = self._starting | self._shown.get(session["id"], set())
        for audience in _audiences_for(session):
            reached |= self._audiences.get(audience, set())
        return reached

    def _pass_on(self, listener: Listener, change: Change) -> None:
        session, actor = change.session, listener.actor
        known = listener.shown.get(session["id"])
        if change.is_deletion or not can(actor, "summarize", session, change.at):
            if known is not None:
                self._forget(listener, session["id"])
                listener.stream.write(stream.event("gone", {"id": session["id"]}))
            return
        if known is not None and session["changes"] < known:
            # the snapshot was newer
            return
        offered = listener.offers.get(session["id"])
        self._note(listener, session, change.at)
        listener.stream.write(change.view(actor))
        if listener.offers.get(session["id"]) not in (None, offered):
            offer = handoff(session, actor, change.at)
            listener.stream.write(stream.event("handoff", {"id": session["id"], **(offer or {})}))

    def _note(self, listener: Listener, session: Session, at: float) -> None:
        unique = session["id"]
        listener.shown[unique] = session["changes"]
        self._shown.setdefault(unique, set()).add(listener)
        if is_offered_to(listener.actor, session, at):
            listener.offers[unique] = session["handoff_expires_at"]
        else:
            listener.offers.pop(unique, None)

    def _forget(self, listener: Listener, unique: str) -> None:
        del listener.shown[unique]
        listener.offers.pop(unique, None)
        _discard(self._shown, unique, listener)

    async def _run(self) -> None:
        """One clock for all streams: an idle one costs no wake-up of its own."""
        while self._listeners:
            try:
                await asyncio.wait_for(self._stopping.wait(), TICK)
            except asyncio.TimeoutError:
                await self._tick()
                continue
            for listener in self._listeners:
                listener.stream.write(stream.event("bye", {}))
                listener.stream.end()
            break
        self._clock = None

    async def _tick(self) -> None:
        moment, at = elapsed(), now()
        for listener in list(self._listeners):
            if listener.is_due(moment, at):
                await self._check(listener)
            if moment - listener.stream.written_at >= COMMENT_EVERY:
                listener.stream.write(stream.COMMENT)

    async def _check(self, listener: Listener) -> None:
        """Ends the stream of whose rights have ended or changed: the next one has a snapshot."""
        listener.checked = (elapsed(), now())
        try:
            actor = await self._authenticator.check(listener.headers)
            if replace(actor, expires_at=0) != replace(listener.actor, expires_at=0):
                listener.stream.end()
                return
            listener.actor = actor
            await self._end_offers(listener)
        except Problem:
            listener.stream.end()
        except Exception:
            # whose rights cannot be read is shown nothing
            log.exception("a stream could not be checked")
            listener.stream.end()

    async def _end_offers(self, listener: Listener) -> None:
        at = now()
        for unique in [unique for unique, end in listener.offers.items() if end <= at]:
            session = await self._store.one("find_session", id=unique)
            # the reader may have left meanwhile
            if session is not None and listener in self._listeners:
                self._pass_on(listener, Change(session))


def _person(org_id: str, user_id: str) -> str:
    return f"person {org_id} {user_id}"


def _audiences_of(actor: Actor) -> Iterable[str]:
    yield _person(actor.org_id, actor.user_id)
    for team_id in actor.teams:
        yield f"team {team_id}"
    if actor.is_admin:
        yield f"administrators {actor.org_id}"


def _audiences_for(session: Session) -> Iterable[str]:
    """Whom `can` may let see the session."""
    yield _person(session["org_id"], session["owner_id"])
    if session["handoff_to"] is not None:
        yield _person(session["org_id"], session["handoff_to"])
    if session["scope"] == "team":
        yield f"team {session['team_id']}"
    if session["scope"] == "org":
        yield f"administrators {session['org_id']}"


def _discard(sets: dict[str, set[Listener]], key: str, listener: Listener) -> None:
    """Takes the listener out of the set, and an empty set out of the map."""
    members = sets.get(key, set())
    members.discard(listener)
    if not members:
        sets.pop(key, None)
