"""Says how a TUI begins."""

from __future__ import annotations

import click

from session_cli import console, verbs
from session_cli.store import Location
from session_cli.workflow import start


@click.command("start", short_help="Say how a TUI begins: resume, new, ask or show.")
@click.option("--resume", "asked", flag_value=start.RESUME, help="A session is to be resumed.")
@click.option("--new", "asked", flag_value=start.NEW, help="A new session is to be started.")
@click.option("--no-ask", is_flag=True, help="Nobody is there to be asked.")
@click.pass_obj
def command(location: Location, asked: str | None, no_ask: bool) -> int:
    """Print `resume`, `new`, `ask`, or `show` for a session that is complete already.

    Exits with 3 when a session is to be resumed and there is none.

    \b
    Example:
      session-cli start --no-ask
    """
    found = verbs.read_latest(location)
    state = found.state if found else None
    console.write_stdout(f"{start.beginning(asked, state, not no_ask)}\n".encode())
    return 0
