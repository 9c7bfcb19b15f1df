"""A session as the hub answers it: everything but the document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from session_cli import steps
from session_hub import limits
from session_hub.access import Actor, is_offered_to
from session_hub.sessions.facts import TYPE

Session = Mapping[str, Any]
STEPS = len(steps.TYPES[TYPE])
STATUSES = ("active", "complete", "error", "archived")


def etag(session: Session) -> str:
    """`"7-<16 hex digits>"`: a number alone would fit another document after a rollback."""
    return f'"{session["version"]}-{session["sha256"][:16]}"'


def status(session: Session, now: float) -> str:
    """One of STATUSES."""
    if session["is_complete"]:
        return "complete"
    if session["updated_at"] <= now - limits.ARCHIVED_AFTER:
        return "archived"
    return "active" if session["error"] is None else "error"


def is_leased(session: Session, now: float) -> bool:
    """Whether somebody has the session open now."""
    expires = session["lease_expires_at"]
    # one that would last longer was taken before the clock was set back
    return expires is not None and now < expires <= now + limits.LEASE_SECONDS


def summarize(session: Session, actor: Actor, now: float) -> dict[str, object]:
    """The summary that the routes answer."""
    return {
        "id": session["id"],
        "session_id": session["session_id"],
        "version": session["version"],
        "etag": etag(session),
        "sha256": session["sha256"],
        "size": session["size"],
        "created_at": rfc3339(session["created_at"]),
        "updated_at": rfc3339(session["updated_at"]),
        "started_at": session["started_at"],
        "status": status(session, now),
        "stale": session["updated_at"] <= now - limits.STALE_AFTER,
        "error": session["error"],
        "step": session["step"],
        "step_index": _step_index(session["step"]),
        "step_total": STEPS,
        "cluster": session["cluster"],
        "workloads": {
            "detected": session["detected"],
            "selected": session["selected"],
            "imported": session["imported"],
        },
        "scope": session["scope"],
        "team": session["team"],
        "allow_resume": bool(session["allow_resume"]),
        "owner": {"id": session["owner_id"], "name": session["owner"]},
        "writer": {
            "user": session["writer"],
            "device": session["writer_device"],
            "device_name": session["writer_device_name"],
        },
        "lease": lease(session, now),
        "handoff": handoff(session, actor, now),
    }


@lru_cache(256)
def _step_index(step: str) -> int | None:
    progress = steps.progress(TYPE, step)
    return progress[0] if progress else STEPS if step == steps.COMPLETE else None


def lease(session: Session, now: float) -> dict[str, object] | None:
    """Who has the session open, since when, and in how many seconds that may end."""
    if not is_leased(session, now):
        return None
    return {
        "user": session["lease_user"],
        "device": session["lease_device"],
        "device_name": session["lease_device_name"],
        "since": rfc3339(session["lease_since"]),
        "expires_in": round(session["lease_expires_at"] - now, 3),
        "fence": session["fence"],
    }


def handoff(session: Session, actor: Actor, now: float) -> dict[str, object] | None:
    """The open offer, to the owner and to whom it is made."""
    is_open = session["handoff_to"] is not None and session["handoff_expires_at"] > now
    if not is_open or not (actor.owns(session) or is_offered_to(actor, session, now)):
        return None
    return {
        "state": "offered",
        "from": session["handoff_from"],
        "to": session["handoff_user"],
        "note": session["handoff_note"],
        "expires_at": rfc3339(session["handoff_expires_at"]),
    }


@lru_cache(4096)
def rfc3339(epoch: float) -> str:
    """A time as the hub answers it, to the millisecond."""
    moment = datetime.fromtimestamp(epoch, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
