"""A session in the few facts that lists and scripts ask for. Pure: state and time go in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli import steps, times
from session_cli.document import revision_of

if TYPE_CHECKING:
    from session_cli.document import Document


def summary(state: Document, session_id: str, now: float) -> dict[str, Any]:
    """The facts of one state as JSON members; ages in whole seconds, None where unknown."""
    type_, step = _text(state, "type") or "import", _text(state, "step")
    progress = steps.progress(type_, step)
    age = touched_age(state, now)
    return {
        "session_id": session_id,
        "type": type_,
        "step": step,
        "step_label": steps.label(type_, step) if step else None,
        "step_number": progress[0] if progress else None,
        "steps": progress[1] if progress else None,
        "revision": revision_of(state),
        "cluster_context": _text(state, "cluster_context"),
        "created_at": _text(state, "created_at"),
        "updated_at": _text(state, "updated_at"),
        "resumed_at": _text(state, "resumed_at"),
        "age_seconds": None if age is None else int(age),
        "stale": age is None or age > times.DAY,
    }


def touched_age(state: Document, now: float) -> float | None:
    """Seconds since the session was last saved or resumed; None when nobody knows."""
    return times.age(times.later(state.get("updated_at"), state.get("resumed_at")), now)


def _text(state: Document, key: str) -> str | None:
    """A string of the state, fit to be encoded; None for anything else."""
    value = state.get(key)
    if not isinstance(value, str):
        return None
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
