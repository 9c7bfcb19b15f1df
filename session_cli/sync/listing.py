"""The sessions at the hub as it lists them: summaries, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from session_cli.names import parse_id
from session_cli.store import SYNCED_TYPE
from session_cli.store.sidecar import is_uuid
from session_cli.sync.connection import SESSIONS
from session_cli.sync.remote import HubUnavailable

if TYPE_CHECKING:
    from typing import Any

    from session_cli.sync.connection import Connection

PAGE = 200
# a hundred thousand sessions; a hub that names page after page without an end is none
MOST_PAGES = 500


def list_visible(connection: Connection, query: str) -> Iterator[dict[str, Any]]:
    """The summaries of the sessions that we may see, and that have all of what sessions have.

    `query` chooses among them, as the hub's list wants it. Raises what `Connection.ask` raises.
    """
    cursor: Any = ""
    for _ in range(MOST_PAGES):
        more = f"&cursor={cursor}" if cursor else ""
        answer = connection.ask("GET", f"{SESSIONS}?{query}&limit={PAGE}{more}")
        items = answer.body.get("items")
        if answer.status != 200 or not isinstance(items, list):
            raise HubUnavailable(f"{connection.account.url} did not list its sessions")
        yield from (each for each in items if is_summary(each))
        cursor = answer.body.get("next_cursor")
        if not _is_cursor(cursor):
            return
    raise HubUnavailable(f"{connection.account.url} does not come to an end with its sessions")


def _is_cursor(cursor: Any) -> bool:
    """Whether it names another page; what could not stand in an address names none."""
    is_text = isinstance(cursor, str) and 0 < len(cursor) <= 1000 and cursor.isascii()
    return is_text and not set(cursor) & set(" &#?%+/") and cursor.isprintable()


def is_summary(item: Any) -> bool:
    """Whether it is a summary with all that is read of one."""
    return (
        isinstance(item, dict)
        and is_uuid(item.get("id"))
        and parse_id(SYNCED_TYPE, item.get("session_id")) is not None
        and all(isinstance(item.get(key), dict) for key in ("owner", "writer"))
    )
