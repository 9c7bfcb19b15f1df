"""Says where the latest session stands."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._facts import latest_facts
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text, fitting
from session_cli.errors import NoSession
from session_cli.store import Location
from session_cli.store.latest import Latest, Recovered
from session_cli.text import session_boxes
from session_cli.times import now
from session_cli.workflow.state import ImportState, SessionState


@click.command("status", short_help="Say where you are.")
@json_option
@click.pass_obj
def command(location: Location, as_json: bool) -> int:
    """Say where you are. Exits with 3 when there is no session.

    \b
    Examples:
      session-cli status
      session-cli status --json | jq -r .step
    """
    latest = Latest(location, console.warn)
    session = latest.read_session()
    if session is None:
        raise NoSession(
            "there is no session; 'session-cli map-import' starts one,"
            " 'session-cli list --all' shows earlier ones"
        )
    if as_json:
        from session_cli.text.summary import summary

        damage = session.problem if isinstance(session, Recovered) else None
        answer_json(
            {**summary(SessionState(session.state), session.session_id, now()), "damage": damage}
        )
    else:
        state = ImportState(session.state).replace(session_id=session.session_id)
        width = fitting(session_boxes.PANEL_WIDTH)
        answer_text(session_boxes.status_box(state, now(), width, latest_facts(latest)))
    return 0
