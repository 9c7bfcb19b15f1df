"""The verbs that run a terminal program: what follows the verb is for the program to read."""

from __future__ import annotations

import shlex

import click

from session_cli import scripts


def program_command(name: str, short_help: str, help_: str) -> click.Command:
    """The verb that becomes the program of that name."""
    return click.Command(
        name,
        params=[click.Argument(["words"], metavar="[OPTIONS]", nargs=-1, type=click.UNPROCESSED)],
        callback=click.pass_context(_run_program),
        help=help_,
        short_help=short_help,
        options_metavar="",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )


def _run_program(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Becomes the program that the verb is called after, with the sessions that were asked for."""
    name = ctx.info_name or ""
    given = ctx.find_root().params
    folder, pointer = given["folder"], given["pointer"]
    if given["type_"]:
        raise click.UsageError(f"--type does not go with {name}, which has a type of its own", ctx)
    if pointer and name != "map-import":
        raise click.UsageError(f"--file does not go with {name}; set the folder with --dir", ctx)
    called = ["session-cli"]
    for option, value in (("--dir", folder), ("--file", pointer)):
        called += [option, value] if value else []
    return scripts.run(name, words, shlex.join([*called, name]), folder, pointer)
