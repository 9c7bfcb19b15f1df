"""What an administrator does to the store: each function is one command of `session-hub admin`.

They raise AdminError with a sentence, and return what `--json` prints.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import get_type_hints
from uuid import UUID

from session_cli.errors import SessionError
from session_hub import limits
from session_hub.auth import tokens
from session_hub.auth.account import link, link_url
from session_hub.auth.tokens import new_id, new_secret, new_token
from session_hub.sessions import audit
from session_hub.sessions.sharing import give
from session_hub.sessions.summary import rfc3339
from session_hub.stores import Store
from session_hub.writer import Row, Stale, Statement, Unwritable

Result = dict[str, object]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}")


class AdminError(SessionError):
    """Why it was not done; nothing has changed."""


def is_name(text: str) -> bool:
    """Whether a user, a team or an organization can be called so."""
    return _NAME.fullmatch(text) is not None


def _check_name(name: str) -> None:
    if not is_name(name):
        raise AdminError(
            f"{name!r} is no name: letters, digits and . _ @ + - are, up to 100 of them"
        )


def _check_token_name(name: str) -> None:
    if not _TOKEN_NAME.fullmatch(name):
        raise AdminError(
            f"{name!r} is no name for a token: letters, digits, blanks and . _ @ + - are, up to 100"
            " of them, and the first is a letter or a digit"
        )


async def find_organization(store: Store, slug: str) -> Row:
    """The organization's row."""
    row = await store.one("find_organization", slug=slug)
    if row is None:
        raise AdminError(
            f"there is no organization {slug}: add it with 'session-hub admin org add {slug}'"
        )
    return row


async def find_user(store: Store, name: str) -> Row:
    """The user's row."""
    row = await store.one("find_user", name=name)
    if row is None:
        raise AdminError(
            f"there is no user {name}: add them with 'session-hub admin user add {name} --org ORG'"
        )
    return row


async def find_member(store: Store, name: str, org: str) -> tuple[Row, Row]:
    """(the organization's row, that of a person in it)."""
    organization, user = await find_organization(store, org), await find_user(store, name)
    member = await store.one("find_member", org_id=organization["id"], name=name)
    if member is None:
        raise AdminError(
            f"{name} is not in {org}: 'session-hub admin user add {name} --org {org}' adds them"
        )
    return organization, user


async def find_enabled(store: Store, name: str, org: str) -> tuple[Row, Row]:
    """(the organization's row, that of a person in it who is not disabled)."""
    organization, user = await find_member(store, name, org)
    if user["disabled_at"] is not None:
        raise AdminError(
            f"{name} is disabled: 'session-hub admin user add {name} --org {org}' enables them"
        )
    return organization, user


async def find_team(store: Store, organization: Row, slug: str) -> Row:
    """The team's row."""
    row = await store.one("find_team", org_id=organization["id"], slug=slug)
    if row is None:
        raise AdminError(
            f"there is no team {slug} in {organization['slug']}: add it with"
            f" 'session-hub admin team add {slug} --org {organization['slug']}'"
        )
    return row


async def add_organization(store: Store, org: str) -> Result:
    """Adds an organization."""
    _check_name(org)
    if await store.one("find_organization", slug=org) is not None:
        raise AdminError(f"there is an organization {org} already")
    unique = new_id()
    await store.writer.put(
        Statement("add_organization", {"id": unique, "slug": org}),
        audit.statement(unique, "admin.org.add", detail={"org": org}),
    )
    return {"id": unique, "org": org}


async def add_first_user(store: Store, user: str, org: str) -> Result:
    """Gives an empty store an organization, and a person in it who administers it, with a token."""
    org_id, user_id, unique, token = new_id(), new_id(), new_id(), new_token()
    # all or nothing: a store with half of it would not be empty, and nobody could sign in
    await store.writer.put(
        Statement("add_organization", {"id": org_id, "slug": org}),
        Statement("add_user", {"id": user_id, "name": user}),
        Statement("add_member", {"org_id": org_id, "user_id": user_id, "is_admin": True}),
        tokens.add(unique, token, user_id, org_id, "first"),
        audit.statement(org_id, "admin.org.add", detail={"org": org}),
        audit.statement(org_id, "member.add", detail={"user": user, "is_admin": True}),
        audit.statement(org_id, "token.create", detail={"user": user, "token": unique}),
    )
    return {"id": unique, "token": token, "user": user, "org": org}


