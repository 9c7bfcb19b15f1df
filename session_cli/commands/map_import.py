"""Runs map-import, the terminal program that imports a cluster."""

from __future__ import annotations

import click

from session_cli.commands._program import EVERYTHING, run_program, words_argument


@click.command(
    "map-import",
    short_help="Import a cluster into ConfigHub, step by step.",
    options_metavar="",
    add_help_option=False,
    context_settings=EVERYTHING,
)
@words_argument
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Import a Kubernetes cluster into ConfigHub, in seven steps that can be left at any time.

    `session-cli map-import --help` lists the options and the keys.

    \b
    Examples:
      session-cli map-import --demo
      session-cli map-import --yes --namespace payment-prod
    """
    return run_program(ctx, words)
