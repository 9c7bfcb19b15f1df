"""Reading the audit trail, newest first: the owner's of a session, an administrator's of all."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from session_cli import times
from session_cli.names import uuid7
from session_hub import limits
from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import finding, paging
from session_hub.sessions.summary import rfc3339
from session_hub.writer import Row

PARAMETERS = ("since", "limit", "cursor")


async def list_of_session(call: Call) -> Answer:
    """GET /{id}/audit: what was done to the session, by whom."""
    query = call.query(*PARAMETERS)
    session = await finding.find(call, "audit")
    rows, cursor = await _read(call, query, "list_records_of_session", id=session["id"])
    return _answer(call, query, [_describe(row) for row in rows], cursor)


async def list_of_org(call: Call) -> Answer:
    """GET /api/v1/audit: what was done in the organization, for its administrators.

    Of a session that the administrator does not see it says who did what, and when; the details,
    such as the cluster, are the owner's.
    """
    query = call.query(*PARAMETERS)
    if not call.actor.is_admin:
        raise Problem("forbidden", "Only an administrator of the organization reads its audit.")
    rows, cursor = await _read(call, query, "list_records_of_org", org_id=call.actor.org_id)
    shown = await _find_visible(call, {row["id"] for row in rows} - {None})
    items = [
        {
            **_describe(row),
            "token": row["token_id"],
            "address": row["address"],
            **({} if row["id"] is None or row["id"] in shown else {"detail": None}),
        }
        for row in rows
    ]
    return _answer(call, query, items, cursor)


async def _read(
    call: Call, query: Mapping[str, str], name: str, **of: object
) -> tuple[list[Row], str | None]:
    limit, since = paging.read_limit(query), _read_since(query)
    (cursor,) = paging.decode(query, str) or (None,)
    rows = await call.hub.store.all(name, **of, **_bounds(since), cursor=cursor, limit=limit + 1)
    shown, more = rows[:limit], rows[limit:]
    return shown, paging.encode((shown[-1]["audit_id"],), query) if more else None


def _read_since(query: Mapping[str, str]) -> float:
    if "since" not in query:
        return 0.0
    since = times.parse(query["since"])
    if since is None:
        raise Problem("invalid-request", "since is a time such as 2026-01-09T14:30:22Z.")
    return since


def _bounds(since: float) -> dict[str, object]:
    """A record's id has the time at which it was decided on, a little before it was written."""
    earliest = max(0.0, since - limits.MINUTE)
    return {"since": since, "since_id": uuid7(earliest, bytes(10))}


async def _find_visible(call: Call, ids: set[str]) -> set[str]:
    at, visible = now(), set()
    for unique in ids:
        session = await call.hub.store.one("find_session", id=unique)
        if session is not None and can(call.actor, "summarize", session, at):
            visible.add(unique)
    return visible


def _describe(row: Row) -> dict[str, object]:
    return {
        "id": row["audit_id"],
        "at": rfc3339(row["at"]),
        "actor": row["actor"],
        "action": row["action"],
        "session": row["id"],
        "version": row["version"],
        "device": row["device"],
        "detail": orjson.loads(row["detail"]),
    }


def _answer(
    call: Call, query: Mapping[str, str], items: list[dict[str, object]], cursor: str | None
) -> Answer:
    return as_json(
        {"items": items, "next_cursor": cursor},
        headers=paging.link(call.scope["path"], query, cursor),
    )
