"""The logs of an import that has ended, complete or by an error, go to the hub with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.errors import SessionError
from session_cli.sync.own_logs import logs_folder, read_logs

if TYPE_CHECKING:
    from session_cli.document import Document
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

    What fails is tried again when the session is looked at next: the session itself is sent.
    """
    folder, uuid, result = connection.folder, str(copy.uuid), result_of(copy.state)
    if result is None or not read_logs(folder, uuid):
        return
    from session_cli.sync.logs import upload_logs

    try:
        upload_logs(connection, folder, uuid, logs_folder(), result, connection.until)
    except (SessionError, OSError):
        # whatever the hub is asked next finds out what is wrong
        pass
