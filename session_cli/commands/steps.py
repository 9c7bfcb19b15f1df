"""Prints the steps of a session type."""

from __future__ import annotations

import click

from session_cli import console, steps
from session_cli.store import Location


@click.command("steps", short_help="Print the steps of a type and their labels.")
@click.pass_obj
def command(location: Location) -> int:
    """Print the steps of the type in their order: name and label, with a tab between.

    \b
    Example:
      session-cli steps | cut -f 1
    """
    names = steps.TYPES[location.type]
    console.write_stdout("".join(f"{name}\t{label}\n" for name, label in names.items()).encode())
    return 0
