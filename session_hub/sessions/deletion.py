"""Deleting a session, which leaves a tombstone."""

from __future__ import annotations

from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Answer, Call
from session_hub.problems import Problem
from session_hub.sessions import audit, finding
from session_hub.sessions.lease import check_lease, leased
from session_hub.sessions.saving import preconditions, version_conflict
from session_hub.sessions.summary import etag
from session_hub.writer import Row, Stale, Statement


async def delete_session(call: Call) -> Answer:
    """DELETE /{id}: 204, and 204 again; `?logs=delete` takes its logs along."""
    query = call.query("logs", "take_over")
    for name, values in (("logs", ("keep", "delete")), ("take_over", ("true", "false"))):
        if query.get(name, values[0]) not in values:
            raise Problem("invalid-request", f"{name} is {' or '.join(values)}.")
    if_match, if_none_match = preconditions(call)
    if if_none_match:
        raise Problem("invalid-request", "If-None-Match means nothing to a DELETE.")
    while True:
        try:
            session = await finding.find(call, "delete")
        except Problem as problem:
            if problem.slug == "gone":
                return Answer(204)
            raise
        await _check(call, session, if_match, query.get("take_over") == "true")
        try:
            await _delete(call, session, query.get("logs") == "delete")
        except Stale:
            continue
        return Answer(204)


async def _check(call: Call, session: Row, if_match: str | None, take_over: bool) -> None:
    at = now()
    try:
        check_lease(call.actor, session, call.headers.get("session-lease"), call.device[0], at)
    except Problem as problem:
        if problem.slug == "lease-lost":
            raise
        if not (take_over and can(call.actor, "take_over", session, at)):
            raise leased(call.actor, session, at) from None
    if if_match not in (None, "*") and f'"{if_match}"' != etag(session):
        raise await version_conflict(call, session)


async def _delete(call: Call, session: Row, deletes_logs: bool) -> None:
    unique = session["id"]
    statements = [
        Statement("claim_session", {"id": unique, "changes": session["changes"]}, guards=True),
        Statement("bury_session", {"id": unique, "user": call.actor.user}),
        Statement("delete_session", {"id": unique}),
        audit.record(call, "session.delete", session, logs="delete" if deletes_logs else "keep"),
    ]
    if deletes_logs:
        statements.append(Statement("delete_logs_of_session", {"id": unique}))
    await call.hub.store.writer.put(*statements)
    call.hub.feed.publish_gone(session)
