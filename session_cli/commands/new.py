"""Archives the latest session."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._options import session_option
from session_cli.store import Location
from session_cli.store.housekeeping import start_new
from session_cli.store.store import Store


@click.command("new", short_help="Archive the latest session, to start another.")
@session_option
@click.pass_obj
def command(location: Location, session: str | None) -> int:
    """Archive the latest session, so that the next save starts another one.

    \b
    Example:
      session-cli new && session-cli save scan
    """
    start_new(Store(location, console.warn), session)
    return 0