async def add_user(store: Store, user: str, org: str, is_admin: bool | None = None) -> Result:
    """Adds a person to an organization, or sets what they are there; enables them.

    Where it is not said whether they administer it, that stays as it is.
    """
    _check_name(user)
    organization = await find_organization(store, org)
    known = await store.one("find_user", name=user)
    unique = known["id"] if known is not None else new_id()
    _, member, _ = await store.writer.put(
        Statement("add_user", {"id": unique, "name": user}),
        Statement(
            "add_member", {"org_id": organization["id"], "user_id": unique, "is_admin": is_admin}
        ),
        audit.statement(
            organization["id"], "member.add", detail={"user": user, "is_admin": is_admin}
        ),
    )
    return {"id": unique, "user": user, "org": org, "admin": bool(member["is_admin"])}


async def list_users(store: Store, org: str | None = None) -> Result:
    """The people of an organization, or of all, with their teams."""
    org_id = (await find_organization(store, org))["id"] if org else None
    rows = await store.all("list_members", org_id=org_id)
    return {"users": [_describe_member(row) for row in rows]}


def _describe_member(row: Row) -> Result:
    return {
        **{name: row[name] for name in ("id", "user", "org")},
        "admin": bool(row["is_admin"]),
        "disabled": row["disabled_at"] is not None,
        "teams": (row["teams"] or "").split(),
    }


async def disable_user(store: Store, user: str) -> Result:
    """Ends a person's tokens and browser sessions; what they own stays."""
    row = await find_user(store, user)
    unique = row["id"]
    organizations = await store.all("list_organizations_of_user", user_id=unique)
    tokens = await store.all("list_tokens", user_id=unique, org_id=None)
    ended = [token for token in tokens if token["revoked_at"] is None]
    await store.writer.put(
        Statement("disable_user", {"id": unique}),
        Statement("revoke_tokens_of_user", {"user_id": unique}),
        Statement("end_browser_sessions_of_user", {"user_id": unique}),
        Statement("end_sign_in_links_of_user", {"user_id": unique}),
        *(
            audit.statement(organization["id"], "admin.user.disable", detail={"user": user})
            for organization in organizations
        ),
    )
    return {"id": unique, "user": user, "tokens": len(ended)}


async def add_team(store: Store, team: str, org: str) -> Result:
    """Adds a team to an organization."""
    _check_name(team)
    organization = await find_organization(store, org)
    if await store.one("find_team", org_id=organization["id"], slug=team) is not None:
        raise AdminError(f"there is a team {team} in {org} already")
    unique = new_id()
    await store.writer.put(
        Statement("add_team", {"id": unique, "org_id": organization["id"], "slug": team}),
        audit.statement(organization["id"], "admin.team.add", detail={"team": team}),
    )
    return {"id": unique, "team": team, "org": org}


async def join_team(store: Store, team: str, user: str, org: str) -> Result:
    """Makes a person of the organization a member of its team."""
    organization, person = await find_enabled(store, user, org)
    row = await find_team(store, organization, team)
    await store.writer.put(
        Statement("join_team", {"team_id": row["id"], "user_id": person["id"]}),
        audit.statement(organization["id"], "team.join", detail={"team": team, "user": user}),
    )
    return {"id": row["id"], "team": team, "user": user, "org": org}


async def leave_team(store: Store, team: str, user: str, org: str) -> Result:
    """Ends a membership; the sessions that the person shares with the team stay shared."""
    organization, person = await find_member(store, user, org)
    row = await find_team(store, organization, team)
    try:
        await store.writer.put(
            Statement("leave_team", {"team_id": row["id"], "user_id": person["id"]}, guards=True),
            audit.statement(organization["id"], "team.leave", detail={"team": team, "user": user}),
        )
    except Stale:
        raise AdminError(f"{user} is not in the team {team} of {org}") from None
    return {"id": row["id"], "team": team, "user": user, "org": org}


async def add_token(store: Store, user: str, org: str, name: str) -> Result:
    """Makes a token; it is shown this once."""
    _check_token_name(name)
    organization, person = await find_enabled(store, user, org)
    unique, token = new_id(), new_token()
    await store.writer.put(
        tokens.add(unique, token, person["id"], organization["id"], name),
        audit.statement(
            organization["id"], "token.create", detail={"user": user, "token": unique, "name": name}
        ),
    )
    return {"id": unique, "token": token, "user": user, "org": org, "name": name}


