"""Holds the latest session for the caller's life."""

from __future__ import annotations

import os

import click

from session_cli import console
from session_cli.commands._options import session_option
from session_cli.store import Location, lease
from session_cli.store.catalog import resolve_id
from session_cli.store.store import Store


@click.command("lease", short_help="Hold the session for a program's life.")
@click.option("--fd", type=int, required=True, metavar="N", help="A descriptor that you opened.")
@session_option
@click.option("--take-over", is_flag=True, help="Take it from whoever holds it.")
@click.pass_obj
def command(location: Location, fd: int, session: str | None, take_over: bool) -> int:
    """Hold the latest session until descriptor N is closed, at the latest when its program ends.

    Exits with 5 and says who holds it when that is another program. N must be open on a file of
    the caller's own. It prevents others from holding the session, not from saving it: for that,
    bind saves with --session and --if-revision.

    \b
    Example:
      exec 9>"$(mktemp)" && session-cli lease --fd 9
    """
    store = Store(location, console.warn)
    session_id = session or resolve_id(store, None)
    take = lease.take_over if take_over else lease.take
    take(store, session_id, fd, os.getppid())
    return 0
