"""What the verbs that ask the hub share: the connection, and how its end is noted."""

from __future__ import annotations

import posix
from collections.abc import Iterator
from contextlib import contextmanager

from session_cli import console
from session_cli.errors import BadInput, Locked, SessionError
from session_cli.store import Location
from session_cli.store.files import not_saved
from session_cli.store.store import Store
from session_cli.sync.connection import Connection, connect, note_contact
from session_cli.sync.pending import lock_push
from session_cli.times import elapsed, pause

# the process that sends in the background ends by itself after 30 seconds
WAITED_SECONDS = 35.0
TOLD_AFTER = 2.0
POLL_SECONDS = 0.05


@contextmanager
def connected(store: Store) -> Iterator[Connection]:
    """The hub, asked as who is signed in; nothing else of ours sends meanwhile.

    Raises what `connect` raises, and Locked when another process goes on sending.
    """
    store.prepare()
    lock = _wait_for_lock(store)
    error: SessionError | None = None
    try:
        connection = connect(store.folder)
        try:
            yield connection
        finally:
            connection.close()
    except SessionError as problem:
        error = problem
        raise
    finally:
        posix.close(lock)
        if error is None or _is_of_the_hub(error):
            note_contact(store.folder, error)


def _is_of_the_hub(error: SessionError) -> bool:
    from session_cli.errors import SignedOut, Unavailable
    from session_cli.sync.connection import OtherAccount

    return isinstance(error, (SignedOut, Unavailable, OtherAccount))


def _wait_for_lock(store: Store) -> int:
    began, told = elapsed(), False
    while True:
        try:
            lock = lock_push(store.folder)
        except OSError as error:
            raise not_saved(store.folder.path, error) from None
        if lock is not None:
            return lock
        if elapsed() - began > WAITED_SECONDS:
            raise Locked("another process has been sending for half a minute; try again")
        if not told and elapsed() - began > TOLD_AFTER:
            console.warn("waiting for the process that sends in the background")
            told = True
        pause(POLL_SECONDS)


def refuse_other_type(location: Location) -> None:
    """Raises BadInput unless it is about imports: nothing else goes to a hub."""
    if location.type != "import":
        raise BadInput(f"sessions of type {location.type} stay on this machine; only imports sync")
