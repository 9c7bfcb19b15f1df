"""Drops the pointer to the latest session."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.store import Location


@click.command("clear", short_help="End the latest session; keep its snapshots.")
@click.pass_obj
def command(location: Location) -> int:
    """End the latest session. Its snapshots stay: `resume ID` brings it back.

    \b
    Example:
      session-cli clear
    """
    return verbs.clear(location)
