"""Goes back to an earlier snapshot."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._output import answer_text
from session_cli.commands._sync import start_push
from session_cli.errors import printable
from session_cli.store import Location
from session_cli.store.restore import rollback
from session_cli.store.store import Store


@click.command("rollback", short_help="Go back to an earlier snapshot.")
@click.argument("revision", type=click.IntRange(min=1))
@click.pass_obj
def command(location: Location, revision: int) -> int:
    """Save the latest session again as it was at REVISION, as its newest snapshot.

    \b
    Example:
      session-cli history
      session-cli rollback 4
    """
    store = Store(location, console.warn)
    state = rollback(store, revision)
    start_push(store)
    step = printable(str(state.get("step")))
    answer_text(f"{state['session_id']} is back at revision {revision}: step {step}")
    return 0
