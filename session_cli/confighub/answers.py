"""Reads the JSON that cub answers with, whatever is in it.

Releases differ in how they spell a member (SpaceID, spaceID, spaceId), in what they wrap a list in,
and in whether a row has its facts inside an entity or beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from session_cli.confighub.cub import NoAnswer

Row = dict[str, Any]
# a larger number is no count of anything in ConfigHub
MOST_THINGS = 10**9


def rows_in(answer: Any) -> Iterator[Row]:
    """The objects of a list, bare or wrapped in an object as some releases do.

    Some releases write an empty list as null. NoAnswer when there is no list at all.
    """
    if isinstance(answer, dict):
        problem = text_at(answer, "Message") or text_at(answer, "Error")
        if problem:
            raise NoAnswer(f"cub printed an error instead of a list: {problem}")
        lists = [value for value in answer.values() if value is None or isinstance(value, list)]
        if not lists:
            raise NoAnswer("cub printed something other than a list")
        answer = next((value for value in lists if value is not None), None)
    if isinstance(answer, list):
        yield from (each for each in answer if isinstance(each, dict))
    elif answer is not None:
        raise NoAnswer("cub printed something other than a list")


def member(answer: Any, *path: str) -> Any:
    """The member at `path`, in whatever case its names are written; None when there is none."""
    for name in path:
        if not isinstance(answer, dict):
            return None
        by_name = {key.lower(): value for key, value in answer.items()}
        answer = by_name.get(name.lower())
    return answer


def text_at(answer: Any, *path: str) -> str:
    """The text at `path`, else ""."""
    value = member(answer, *path)
    # an unpaired surrogate could never be saved
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def count_at(answer: Any, *path: str) -> int | None:
    """The number of things at `path`; None when this release does not say."""
    return _count(member(answer, *path))


def total_at(answer: Any, *path: str) -> int | None:
    """The sum of the numbers in the object at `path`; None when this release does not say."""
    numbers = member(answer, *path)
    if not isinstance(numbers, dict):
        return None
    return sum(_count(each) or 0 for each in numbers.values())


def texts_at(answer: Any, *path: str) -> dict[str, str]:
    """Those members of the object at `path` that are texts, as they are spelled."""
    members = member(answer, *path)
    items = members.items() if isinstance(members, dict) else ()
    return {key: text for key, text in items if isinstance(text, str)}


def fact_of(row: Row, entity: str, name: str) -> str:
    """A text that stands inside the entity of a row (`Unit`), or in the row itself."""
    return text_at(row, entity, name) or text_at(row, name)


def slug_of(row: Row, entity: str) -> str:
    """The slug of the entity of a row, else ""."""
    return fact_of(row, entity, "Slug")


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < MOST_THINGS else None
