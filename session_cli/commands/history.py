"""Lists the snapshots of a session."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.commands.completion import complete_session
from session_cli.commands.output import answer_json, answer_text, as_json
from session_cli.location import Location
from session_cli.sessions import history
from session_cli.store import Store
from session_cli.summary import summary
from session_cli.tables import snapshot_table
from session_cli.times import now


@click.command("history", short_help="List the snapshots of a session.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@as_json
@click.pass_obj
def command(location: Location, session_id: str | None, as_json: bool) -> int:
    """List the snapshots of a session, newest first; without ID, of the latest one.

    \b
    Examples:
      session-cli history
      session-cli history import-2026-01-09-143022 --json
    """
    store = Store(location, verbs.tell)
    facts = [
        {**summary(state, store.session_id(state, snapshot.name), now()), "file": snapshot.path}
        for snapshot, state in history(store, session_id)
    ]
    if as_json:
        answer_json(facts)
    else:
        answer_text(snapshot_table(facts))
    return 0
