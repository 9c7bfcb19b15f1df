"""Says where the latest session stands."""

from __future__ import annotations

import click

from session_cli import render, verbs
from session_cli.answers import answer_json, answer_text, fitting
from session_cli.commands.output import as_json
from session_cli.errors import NoSession
from session_cli.latest import Latest
from session_cli.location import Location
from session_cli.times import now


@click.command("status", short_help="Say where you are.")
@as_json
@click.pass_obj
def command(location: Location, as_json: bool) -> int:
    """Say where you are. Exits with 3 when there is no session.

    \b
    Examples:
      session-cli status
      session-cli status --json | jq -r .step
    """
    found = verbs.look(location)
    if found is None or found.state is None:
        raise NoSession(
            "there is no session; 'session-cli save scan' begins one,"
            " 'session-cli list --all' shows earlier ones"
        )
    session_id = Latest(location, verbs.silent).session_id(found.state, found.name or "")
    if as_json:
        from session_cli.summary import summary

        answer_json({**summary(found.state, session_id, now()), "damage": found.problem})
    else:
        state = {**found.state, "session_id": session_id}
        answer_text(render.status(state, now(), fitting(render.PANEL_WIDTH)))
    return 0
