"""The audit trail: what was done, by whom, in the same transaction as what it records."""

from __future__ import annotations

import secrets

import orjson

from session_cli.names import uuid7
from session_hub.access import Actor
from session_hub.clock import now
from session_hub.http import Call
from session_hub.writer import Statement


def record(call: Call, action: str, session: object = None, **detail: object) -> Statement:
    """The record of something that a person did by a request; `session` is a row or None."""
    return entry(
        call.actor,
        action,
        session,
        address=call.address,
        device=call.device[0],
        detail=detail,
    )


def entry(
    actor: Actor,
    action: str,
    session: object = None,
    *,
    address: str | None = None,
    device: str | None = None,
    detail: dict[str, object] | None = None,
) -> Statement:
    """The record of something that happened in the actor's organization."""
    return statement(
        actor.org_id,
        action,
        actor=actor.user,
        token_id=actor.token_id,
        session=session,
        address=address,
        device=device,
        detail=detail,
    )


def statement(
    org_id: str,
    action: str,
    *,
    actor: str | None = None,
    token_id: str | None = None,
    session: object = None,
    address: str | None = None,
    device: str | None = None,
    detail: dict[str, object] | None = None,
) -> Statement:
    """The statement that writes one record; its order is that of time."""
    row: object = session
    return Statement(
        "record",
        {
            "audit_id": _new_id(),
            "org_id": org_id,
            "id": row["id"] if row is not None else None,  # type: ignore[index]
            "version": row["version"] if row is not None else None,  # type: ignore[index]
            "actor": actor,
            "token_id": token_id,
            "action": action,
            "device": device,
            "address": address,
            "detail": orjson.dumps(detail or {}).decode(),
        },
    )


def _new_id() -> str:
    """A UUID of version 7 that has the time to a quarter of a microsecond (RFC 9562, 6.2): the
    records of one request are in order, too.
    """
    at = now()
    milliseconds = at * 1000
    fraction = int((milliseconds - int(milliseconds)) * 4096)
    return uuid7(at, fraction.to_bytes(2, "big") + secrets.token_bytes(8))
