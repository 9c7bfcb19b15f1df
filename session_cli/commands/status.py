"""Says where the latest session stands."""

from __future__ import annotations

import click

from session_cli import console, verbs
from session_cli.commands._options import as_json
from session_cli.commands._output import answer_json, answer_text, fitting
from session_cli.errors import NoSession
from session_cli.store import Location
from session_cli.store.latest import Latest
from session_cli.text import session_boxes
from session_cli.times import now
from session_cli.workflow.state import ImportState, SessionState


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
    found = verbs.read_latest(location)
    if found is None or found.state is None:
        raise NoSession(
            "there is no session; 'session-cli save scan' begins one,"
            " 'session-cli list --all' shows earlier ones"
        )
    session_id = Latest(location, console.ignore).session_id(found.state, found.name or "")
    if as_json:
        from session_cli.text.summary import summary

        answer_json(
            {**summary(SessionState(found.state), session_id, now()), "damage": found.problem}
        )
    else:
        state = ImportState(found.state).replace(session_id=session_id)
        answer_text(session_boxes.status_box(state, now(), fitting(session_boxes.PANEL_WIDTH)))
    return 0
