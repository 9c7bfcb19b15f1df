"""What the process that sends does: it sends, lets the lock go, and looks once more."""

from __future__ import annotations

import fcntl
from contextlib import closing
from typing import TYPE_CHECKING

from session_cli import console
from session_cli.errors import SessionError
from session_cli.store import locate
from session_cli.store.latest import Latest
from session_cli.store.sidecar import Sidecar, list_sidecars
from session_cli.sync.account import read_account
from session_cli.sync.connection import Connection, connect, note_contact
from session_cli.sync.deletion import is_deleted_here
from session_cli.sync.ended import send_logs
from session_cli.sync.holding import give_back, is_to_be_given_back
from session_cli.sync.pending import LOCK_FD
from session_cli.sync.push import send, send_delete, sidecar_of
from session_cli.sync.unsent import read_unsent

if TYPE_CHECKING:
    from session_cli.store.folder import Folder
    from session_cli.sync.copies import Copy

# what was tried: sessions with the sha256 of what was sent, and what was deleted
Tried = set[tuple[str, str]]


def send_unsent(folder: str, until: float) -> None:
    """Sends what is not sent yet, with the lock that we were started with.

    A save during that time starts no process, and trusts that we see it.
    """
    latest = Latest(locate(folder, None, "import"), console.ignore)
    tried: Tried = set()
    while True:
        error = _send(latest, tried, until)
        note_contact(latest.folder, error)
        fcntl.flock(LOCK_FD, fcntl.LOCK_UN)
        if error or not _has_more(latest, tried):
            return
        try:
            fcntl.flock(LOCK_FD, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # another one was started meanwhile
            return


def _send(latest: Latest, tried: Tried, until: float) -> SessionError | None:
    """Sends all that was not tried; the error that ended that, if one did."""
    try:
        with closing(connect(latest.folder, until)) as connection:
            _send_deletes(latest, connection, tried)
            for copy in read_unsent(latest, connection.account):
                if _mark(copy) not in tried:
                    tried.add(_mark(copy))
                    _send_one(connection, copy)
            for sidecar in _left(latest.folder):
                give_back(connection, sidecar)
    except SessionError as error:
        return error
    except OSError:
        # the disk refused the sidecar: nothing was sent that is not noted
        return None
    return None


def _mark(copy: Copy) -> tuple[str, str]:
    return copy.session_id, copy.sha256


def _send_deletes(latest: Latest, connection: Connection, tried: Tried) -> None:
    for sidecar in list_sidecars(connection.folder):
        if sidecar.intent and (sidecar.uuid, "") not in tried and connection.is_known(sidecar):
            tried.add((sidecar.uuid, ""))
            if is_deleted_here(latest, sidecar):
                send_delete(connection, sidecar)


def _send_one(connection: Connection, copy: Copy) -> None:
    sidecar = sidecar_of(connection, copy)
    if connection.is_known(sidecar):
        base = sidecar.base
        send(connection, copy, sidecar, base.etag if base else None)
        send_logs(connection, copy)


def _left(folder: Folder) -> list[Sidecar]:
    """The sessions that were open in a program here, which has left them."""
    return [each for each in list_sidecars(folder) if is_to_be_given_back(each)]


def _has_more(latest: Latest, tried: Tried) -> bool:
    account = read_account(latest.folder)
    if account is None:
        return False
    has_intent = any(
        each.intent and (each.uuid, "") not in tried for each in list_sidecars(latest.folder)
    )
    return (
        has_intent
        or bool(_left(latest.folder))
        or any(_mark(copy) not in tried for copy in read_unsent(latest, account))
    )
