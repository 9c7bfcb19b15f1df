"""What the hub wants of a store; each engine has a folder of its own."""

from __future__ import annotations

from typing import Protocol

from session_hub.writer import Row, Writer


class Store(Protocol):
    """Statements by name, as the engine's file has them; `:now` is given to all."""

    @property
    def writer(self) -> Writer:
        """The only thing that writes."""

    async def one(self, name: str, /, **params: object) -> Row | None:
        """The first row of a statement that is found by a key; raises Unwritable when the database
        cannot be used.
        """

    async def all(self, name: str, /, **params: object) -> list[Row]:
        """All rows of a statement."""

    @property
    def is_damaged(self) -> bool:
        """Whether something in it could not be read."""

    def free_bytes(self) -> int:
        """How much room is left for what is written."""

    def close(self) -> None:
        """Ends what it has open, after what is being written."""
