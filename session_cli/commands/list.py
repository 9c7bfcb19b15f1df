"""Lists the sessions."""

from __future__ import annotations

from typing import Any

import click

from session_cli import lease, verbs
from session_cli.commands.output import answer_json, answer_text, as_json
from session_cli.errors import SessionError, Unreadable
from session_cli.files import reason
from session_cli.latest import Found
from session_cli.location import Location
from session_cli.sessions import Session, listed
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
    found, sessions = _look(store) if location.folder else (None, [])
    latest, held, at = store.session_of(found), lease.held(store.folder), now()
    facts = [
        _facts(session, at, session.session_id == latest, session.session_id in held)
        for session in sessions
        if with_archived or not session.archived
    ]
    if as_json:
        answer_json(facts)
    elif facts:
        answer_text(session_table(facts))
    elif sessions:
        verbs.tell(f"all {len(sessions)} are archived; 'session-cli list --all' shows them")
    else:
        verbs.tell("there is no session yet; 'session-cli save scan' begins one")
    return 0


def _look(store: Store) -> tuple[Found | None, list[Session]]:
    """A folder that cannot be looked into is no folder without sessions."""
    try:
        if not store.folder.is_there():
            return None, []
        found = _latest(store)
        return found, listed(store, found)
    except OSError as error:
        place = error.filename or store.folder.path
        raise Unreadable(f"cannot read {place}: {reason(error)}") from None


def _latest(store: Store) -> Found | None:
    """A broken pointer is told of; the list is what helps then."""
    try:
        return store.find()
    except SessionError as error:
        verbs.tell(str(error))
        return None


def _facts(session: Session, at: float, is_latest: bool, is_held: bool) -> dict[str, Any]:
    facts = summary(session.state, session.session_id, at)
    facts.update(
        latest=is_latest,
        archived=session.archived,
        open=is_held,
        snapshots=len(session.snapshots),
    )
    return facts
