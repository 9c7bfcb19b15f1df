"""Refuses a session that somebody offers."""

from __future__ import annotations

import click

from session_cli.commands._completion import complete_offered
from session_cli.commands._giving import ask, find_offered, open_store
from session_cli.commands._output import answer_text
from session_cli.store import Location
from session_cli.sync.connection import connected
from session_cli.text.boxes import visible


@click.command("decline", short_help="Refuse a session that is offered to you.")
@click.argument("id_", metavar="ID", shell_complete=complete_offered)
@click.pass_obj
def command(location: Location, id_: str) -> int:
    """Refuse a session that somebody offers you: it stays theirs.

    ID is its session id, or its UUID.

    \b
    Example:
      session-cli decline import-2026-01-09-143022
    """
    store = open_store(location)
    with connected(store) as connection:
        offered = find_offered(connection, id_)
        ask(connection, "POST", offered["id"], "/handoff/decline")
    answer_text(visible(f"declined {offered['session_id']}"))
    return 0
