"""Decides how a TUI starts, by what was asked for and what was found. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.document import is_newer
from session_cli.errors import NoSession, Unreadable
from session_cli.steps import COMPLETE

if TYPE_CHECKING:
    from session_cli.document import Document

RESUME, NEW, ASK, SHOW = "resume", "new", "ask", "show"


def choose_start(
    asked: str | None, found: Document | None, can_ask: bool, called: str = "session-cli map-import"
) -> str:
    """RESUME, NEW, ASK, or SHOW for a session that is complete already.

    `asked` is RESUME, NEW or None; `called` is the command that starts an import. NoSession when
    there is nothing to resume; Unreadable for a session of a newer version, unless a new one was
    asked for.
    """
    if asked == NEW or (asked is None and found is None):
        return NEW
    if found is None:
        raise NoSession(
            f"there is no session to resume; start one with {called},"
            " or look for earlier ones with 'session-cli list --all'"
        )
    if is_newer(found):
        raise Unreadable(
            "the session was written by a newer version; upgrade session-cli,"
            f" or start over with {called} --new"
        )
    if found.get("step") == COMPLETE:
        return SHOW if asked == RESUME or can_ask else NEW
    return RESUME if asked == RESUME or not can_ask else ASK
