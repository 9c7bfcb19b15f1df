"""Prints the step."""

from __future__ import annotations

import click

from session_cli import verbs
from session_cli.store import Location


@click.command("get-step", short_help="Print the step.")
@click.pass_obj
def command(location: Location) -> int:
    """Print the step: `none` without a session, `null` without a step in it.

    \b
    Example:
      [ "$(session-cli get-step)" = review ] && echo "on with the review"
    """
    return verbs.get_step(location)
