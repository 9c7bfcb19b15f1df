"""Lists the sessions."""

from __future__ import annotations

import click

from session_cli.commands._listing import session_facts, show_sessions
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json
from session_cli.store import Location


@click.command("list", short_help="List the sessions.")
@click.option("--all", "with_archived", is_flag=True, help="The archived ones too.")
@json_option
@click.pass_obj
def command(location: Location, with_archived: bool, as_json: bool) -> int:
    """List the sessions, newest first; the latest one is marked with *.

    \b
    Examples:
      session-cli list
      session-cli list --all --json | jq -r '.[].session_id'
    """
    found = session_facts(location)
    if as_json:
        answer_json([each for each in found if with_archived or not each["archived"]])
    else:
        show_sessions(found, with_archived)
    return 0
