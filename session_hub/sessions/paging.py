"""Pages of a list: how many rows, and the cursor that says where the next page begins."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlencode

import orjson

from session_hub import limits
from session_hub.problems import Problem


def read_limit(query: Mapping[str, str]) -> int:
    """How many rows at most; raises Problem."""
    limit = query.get("limit", str(limits.PAGE))
    number = int(limit) if re.fullmatch("[0-9]{1,3}", limit) else 0
    if not 1 <= number <= limits.LARGEST_PAGE:
        raise Problem("invalid-request", f"limit is a number from 1 to {limits.LARGEST_PAGE}.")
    return number


def encode(place: tuple[object, ...], query: Mapping[str, str]) -> str:
    """The cursor of what comes after that place."""
    return base64.urlsafe_b64encode(orjson.dumps([*place, _digest(query)])).decode().rstrip("=")


def decode(query: Mapping[str, str], *types: type) -> tuple[object, ...] | None:
    """The place in the query's cursor, of those types; None for the first page. Raises Problem."""
    cursor = query.get("cursor")
    if cursor is None:
        return None
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    if (
        not isinstance(place, list)
        or [type(each) for each in place] != [*types, str]
        or place[-1] != _digest(query)
    ):
        raise Problem(
            "invalid-request",
            "The cursor is not of this list: ask for its first page, without a cursor.",
        )
    return tuple(place[:-1])


def _digest(query: Mapping[str, str]) -> str:
    """A cursor belongs to its filters."""
    filters = sorted((key, value) for key, value in query.items() if key not in ("cursor", "limit"))
    return hashlib.sha256(orjson.dumps(filters)).hexdigest()[:8]


def link(path: str, query: Mapping[str, str], cursor: str | None) -> list[tuple[str, str]]:
    """The Link header of the next page, if there is one."""
    if cursor is None:
        return []
    return [("link", f'<{path}?{urlencode({**query, "cursor": cursor})}>; rel="next"')]
