"""Prints how a TUI starts."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.workflow import start


@click.command("start", short_help="Print how a terminal program starts.")
@click.option("--resume", "asked", flag_value=start.RESUME, help="Resume the session.")
@click.option("--new", "asked", flag_value=start.NEW, help="Start a new session.")
@click.option("--no-ask", is_flag=True, help="Nobody can be asked.")
@click.pass_obj
def command(location: Location, asked: str | None, no_ask: bool) -> int:
    """Print `resume`, `new`, `ask`, or `show` for a session that is complete.

    Exits with 3 for --resume when there is no session.

    \b
    Example:
      session-cli start --no-ask
    """
    session = Latest(location, console.warn).read_session()
    state = session.state if session else None
    console.write_stdout(f"{start.choose_start(asked, state, not no_ask)}\n".encode())
    return 0
