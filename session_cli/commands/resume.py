"""Resumes a session, of this machine or of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from session_cli import console
from session_cli.commands._completion import complete_session
from session_cli.commands._output import answer_text
from session_cli.commands._sync import leave, take_up
from session_cli.errors import printable
from session_cli.store import Location
from session_cli.store.restore import resume
from session_cli.store.store import Store

if TYPE_CHECKING:
    from session_cli.document import Document


@click.command("resume", short_help="Resume a session.")
@click.argument("session_id", metavar="[ID]", required=False, shell_complete=complete_session)
@click.option(
    "--if-revision",
    type=click.IntRange(min=0),
    metavar="N",
    help="Only if the session is the latest already, at this revision.",
)
@click.option("--take-over", is_flag=True, help="Also while another device has it open at the hub.")
@click.pass_obj
def command(
    location: Location, session_id: str | None, if_revision: int | None, take_over: bool
) -> int:
    """Make a session the latest again, from the archive too; without ID, the latest one.

    One that is not here comes from the hub, if you are signed in to one that has it.

    \b
    Examples:
      session-cli resume
      session-cli resume import-2026-01-09-143022
    """
    store = Store(location, console.warn)
    state = None
    if location.is_synced and if_revision is None:
        state = _take_up(store, session_id, take_over)
    if state is None:
        state = resume(store, session_id, if_revision)
    leave(store, state)
    answer_text(f"{state['session_id']} at step {printable(str(state.get('step')))}")
    return 0


def _take_up(store: Store, session_id: str | None, take_over: bool) -> Document | None:
    """Brings the session up to date, or the whole of it from the hub, whose state that is then."""
    if session_id is None or store.newest_intact(session_id) is not None:
        take_up(store, session_id, take_over)
        return None
    from session_cli.sync import offers
    from session_cli.sync.connection import connected

    with connected(store) as connection:
        uuid = offers.find(connection, session_id)
        return offers.take(store, connection, uuid, takes_over=take_over)
