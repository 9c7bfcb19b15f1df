"""Removes a session for good."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._completion import complete_session
from session_cli.commands._options import revision_option
from session_cli.commands._sync import refuse_if_open_at_hub, start_push
from session_cli.errors import Absent
from session_cli.store import Location, lease
from session_cli.store.catalog import Session, pick
from session_cli.store.housekeeping import delete
from session_cli.store.store import Store
from session_cli.text.boxes import visible


@click.command("delete", short_help="Remove a session for good.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@revision_option
@click.option("--yes", is_flag=True, help="Skip the prompt.")
@click.pass_obj
def command(location: Location, session_id: str | None, if_revision: int | None, yes: bool) -> int:
    """Remove a session and all its snapshots for good; without ID, the latest one.

    Where you are signed in to a hub that has it, it is deleted there, too.

    \b
    Examples:
      session-cli delete
      session-cli delete import-2026-01-09-143022 --yes
    """
    store = Store(location, console.warn)
    session = pick(store, session_id)
    lease.refuse_if_open(store.folder, session.session_id)
    refuse_if_open_at_hub(store, session)
    if not yes and not _confirm(session):
        raise Absent("not deleted; use --yes to skip the prompt")
    delete(store, session, if_revision)
    start_push(store)
    return 0


def _confirm(session: Session) -> bool:
    question = f"Delete {session.session_id}, {len(session.snapshots)} saved, for good?"
    try:
        return click.confirm(visible(question), err=True)
    except click.Abort:
        click.echo(err=True)
        return False
