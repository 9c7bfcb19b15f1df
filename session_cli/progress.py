"""How long work reports its progress."""

from __future__ import annotations

from typing import Any, Protocol


class Progress(Protocol):
    """Receives the reports of long work."""

    def say(self, text: str) -> None:
        """One thing that happened."""

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        """How much of the total is done, and what is being done now; `unit` is `s` for seconds."""

    def save(self, data: dict[str, Any]) -> None:
        """DATA to save; several within a second may be merged into one."""


def joined(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """The DATA of both, where they differ that of `then`; a null in it stays, for it removes."""
    both = {**first, **then}
    for key in first.keys() & then.keys():
        if isinstance(first[key], dict) and isinstance(then[key], dict):
            both[key] = joined(first[key], then[key])
    return both
