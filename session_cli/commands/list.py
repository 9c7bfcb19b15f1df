"""Lists the sessions."""

from __future__ import annotations

from contextlib import closing

import click

from session_cli import console
from session_cli.commands._listing import session_facts, show_sessions
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.store import Location
from session_cli.store.store import Store
from session_cli.text.tables import hub_table


@click.command("list", short_help="List the sessions.")
@click.option("--all", "with_archived", is_flag=True, help="The archived ones too.")
@click.option("--hub", "at_hub", is_flag=True, help="Those that the hub shows you.")
@json_option
@click.pass_obj
def command(location: Location, with_archived: bool, at_hub: bool, as_json: bool) -> int:
    """List the sessions, newest first; the latest one is marked with *.

    With --hub, those that the hub shows you, of all devices: without --all, neither complete nor
    archived ones.

    \b
    Examples:
      session-cli list
      session-cli list --all --json | jq -r '.[].session_id'
      session-cli list --hub
    """
    if at_hub:
        _list_at_hub(location, with_archived, as_json)
        return 0
    found = session_facts(location)
    if as_json:
        answer_json([each for each in found if with_archived or not each["archived"]])
    else:
        show_sessions(found, with_archived)
    return 0


def _list_at_hub(location: Location, with_all: bool, as_json: bool) -> None:
    from session_cli.sync.connection import connect, note_contact
    from session_cli.sync.listing import list_visible
    from session_cli.sync.offers import describe

    store = Store(location, console.warn)
    with closing(connect(store.folder)) as connection:
        items = list(list_visible(connection, f"status={'all' if with_all else 'active'}"))
        at = connection.asked_at
    note_contact(store.folder, None)
    if as_json:
        answer_json(items)
    elif items:
        answer_text(hub_table([describe(each, at)._asdict() for each in items]))
    else:
        more = "" if with_all else "; --all shows those that are complete or archived, too"
        console.warn(f"the hub shows you no session{more}")
