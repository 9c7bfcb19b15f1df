"""What the hub writes: named statements, committed together by the one thing that writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

# a row of either engine: `row["version"]`
Row = Any


class Statement(NamedTuple):
    """A statement of the engine's file, by name. `:now` is the writer's.

    One that guards refuses the whole write when it changes no row. What is `known` of the row that
    it returns need not be returned: it is added.
    """

    name: str
    params: Mapping[str, object]
    guards: bool = False
    known: Mapping[str, object] | None = None


class Stale(Exception):
    """What the write was decided on has changed meanwhile; nothing was written."""


class Unwritable(Exception):
    """The database takes no writes now (its disk is full, or it is gone); nothing was promised."""


class Writer(Protocol):
    """The only thing that writes. Writes that wait at the same time are committed together."""

    async def put(self, *statements: Statement) -> list[Row]:
        """Writes all or nothing; returns after the commit the first row each returned, or None.

        Raises Stale or Unwritable.
        """
