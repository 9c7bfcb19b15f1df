"""Lists the sessions."""

from __future__ import annotations

from typing import Any

import click

from session_cli import lease, verbs
from session_cli.commands.output import answer_json, answer_text, as_json
from session_cli.errors import SessionError, Unreadable
from session_cli.files import reason
from session_cli.location import Location
from session_cli.sessions import Session, latest_id, survey
from session_cli.store import Store
from session_cli.summary import summary
from session_cli.tables import session_table
from session_cli.times import now


@click.command("list", short_help="List the sessions.")
@click.option("--all", "with_archived", is_flag=True, help="The archived ones too.")
@as_json
@click.pass_obj
def command(location: Location, with_archived: bool, as_json: bool) -> int:
    """List the sessions, newest first; the latest one is marked with *.

    \b
    Examples:
      session-cli list
      session-cli list --all --json | jq -r '.[].session_id'
    """
    store = Store(location, verbs.tell)
    sessions = _sessions(store) if location.folder else []
    latest = _latest(store)
    shown = [each for each in sessions if with_archived or not each.archived]
    facts = [_facts(store, session, latest) for session in shown]
    if as_json:
        answer_json(facts)
    elif facts:
        answer_text(session_table(facts))
    elif sessions:
        verbs.tell(f"all {len(sessions)} are archived; 'session-cli list --all' shows them")
    else:
        verbs.tell("there is no session yet; 'session-cli save scan' begins one")
    return 0


def _sessions(store: Store) -> list[Session]:
    """A folder that cannot be looked into is no folder without sessions."""
    try:
        return survey(store) if store.folder.is_there() else []
    except OSError as error:
        place = error.filename or store.folder.path
        raise Unreadable(f"cannot read {place}: {reason(error)}") from None


def _latest(store: Store) -> str | None:
    """A broken pointer is told of; the list is what helps then."""
    try:
        return latest_id(store, store.find())
    except SessionError as error:
        verbs.tell(str(error))
        return None


def _facts(store: Store, session: Session, latest: str | None) -> dict[str, Any]:
    return {
        **summary(session.state, session.session_id, now()),
        "latest": session.session_id == latest,
        "archived": session.archived,
        "open": lease.is_held(store.folder, session.session_id),
        "snapshots": len(session.snapshots),
    }
