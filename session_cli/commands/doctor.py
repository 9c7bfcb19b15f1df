"""Checks the sessions folder, and repairs it when asked to."""

from __future__ import annotations

import click

from session_cli import console
from session_cli.commands._options import json_option
from session_cli.commands._output import answer_json, answer_text
from session_cli.errors import Absent, SessionError
from session_cli.store import Location
from session_cli.store.doctor import diagnose, fix
from session_cli.store.store import Store
from session_cli.text.boxes import visible


@click.command("doctor", short_help="Look for what is wrong.")
@click.option("--fix", "is_fix", is_flag=True, help="Repair what can be repaired.")
@json_option
@click.pass_obj
def command(location: Location, is_fix: bool, as_json: bool) -> int:
    """Look for what is wrong, changing nothing. Exits with 1 when something is.

    \b
    Examples:
      session-cli doctor
      session-cli doctor --fix
    """
    store = Store(location, console.warn)
    if is_fix:
        _fix(store)
    findings = diagnose(store)
    if as_json:
        answer_json([{key: visible(text) for key, text in vars(each).items()} for each in findings])
    elif findings:
        answer_text("\n".join(visible(f"{f.path}: {f.what}; {f.advice}") for f in findings))
    else:
        answer_text(f"nothing is wrong with {visible(store.folder.path or 'your sessions')}")
    return Absent.exit_code if findings else 0


def _fix(store: Store) -> None:
    """Repairs; what prevents that is reported, and shows up among the findings."""
    try:
        fix(store)
    except SessionError as error:
        console.warn(str(error))
