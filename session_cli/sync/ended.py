"""The logs of an import that has ended, complete or by an error, go to the hub with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    """Sends what the hub does not have of the logs that were written here for the session."""
    result = result_of(copy.state)
    if result is None:
        return
    from session_cli.sync.logs import upload_logs

    upload_logs(connection, str(copy.uuid), result)
