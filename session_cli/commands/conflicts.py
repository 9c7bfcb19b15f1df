"""Lists what was replaced and kept, and puts it back."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._completion import complete_conflict
from session_cli.commands._group import Group
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.commands._sync import start_push
from session_cli.errors import printable, unreadable
from session_cli.store import Location
from session_cli.store.conflicts import find_kept, restore_as_new, restore_kept
from session_cli.store.store import Store
from session_cli.sync.conflicts import list_conflicts, mark_as_read
from session_cli.text.conflicts import describe_conflict

EPILOG = """\
\b
Examples:
  session-cli conflicts
  session-cli conflicts --json | jq -r '.[].file'
  session-cli conflicts restore FILE
"""


@click.group(
    "conflicts",
    cls=Group,
    invoke_without_command=True,
    epilog=EPILOG,
    short_help="What was replaced and kept; restore it.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int | None:
    """List the copies in conflicts/, newest first: sessions that another device's save has
    replaced, with both sides, and DATA that a save refused.

    They are kept for 30 days, and the newest 20 for longer.
    """
    if ctx.invoked_subcommand is not None:
        return None
    location: Location = ctx.obj
    store = Store(location, console.warn)
    try:
        found = list_conflicts(store)
    except OSError as error:
        raise unreadable(error) from None
    if as_json:
        answer_json(found)
    elif found:
        answer_text("\n\n".join(describe_conflict(each, location.command) for each in found))
    else:
        console.warn("there are no conflicts")
    mark_as_read(store)
    return 0


@command.command("restore", short_help="Put a copy on top of its session.")
@click.argument("file", metavar="FILE", shell_complete=complete_conflict)
@click.option("--as-new", is_flag=True, help="As a session of its own.")
@click.pass_obj
def restore(location: Location, file: str, as_new: bool) -> int:
    """Make a copy the latest state of its session again; what is there now stays in its history.

    FILE is the name of a copy as 'session-cli conflicts' lists it, or its path.

    \b
    Examples:
      session-cli conflicts restore FILE
      session-cli conflicts restore FILE --as-new
    """
    store = Store(location, console.warn)
    try:
        kept = find_kept(store.folder, store.type, file)
    except OSError as error:
        raise unreadable(error) from None
    state = restore_as_new(store, kept) if as_new else restore_kept(store, kept)
    start_push(store)
    answer_text(f"{state['session_id']} at step {printable(str(state.get('step')))}")
    return 0
