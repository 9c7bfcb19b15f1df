"""Who may do what: one question, asked of an actor, an action and a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# what may be asked about a session
ACTIONS = (
    "summarize",  # see its summary, and the offer of it
    "see",  # its document, versions and logs
    "save",  # and hold its lease, and upload logs
    "take_over",  # overwrite it, or end another's lease that is live
    "delete",
    "share",
    "hand_off",
    "accept",
    "audit",
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the token says. `teams` maps the ids of the person's teams to their names."""

    user_id: str
    user: str
    org_id: str
    org: str
    confighub_org: str | None
    is_admin: bool
    teams: Mapping[str, str]
    token_id: str | None
    expires_at: float

    def owns(self, session: Mapping[str, Any]) -> bool:
        """Whether the session is the person's own, in the organization of the token."""
        return bool(session["owner_id"] == self.user_id and session["org_id"] == self.org_id)


def can(actor: Actor, action: str, session: Mapping[str, Any], now: float) -> bool:
    """Whether the actor may do that to the session: a row of the store, at that time."""
    if session["org_id"] != actor.org_id:
        return False
    if session["owner_id"] == actor.user_id:
        return action != "accept"
    if is_offered_to(actor, session, now) and action in ("summarize", "accept"):
        return True
    if session["scope"] == "team" and session["team_id"] in actor.teams:
        return action in ("summarize", "see") or (
            action == "save" and _may_resume(actor, session, now)
        )
    if session["scope"] == "org" and actor.is_admin:
        return action in ("summarize", "see", "save", "take_over", "delete")
    return False


def is_offered_to(actor: Actor, session: Mapping[str, Any], now: float) -> bool:
    """Whether the session waits for the actor to accept or decline it."""
    return bool(session["handoff_to"] == actor.user_id and session["handoff_expires_at"] > now)


def _may_resume(actor: Actor, session: Mapping[str, Any], now: float) -> bool:
    return bool(session["allow_resume"]) or is_offered_to(actor, session, now)
