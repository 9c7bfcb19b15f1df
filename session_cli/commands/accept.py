"""Takes a session that somebody offers."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._completion import complete_offered
from session_cli.commands._giving import ask, find_offered, open_store
from session_cli.commands._output import answer_text
from session_cli.store import Location
from session_cli.sync import offers
from session_cli.sync.connection import connected
from session_cli.text.boxes import visible


@click.command("accept", short_help="Take a session that is offered to you.")
@click.argument("id_", metavar="ID", shell_complete=complete_offered)
@click.pass_obj
def command(location: Location, id_: str) -> int:
    """Take a session that somebody offers you: it is yours then, and it is brought here.

    ID is its session id, or its UUID. The latest session stays the latest.

    \b
    Examples:
      session-cli list --hub
      session-cli accept import-2026-01-09-143022
    """
    store = open_store(location)
    with connected(store) as connection:
        offered = find_offered(connection, id_)
        offers.refuse_namesake(store, offered["session_id"], offered["id"])
        ask(connection, "POST", offered["id"], "/handoff/accept")
        giver = offered["owner"].get("name")
        answer_text(visible(f"accepted {offered['session_id']}, which was {giver}'s"))
        session_id = offers.bring(store, connection, offered["id"])
    console.warn(f"'session-cli resume {session_id}' resumes it")
    return 0
