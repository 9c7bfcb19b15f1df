"""How a TUI begins: the table of what was asked for, what was found and who is there."""

from __future__ import annotations

from typing import Any

import pytest
from builders import make_state

from session_cli.errors import NoSession, SessionError, Unreadable
from session_cli.workflow.start import ASK, NEW, RESUME, SHOW, choose_start

HALF = make_state()
COMPLETE = make_state(step="complete")
NEWER = make_state(version="2.0")
NEWER_COMPLETE = make_state(version="2.0", step="complete")
UNKNOWN_STEP = make_state(step="a step of somebody else")

# asked for, found, somebody to ask -> the choose_start, or why there is none
TABLE: list[tuple[str | None, dict[str, Any] | None, bool, str | type[SessionError]]] = [
    (None, None, True, NEW),
    (None, None, False, NEW),
    (None, HALF, True, ASK),
    (None, HALF, False, RESUME),
    (None, UNKNOWN_STEP, True, ASK),
    (None, UNKNOWN_STEP, False, RESUME),
    (None, {}, True, ASK),
    (None, COMPLETE, True, SHOW),
    (None, COMPLETE, False, NEW),
    (None, NEWER, True, Unreadable),
    (None, NEWER, False, Unreadable),
    (None, NEWER_COMPLETE, False, Unreadable),
    (RESUME, None, True, NoSession),
    (RESUME, None, False, NoSession),
    (RESUME, HALF, True, RESUME),
    (RESUME, HALF, False, RESUME),
    (RESUME, COMPLETE, True, SHOW),
    (RESUME, COMPLETE, False, SHOW),
    (RESUME, NEWER, False, Unreadable),
    (NEW, None, True, NEW),
    (NEW, HALF, True, NEW),
    (NEW, HALF, False, NEW),
    (NEW, COMPLETE, False, NEW),
    (NEW, NEWER, True, NEW),
]


@pytest.mark.parametrize(("asked", "found", "can_ask", "expected"), TABLE)
def test_a_tui_begins_as_asked_and_as_found(
    asked: str | None,
    found: dict[str, Any] | None,
    can_ask: bool,
    expected: str | type[SessionError],
) -> None:
    if isinstance(expected, str):
        assert choose_start(asked, found, can_ask) == expected
    else:
        with pytest.raises(expected) as refusal:
            choose_start(asked, found, can_ask)
        # what to type next
        assert any(word in str(refusal.value) for word in ("--new", "map-import", "upgrade"))
