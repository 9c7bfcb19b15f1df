"""What `sync` does and prints, without Click: a plain `sync` does not wait for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli import console
from session_cli.commands._output import answer_json, answer_text
from session_cli.commands._sync import refuse_other_type
from session_cli.errors import Refused, printable
from session_cli.store.store import Store
from session_cli.sync import plan
from session_cli.sync.connection import connected
from session_cli.sync.exchange import Outcome, sync_all, sync_named
from session_cli.sync.status import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_cli.store import Location


def run_sync(location: Location, session_id: str | None, with_all: bool, as_json: bool) -> int:
    """Syncs that session, or all that are here; prints what it did, and how it stands if that is
    worth a word. The exit code.
    """
    refuse_other_type(location)
    store = Store(location, console.warn)
    with connected(store) as connection:
        if session_id is not None:
            found: Iterator[Outcome] = iter([sync_named(store, connection, session_id)])
        else:
            found = sync_all(store, connection, is_asked=with_all)
        outcomes = []
        for outcome in found:
            outcomes.append(outcome)
            if not as_json:
                _report(outcome)
    if as_json:
        answer_json([_as_json(each) for each in outcomes])
    elif not any(_is_told(each) for each in outcomes):
        answer_text("everything is synced")
    needs_you = any(each.word == plan.NEEDS_YOU for each in outcomes)
    return Refused.exit_code if needs_you else 0


def _report(outcome: Outcome) -> None:
    if outcome.did:
        answer_text(f"{outcome.did} {outcome.session_id}")
    if outcome.word != plan.SYNCED or outcome.detail:
        console.warn(f"{outcome.session_id}: {line(outcome.state, printable(outcome.detail))}")


def _is_told(outcome: Outcome) -> bool:
    return bool(outcome.did or outcome.detail) or outcome.word != plan.SYNCED


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "session_id": outcome.session_id,
        "id": outcome.id,
        "state": outcome.word,
        "why": outcome.state,
        "did": outcome.did or None,
        "detail": outcome.detail or None,
        "kept": outcome.kept,
    }
