"""Prints the latest state."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.store import Location


@click.command("load", short_help="Print the latest state.")
@click.pass_obj
def command(location: Location) -> int:
    """Print the latest state, byte for byte; nothing when there is none.

    \b
    Example:
      session-cli load | jq .selections
    """
    return verbs.load(location)
