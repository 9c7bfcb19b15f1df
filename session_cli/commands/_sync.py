"""What the verbs that change a session do with the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli import console
from session_cli.errors import (
    BadInput,
    Locked,
    NoSession,
    Refused,
    SignedOut,
    Unavailable,
    printable,
)
from session_cli.store import Location

if TYPE_CHECKING:
    from session_cli.store.store import Store
    from session_cli.sync.exchange import Outcome

# resuming a session does not wait longer for a hub
RESUMING = 1.5


def start_push(store: Store) -> None:
    """Starts the process that sends what was changed here, where somebody has signed in."""
    if store.location.is_synced:
        from session_cli.sync import pending

        pending.start_push(store.folder)


def sync_first(store: Store, session_id: str) -> None:
    """Compares a session with the hub's before it is resumed, if that answers within a moment."""
    if not store.location.is_synced:
        return
    from session_cli.sync.connection import connected
    from session_cli.sync.exchange import sync_one

    try:
        with connected(store, lock_timeout=0, timeout=RESUMING) as connection:
            report(sync_one(store, connection, session_id))
    except NoSession:
        # resuming says what there is to say
        pass
    except (Locked, Unavailable, SignedOut, Refused) as error:
        console.warn(f"resumed without the hub: {error}")


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
