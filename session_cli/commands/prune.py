"""Archives and deletes what retention says."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.store import Location
from session_cli.store.conflicts import list_old
from session_cli.store.housekeeping import plan_prune, prune
from session_cli.store.store import Store


@click.command("prune", short_help="Archive and delete old sessions now.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.pass_obj
def command(location: Location, dry_run: bool) -> int:
    """Archive imports untouched for 7 days, delete sessions older than the newest 10.

    It keeps sessions that are open in a program, and those under 30 days old that created Units and
    were never completed, or that a hub does not have as they stand here. Copies in conflicts/ go
    after 30 days, but for the newest 20.

    \b
    Examples:
      session-cli prune --dry-run
      session-cli prune
    """
    store = Store(location, console.warn)
    if not dry_run:
        prune(store)
    else:
        lines = [
            f"would {action.verb} {action.session_id} ({action.why})\n"
            for action in plan_prune(store)
        ]
        lines += [
            f"would delete {each.path} (over 30 days old)\n"
            for each in list_old(store.folder, store.type)
        ]
        console.write_stdout("".join(lines or ["nothing would be archived or deleted\n"]).encode())
    return 0
