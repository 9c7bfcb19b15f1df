"""Prints the help of a verb."""

from __future__ import annotations

import click

from session_cli import console


@click.command("help", short_help="Print this help, or that of a verb.")
@click.argument("words", metavar="[VERB]...", nargs=-1)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Print the help of VERB, the same as VERB --help.

    \b
    Examples:
      session-cli help save
      session-cli help render status
    """
    console.write_stdout(f"{_context_of(ctx.find_root(), words).get_help()}\n".encode())
    return 0


def _context_of(ctx: click.Context, words: tuple[str, ...]) -> click.Context:
    """The context in which the verb that `words` lead to would be run."""
    for word in words:
        if not isinstance(ctx.command, click.Group):
            raise click.UsageError(f"'{ctx.command_path}' has no verbs of its own", ctx)
        _, found, _ = ctx.command.resolve_command(ctx, [word])
        if found is not None:
            ctx = click.Context(found, info_name=found.name, parent=ctx)
    return ctx
