"""The options that say how a verb answers."""

from __future__ import annotations

import click

from session_cli.boxes import NARROWEST, WIDEST

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
width_option = click.option(
    "--width", type=click.IntRange(NARROWEST, WIDEST), help="Columns; else as many as it needs."
)
text_option = click.option("--text", "is_text", is_flag=True, help="Print the texts alone.")
