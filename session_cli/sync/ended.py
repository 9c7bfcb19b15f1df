"""The logs of an import that has ended, complete or by an error, go to the hub with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.errors import SessionError
from session_cli.store.sidecar import read_sidecar
from session_cli.sync import plan
from session_cli.sync.own_logs import logs_folder, read_logs

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.folder import Folder
    from session_cli.sync.connection import Connection
    from session_cli.sync.copies import Copy


def result_of(state: Document) -> str | None:
    """`complete`, or `error` while the step it stands at has failed; None while it goes on."""
    if state.get("step") == "complete":
        return "complete"
    error = state.get("error")
    failed = isinstance(error, dict) and error.get("step") == state.get("step")
    return "error" if failed else None


def send_logs(connection: Connection, copy: Copy) -> None:
    """Sends what the hub does not have of the logs that were written here for the session.

    Who has lost the session to another device sends them, too, for whoever has it now.
    What fails is tried again when the session is looked at next: the session itself is sent.
    """
    folder, uuid, result = connection.folder, str(copy.uuid), result_of(copy.state)
    if not read_logs(folder, uuid) or (result is None and not _is_lost(folder, uuid)):
        return
    from session_cli.sync.logs import upload_logs

    try:
        upload_logs(connection, folder, uuid, logs_folder(), result, connection.until)
    except (SessionError, OSError):
        # whatever the hub is asked next finds out what is wrong
        pass


def _is_lost(folder: Folder, uuid: str) -> bool:
    sidecar = read_sidecar(folder, uuid)
    return sidecar is not None and sidecar.state == plan.LEASE_LOST
