"""What the verbs have in common that let others at a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from session_cli import console
from session_cli.commands._hub import refusal_of
from session_cli.commands._sync import refuse_other_type, report
from session_cli.errors import Absent, NoSession, Refused, printable
from session_cli.store.catalog import resolve_id
from session_cli.store.store import Store
from session_cli.sync import plan
from session_cli.sync.account import require_account
from session_cli.sync.connection import SESSIONS
from session_cli.sync.copies import read_copy
from session_cli.sync.exchange import sync_one
from session_cli.sync.listing import list_visible
from session_cli.sync.status import line
from session_cli.text.boxes import visible

if TYPE_CHECKING:
    from typing import Any

    from session_cli.document import Document
    from session_cli.store import Location
    from session_cli.sync.connection import Connection
    from session_cli.sync.remote import Answer

# what is in a document and in the log that belongs to it
CONTENT = "its cluster, namespaces, workloads and log"


def open_store(location: Location) -> Store:
    """The sessions, where they are imports and somebody is signed in; raises the error if not."""
    refuse_other_type(location)
    store = Store(location, console.warn)
    require_account(store.folder)
    return store


def name_session(store: Store, session_id: str | None) -> str:
    """The session that is meant, which is here; raises NoSession."""
    wanted = resolve_id(store, session_id)
    if read_copy(store, wanted) is None:
        raise NoSession(
            f"there is no session {wanted} here; 'session-cli list' shows those there are"
        )
    return wanted


def agree(consequence: str, question: str, yes: bool) -> None:
    """Says who will see what, and asks unless told not to; raises Absent for a no."""
    console.warn(consequence)
    if not yes and not _confirm(question):
        raise Absent("nothing was changed; use --yes to skip the prompt")


def _confirm(question: str) -> bool:
    try:
        return click.confirm(visible(question), err=True)
    except click.Abort:
        click.echo(err=True)
        return False


def send_first(store: Store, connection: Connection, session_id: str) -> str:
    """Sends the session as it stands here; its UUID. Raises Refused where that cannot be done."""
    outcome = sync_one(store, connection, session_id)
    if outcome.state not in (plan.CLEAN, plan.CONVERGED):
        stands = line(outcome.state, printable(outcome.detail))
        raise Refused(
            f"{session_id} is not at the hub as it is here ({stands}); 'session-cli sync"
            f" {session_id}' says more"
        )
    report(outcome)
    return outcome.id


def ask(
    connection: Connection, method: str, uuid: str, rest: str, body: Document | None = None
) -> Answer:
    """What the hub answers about a session; raises the error for what is no success."""
    answer = connection.ask(method, f"{SESSIONS}/{uuid}{rest}", body)
    if answer.status not in (200, 204):
        raise refusal_of(connection.remote, answer)
    return answer


def list_offered(connection: Connection) -> list[dict[str, Any]]:
    """The summaries of the sessions that somebody offers to us."""
    seen = list_visible(connection, "status=all")
    return [each for each in seen if _is_offered(connection, each)]


def list_teams(connection: Connection) -> list[str]:
    """The teams that we are in."""
    items = connection.ask("GET", "/api/v1/teams").body.get("items")
    names = [each.get("name") for each in items if isinstance(each, dict)] if items else []
    return [name for name in names if isinstance(name, str)]


def find_offered(connection: Connection, wanted: str) -> dict[str, Any]:
    """The summary of the session that somebody offers to us, by its UUID or its session_id.

    Raises NoSession without one, Refused where the session_id fits two of them.
    """
    found = [
        each for each in list_offered(connection) if wanted in (each["id"], each["session_id"])
    ]
    if not found:
        raise NoSession(
            f"nobody offers you {printable(wanted)}; 'session-cli list --hub' shows what the hub"
            " has for you, and 'session-cli resume' brings what is yours already"
        )
    if len(found) > 1:
        ids = " or ".join(sorted(each["id"] for each in found))
        raise Refused(f"{len(found)} sessions that are offered to you are called that: name {ids}")
    return found[0]


def _is_offered(connection: Connection, summary: dict[str, Any]) -> bool:
    handoff = summary.get("handoff")
    return isinstance(handoff, dict) and handoff.get("to") == connection.user
