"""The companion of a program where somebody is signed in, and the thread that asks the hub.

Nothing else of a program waits for a network.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from threading import Lock
from typing import TypeVar

from session_cli.errors import Refused, SessionError, SignedOut, Unavailable
from session_cli.internal_error import describe
from session_cli.store.files import not_saved
from session_cli.store.sidecar import SYNC, read_sidecar
from session_cli.store.store import Store
from session_cli.sync import pending, plan
from session_cli.sync.account import Account, read_account
from session_cli.sync.connection import (
    LOCK_TIMEOUT,
    Connection,
    OtherAccount,
    connect,
    connected,
    note_contact,
)
from session_cli.sync.copies import read_latest
from session_cli.sync.holding import HeldElsewhere, Holding, Lost, take_lease
from session_cli.sync.offers import look
from session_cli.sync.status import SyncFacts, sync_facts
from session_cli.times import elapsed
from session_cli.tui.companion import Companion, Offers
from session_cli.tui.permit import Permit, PermittedStore, too_late

Result = TypeVar("Result")
Job = Callable[[Store, Connection], Result]

# who resumes a session waits so long for the hub
RESUME_SECONDS = 1.5
# how often is looked at what is known here, and how often the hub is asked anew
LOOK_SECONDS = 1.0
AGAIN_SECONDS = 30.0
FIRST_FRAME_SECONDS = 0.05
# by these answers to a save one knows that somebody else has the session
LOST = (plan.LEASE_LOST, plan.HANDED_OVER, plan.DETACHED)


class HubCompanion(Companion):
    """Asks the hub as whoever is signed in."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.account: Account | None = None
        self._looking: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._starting = Lock()
        self._mark: object = None
        self._holding: Holding | None = None
        self._wanted = ""
        # the session whose lease was taken a moment ago
        self.taken = ""
        self._next_try = 0.0
        self.learn_account()

    def renew_account(self) -> None:
        """Somebody may have signed in anew: what could not be sent is sent."""
        self.learn_account()
        self.send()

    def learn_account(self) -> None:
        """Reads who is signed in."""
        self.account = read_account(self.store.folder)
        self.is_on = self.account is not None

    def prepare(self) -> None:
        """Notes what was there before the sign-in, before anything is saved."""
        pending.prepare(self.store)

    def start(self) -> None:
        """Asks what the hub has, and from now on keeps an eye on it."""
        if self.is_on:
            # a box that changes at once would swallow the key that is meant for it
            self._learn_facts()
            self._looking = self._looking or asyncio.ensure_future(self._look_first())
            self._watching = self._watching or asyncio.ensure_future(self._watch())

    def stop(self) -> None:
        """Nothing more is asked; nobody waits for what was."""
        for task in (self._looking, self._watching):
            if task:
                task.cancel()

    def look_again(self) -> None:
        """Asks once more what the hub has, in the background."""
        if self.is_on and (self._looking is None or self._looking.done()):
            self._looking = asyncio.ensure_future(self._look())

    async def _look_first(self) -> None:
        # what is here is drawn first: to load what asks the hub takes longer than that
        await asyncio.sleep(FIRST_FRAME_SECONDS)
        await self._look()

    async def _look(self) -> None:
        try:
            await self._learn_offers()
        except SignedOut:
            self.is_signed_out = True
            self.on_news()
        except SessionError:
            # it is asked again when somebody resumes a session
            pass

    async def _learn_offers(self) -> None:
        before = self.offers, self.is_signed_out
        self.offers = Offers(*await self._run(partial(self._do, look)))
        self.is_signed_out = False
        if (self.offers, self.is_signed_out) != before:
            self.on_news()

    async def look_soon(self) -> None:
        """Waits a moment for what the hub has; raises why that is not known then."""
        asked = asyncio.ensure_future(self._learn_offers())
        done, _ = await asyncio.wait([asked], timeout=RESUME_SECONDS)
        if not done:
            asked.add_done_callback(_forget)
            raise too_late()
        await asked

    async def _watch(self) -> None:
        sent_at = elapsed()
        while True:
            before = self.facts, self.lost, self.is_unsure
            await asyncio.to_thread(self._learn_facts)
            await self._keep_hold()
            if self._is_unsent() and elapsed() - sent_at > AGAIN_SECONDS:
                sent_at = elapsed()
                await asyncio.to_thread(self.send)
            if (self.facts, self.lost, self.is_unsure) != before:
                self.on_news()
            await asyncio.sleep(LOOK_SECONDS)

    def _is_unsent(self) -> bool:
        """Whether something is to be sent that nobody has to do anything for."""
        facts, words = self.facts, (plan.SAVED_HERE, plan.OFFLINE)
        return facts is not None and facts.state in words and facts.why != plan.NOT_SENT

    # how the latest session stands

    def _learn_facts(self) -> None:
        mark = self._mark_of_folder()
        if mark != self._mark:
            self._mark, self.facts = mark, self.read_facts()

    def _mark_of_folder(self) -> object:
        """What changes when anything is saved here, or something is heard from the hub."""
        try:
            status = os.stat(self.store.folder.at(SYNC))
            return status.st_mtime_ns, os.readlink(self.store.pointer)
        except OSError:
            return None

    def read_facts(self) -> SyncFacts | None:
        """How the latest session stands at the hub; None where nobody is signed in."""
        if not self.store.location.is_synced:
            return None
        try:
            copy = read_latest(self.store)
            return sync_facts(self.store.folder, copy) if copy else None
        except (SessionError, OSError):
            # what is wrong with the session is said by whoever reads it
            return None

    def send(self) -> None:
        """Has what was saved sent; called in the thread of the saver, or of the hub."""
        if self.is_on:
            with self._starting:
                pending.start_push(self.store.folder)

    # asking

    async def ask(self, job: Job[Result]) -> Result:
        """What the job answers, done in the thread; raises what it raises."""
        permit = Permit()
        try:
            return await self._run(partial(self._do_alone, job, permit, LOCK_TIMEOUT, None))
        except asyncio.CancelledError:
            permit.end()
            raise

    async def ask_soon(self, job: Job[Result]) -> Result:
        """The same, but raises Unavailable when the answer does not come soon.

        Then the job changes nothing here any more.
        """
        permit = Permit()
        do = partial(self._do_alone, job, permit, RESUME_SECONDS, RESUME_SECONDS)
        asked = asyncio.ensure_future(self._run(do))
        try:
            done, _ = await asyncio.wait([asked], timeout=RESUME_SECONDS)
        except asyncio.CancelledError:
            permit.end()
            raise
        if not done and permit.end():
            asked.add_done_callback(_forget)
            raise too_late()
        return await asked

    async def _run(self, do: Callable[[], Result]) -> Result:
        self._thread = self._thread or ThreadPoolExecutor(1, "hub")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._try, do)

    def _try(self, do: Callable[[], Result]) -> Result:
        try:
            return do()
        except OSError as error:
            # what is known of the hub could not be noted
            raise not_saved(self.store.folder.path, error) from None
        except SessionError:
            raise
        except Exception as error:
            # whatever a hub answers, it ends no import
            raise Unavailable(describe(error)) from None

    def _do_alone(
        self, job: Job[Result], permit: Permit, lock_timeout: float, timeout: float | None
    ) -> Result:
        """Does it while nothing else of ours sends; what was saved meanwhile is sent then."""
        store = self._store_with(permit)
        try:
            with connected(store, lock_timeout=lock_timeout, timeout=timeout) as connection:
                return job(store, connection)
        finally:
            self.send()

    def _do(self, job: Job[Result]) -> Result:
        """Does it beside whatever sends."""
        store = self._store_with(Permit())
        try:
            with closing(connect(store.folder)) as connection:
                return job(store, connection)
        except (SignedOut, OtherAccount, Unavailable) as error:
            note_contact(store.folder, error)
            raise

    def _store_with(self, permit: Permit) -> PermittedStore:
        return PermittedStore(self.store.location, self.store.warn, permit)

    # who has the session open at the hub

    def hold(self, uuid: str) -> None:
        """Has the session open at the hub from now on, as soon as the hub has it."""
        self._wanted, self.lost = uuid, None
        if self.taken == uuid:
            self._begin_to_hold(uuid)
        self.taken = ""

    def release(self) -> None:
        """Lets other devices open the session; nobody waits until they can."""
        uuid = self._wanted or self.taken
        holding = self._holding or (Holding(self.store.folder, uuid) if uuid else None)
        self._holding, self._wanted, self.taken, self._next_try = None, "", "", 0.0
        if holding and self.is_on:
            with suppress(OSError, SessionError):
                # else it ends by itself
                holding.release()
            self.send()

    async def _keep_hold(self) -> None:
        self.is_unsure = self._holding is not None and self._holding.is_unsure
        if self._holding:
            self.lost = self.lost or self._holding.lost or self._lost_by_save()
        elif self._wanted and not self.lost and elapsed() >= self._next_try:
            await self._try_to_hold(self._wanted)

    def _lost_by_save(self) -> Lost | None:
        """A save may hear of it before the heartbeat does."""
        facts = self.facts
        if not facts or facts.why not in LOST:
            return None
        return Lost(facts.detail, None, is_final=facts.why != plan.LEASE_LOST)

    async def _try_to_hold(self, uuid: str) -> None:
        if not await asyncio.to_thread(self._is_there, uuid):
            return
        self._next_try = elapsed() + AGAIN_SECONDS
        try:
            await self.ask(lambda store, connection: _open(uuid, connection))
        except HeldElsewhere as held:
            name = held.holder.name if held.holder else "another device"
            self.lost = Lost(f"{name} has this session open", held.holder)
        except Refused as refused:
            self.lost = Lost(str(refused), None, is_final=True)
        except SessionError:
            # it is tried again
            return
        else:
            self._begin_to_hold(uuid)

    def _is_there(self, uuid: str) -> bool:
        """Whether the hub has the session, as far as is known."""
        try:
            sidecar = read_sidecar(self.store.folder, uuid)
        except OSError:
            return False
        return sidecar is not None and bool(sidecar.bases)

    def _begin_to_hold(self, uuid: str) -> None:
        # it may have been left meanwhile
        if uuid == self._wanted and self._holding is None:
            self._holding = Holding(self.store.folder, uuid)
            self._holding.start()


def _open(uuid: str, connection: Connection) -> None:
    sidecar = read_sidecar(connection.folder, uuid)
    if sidecar and sidecar.bases:
        take_lease(connection, sidecar)


def _forget(asked: asyncio.Future[Result]) -> None:
    """What nobody waits for any more ends unheard."""
    if not asked.cancelled():
        asked.exception()
