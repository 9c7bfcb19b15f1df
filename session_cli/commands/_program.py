"""The verbs that run a terminal program: what follows the verb is for the program to read."""

from __future__ import annotations

import shlex

import click

from session_cli import scripts

EVERYTHING = {"ignore_unknown_options": True, "allow_interspersed_args": False}

words_argument = click.argument("words", metavar="[OPTIONS]", nargs=-1, type=click.UNPROCESSED)


def run_program(ctx: click.Context, words: tuple[str, ...]) -> int:
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
