"""The sessions, and the snapshots of one, as `list` and `history` show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli import console
from session_cli.commands._output import answer_text
from session_cli.errors import SessionError, Unreadable
from session_cli.store import lease
from session_cli.store.catalog import history, list_sessions
from session_cli.store.files import reason
from session_cli.store.latest import Latest, Readable
from session_cli.text.summary import summary
from session_cli.text.tables import session_table, snapshot_table
from session_cli.times import now
from session_cli.workflow.state import SessionState

if TYPE_CHECKING:
    from session_cli.store import Location
    from session_cli.store.catalog import Session
    from session_cli.store.latest import Found

Facts = dict[str, Any]


def session_facts(location: Location) -> list[Facts]:
    """The facts of each session, newest first; what cannot be read is reported."""
    latest = Latest(location, console.warn)
    found, sessions = _read(latest) if location.folder else (None, [])
    latest_id = found.session_id if isinstance(found, Readable) else None
    held, at = lease.held_sessions(latest.folder), now()
    return [
        _facts(session, at, session.session_id == latest_id, session.session_id in held)
        for session in sessions
    ]


def show_sessions(found: list[Facts], with_archived: bool) -> None:
    """Prints the sessions as a table; where it would be empty, warns of the reason."""
    shown = found if with_archived else [each for each in found if not each["archived"]]
    if shown:
        answer_text(session_table(shown))
    elif found:
        console.warn(f"all {len(found)} are archived; 'session-cli list --all' shows them")
    else:
        console.warn("there is no session yet; 'session-cli map-import' starts one")


def snapshot_facts(location: Location, session_id: str | None) -> list[Facts]:
    """The facts of each intact snapshot of a session, or of the latest one."""
    latest = Latest(location, console.warn)
    return [
        {
            **summary(SessionState(state), latest.session_id(state, snapshot.name), now()),
            "file": snapshot.path,
        }
        for snapshot, state in history(latest, session_id)
    ]


def show_snapshots(found: list[Facts]) -> None:
    """Prints the snapshots as a table."""
    answer_text(snapshot_table(found))


def _read(latest: Latest) -> tuple[Found | None, list[Session]]:
    """The latest session and all sessions; raises Unreadable for a folder that cannot be read."""
    try:
        if not latest.folder.is_there():
            return None, []
        found = _find(latest)
        return found, list_sessions(latest, found)
    except OSError as error:
        place = error.filename or latest.folder.path
        raise Unreadable(f"cannot read {place}: {reason(error)}") from None


def _find(latest: Latest) -> Found | None:
    """The latest session; a broken pointer is reported, and the list helps to repair it."""
    try:
        return latest.find()
    except SessionError as error:
        console.warn(str(error))
        return None


def _facts(session: Session, at: float, is_latest: bool, is_held: bool) -> dict[str, Any]:
    facts = summary(SessionState(session.state), session.session_id, at)
    facts.update(
        latest=is_latest,
        archived=session.is_archived,
        open=is_held,
        snapshots=len(session.snapshots),
    )
    return facts
