"""Lists what was replaced and kept, and puts it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from session_cli import console
from session_cli.commands._completion import complete_conflict
from session_cli.commands._group import Group
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.commands._sync import start_push
from session_cli.errors import printable, unreadable
from session_cli.store import Location
from session_cli.store.conflicts import Kept, find_kept, list_kept, restore_as_new, restore_kept
from session_cli.store.sidecar import Sidecar, find_sidecar, list_sidecars, note_sidecar
from session_cli.store.store import Store
from session_cli.sync import plan
from session_cli.text.conflicts import describe_conflict
from session_cli.times import age, now, parse, utc

if TYPE_CHECKING:
    from session_cli.store.latest import Latest

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
        found = [_as_facts(store, each) for each in list_kept(store.folder, store.type)]
    except OSError as error:
        raise unreadable(error) from None
    if as_json:
        answer_json(found)
    elif found:
        answer_text("\n\n".join(describe_conflict(each, location.command) for each in found))
    else:
        console.warn("there are no conflicts")
    _mark_as_read(store)
    return 0


def _as_facts(store: Latest, kept: Kept) -> dict[str, Any]:
    """A copy beside what replaced it, as values."""
    sidecar = find_sidecar(store.folder, kept.session_id) if kept.is_session else None
    newest = store.newest_intact(kept.session_id) if kept.is_session else None
    mine, theirs = kept.state if kept.is_session else None, newest.state if newest else None
    who = _who(sidecar, kept.path)
    lost = plan.known_only_to(mine, theirs) if mine and theirs else []
    return {
        "file": kept.path,
        "kind": "session" if kept.is_session else "data",
        "session_id": kept.session_id,
        "kept_at": utc(kept.at) if kept.at is not None else None,
        "age_seconds": age(kept.at, now()),
        "copy": _side(mine, who.get("mine")),
        "current": _side(theirs, who.get("theirs")),
        "only_in_copy": [printable(each) for each in lost],
    }


def _who(sidecar: Sidecar | None, path: str) -> dict[str, Any]:
    """Whose the two sides were when the copy was made."""
    name = path.rpartition("/")[2]
    found = [each for each in sidecar.conflicts if each.get("file") == name] if sidecar else []
    return found[-1] if found else {}


def _side(state: dict[str, Any] | None, who: object) -> dict[str, Any] | None:
    if state is None:
        return None
    whose = who if isinstance(who, dict) else {}
    updated = parse(state.get("updated_at"))
    return {
        "step": state.get("step"),
        "revision": state.get("revision"),
        "updated_at": state.get("updated_at"),
        "age_seconds": age(updated, now()),
        "user": whose.get("user"),
        "device": whose.get("device"),
    }


def _mark_as_read(store: Store) -> None:
    """A conflict that somebody has read needs them no more."""
    for sidecar in list_sidecars(store.folder):
        if sidecar.state == plan.DIVERGED and sidecar.base and sidecar.answer:
            sidecar.answer = {**sidecar.answer, "state": plan.CLEAN}
            note_sidecar(store.folder, sidecar)


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
