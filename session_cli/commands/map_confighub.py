"""Runs map-confighub, the terminal program that shows what ConfigHub holds."""

from __future__ import annotations

import click

from session_cli.commands._program import EVERYTHING, run_program, words_argument


@click.command(
    "map-confighub",
    short_help="Show what ConfigHub holds for you.",
    options_metavar="",
    add_help_option=False,
    context_settings=EVERYTHING,
)
@words_argument
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Show what ConfigHub holds: spaces, Units, workers and targets, and how far you are.

    `session-cli map-confighub --help` lists the options and the keys.

    \b
    Examples:
      session-cli map-confighub --demo
      session-cli map-confighub --once --space payment-team
    """
    return run_program(ctx, words)
