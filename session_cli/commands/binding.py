"""Options that bind a verb to the session, and to its revision, that the caller knows."""

from __future__ import annotations

import click

from session_cli.commands.completion import complete_session

session_option = click.option(
    "--session",
    metavar="ID",
    shell_complete=complete_session,
    help="Only if this is the latest session.",
)
revision_option = click.option(
    "--if-revision",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only if the latest session is at this revision.",
)
