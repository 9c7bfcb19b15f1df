"""What long work reports while it goes on."""

from __future__ import annotations

from typing import Any, Protocol


class Progress(Protocol):
    """Takes reports; whoever does long work calls it."""

    def say(self, text: str) -> None:
        """One thing that happened."""

    def bar(self, done: int, total: int, text: str) -> None:
        """How far it is, and what is being done now."""

    def save(self, data: dict[str, Any]) -> None:
        """DATA that is to be saved; of several within a second, the last one."""
