"""Who the caller is, and the tokens that are theirs."""

from __future__ import annotations

from uuid import UUID

from session_hub import limits
from session_hub.access import Actor
from session_hub.auth import hash_secret, tokens
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.sessions import audit
from session_hub.sessions.summary import rfc3339
from session_hub.writer import Row, Stale, Statement


async def read_me(call: Call) -> Answer:
    """GET /me: what a client pins (instance, organization, person), and what the person may."""
    call.query()
    actor = call.actor
    return as_json(
        {
            "instance_id": call.hub.instance,
            "org": {"id": actor.org_id, "name": actor.org},
            "user": {"id": actor.user_id, "name": actor.user},
            "teams": _teams(actor),
            "admin": actor.is_admin,
            "token": {"id": actor.token_id, "expires_at": rfc3339(actor.expires_at)},
        }
    )


async def list_teams(call: Call) -> Answer:
    """GET /teams: the teams that the caller is in."""
    call.query()
    return as_json({"items": _teams(call.actor)})


def _teams(actor: Actor) -> list[dict[str, str]]:
    teams = sorted(actor.teams.items(), key=lambda team: team[1])
    return [{"id": unique, "name": name} for unique, name in teams]


async def list_tokens(call: Call) -> Answer:
    """GET /tokens: the caller's own that have not ended, newest first."""
    call.query()
    items = [
        {
            "id": row["id"],
            "name": row["name"],
            "created_at": rfc3339(row["created_at"]),
            "last_used_at": rfc3339(row["last_used_at"]),
            "expires_at": rfc3339(row["expires_at"]),
            "current": row["id"] == call.actor.token_id,
        }
        for row in await find_tokens(call)
    ]
    return as_json({"items": items})


async def find_tokens(call: Call) -> list[Row]:
    """The caller's tokens in this organization that have not ended, newest first."""
    return await call.hub.store.all(
        "list_own_tokens", user_id=call.actor.user_id, org_id=call.actor.org_id
    )


async def delete_token(call: Call) -> Answer:
    """DELETE /tokens/{token_id}: ends one of the caller's own; 204, and 204 again."""
    call.query()
    await end_token(call, call.path["token_id"])
    return Answer(204)


async def end_token(call: Call, text: str) -> None:
    """Ends one of the caller's own tokens; raises Problem when there is no such token."""
    try:
        unique = str(UUID(text))
    except ValueError:
        raise _no_token() from None
    row = await call.hub.store.one(
        "find_own_token", id=unique, user_id=call.actor.user_id, org_id=call.actor.org_id
    )
    if row is None:
        raise _no_token()
    record = audit.record(call, "token.revoke", token=unique, name=row["name"])
    try:
        await call.hub.store.writer.put(tokens.end(unique), record)
    except Stale:
        # it has ended already
        pass
    call.hub.authenticator.forget()


def _no_token() -> Problem:
    return Problem("not-found", "You have no such token; GET /api/v1/tokens lists yours.")


async def add_link(call: Call) -> Answer:
    """POST /auth/links: a link that signs a browser in as the caller, once, within a minute.

    Only for a token: a browser that could make one would never have to sign in again.
    """
    call.query()
    if "authorization" not in call.headers:
        raise Problem("forbidden", "Only a device with a token makes links, not a browser.")
    actor, code = call.actor, tokens.new_secret()
    await call.hub.store.writer.put(
        link(code, actor.user_id, actor.org_id, actor.token_id, limits.LINK_SECONDS),
        Statement("forget_old_sign_in_links", {}),
    )
    answer = {
        "url": link_url(call.hub.settings.public_url, code),
        "expires_in": int(limits.LINK_SECONDS),
    }
    return as_json(answer)


def link(code: str, user_id: str, org_id: str, token_id: str | None, life: float) -> Statement:
    """What makes `code` sign a browser in as that person, once; `life` in seconds."""
    return Statement(
        "add_sign_in_link",
        {
            "hash": hash_secret(code),
            "user_id": user_id,
            "org_id": org_id,
            "token_id": token_id,
            "life": life,
        },
    )


def link_url(public_url: str, code: str) -> str:
    """The link as a person opens it."""
    return f"{public_url}/sign-in/{code}"
