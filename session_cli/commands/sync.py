"""Sends and pulls the sessions that are here, and says how they stand at the hub."""

from __future__ import annotations

from typing import Any

import click

from session_cli import console
from session_cli.commands._completion import complete_session_or_status
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.commands._syncing import run_sync
from session_cli.errors import BadInput, printable
from session_cli.store import Location
from session_cli.store.store import Store
from session_cli.sync.account import require_account
from session_cli.sync.connection import read_contact
from session_cli.sync.copies import read_copies
from session_cli.sync.status import SyncFacts, line, sync_facts
from session_cli.text.tables import sync_table
from session_cli.times import ago, now, utc

STATUS = "status"


@click.command("sync", short_help="Send and pull sessions now; how they stand.")
@click.argument(
    "session_id", metavar="[ID|status]", required=False, shell_complete=complete_session_or_status
)
@click.option("--all", "with_all", is_flag=True, help="Those begun before you signed in, too.")
@json_option
@click.pass_obj
def command(location: Location, session_id: str | None, with_all: bool, as_json: bool) -> int:
    """Compare each session here with the hub's: send what was saved here, pull what was saved on
    another device. With ID, that session only.

    Where both were saved, the hub's is taken, and what it replaces is kept in conflicts/. A session
    begun before you signed in is sent only with its ID, or with --all.

    'sync status' says how each session stands, as far as is known without asking the hub.

    \b
    Examples:
      session-cli sync            at the end of a CI job, after a day offline
      session-cli sync import-2026-01-09-143022
      session-cli sync status
      session-cli sync status --json | jq -r '.sessions[].state'
    """
    if with_all and session_id is not None:
        raise BadInput(f"--all and {session_id} do not go together; see 'session-cli sync --help'")
    if session_id == STATUS:
        return _show_status(location, as_json)
    return run_sync(location, session_id, with_all, as_json)


def _show_status(location: Location, as_json: bool) -> int:
    store = Store(location, console.warn)
    account = require_account(store.folder)
    contact = read_contact(store.folder, account)
    rows = []
    for copy in read_copies(store):
        facts = sync_facts(store.folder, copy)
        if facts is not None:
            rows.append((copy.session_id, copy.uuid, facts))
    if as_json:
        answer_json(
            {
                "url": account.url,
                "account": account.pin,
                "reached": contact._asdict() if contact else None,
                "sessions": [_status_of(*row) for row in rows],
            }
        )
        return 0
    who = f"{account.pin['user']['name']} ({account.pin['org']['name']}) at " if account.pin else ""
    answer_text(f"{printable(who)}{account.url}")
    if rows:
        answer_text(
            sync_table(
                [(each, _age_of(facts), line(facts.why, facts.detail)) for each, _, facts in rows]
            )
        )
    return 0


def _status_of(session_id: str, uuid: str | None, facts: SyncFacts) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "id": uuid,
        "state": facts.state,
        "why": facts.why,
        "detail": facts.detail or None,
        "synced_at": None if facts.at is None else utc(facts.at),
    }


def _age_of(facts: SyncFacts) -> str:
    return "never" if facts.at is None else ago(max(0.0, now() - facts.at))
