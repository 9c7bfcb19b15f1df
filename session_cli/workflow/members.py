"""JSON as typed values, whatever it holds.

Another program may have written a state, or a person may have edited it: any JSON may be anywhere.
It is checked here and nowhere else. What is missing and what has the wrong type read the same: as
None where an empty value means something, else as an empty value or 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from session_cli import times

Self = TypeVar("Self", bound="Members")

# Python refuses to print the longest integers that a file can hold
LARGEST_COUNT = 10**18


class Members:
    """The members of a JSON object, each read as the type that it should have."""

    def __init__(self, members: object) -> None:
        self.members: dict[str, Any] = members if isinstance(members, dict) else {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Members) and self.members == other.members

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.members})"

    def replace(self: Self, **members: Any) -> Self:
        """A copy with these members changed."""
        return type(self)({**self.members, **members})

    def text(self, key: str) -> str:
        """The string at `key`; "" for anything else."""
        return self.text_or_none(key) or ""

    def text_or_none(self, key: str) -> str | None:
        """The string at `key`; None for anything else."""
        value = self.members.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> list[str]:
        """The strings in the list at `key`."""
        return [each for each in self.array(key) if isinstance(each, str)]

    def number(self, key: str) -> int | None:
        """The count at `key`; None for anything else, also for a negative number."""
        value = self.members.get(key)
        return value if type(value) is int and 0 <= value < LARGEST_COUNT else None

    def count(self, key: str) -> int:
        """The count at `key`, or the length of the list there; 0 for anything else."""
        return len(self.array(key)) or self.number(key) or 0

    def flag(self, key: str) -> bool | None:
        """True or false at `key`; None for anything else."""
        value = self.members.get(key)
        return value if isinstance(value, bool) else None

    def moment(self, key: str) -> float | None:
        """The time at `key`, in seconds since 1970."""
        return times.parse(self.members.get(key))

    def array(self, key: str) -> Sequence[Any]:
        """The list at `key`; empty for anything else."""
        value = self.members.get(key)
        return value if isinstance(value, list) else []

    def objects(self, key: str) -> Iterator[dict[str, Any]]:
        """The JSON objects in the list at `key`."""
        return (each for each in self.array(key) if isinstance(each, dict))

    def has_object(self, key: str) -> bool:
        """Whether there is a JSON object at `key`, even an empty one."""
        return isinstance(self.members.get(key), dict)

    def has_array(self, key: str) -> bool:
        """Whether there is a list at `key`, even an empty one."""
        return isinstance(self.members.get(key), list)

    def strings(self, key: str) -> dict[str, str]:
        """Those members of the object at `key` that are strings."""
        inner = Members(self.members.get(key)).members
        return {name: text for name, text in inner.items() if isinstance(text, str)}
