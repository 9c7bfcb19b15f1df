"""The options that several verbs share."""

from __future__ import annotations

import click

from session_cli.commands._completion import complete_session
from session_cli.text.boxes import NARROWEST, WIDEST

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
width_option = click.option(
    "--width",
    type=click.IntRange(NARROWEST, WIDEST),
    help="Columns; by default as many as it needs.",
)
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
