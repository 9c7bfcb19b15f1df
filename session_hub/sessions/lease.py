"""The lease: who has a session open, for 90 seconds at a time by the hub's clock."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from session_hub import free_text, limits
from session_hub.access import Actor, can
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import audit, finding
from session_hub.sessions.summary import Session, is_leased, lease, summarize
from session_hub.writer import Row, Stale, Statement

REASON_LENGTH = 200


def check_lease(
    actor: Actor, session: Row, token: str | None, device: str | None, at: float
) -> bool:
    """Whether a save renews the lease; raises Problem when another one stands in its way.

    A token is `<fence>.<random>`: after a takeover the fence is higher, and the token is worth
    nothing, though its holder may not know yet.
    """
    if token is not None:
        if not _is_current(session, token):
            raise _lost(session, at)
        return session["lease_hash"] is not None
    if is_leased(session, at) and not _is_holder(actor, session, device):
        raise leased(actor, session, at)
    return False


def _is_current(session: Row, token: str) -> bool:
    fence = token.partition(".")[0]
    if fence != str(session["fence"]):
        return False
    held = session["lease_hash"]
    # given back by its holder: nobody has taken it since
    return held is None or hmac.compare_digest(held, _hash(token))


def _is_holder(actor: Actor, session: Row, device: str | None) -> bool:
    """A script beside the program that holds the lease, on the same device."""
    return bool(
        device is not None
        and session["lease_device"] == device
        and session["lease_user_id"] == actor.user_id
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _lost(session: Session, at: float) -> Problem:
    holder = lease(session, at)
    by = f"{_holder(session)} took it over" if holder else "it was given to somebody else"
    return Problem(
        "lease-lost",
        f"You no longer have this session open: {by}. Nothing was stored.",
        lease=holder,
    )


def leased(actor: Actor, session: Session, at: float) -> Problem:
    """423 with who has it open, when that may end, and whether the actor may end it."""
    seconds = max(1, round(session["lease_expires_at"] - at))
    return Problem(
        "leased",
        f"{_holder(session)} has this session open; if nothing is heard of it, it is free in"
        f" {seconds} s.{_advise(actor, session, at)}",
        headers={"retry-after": str(seconds)},
        lease=lease(session, at),
    )


def _advise(actor: Actor, session: Session, at: float) -> str:
    if not can(actor, "take_over", session, at):
        return ""
    return ' You may take it over: PUT its lease with {"take_over": true}.'


def _holder(session: Session) -> str:
    device = session["lease_device_name"]
    return f"{session['lease_user']} on {device}" if device else str(session["lease_user"])


async def take_lease(call: Call) -> Answer:
    """PUT /{id}/lease: takes, renews, or takes over."""
    call.query()
    wanted = await call.json()
    device, device_name = call.device
    device, take_over, reason = _read(wanted, device)
    token = call.headers.get("session-lease")
    while True:
        session = await finding.find(call, "save")
        try:
            return await _take(call, session, token, (device, device_name), take_over, reason)
        except Stale:
            continue


def _read(wanted: dict[str, object], device: str | None) -> tuple[str, bool, str | None]:
    take_over, reason = wanted.get("take_over", False), wanted.get("reason")
    is_text = reason is None or (isinstance(reason, str) and len(reason) <= REASON_LENGTH)
    if not wanted.keys() <= {"take_over", "reason"} or type(take_over) is not bool or not is_text:
        raise Problem(
            "invalid-request",
            'The body is {"take_over": true, "reason": "…"}, both may be left out.',
        )
    if device is None:
        raise Problem(
            "invalid-request", 'A lease is a device\'s: send Session-Device: <uuid>; name="laptop".'
        )
    if not isinstance(reason, str):
        return device, take_over, None
    free_text.check(reason, "The reason")
    return device, take_over, reason


async def _take(
    call: Call,
    session: Session,
    token: str | None,
    device: tuple[str, str | None],
    take_over: bool,
    reason: str | None,
) -> Answer:
    at = now()
    if token is not None:
        if not _is_current(session, token):
            raise _lost(session, at)
        if session["lease_hash"] is not None:
            return await _renew(call, session, token)
    takes_over = is_leased(session, at)
    if takes_over:
        _check_takeover(call, session, device[0], take_over, reason, at)
    return await _acquire(call, session, device, reason if takes_over else None, takes_over)


def _check_takeover(
    call: Call, session: Session, device: str, take_over: bool, reason: str | None, at: float
) -> None:
    if not take_over and not _is_holder(call.actor, session, device):
        raise leased(call.actor, session, at)
    if not can(call.actor, "take_over", session, at):
        if _is_holder(call.actor, session, device):
            return
        raise leased(call.actor, session, at)
    if not call.actor.owns(session) and not reason:
        raise Problem(
            "invalid-request",
            'Taking over what another person has open needs a reason: {"take_over": true,'
            ' "reason": "…"}.',
        )


async def _renew(call: Call, session: Session, token: str) -> Answer:
    rows = await call.hub.store.writer.put(
        Statement(
            "renew_lease",
            {
                "id": session["id"],
                "changes": session["changes"],
                "lease_seconds": limits.LEASE_SECONDS,
            },
            guards=True,
        )
    )
    call.hub.feed.publish(rows[0])
    return _answer(call, rows[0], token)


async def _acquire(
    call: Call,
    session: Session,
    device: tuple[str, str | None],
    reason: str | None,
    takes_over: bool,
) -> Answer:
    token = f"{session['fence'] + 1}.{secrets.token_urlsafe(24)}"
    statements = [
        Statement(
            "take_lease",
            {
                "id": session["id"],
                "changes": session["changes"],
                "hash": _hash(token),
                "user_id": call.actor.user_id,
                "user": call.actor.user,
                "device": device[0],
                "device_name": device[1],
                "lease_seconds": limits.LEASE_SECONDS,
            },
            guards=True,
        )
    ]
    if takes_over:
        statements = [
            Statement("keep_version", {"id": session["id"], "reason": "taken over"}),
            *statements,
            Statement("trim_versions", {"id": session["id"], "versions": limits.VERSIONS}),
            audit.record(
                call,
                "lease.takeover",
                session,
                reason=reason,
                holder=session["lease_user"],
                device=session["lease_device"],
            ),
        ]
        call.hub.metrics.count_takeover()
    else:
        statements.append(audit.record(call, "session.resume", session, step=session["step"]))
    rows = await call.hub.store.writer.put(*statements)
    taken = next(row for row in rows if row is not None)
    call.hub.feed.publish(taken)
    return _answer(call, taken, token)


def _answer(call: Call, session: Row, token: str) -> Answer:
    return as_json(
        {
            "token": token,
            "fence": session["fence"],
            "expires_in": limits.LEASE_SECONDS,
            "session": summarize(session, call.actor, now()),
        }
    )


async def release_lease(call: Call) -> Answer:
    """DELETE /{id}/lease: gives it back; 204 also when it was not held."""
    call.query()
    token = call.headers.get("session-lease")
    while True:
        session = await finding.find(call, "save")
        if token is None or session["lease_hash"] is None or not _is_current(session, token):
            return Answer(204)
        try:
            rows = await call.hub.store.writer.put(
                Statement(
                    "release_lease",
                    {"id": session["id"], "changes": session["changes"]},
                    guards=True,
                )
            )
        except Stale:
            continue
        call.hub.feed.publish(rows[0])
        return Answer(204)
