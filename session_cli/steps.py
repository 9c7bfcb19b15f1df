"""The steps of each session type: their names, order and labels, and what a move completes."""

# Every save loads this module: it imports nothing, so that it costs nothing.
from __future__ import annotations

TYPES = {
    "import": {
        "scan": "Scan cluster",
        "review": "Review workloads",
        "select": "Select App Space",
        "connect": "Connect to ConfigHub",
        "worker_connecting": "Worker connecting",
        "targets_waiting": "Waiting for targets",
        "verify": "Verify import",
    },
    "map": {"view": "View"},
    "confighub": {"view": "View"},
}

COMPLETE = "complete"


def position(type_: str, step: str | None) -> int | None:
    """The place of a step in its type, from 0 on, `complete` last; None for an unknown name."""
    names = [*TYPES.get(type_, ()), COMPLETE]
    return names.index(step) if step in names else None


def label(type_: str, step: str) -> str:
    """What a person reads for a step; an unknown name stands for itself."""
    return {**TYPES.get(type_, {}), COMPLETE: "Complete"}.get(step, step)


def progress(type_: str, step: str | None) -> tuple[int, int] | None:
    """(5, 7) for the fifth of seven steps; None for `complete` and for an unknown name."""
    place = position(type_, step)
    if place is None or step == COMPLETE:
        return None
    return place + 1, len(TYPES[type_])


def completed_after(type_: str, completed: list[str], current: str | None, new: str) -> list[str]:
    """The completed steps after a move from the step `current` to the step `new`.

    A move back takes `new` and what follows it off the list; any other move puts the step
    left behind on it.
    """
    here, there = position(type_, current), position(type_, new)
    if here is not None and there is not None and there < here:
        return [step for step in completed if _is_before(type_, step, there)]
    if not current or current == new or current in completed:
        return [*completed]
    return [*completed, current]


def _is_before(type_: str, step: str, place: int) -> bool:
    at = position(type_, step)
    return at is None or at < place
