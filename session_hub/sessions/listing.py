"""The list of what the caller may see, newest first, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from session_hub import limits
from session_hub.access import Actor, can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import paging
from session_hub.sessions.summary import STATUSES, summarize
from session_hub.stores import Store
from session_hub.writer import Row

PARAMETERS = ("status", "user", "cluster", "team", "mine", "stale", "limit", "cursor")
Reason = tuple[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked for: the filters of the statements, and how many rows at most."""

    filters: dict[str, object]
    completions: tuple[int, ...]
    only_mine: bool
    limit: int


async def list_sessions(call: Call) -> Answer:
    """GET /api/v1/sessions/import: summaries, and the cursor of the next page."""
    query = call.query(*PARAMETERS)
    at = now()
    rows, cursor = await read_page(call.hub.store, call.actor, query, at)
    return as_json(
        as_page(rows, cursor, call.actor, at, call.hub.epoch),
        headers=paging.link(call.scope["path"], query, cursor),
    )


async def read_page(
    store: Store, actor: Actor, query: Mapping[str, str], at: float
) -> tuple[list[Row], str | None]:
    """The rows of the page that the query asks for, and the cursor of the next; raises Problem."""
    page = _read(query, at)
    rows = await _list(store, actor, page, at)
    shown, more = rows[: page.limit], rows[page.limit :]
    place = (shown[-1]["created_at"], shown[-1]["id"]) if more else None
    return shown, paging.encode(place, query) if place else None


def as_page(
    rows: list[Row], cursor: str | None, actor: Actor, at: float, epoch: str
) -> dict[str, object]:
    """A page as the hub answers it."""
    items = [summarize(row, actor, at) for row in rows]
    return {"items": items, "next_cursor": cursor, "epoch": epoch}


def _read(query: Mapping[str, str], at: float) -> Page:
    status = query.get("status", "active")
    if status not in (*STATUSES, "all"):
        raise Problem("invalid-request", f"status is one of {', '.join(STATUSES)}, all.")
    flags = {name: _flag(query, name) for name in ("mine", "stale")}
    limit = paging.read_limit(query)
    cursor_at, cursor_id = paging.decode(query, float, str) or (None, None)
    return Page(
        {
            "cursor_at": cursor_at,
            "cursor_id": cursor_id,
            **_bounds(status, flags["stale"], at),
            "owner": query.get("user"),
            "cluster": query.get("cluster"),
            "team": query.get("team"),
            # one more tells whether there is a next page
            "limit": limit + 1,
        },
        {"complete": (1,), "all": (0, 1)}.get(status, (0,)),
        flags["mine"] is True,
        limit,
    )


def _flag(query: Mapping[str, str], name: str) -> bool | None:
    value = query.get(name)
    if value not in (None, "true", "false"):
        raise Problem("invalid-request", f"{name} is true or false.")
    return None if value is None else value == "true"


def _bounds(status: str, stale: bool | None, at: float) -> dict[str, object]:
    """A failed import is active, too: it is the one that somebody may have to finish."""
    archived, staled = at - limits.ARCHIVED_AFTER, at - limits.STALE_AFTER
    after = [archived] if status in ("active", "error") else []
    before = [archived] if status == "archived" else []
    after += [staled] if stale is False else []
    before += [staled] if stale is True else []
    return {
        "updated_after": max(after, default=None),
        "updated_before": min(before, default=None),
        "has_error": 1 if status == "error" else None,
    }


async def _list(store: Store, actor: Actor, page: Page, at: float) -> list[Row]:
    """Each reason to see a session has an index of its own; their lists are merged here."""
    lists = [
        await store.all(name, **params, **page.filters, is_complete=completion)
        for name, params in _reasons(actor, page.only_mine)
        for completion in page.completions
    ]
    merged = heapq.merge(*lists, key=lambda row: (-row["created_at"], _descending(row["id"])))
    visible = (row for row in _each_once(merged) if can(actor, "summarize", row, at))
    return list(islice(visible, page.limit + 1))


def _reasons(actor: Actor, only_mine: bool) -> list[Reason]:
    me: dict[str, object] = {"org_id": actor.org_id, "user_id": actor.user_id}
    reasons: list[Reason] = [("list_mine", me)]
    if only_mine:
        return reasons
    reasons += [("list_of_team", {"team_id": team}) for team in sorted(actor.teams)]
    if actor.is_admin:
        reasons.append(("list_of_org", {"org_id": actor.org_id}))
    return [*reasons, ("list_offered", me)]


def _descending(text: str) -> tuple[int, ...]:
    return tuple(-ord(char) for char in text)


def _each_once(rows: Iterable[Row]) -> Iterable[Row]:
    seen: set[str] = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row
