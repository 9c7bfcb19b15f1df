"""Saves a step."""

from __future__ import annotations

import os

import click

from session_cli import verbs
from session_cli.commands._completion import complete_step
from session_cli.commands._options import revision_option, session_option
from session_cli.store import Location


@click.command("save", short_help="Save a step, with data.")
@click.argument("step", shell_complete=complete_step)
@click.argument("data", required=False, metavar="[DATA|-]")
@session_option
@revision_option
@click.pass_obj
def command(
    location: Location, step: str, data: str | None, session: str | None, if_revision: int | None
) -> int:
    """Merge DATA, a JSON object, into the state, move it to STEP and save it.

    null removes a key. The first save starts a session. The steps of an import are scan, review,
    select, connect, worker_connecting, targets_waiting, verify and complete; others are allowed.

    `-` reads DATA from standard input; so does a pipe or a file there when no DATA is given,
    unless the calling script reads from it too.

    \b
    Examples:
      session-cli save review
      session-cli save connect '{"selections": {"app_space": "payment-team"}}'
      session-cli load | jq '.selections.hub = "main"' | session-cli save review -
    """
    raw = None if data is None else os.fsencode(data)
    return verbs.save(location, step, raw, session, if_revision)
