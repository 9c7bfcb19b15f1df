"""The state that a verb is about: that of the latest session."""

from __future__ import annotations

from session_cli import console
from session_cli.errors import NoSession
from session_cli.store import Location
from session_cli.store.latest import Binding, Latest, Readable
from session_cli.workflow.state import ImportState


def state_of(
    location: Location, session: str | None = None, if_revision: int | None = None
) -> ImportState:
    """The state of the latest session, if that is the one that is meant; else raises NoSession."""
    found = Latest(location, console.warn).read()
    Binding(session, if_revision).check(found)
    if not isinstance(found, Readable):
        raise NoSession("there is no session; start one with 'session-cli map-import'")
    return ImportState(found.state)
