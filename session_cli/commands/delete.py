"""Removes a session for good."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.commands.completion import complete_session
from session_cli.errors import Absent
from session_cli.location import Location
from session_cli.render import visible
from session_cli.sessions import delete, pick
from session_cli.store import Store


@click.command("delete", short_help="Remove a session for good.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(location: Location, session_id: str | None, yes: bool) -> int:
    """Remove a session and all its snapshots for good; without ID, the latest one.

    \b
    Examples:
      session-cli delete
      session-cli delete import-2026-01-09-143022 --yes
    """
    store = Store(location, verbs.tell)
    session = pick(store, session_id)
    question = f"Delete {session.session_id} ({len(session.snapshots)} snapshots) for good?"
    if not yes and not click.confirm(visible(question), err=True):
        raise Absent("not deleted")
    delete(store, session.session_id)
    return 0
