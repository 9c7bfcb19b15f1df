"""Reading sessions: one, the current one, and what was saved before."""

from __future__ import annotations

import re

from session_hub import limits
from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import finding
from session_hub.sessions.summary import Session, etag, rfc3339, summarize
from session_hub.writer import Row

_BASE = re.compile(r'"?([0-9]{1,18})-([0-9a-f]{16})"?')


async def read_session(call: Call) -> Answer:
    """GET /{id}: the summary and the document; `?base=<etag>` asks whether the hub had that."""
    query = call.query("base")
    session = await finding.find(call, "summarize")
    extra: dict[str, object] = {}
    if "base" in query:
        extra["base_known"] = await _is_known(call, session, query["base"])
    elif _is_unchanged(call, session):
        return Answer(304, headers=[("etag", etag(session))])
    if not can(call.actor, "see", session, now()):
        return _answer(call, session, extra)
    return await _answer_with_document(call, session, extra)


async def read_current(call: Call) -> Answer:
    """GET /current: the newest active session that the caller owns or holds."""
    query = call.query("cluster")
    at = now()
    rows = await call.hub.store.all(
        "list_current",
        org_id=call.actor.org_id,
        user_id=call.actor.user_id,
        archived_before=at - limits.ARCHIVED_AFTER,
        cluster=query.get("cluster"),
    )
    rows = [row for row in rows if can(call.actor, "see", row, at)]
    if not rows:
        raise Problem("no-active-session", "You have no active session.")
    if _is_unchanged(call, rows[0]):
        return Answer(304, headers=[("etag", etag(rows[0]))])
    return await _answer_with_document(call, rows[0], {"others": len(rows) - 1})


async def _is_known(call: Call, session: Session, base: str) -> bool:
    match = _BASE.fullmatch(base)
    if not match:
        raise Problem("invalid-request", 'base is an ETag as the hub gave it, such as "7-0a1b…".')
    version, sha16 = int(match[1]), match[2]
    if (version, sha16) == (session["version"], session["sha256"][:16]):
        return True
    row = await call.hub.store.one("find_base", id=session["id"], version=version, sha16=sha16)
    return row is not None


def _is_unchanged(call: Call, session: Session) -> bool:
    """Compared weakly (RFC 9110, 13.1.2): a proxy that compresses makes a weak ETag of ours."""
    given = call.headers.get("if-none-match", "")
    known = [each.strip().removeprefix("W/") for each in given.split(",")]
    return known == ["*"] or etag(session) in known


def _answer(call: Call, session: Session, extra: dict[str, object]) -> Answer:
    summary = summarize(session, call.actor, now())
    return as_json({**summary, **extra}, headers=[("etag", etag(session))])


async def _answer_with_document(call: Call, session: Session, extra: dict[str, object]) -> Answer:
    row = await finding.find_with_document(call, session["id"])
    return _answer(call, row, {**extra, "document": row["document"].decode()})


async def read_document(call: Call) -> Answer:
    """GET /{id}/document: the state file, byte for byte."""
    call.query()
    session = await finding.find(call, "see")
    row = await call.hub.store.one("find_document", id=session["id"])
    return await _answer_bytes(call, session, row)


async def list_versions(call: Call) -> Answer:
    """GET /{id}/versions: what was kept of earlier saves, newest first."""
    call.query()
    session = await finding.find(call, "see")
    rows = await call.hub.store.all("list_versions", id=session["id"])
    return as_json({"items": [_describe(row) for row in rows]})


def _describe(row: Row) -> dict[str, object]:
    return {
        "version": row["version"],
        "etag": etag(row),
        "sha256": row["sha256"],
        "step": row["step"],
        "writer": {
            "user": row["writer"],
            "device": row["writer_device"],
            "device_name": row["writer_device_name"],
        },
        "saved_at": rfc3339(row["saved_at"]),
        "reason": row["reason"],
    }


async def read_version(call: Call) -> Answer:
    """GET /{id}/versions/{n}: an earlier document, byte for byte."""
    call.query()
    session = await finding.find(call, "see")
    number = call.path["n"]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise _no_such_version()
    version = int(number)
    row = await call.hub.store.one("find_version", id=session["id"], version=version)
    return await _answer_bytes(call, session, row)


async def _answer_bytes(call: Call, session: Session, row: Row | None) -> Answer:
    if row is None:
        raise _no_such_version()
    headers = [("content-type", "application/json"), ("etag", etag(row))]
    return Answer(200, row["document"], headers)


def _no_such_version() -> Problem:
    return Problem("not-found", "There is no such version of this session, or none was kept.")
