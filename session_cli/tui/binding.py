"""The session that a program has, and the one thread that saves it.

Every save is bound to the session and to the revision of the save before, so that it never
overwrites another program's work. Whoever awaits a save, or waits for it in another thread, knows
that it is on the disk.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from tempfile import mkstemp
from typing import Any, TypeVar

from session_cli import document as doc
from session_cli.console import ignore
from session_cli.errors import NoSession, NotSaved, Refused, SessionError, Unsynced
from session_cli.internal_error import describe
from session_cli.redaction import without_secrets
from session_cli.store import Location, lease
from session_cli.store.catalog import pick
from session_cli.store.files import make_folder, not_saved, unlink_quietly
from session_cli.store.housekeeping import delete, start_new
from session_cli.store.latest import Binding, Readable
from session_cli.store.restore import resume
from session_cli.store.store import Store
from session_cli.sync.account import read_account
from session_cli.sync.own_logs import note_log
from session_cli.tui.memory import give_back_memory
from session_cli.workflow.state import ImportState

Result = TypeVar("Result")
Data = dict[str, Any]
NOBODY = ""


class Session:
    """The session of this program; without one its `id` is empty.

    `problem` says why the last save failed, and is empty when it did not; `unsaved` is the step and
    the DATA that were to be saved. `is_lost` once somebody else has the session; `unsure` is the
    warning about a save that a power loss may undo.
    """

    def __init__(self, location: Location, warn: Callable[[str], None]) -> None:
        self.store = Store(location, warn)
        self.warn = warn
        self.saver = ThreadPoolExecutor(1, "saver")
        self.id = NOBODY
        self.revision = 0
        self.state = ImportState({})
        self.problem = ""
        self.unsaved: tuple[str, Data] | None = None
        self.unsure = ""
        self.is_lost = False
        # called in the saver's thread when something was saved
        self.on_saved: Callable[[], None] = lambda: None
        self.lease: int | None = None
        self.lease_path = ""

    async def do(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the function answers, called in the saver's thread.

        Whoever leaves meanwhile does so when it has ended: what is begun is not broken off.
        """
        future = asyncio.get_running_loop().run_in_executor(self.saver, function, *arguments)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    async def save(self, step: str, data: Data) -> None:
        """Saves DATA at the step; raises Refused once the session is lost, else why it failed."""
        await self.do(self._save, step, data)

    def save_in_work(self, step: str, data: Data) -> None:
        """The same for the work thread, which waits for the saver."""
        self.saver.submit(self._save, step, data).result()

    async def save_aside(self, step: str, data: Data) -> None:
        """Saves what nobody would miss; a failure of it is none, and the next save finds it out."""
        if self.id and not self.problem and not self.is_lost:
            await self.do(self._save_aside, step, data)

    def _save_aside(self, step: str, data: Data) -> None:
        try:
            self._save(step, data)
        except SessionError:
            self.problem, self.unsaved, self.is_lost = "", None, False

    def _save(self, step: str, data: Data) -> None:
        # where there was none it is the first of a session, at revision 0
        bound = Binding(self.id or None, self.revision)
        self._note(step, data, lambda: self._commit(step, data, bound))

    def _commit(self, step: str, data: Data, bound: Binding) -> None:
        kept, dropped = without_secrets(data)
        if dropped:
            self.warn(f"dropped from DATA (looks like a credential): {', '.join(dropped)}")
        is_first = self.id == NOBODY
        self._take(self.store.save(step, doc.Data(self.store.type, kept), bound))
        if not is_first:
            # a session in which there is nothing yet is not worth sending
            self.on_saved()

    def _note(self, step: str, data: Data, save: Callable[[], None]) -> None:
        """Saves, and keeps what became of it."""
        self.unsure = ""
        try:
            save()
        except Unsynced as error:
            # it is saved, and no reason to save it again
            self._read_back()
            self.unsure = str(error)
        except SessionError as error:
            self._note_failure(error, step, data)
            raise
        except Exception as error:
            failure = NotSaved(f"not saved: {describe(error)}")
            self._note_failure(failure, step, data)
            raise failure from None
        self.problem, self.unsaved = "", None

    def _read_back(self) -> None:
        """Reads what was saved; if somebody else was quicker, our next save finds out."""
        before = self.id, self.revision + 1, self.state
        self.read()
        if before[0] not in (NOBODY, self.id):
            self.id, self.revision, self.state = before

    def _note_failure(self, error: SessionError, step: str, data: Data) -> None:
        self.problem = str(error).removeprefix("not saved: ")
        self.is_lost = self.is_lost or isinstance(error, Refused)
        self.unsaved = (step, data) if data and not self.is_lost else None

    def _take(self, state: doc.Document) -> None:
        self.state = ImportState(state)
        self.id, self.revision = self.state.session_id, self.state.revision

    def repack(self) -> None:
        """Builds the state anew: the pieces of a large scan lie far apart among what is gone."""
        raw = doc.encode(self.state.members)
        self.state = ImportState({})
        give_back_memory()
        self.state = ImportState(doc.parse_state(raw))

    def read(self) -> Readable | None:
        """The latest session, which is from now on the one of this program; None without one."""
        found = self.store.read_session()
        if found is None:
            self.forget()
        else:
            self.id = found.session_id
            self.state = ImportState({**found.state, "session_id": found.session_id})
            self.revision = doc.revision_of(found.state)
        return found

    def is_latest(self) -> bool:
        """Whether the session of this program still is the one that would be resumed."""
        try:
            found = self.store.find()
        except SessionError:
            return False
        return isinstance(found, Readable) and found.session_id == self.id

    def forget(self) -> None:
        """From now on this program has no session."""
        self.id, self.revision, self.state = NOBODY, 0, ImportState({})
        self.problem, self.unsaved, self.is_lost, self.unsure = "", None, False, ""

    def begin(self, step: str, data: Data) -> None:
        """The first save of a new session; raises Refused when somebody else was quicker."""
        self.forget()
        self._note(step, data, lambda: self._commit(step, data, Binding()))
        if self.id != data.get("session_id"):
            raise Refused("another session was started meanwhile")

    def adopt(self, step: str) -> None:
        """Gives a state that another program wrote, and that has no id, one of ours."""
        self._note(step, {}, lambda: self._commit(step, {}, Binding()))

    def drop(self, session_id: str, state: ImportState) -> None:
        """Removes a session in which there is nothing, if it still stands as that state says.

        Whichever is the latest by now has nothing to do with it.
        """
        with suppress(SessionError):
            session = pick(self.store, session_id)
            found = ImportState(session.state)
            if (found.uuid, found.revision) == (state.uuid, state.revision):
                # nobody has asked for that, and nobody misses it
                delete(Store(self.store.location, ignore), session)
                self.on_saved()

    def publish(self) -> None:
        """Makes the session the latest once more: the next save of whoever had it is refused."""
        bound = (self.id, self.revision)
        self._note(self.state.step or "", {}, lambda: self._take(resume(self.store, *bound)))

    def archive(self, session_id: str) -> None:
        """Archives that session, if it is the latest; "" is whichever is."""
        start_new(self.store, session_id or None)

    def delete(self, session_id: str, revision: int | None) -> None:
        """Removes that session for good, if it is the latest at that revision."""
        session = pick(self.store, session_id or None)
        lease.refuse_if_open(self.store.folder, session.session_id)
        delete(self.store, session, revision)
        self.on_saved()

    def note_log(self, path: str) -> None:
        """Notes the log as one that was written here for the session, where it may be sent."""
        if path and read_account(self.store.folder):
            # without a note it stays here
            with suppress(SessionError):
                note_log(self.store.folder, self.state.text("id"), path)

    def holder(self, session_id: str) -> doc.Document:
        """Who has that session open; {} when nobody has."""
        return lease.find_holder(self.store.folder, session_id) or {}

    def other_holder(self) -> doc.Document:
        """Who has our session open, if it is not this program."""
        holder = self.holder(self.id)
        return holder if holder.get("pid") != os.getpid() else {}

    def latest_state(self) -> ImportState:
        """The state of the latest session, whosever it is."""
        found = self.store.find()
        return ImportState(found.state if isinstance(found, Readable) else {})

    def exists(self, session_id: str) -> bool:
        """Whether anything is left of that session, in the archive too."""
        try:
            pick(self.store, session_id)
        except NoSession:
            return False
        return True

    def hold(self, session_id: str) -> None:
        """Keeps others from opening the session while this process lives; Locked if one has it."""
        lease.take(self.store, session_id, self._open_lease(), os.getpid())

    def take_over(self, session_id: str) -> None:
        """The same, also where another program has it; that one finds out at its next save."""
        lease.take_over(self.store, session_id, self._open_lease(), os.getpid())

    def _open_lease(self) -> int:
        """A new file of ours: a lock on the one of before may be on another session."""
        self.release()
        leases = self.store.folder.at(lease.LEASES)
        try:
            make_folder(leases)
            self.lease, self.lease_path = mkstemp(prefix=f"tui-{os.getpid()}-", dir=leases)
        except OSError as error:
            raise not_saved(leases, error) from None
        return self.lease

    def release(self) -> None:
        """Lets others open the session."""
        if self.lease is not None:
            os.close(self.lease)
            unlink_quietly(self.lease_path)
            self.lease = None
