"""Prints where the bash functions are."""

from __future__ import annotations

import os

import click

from session_cli import console


@click.command("shim", short_help="Print the path of the bash functions.")
def command() -> int:
    """Print the path of session.sh, the bash functions, for a script to source.

    \b
    Example:
      source "$(session-cli shim)" && session_init
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    console.write_stdout(os.fsencode(os.path.join(package, "session.sh")) + b"\n")
    return 0
