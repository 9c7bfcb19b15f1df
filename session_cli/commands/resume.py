"""Resumes a session."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._completion import complete_session
from session_cli.commands._output import answer_text
from session_cli.errors import printable
from session_cli.store import Location
from session_cli.store.restore import resume
from session_cli.store.store import Store


@click.command("resume", short_help="Resume a session.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@click.option(
    "--if-revision",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only if the session is the latest already, at this revision.",
)
@click.pass_obj
def command(location: Location, session_id: str | None, if_revision: int | None) -> int:
    """Make a session the latest again, from the archive too; without ID, the latest one.

    \b
    Examples:
      session-cli resume
      session-cli resume import-2026-01-09-143022
    """
    state = resume(Store(location, console.warn), session_id, if_revision)
    answer_text(f"{state['session_id']} at step {printable(str(state.get('step')))}")
    return 0
