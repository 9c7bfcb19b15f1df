"""Reads the objects that kubectl prints as JSON, whatever is in them.

A member that is absent or of another type reads as empty, so that one odd object spoils no answer.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def member(value: object, *path: str) -> Any:
    """The member at `path`, such as `"metadata", "name"`; None when there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def object_at(value: object, *path: str) -> Object:
    """The object at `path`, else an empty one."""
    found = member(value, *path)
    return found if isinstance(found, dict) else {}


def objects_at(value: object, *path: str) -> list[Object] | None:
    """The list at `path`, without items that are not objects; None when there is no list."""
    found = member(value, *path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else None


def text_at(value: object, *path: str) -> str:
    """The text at `path`, else ""."""
    found = member(value, *path)
    return found if isinstance(found, str) else ""


def texts_at(value: object, *path: str) -> dict[str, str]:
    """Those members of the object at `path` that are texts: labels, annotations."""
    items = object_at(value, *path).items()
    return {key: text for key, text in items if isinstance(text, str)}


def count_at(value: object, *path: str, absent: int = 0) -> int:
    """The number at `path`, else `absent`."""
    found = member(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else absent


def identity_of(live: Object) -> tuple[str, str, str]:
    """(namespace, kind, name) of an object, as `Record.identity` in `workflow.state`."""
    return text_at(live, "metadata", "namespace"), text_at(live, "kind"), name_of(live)


def name_of(live: Object) -> str:
    """The name of an object, else ""."""
    return text_at(live, "metadata", "name")
