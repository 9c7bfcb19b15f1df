"""A save: what it replaces, whether it may, and what it writes."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any, NamedTuple

from session_cli.names import uuid7
from session_hub import limits
from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem, not_found
from session_hub.sessions import audit, facts, finding
from session_hub.sessions.lease import check_lease
from session_hub.sessions.summary import Session, etag, summarize
from session_hub.writer import Row, Stale, Statement

# so often is a save decided anew when another one came first
ATTEMPTS = 20
_ETAG = re.compile(r'"([^"]*)"')
PATH = "/api/v1/sessions/import"


class Save(NamedTuple):
    """What somebody sent: the bytes, what the hub reads out of them, and what they may replace."""

    body: bytes
    sha256: str
    facts: facts.Facts
    if_match: str | None
    if_none_match: bool
    lease: str | None
    device: str | None
    device_name: str | None


async def save(call: Call) -> Answer:
    """POST /api/v1/sessions/import: creates or updates a session."""
    sent = await _read(call)
    for _ in range(ATTEMPTS):
        session = await _find_session(call, sent)
        try:
            if session is None:
                return await _create(call, sent)
            return await _update(call, sent, session)
        except Stale:
            continue
    raise Problem(
        "unavailable",
        "Others saved this session again and again; try again in a second.",
        headers={"retry-after": "1"},
    )


async def _read(call: Call) -> Save:
    call.query()
    device, device_name = call.device
    body = await call.body(limits.DOCUMENT_BYTES)
    _refuse_compressed(call)
    if_match, if_none_match = preconditions(call)
    return Save(
        body,
        hashlib.sha256(body).hexdigest(),
        facts.read(body),
        if_match,
        if_none_match,
        call.headers.get("session-lease"),
        device,
        device_name,
    )


def _refuse_compressed(call: Call) -> None:
    if call.headers.get("content-encoding", "identity") != "identity":
        raise Problem("unsupported-media-type", "Send the state file as it is, not compressed.")


def preconditions(call: Call) -> tuple[str | None, bool]:
    """(the ETag of If-Match without quotes, or "*"; whether If-None-Match is "*")."""
    if_match, if_none_match = (call.headers.get(name) for name in ("if-match", "if-none-match"))
    if if_match is not None and if_none_match is not None:
        raise Problem(
            "invalid-request",
            "Send If-None-Match: * to create, or If-Match with an ETag to update, not both.",
        )
    if if_none_match not in (None, "*"):
        raise Problem("invalid-request", "If-None-Match of a save can only be *.")
    if if_match not in (None, "*"):
        match = _ETAG.fullmatch(if_match or "")
        if not match:
            raise Problem(
                "invalid-request", 'If-Match is one ETag as the hub gave it, such as "7-0a1b…".'
            )
        if_match = match[1]
    return if_match, if_none_match is not None


async def _find_session(call: Call, sent: Save) -> Row | None:
    """What stands there, if the caller may save it; raises Problem when it was deleted."""
    unique = sent.facts.id
    if unique is None:
        unique = await finding.find_by_name(call, sent.facts.session_id)
        if unique is None:
            tombstone = await finding.find_tombstone_by_name(call, sent.facts.session_id)
            if tombstone is not None:
                raise finding.gone(tombstone)
            return None
    session = await call.hub.store.one("find_session", id=unique)
    if session is not None:
        if not can(call.actor, "save", session, now()):
            await finding.permit(call, "save", session)
        _refuse_another(sent, session)
        return session
    await finding.check_free(call, unique)
    return None


def _refuse_another(sent: Save, session: Row) -> None:
    if sent.facts.names_itself and sent.facts.session_id != session["session_id"]:
        raise Problem(
            "invalid-state",
            f"The document is of {sent.facts.session_id}, but its id is that of"
            f" {session['session_id']}. Nothing was stored.",
        )


async def _create(call: Call, sent: Save) -> Answer:
    if sent.if_match is not None:
        # also "*": there is nothing that it could match
        raise not_found()
    _refuse_other_org(call, sent)
    actor = call.actor
    unique = sent.facts.id or uuid7(now(), secrets.token_bytes(10))
    rows = await call.hub.store.writer.put(
        Statement(
            "create_session",
            {
                **_columns(call, sent),
                "id": unique,
                "org_id": actor.org_id,
                "session_id": sent.facts.session_id,
                "document": sent.body,
                "is_found_by_name": sent.facts.id is None,
            },
            guards=True,
        ),
        *_note(call, sent, unique, 1),
        audit.statement(
            actor.org_id,
            "session.create",
            actor=actor.user,
            token_id=actor.token_id,
            session={"id": unique, "version": 1},
            device=sent.device,
            address=call.address,
            detail={"step": sent.facts.step, "cluster": sent.facts.cluster},
        ),
    )
    session = rows[0]
    call.hub.feed.publish(session)
    call.hub.metrics.count_save("created")
    location = ("location", f"{PATH}/{unique}")
    return _answer(call, session, 201, [location])


def _refuse_other_org(call: Call, sent: Save) -> None:
    wanted, found = call.actor.confighub_org, sent.facts.confighub_org
    if wanted is not None and found is not None and wanted != found:
        raise Problem(
            "org-mismatch",
            f"The session is of the ConfigHub organization {found}; this hub keeps those of"
            f" {wanted} for {call.actor.org}. Nothing was stored.",
        )


async def _update(call: Call, sent: Save, session: Row) -> Answer:
    is_current = sent.if_match is not None and f'"{sent.if_match}"' == etag(session)
    replayed = None if is_current else await _find_replay(call, sent, session)
    if replayed is not None:
        call.hub.metrics.count_save("replayed")
        return _answer_replay(call, session, replayed)
    if sent.sha256 == session["sha256"]:
        call.hub.metrics.count_save("unchanged")
        return _answer(call, session)
    _refuse_other_org(call, sent)
    at = now()
    renews = check_lease(call.actor, session, sent.lease, sent.device, at)
    if not is_current:
        await _check_precondition(call, sent, session, at)
    rows = await call.hub.store.writer.put(*_statements(call, sent, session, renews))
    written = next(row for row in rows if row is not None)
    call.hub.feed.publish(written)
    call.hub.metrics.count_save("updated")
    return _answer(call, written)


async def _find_replay(call: Call, sent: Save, session: Row) -> int | None:
    """The version that the same bytes from the same device have already."""
    if sent.device is None or sent.sha256 == session["sha256"]:
        return None
    row = await call.hub.store.one(
        "find_replay",
        id=session["id"],
        user_id=call.actor.user_id,
        device=sent.device,
        sha256=sent.sha256,
    )
    return row["version"] if row is not None else None


def _answer_replay(call: Call, session: Row, version: int) -> Answer:
    """It was saved already, and its answer was lost; somebody has saved since."""
    summary = summarize(session, call.actor, now())
    return as_json(
        {**summary, "replayed": version, "superseded_by": session["version"]},
        headers=[("etag", etag(session))],
    )


async def _check_precondition(call: Call, sent: Save, session: Row, at: float) -> None:
    if sent.if_match == "*":
        if not can(call.actor, "take_over", session, at):
            await finding.permit(call, "take_over", session)
        return
    if sent.if_match is None and not sent.if_none_match:
        raise Problem(
            "precondition-required",
            f"This session is at version {session['version']}: send If-Match with the ETag of the"
            " version that you replace.",
            headers={"etag": etag(session)},
        )
    call.hub.metrics.count_save("conflict")
    raise await version_conflict(call, session)


async def version_conflict(call: Call, session: Session) -> Problem:
    """412 with what stands there, so that nobody has to ask for it."""
    call.hub.buckets.take(f"documents {call.actor.user_id}")
    row = await finding.find_with_document(call, session["id"])
    return Problem(
        "version-conflict",
        f"{row['writer']} saved version {row['version']} of this session; yours is based on another"
        " one. Nothing was stored.",
        headers={"etag": etag(row)},
        current={**summarize(row, call.actor, now()), "document": row["document"].decode()},
    )


def _statements(call: Call, sent: Save, session: Row, renews: bool) -> list[Statement]:
    unique, actor = session["id"], call.actor
    columns = _columns(call, sent)
    completes = bool(session["is_complete"]) != sent.facts.is_complete
    statements = [
        Statement(
            "save_session_and_completion" if completes else "save_session",
            {
                **columns,
                "document": sent.body,
                "id": unique,
                "changes": session["changes"],
                "renews": renews,
                "lease_seconds": limits.LEASE_SECONDS,
            },
            guards=True,
            known={**session, **columns},
        ),
        *_note(call, sent, unique, session["version"] + 1),
    ]
    another = (session["writer_id"], session["writer_device"]) != (actor.user_id, sent.device)
    if another or sent.if_match == "*":
        reason = "overwritten" if sent.if_match == "*" else "another writer"
        statements = [
            Statement("note_newest_save", {"id": unique}),
            _keep(unique, reason),
            *statements,
            _trim(unique),
        ]
    if completes and sent.facts.is_complete:
        statements += [_keep(unique, "complete"), _trim(unique)]
    return [*statements, *_records(call, sent, session)]


def _keep(unique: str, reason: str) -> Statement:
    return Statement("keep_version", {"id": unique, "reason": reason})


def _trim(unique: str) -> Statement:
    return Statement("trim_versions", {"id": unique, "versions": limits.VERSIONS})


def _note(call: Call, sent: Save, unique: str, version: int) -> list[Statement]:
    if sent.device is None:
        return []
    return [
        Statement(
            "note_save",
            {
                "id": unique,
                "version": version,
                "sha256": sent.sha256,
                "user_id": call.actor.user_id,
                "device": sent.device,
            },
        )
    ]


def _columns(call: Call, sent: Save) -> dict[str, Any]:
    """The columns that a save sets."""
    found = sent.facts
    return {
        "size": len(sent.body),
        "sha256": sent.sha256,
        "started_at": found.started_at,
        "cluster": found.cluster,
        "step": found.step,
        "detected": found.detected,
        "selected": found.selected,
        "imported": found.imported,
        "is_complete": found.is_complete,
        "error": found.error,
        "writer_id": call.actor.user_id,
        "writer": call.actor.user,
        "writer_device": sent.device,
        "writer_device_name": sent.device_name,
    }


def _records(call: Call, sent: Save, session: Row) -> list[Statement]:
    """Plain saves leave no record: only what tells of the import's progress does."""
    after = {"id": session["id"], "version": session["version"] + 1}
    records = []
    if sent.if_match == "*":
        records.append(audit.record(call, "session.overwrite", after))
    if sent.facts.step != session["step"]:
        action = "session.complete" if sent.facts.is_complete else "session.step"
        records.append(audit.record(call, action, after, was=session["step"], step=sent.facts.step))
    if sent.facts.error is not None and sent.facts.error != session["error"]:
        records.append(audit.record(call, "session.error", after, step=sent.facts.step))
    return records


def _answer(
    call: Call, session: Row, status: int = 200, headers: list[tuple[str, str]] | None = None
) -> Answer:
    summary = summarize(session, call.actor, now())
    return as_json(summary, status, [("etag", etag(session)), *(headers or [])])