async def list_tokens(store: Store, user: str | None = None, org: str | None = None) -> Result:
    """The tokens, newest first, without their secrets: of a person, of an organization, or all."""
    user_id = (await find_user(store, user))["id"] if user else None
    org_id = (await find_organization(store, org))["id"] if org else None
    rows = await store.all("list_tokens", user_id=user_id, org_id=org_id)
    return {"tokens": [_describe_token(row) for row in rows]}


def _describe_token(row: Row) -> Result:
    times = ("created_at", "last_used_at", "expires_at", "revoked_at")
    return {
        **{name: row[name] for name in ("id", "user", "org", "name")},
        **{name: rfc3339(row[name]) if row[name] is not None else None for name in times},
    }


async def revoke_token(store: Store, token: str) -> Result:
    """Ends a token by its id, and the browser sessions that came from it; again is no error."""
    row = await store.one("find_token", id=token)
    if row is None:
        raise AdminError(
            f"there is no token with the id {token}: 'session-hub admin token list' shows them"
        )
    await store.writer.put(
        Statement("revoke_token", {"id": token}),
        audit.statement(
            row["org_id"],
            "token.revoke",
            detail={"user": row["user"], "token": token, "name": row["name"]},
        ),
    )
    return {"id": token, "user": row["user"], "org": row["org"], "name": row["name"]}


async def transfer(store: Store, session: str, user: str) -> Result:
    """Gives a session to another person of its organization; an open lease on it ends."""
    while True:
        row = await _find_session(store, session)
        organization = await store.one("find_organization_by_id", id=row["org_id"])
        slug = organization["slug"] if organization is not None else ""
        _, person = await find_enabled(store, user, slug)
        if row["owner_id"] == person["id"]:
            raise AdminError(f"{session} is {user}'s already")
        try:
            await store.writer.put(
                *give(row, person["id"], user),
                audit.statement(
                    row["org_id"],
                    "admin.transfer",
                    session=row,
                    detail={"giver": row["owner"], "to": user},
                ),
            )
        except Stale:
            continue
        return {"id": row["id"], "session": row["session_id"], "from": row["owner"], "to": user}


async def _find_session(store: Store, unique: str) -> Row:
    try:
        row = await store.one("find_session", id=str(UUID(unique)))
    except ValueError:
        raise AdminError(
            f"{unique!r} is no session's id: name it by its UUID, the id in lists and records"
        ) from None
    if row is None:
        raise AdminError(f"there is no session {unique}")
    return row


async def add_login_link(store: Store, user: str, org: str) -> Result:
    """Makes a link that signs a browser in as that person, once, within a day."""
    organization, person = await find_enabled(store, user, org)
    # a hub notes its address when it starts
    address = await store.one("find_meta", key="public_url")
    if address is None:
        raise AdminError("no hub has served this store yet: start one with 'session-hub serve'")
    code = new_secret()
    await store.writer.put(
        link(code, person["id"], organization["id"], None, limits.ADMIN_LINK_SECONDS),
        Statement("forget_old_sign_in_links", {}),
        audit.statement(organization["id"], "admin.login-link", detail={"user": user}),
    )
    return {
        "url": link_url(address["value"], code),
        "user": user,
        "org": org,
        "expires_in": int(limits.ADMIN_LINK_SECONDS),
    }


COMMANDS: Mapping[str, Callable[..., Awaitable[Result]]] = {
    "org add": add_organization,
    "user add": add_user,
    "user list": list_users,
    "user disable": disable_user,
    "team add": add_team,
    "team join": join_team,
    "team leave": leave_team,
    "token add": add_token,
    "token list": list_tokens,
    "token revoke": revoke_token,
    "transfer": transfer,
    "login-link": add_login_link,
}


async def run(store: Store, command: str, arguments: Mapping[str, object]) -> Result:
    """Runs one of the commands by its name."""
    function = COMMANDS.get(command)
    if function is None or not _fits(function, arguments):
        raise AdminError(
            f"the running hub does not know this form of '{command}': it is of another version"
        )
    try:
        return await function(store, **arguments)
    except Unwritable as error:
        raise AdminError(f"the store takes no writes now: {error}") from None


def _fits(function: Callable[..., Awaitable[Result]], arguments: Mapping[str, object]) -> bool:
    try:
        inspect.signature(function).bind(None, **arguments)
    except TypeError:
        return False
    kinds = get_type_hints(function)
    return all(isinstance(value, kinds[name]) for name, value in arguments.items())
