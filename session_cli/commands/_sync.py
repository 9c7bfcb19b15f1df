"""What the verbs that change a session do with the hub."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from session_cli import console
from session_cli.errors import (
    BadInput,
    Locked,
    NoSession,
    Refused,
    SessionError,
    SignedOut,
    Unavailable,
    printable,
)
from session_cli.store import Location
from session_cli.store.catalog import resolve_id
from session_cli.store.sidecar import read_sidecar
from session_cli.times import elapsed

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.catalog import Session
    from session_cli.store.store import Store
    from session_cli.sync.exchange import Outcome

# resuming a session does not wait longer for a hub
RESUMING = 1.5


def start_push(store: Store) -> None:
    """Starts the process that sends what was changed here, where somebody has signed in."""
    if store.location.is_synced:
        from session_cli.sync import pending

        pending.start_push(store.folder)


def leave(store: Store, state: Document) -> None:
    """Sends a session that a script has resumed; it holds no lease for longer than that."""
    if store.location.is_synced:
        from session_cli.sync.holding import note_release

        with suppress(SessionError, OSError):
            note_release(store.folder, str(state.get("id")))
    start_push(store)


def take_up(store: Store, session_id: str | None, takes_over: bool) -> None:
    """Has a session, or the latest, open at the hub that has it, and here as it stands there, if
    that answers within a moment. Raises HeldElsewhere while another device has it open.
    """
    from session_cli.sync.connection import Busy, connected
    from session_cli.sync.copies import read_copy
    from session_cli.sync.exchange import sync_one
    from session_cli.sync.holding import take_lease
    from session_cli.sync.push import sidecar_of
    from session_cli.sync.unsent import SETTLED

    wanted = resolve_id(store, session_id)
    try:
        with connected(store, lock_timeout=0, timeout=RESUMING) as connection:
            copy = read_copy(store, wanted)
            sidecar = sidecar_of(connection, copy) if copy is not None and copy.uuid else None
            is_there = sidecar is not None and sidecar.bases and sidecar.state not in SETTLED
            if sidecar is not None and is_there and connection.is_known(sidecar):
                # a hub that has lost it is offered it again
                with suppress(NoSession):
                    take_lease(connection, sidecar, takes_over=takes_over)
            report(sync_one(store, connection, wanted))
    except (Busy, Unavailable, SignedOut, Refused) as error:
        console.warn(f"resumed without the hub: {error}")


def refuse_if_open_at_hub(store: Store, session: Session) -> None:
    """Raises Locked when another device has the session open, if the hub says so within a moment;
    when it cannot be asked, the hub refuses later.
    """
    uuid = session.state.get("id")
    if not store.location.is_synced or not isinstance(uuid, str):
        return
    from session_cli.sync.connection import connect
    from session_cli.sync.holder import holder_of
    from session_cli.sync.pull import look

    if read_sidecar(store.folder, uuid) is None:
        return
    try:
        with closing(connect(store.folder, elapsed() + RESUMING, RESUMING)) as connection:
            found = look(connection, uuid)
    except SessionError:
        return
    holder = holder_of(found.summary)
    if holder and holder.device_id != connection.device.id:
        raise Locked(
            f"{holder.name} has {session.session_id} open; nothing was deleted. Leave it there"
            f" first, or take it over: 'session-cli resume {session.session_id} --take-over'"
        )


def report(outcome: Outcome) -> None:
    """Says what was done to a session, and how it stands if that needs a person."""
    from session_cli.sync import plan
    from session_cli.sync.status import line

    if outcome.did:
        console.warn(f"{outcome.did} {outcome.session_id}")
    if outcome.word == plan.NEEDS_YOU:
        console.warn(f"{outcome.session_id}: {line(outcome.state, printable(outcome.detail))}")


def refuse_other_type(location: Location) -> None:
    """Raises BadInput unless it is about imports: nothing else goes to a hub."""
    if location.type != "import":
        raise BadInput(f"sessions of type {location.type} stay on this machine; only imports sync")
