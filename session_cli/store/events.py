"""What was done to sessions without being asked each time: a line each in `events.jsonl`."""

from __future__ import annotations

from session_cli.document import quote
from session_cli.store.files import reason
from session_cli.times import now, utc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from session_cli.store.store import Store


def log(store: Store, event: str, session_id: str, why: str) -> None:
    """Notes an event; what cannot be noted is told, and is no failure."""
    members = {"at": utc(now()), "event": event, "session_id": session_id, "why": why}
    line = ", ".join(f"{quote(key)}: {quote(value)}" for key, value in members.items())
    try:
        store.folder.log_event(f"{{{line}}}\n".encode())
    except OSError as error:
        store.say(f"{store.folder.at('events.jsonl')} could not be written: {reason(error)}")
