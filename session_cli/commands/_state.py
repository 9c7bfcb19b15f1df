"""The state that a verb is about: that of the latest session, or one in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from session_cli import console
from session_cli import document as doc
from session_cli.errors import BadInput, NoSession
from session_cli.store import Location
from session_cli.store.latest import Binding, Latest, Readable
from session_cli.workflow.state import ImportState

from_option = click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the state or DATA to read, in place of the latest session.",
)


def state_of(
    location: Location,
    source: Path | None = None,
    session: str | None = None,
    if_revision: int | None = None,
) -> ImportState:
    """The state in a file, else that of the latest session, if that is the one that is meant."""
    if source:
        return ImportState(read_json(source))
    found = Latest(location, console.warn).read()
    Binding(session, if_revision).check(found)
    if not isinstance(found, Readable):
        raise NoSession("there is no session; start one with './test/atk/map-import'")
    return ImportState(found.state)


def read_json(path: Path) -> Any:
    """What a file of the caller's holds; raises BadInput when it is not JSON."""
    try:
        return json.loads(path.read_bytes(), parse_int=doc.parse_integer)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}") from None


def read_lines(path: Path) -> list[str]:
    """The lines of a file of the caller's; raises BadInput when it is not text."""
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8") from None
