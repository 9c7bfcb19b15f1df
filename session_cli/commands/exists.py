"""Says by its exit code whether there is a session."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.store import Location


@click.command("exists", short_help="Say by exit code whether there is a session.")
@click.pass_obj
def command(location: Location) -> int:
    """Exit with 0 when there is a session to load, with 1 when there is none.

    \b
    Example:
      session-cli exists && echo 'welcome back'
    """
    return verbs.exists(location)
