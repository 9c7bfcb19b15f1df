"""A session in the few facts that lists and scripts ask for. Pure: state and time go in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli import steps, times

if TYPE_CHECKING:
    from session_cli.workflow.state import SessionState


def summary(state: SessionState, session_id: str, now: float) -> dict[str, Any]:
    """The facts of one state as JSON members; ages in whole seconds, None where unknown."""
    type_, step = _text(state, "type") or "import", _text(state, "step")
    progress = steps.progress(type_, step)
    age = times.age(state.touched_at, now)
    return {
        "session_id": session_id,
        "type": type_,
        "step": step,
        "step_label": steps.label(type_, step) if step else None,
        "step_number": progress[0] if progress else None,
        "steps": progress[1] if progress else None,
        "revision": state.revision,
        "cluster_context": _text(state, "cluster_context"),
        "created_at": _text(state, "created_at"),
        "updated_at": _text(state, "updated_at"),
        "resumed_at": _text(state, "resumed_at"),
        "age_seconds": None if age is None else int(age),
        "stale": age is None or age > times.DAY,
    }


def _text(state: SessionState, key: str) -> str | None:
    """A string of the state, fit to be encoded; None for anything else."""
    text = state.text_or_none(key)
    return text if text is None or text.isascii() else text.encode("utf-8", "replace").decode()
