"""Finding the session that a request is about, as far as the caller may know of it."""

from __future__ import annotations

from uuid import UUID

from session_cli.names import parse_id
from session_hub.access import can
from session_hub.clock import now
from session_hub.http import Call
from session_hub.problems import Problem, not_found
from session_hub.sessions.facts import TYPE
from session_hub.sessions.summary import Session, rfc3339
from session_hub.writer import Row


async def find(call: Call, action: str) -> Session:
    """The session in the path; raises Problem when the caller may not do that to it."""
    unique = await resolve(call, call.path["id"])
    session = await call.hub.store.one("find_session", id=unique)
    if session is None:
        raise await missing(call, unique)
    await permit(call, action, session)
    found: Session = session
    return found


async def find_with_document(call: Call, unique: str) -> Row:
    """The session with its document, both of one version: what was found before, and is at hand,
    may be older than what stands in the store. Raises Problem.
    """
    session = await call.hub.store.one("find_session_with_document", id=unique)
    if session is None:
        raise await missing(call, unique)
    await permit(call, "see", session)
    return session


async def resolve(call: Call, text: str) -> str:
    """The UUID that a path names: a UUID, or the session_id of a session of the caller's own."""
    try:
        return str(UUID(text))
    except ValueError:
        pass
    if parse_id(TYPE, text) is None:
        raise not_found()
    unique = await find_by_name(call, text)
    if unique:
        return unique
    tombstone = await find_tombstone_by_name(call, text)
    if tombstone is not None:
        raise gone(tombstone)
    raise not_found()


async def find_by_name(call: Call, session_id: str) -> str | None:
    """The id of the caller's own session of that name, else of one that they handed over, which
    they are then told; raises Problem when there are two.
    """
    store, actor = call.hub.store, call.actor
    whose = {"org_id": actor.org_id, "user_id": actor.user_id, "session_id": session_id}
    rows = await store.all("find_ids_by_name", **whose)
    if not rows:
        rows = await store.all("find_ids_of_given_by_name", **whose)
    if len(rows) > 1:
        ids = [row["id"] for row in rows]
        raise Problem(
            "ambiguous-session",
            f"{len(ids)} of your sessions are called {session_id}: name one by its id,"
            f" {' or '.join(ids)}.",
            ids=ids,
        )
    return rows[0]["id"] if rows else None


async def find_tombstone_by_name(call: Call, session_id: str) -> Row | None:
    """What is left of the caller's own session of that name that was deleted last."""
    return await call.hub.store.one(
        "find_tombstone_by_name",
        org_id=call.actor.org_id,
        user_id=call.actor.user_id,
        session_id=session_id,
    )


async def permit(call: Call, action: str, session: Row) -> None:
    """Raises Problem when the caller may not do that to the session."""
    at = now()
    if can(call.actor, action, session, at):
        return
    handover = await call.hub.store.one(
        "find_handover", id=session["id"], user_id=call.actor.user_id
    )
    if handover is not None and session["org_id"] == call.actor.org_id:
        raise Problem(
            "handed-over",
            # whose it is by now is not theirs to know
            f"This session went from you to {handover['to_user']} on"
            f" {rfc3339(handover['at'])[:10]}; it is no longer yours.",
            to=handover["to_user"],
            at=rfc3339(handover["at"]),
        )
    if not can(call.actor, "summarize", session, at):
        raise not_found()
    raise Problem("forbidden", f"You see this session, but {_REASONS.get(action, _OWNERS)}.")


_OWNERS = "only its owner can do that"
_REASONS = {
    "see": "its document only once you have accepted it",
    "save": "its owner has not allowed others to resume it",
    "take_over": "only its owner may take it over now",
    "accept": "it was not offered to you",
}


async def missing(call: Call, unique: str) -> Problem:
    """Why there is no such session: deleted, for those who could see it, else not found."""
    tombstone = await call.hub.store.one("find_tombstone", id=unique)
    if tombstone is not None and _could_see(call, tombstone):
        return gone(tombstone)
    return not_found()


async def check_free(call: Call, unique: str) -> None:
    """Raises Problem when a new session of the caller's may not have that id: one that had it was
    deleted, or was somebody else's, and what is left of it is not for the caller.
    """
    if await call.hub.store.one("find_tombstone", id=unique) is not None:
        raise await missing(call, unique)
    former = await call.hub.store.one("find_former_session", id=unique)
    if former is not None and not call.actor.owns(former):
        raise not_found()


def _could_see(call: Call, tombstone: Row) -> bool:
    actor = call.actor
    if tombstone["org_id"] != actor.org_id:
        return False
    return bool(
        tombstone["owner_id"] == actor.user_id
        or (tombstone["scope"] == "team" and tombstone["team_id"] in actor.teams)
        or (tombstone["scope"] == "org" and actor.is_admin)
    )


def gone(tombstone: Row) -> Problem:
    """The one answer that means: deleted."""
    return Problem(
        "gone",
        f"{tombstone['deleted_by']} deleted this session"
        f" on {rfc3339(tombstone['deleted_at'])[:10]}.",
        deleted_by=tombstone["deleted_by"],
        deleted_at=rfc3339(tombstone["deleted_at"]),
    )
