"""Runs map, the terminal program that shows a cluster."""

from __future__ import annotations

import click

from session_cli.commands._program import EVERYTHING, run_program, words_argument


@click.command(
    "map",
    short_help="Show what runs in a cluster, and who deploys it.",
    options_metavar="",
    add_help_option=False,
    context_settings=EVERYTHING,
)
@words_argument
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Show what runs in a Kubernetes cluster: who deploys it, where, and what is ready.

    `session-cli map --help` lists the options and the keys.

    \b
    Examples:
      session-cli map --demo
      session-cli map --once --namespace payment-prod
    """
    return run_program(ctx, words)
