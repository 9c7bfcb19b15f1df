"""Sends and pulls the sessions that are here, and says how they stand at the hub."""

from __future__ import annotations

from typing import Any

import click

from session_cli import console
from session_cli.commands._completion import complete_session
from session_cli.commands._group import Group
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
from session_cli.times import ago, now

EPILOG = """\
\b
Examples:
  session-cli sync                  at the end of a CI job, or after a day offline
  session-cli sync import-2026-01-09-143022
  session-cli sync status
"""


class Sync(Group):
    """A group that takes an ID where it is no verb of its own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """`sync ID` is `sync now ID`."""
        if args and args[0] not in self.commands:
            args = ["now", *args]
        return super().resolve_command(ctx, args)


@click.group(
    "sync",
    cls=Sync,
    invoke_without_command=True,
    epilog=EPILOG,
    short_help="Send and pull sessions now; how they stand.",
    subcommand_metavar="[ID | status]",
)
@click.option("--all", "with_all", is_flag=True, help="Those begun before you signed in, too.")
@json_option
@click.pass_context
def command(ctx: click.Context, with_all: bool, as_json: bool) -> int | None:
    """Compare each session here with the hub's: send what was saved here, pull what was saved on
    another device.

    Where both were saved, the hub's is taken, and what it replaces is kept in conflicts/. A session
    begun before you signed in is sent only with its ID, or with --all.
    """
    if ctx.invoked_subcommand is None:
        return run_sync(ctx.obj, None, with_all, as_json)
    if with_all:
        raise BadInput("--all and an ID do not go together; see 'session-cli sync --help'")
    ctx.meta["as_json"] = as_json
    return None


@command.command("now", hidden=True)
@click.argument("session_id", metavar="ID", shell_complete=complete_session)
@json_option
@click.pass_context
def sync_now(ctx: click.Context, session_id: str, as_json: bool) -> int:
    """One session."""
    return run_sync(ctx.obj, session_id, False, as_json or bool(ctx.meta.get("as_json")))


@command.command("status", short_help="How each session stands; asks nobody.")
@json_option
@click.pass_context
def show_status(ctx: click.Context, as_json: bool) -> int:
    """Say how each session stands at the hub, as far as is known without asking it.

    \b
    Example:
      session-cli sync status --json | jq -r '.sessions[] | select(.state != "synced").session_id'
    """
    location: Location = ctx.obj
    store = Store(location, console.warn)
    account, contact = require_account(store.folder), read_contact(store.folder)
    found = [
        (copy.session_id, copy.uuid, sync_facts(store.folder, copy)) for copy in read_copies(store)
    ]
    rows = [(each, uuid, facts) for each, uuid, facts in found if facts is not None]
    if as_json or ctx.meta.get("as_json"):
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
        "synced_at": facts.at,
    }


def _age_of(facts: SyncFacts) -> str:
    return "never" if facts.at is None else ago(max(0.0, now() - facts.at))
