"""Having a session open at the hub: its lease, taken, renewed by a heartbeat, and given back.

The hub's clock alone decides when a lease ends. A program that has lost one finds out here, and
says so at the next boundary between two steps.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import Locked, Refused, SessionError
from session_cli.store.sidecar import Sidecar, read_sidecar, set_lease
from session_cli.sync.connection import SESSIONS, Connection, connect
from session_cli.sync.holder import Holder, holder_of
from session_cli.sync.pull import refuse_missing
from session_cli.sync.remote import say
from session_cli.times import elapsed

if TYPE_CHECKING:
    from typing import Any

    from session_cli.store.folder import Folder
    from session_cli.sync.remote import Answer

BEAT_SECONDS = 30.0
# without an answer for so long, another device may have it by now
UNSURE_SECONDS = 60.0
TIMEOUT = 10.0


class HeldElsewhere(Locked):
    """Another device has the session open."""

    def __init__(self, said: str, holder: Holder | None) -> None:
        super().__init__(said)
        self.holder = holder


def take_lease(
    connection: Connection, sidecar: Sidecar, *, takes_over: bool = False, reason: str = ""
) -> None:
    """Has the session open from now on; the sidecar keeps the hub's token.

    Raises HeldElsewhere, NoSession, Refused for who may not resume it, and what `Connection.ask`
    raises.
    """
    wanted: dict[str, Any] = {"take_over": takes_over}
    if reason:
        wanted["reason"] = reason
    answer = _ask(connection, sidecar, wanted)
    if answer.status == 409 and answer.slug == "lease-lost":
        # that one was lost long ago; who asks now wants another
        set_lease(connection.folder, sidecar, None)
        answer = _ask(connection, sidecar, wanted)
    if answer.status == 423:
        raise _refuse_held(sidecar.session_id, holder_of(answer.body))
    if answer.status == 404:
        raise refuse_missing(sidecar.session_id)
    if answer.status != 200:
        raise Refused(f"{sidecar.session_id} cannot be resumed here: {say(answer)}")
    lease = {"token": answer.body.get("token"), "fence": answer.body.get("fence")}
    set_lease(connection.folder, sidecar, lease)


def _refuse_held(session_id: str, holder: Holder | None) -> HeldElsewhere:
    name = holder.name if holder else "another device"
    seconds = f", and for {holder.expires_in:.0f} s more if it is not heard of" if holder else ""
    return HeldElsewhere(
        f"{name} has {session_id} open at the hub{seconds};"
        f" 'session-cli resume {session_id} --take-over' takes it over",
        holder,
    )


def _ask(connection: Connection, sidecar: Sidecar, wanted: dict[str, Any]) -> Answer:
    token = (sidecar.lease or {}).get("token")
    headers = {"Session-Lease": token} if isinstance(token, str) else {}
    return connection.ask("PUT", f"{SESSIONS}/{sidecar.uuid}/lease", wanted, headers)


class Lost(NamedTuple):
    """A session that another device has taken over, or another person has by now; `is_final` where
    it cannot be taken again.
    """

    said: str
    holder: Holder | None
    is_final: bool = False


class Holding:
    """Keeps the lease of one session by a heartbeat, in a thread that nobody waits for."""

    def __init__(self, folder: Folder, uuid: str) -> None:
        self.folder = folder
        self.uuid = uuid
        self.lost: Lost | None = None
        self._answered_at = elapsed()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="hub lease", daemon=True)

    @property
    def is_unsure(self) -> bool:
        """Whether the hub has not answered for so long that another device may hold it."""
        return self.lost is None and elapsed() - self._answered_at > UNSURE_SECONDS

    def start(self) -> None:
        """Begins the heartbeat; the lease was taken before."""
        self._thread.start()

    def release(self) -> None:
        """Ends the heartbeat; whoever sends next gives the lease back (`pending.start_push`).

        Raises OSError and Locked.
        """
        self._is_over.set()
        note_release(self.folder, self.uuid)

    def _beat(self) -> None:
        while not self._is_over.wait(BEAT_SECONDS) and self.lost is None:
            try:
                self._renew()
            except (SessionError, OSError):
                # it is tried again; meanwhile the session goes on
                pass

    def _renew(self) -> None:
        sidecar = read_sidecar(self.folder, self.uuid)
        if sidecar is None or sidecar.lease is None:
            return
        connection = connect(self.folder, timeout=TIMEOUT)
        try:
            answer = _ask(connection, sidecar, {})
        finally:
            connection.close()
        self._answered_at = elapsed()
        if answer.status in (409, 423):
            self.lost = Lost(say(answer), holder_of(answer.body))
        elif answer.status == 403:
            self.lost = Lost(say(answer), None, is_final=True)
        elif answer.status == 410:
            # nobody else has it, and here it stays
            self._is_over.set()


def note_release(folder: Folder, uuid: str) -> None:
    """Notes that the lease of a session, if we have it, is to be given back by whoever sends next.

    Raises OSError and Locked.
    """
    sidecar = read_sidecar(folder, uuid)
    if sidecar is not None and sidecar.lease is not None:
        set_lease(folder, sidecar, {**sidecar.lease, "release": True})


def give_back(connection: Connection, sidecar: Sidecar) -> None:
    """Gives the lease back, and forgets it; raises what `Connection.ask` raises."""
    lease = sidecar.lease or {}
    connection.ask(
        "DELETE",
        f"{SESSIONS}/{sidecar.uuid}/lease",
        None,
        {"Session-Lease": str(lease.get("token", ""))},
    )
    there = read_sidecar(connection.folder, sidecar.uuid)
    if there is not None and there.lease == sidecar.lease:
        set_lease(connection.folder, there, None)


def is_to_be_given_back(sidecar: Sidecar) -> bool:
    """Whether the program that had the session open has left it."""
    return sidecar.lease is not None and sidecar.lease.get("release") is True
