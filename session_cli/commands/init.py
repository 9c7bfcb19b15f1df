"""Makes the sessions folder and archives what is too old."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.store import Location


@click.command("init", short_help="Make the sessions folder, tidy up old sessions.")
@click.pass_obj
def command(location: Location) -> int:
    """Make the sessions folder, for you alone, and archive what is too old.

    \b
    Example:
      session-cli init
    """
    return verbs.init(location)
