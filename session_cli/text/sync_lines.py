"""Whether a session is at the hub, in the lines that people see. Pure.

What is known of it is a `SyncFacts` of `sync.status`: None where nobody is signed in.
"""

from __future__ import annotations

from session_cli import times

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.sync.status import SyncFacts

NOT_SYNCED = "○ Not synced to ConfigHub (offline)"
SYNCED = "✓ Session synced"
# the words by which a person knows that it is their turn
SIGN_IN, NEEDS_YOU = "sign in", "needs you"


_WORDS = {
    "saved here": "○ Saved here, will sync",
    SIGN_IN: "! Sign in to sync",
    NEEDS_YOU: "! Needs you",
}


def sync_line(facts: SyncFacts) -> str:
    """How it stands, in one line."""
    if facts.state == "synced":
        return SYNCED
    if facts.state not in _WORDS:
        return NOT_SYNCED
    # what was begun before somebody signed in is sent when they ask for it
    words = "○ Saved here" if facts.why == "not_sent" else _WORDS[facts.state]
    return f"{words}: {facts.detail}" if facts.detail else words


def sync_lines(facts: SyncFacts | None, now: float) -> list[str]:
    """The lines of an unfinished session."""
    if facts is None:
        return [NOT_SYNCED]
    if facts.at is None:
        return [sync_line(facts)]
    ago = times.ago(times.age(facts.at, now))
    return [
        f"Last upload to ConfigHub: {times.minute(facts.at)} ({ago})",
        sync_line(facts),
    ]


def upload_line(facts: SyncFacts) -> str:
    """The line of a complete session."""
    if facts.state != "synced" or facts.at is None:
        return sync_line(facts)
    return f"Last upload: {times.minute(facts.at)} ✓"


def short_upload_line(facts: SyncFacts | None) -> str:
    """The line of an unfinished session where there is little room."""
    if facts is None:
        return NOT_SYNCED
    if facts.state != "synced" or facts.at is None:
        return sync_line(facts)
    return f"Last upload: {times.minute(facts.at)[11:]} ✓"
