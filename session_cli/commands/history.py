"""Lists the snapshots of a session."""

from __future__ import annotations

import click

from session_cli.commands._completion import complete_session
from session_cli.commands._listing import show_snapshots, snapshot_facts
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json
from session_cli.store import Location


@click.command("history", short_help="List the snapshots of a session.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@json_option
@click.pass_obj
def command(location: Location, session_id: str | None, as_json: bool) -> int:
    """List the snapshots of a session, newest first; without ID, of the latest one.

    \b
    Examples:
      session-cli history
      session-cli history import-2026-01-09-143022 --json
    """
    found = snapshot_facts(location, session_id)
    if as_json:
        answer_json(found)
    else:
        show_snapshots(found)
    return 0
