"""Who asks: `authenticate(headers)` is the one place that knows how people sign in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from session_hub import limits
from session_hub.access import Actor
from session_hub.clock import now
from session_hub.problems import Problem
from session_hub.stores import Store
from session_hub.writer import Row, Statement, Unwritable

# a token's use is noted at most this often
NOTE_USE_EVERY = limits.MINUTE
_MANY = 10_000


def hash_secret(secret: str) -> str:
    """What is stored of a token, a code or a cookie: they have so many random bits that no slow
    hash is needed.
    """
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Authenticator:
    """Finds the actor of a bearer token or of a browser's cookie.

    An answer is kept for 30 seconds: so long may a right that has ended go on.
    """

    def __init__(self, store: Store, cookie: str) -> None:
        self._store = store
        # the name that the browser keeps its session under
        self.cookie = cookie
        self._actors: dict[str, tuple[float, Actor]] = {}
        self._changes = 0

    async def authenticate(self, headers: Mapping[str, str]) -> Actor:
        """The actor; raises Problem for one that is not known, or no longer."""
        kind, secret = self.find_secret(headers)
        key = f"{kind} {hash_secret(secret)}"
        at = now()
        known = self._actors.get(key)
        if known and at < known[0] and at < known[1].expires_at:
            return known[1]
        self._actors.pop(key, None)
        changes = self._changes
        actor = await self._look_up(kind, hash_secret(secret), at)
        if len(self._actors) >= _MANY:
            self._actors.clear()
        # what was read before a change is not kept after it
        if changes == self._changes:
            self._actors[key] = (at + limits.RIGHTS_ARE_CACHED, actor)
        return actor

    async def check(self, headers: Mapping[str, str]) -> Actor:
        """The actor as the store has it now, for what lasts longer than a request.

        It is no use of the token: a page that is left open does not keep it alive.
        """
        kind, secret = self.find_secret(headers)
        return (await self._find(kind, hash_secret(secret), now()))[0]

    def find_secret(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """("bearer", the token) or ("cookie", its value)."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return "bearer", token.strip()
        cookie = "" if "authorization" in headers else self.find_cookie(headers)
        if cookie:
            return "cookie", cookie
        raise unauthenticated()

    def find_cookie(self, headers: Mapping[str, str]) -> str:
        """The value of the browser's cookie, "" when it has none."""
        for part in headers.get("cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.cookie:
                return value
        return ""

    def forget(self) -> None:
        """Looks all up again: rights have changed."""
        self._changes += 1
        self._actors.clear()

    async def _look_up(self, kind: str, hashed: str, at: float) -> Actor:
        actor, last_used_at = await self._find(kind, hashed, at)
        if at - last_used_at > NOTE_USE_EVERY:
            await self._note_use(kind, hashed)
        return actor

    async def _find(self, kind: str, hashed: str, at: float) -> tuple[Actor, float]:
        """The actor, and when the secret was used last."""
        row = await self._store.one(f"find_{kind}", hash=hashed)
        if row is None or row["disabled_at"] is not None or row["expires_at"] <= at:
            raise unauthenticated()
        teams = await self._store.all(
            "list_teams_of_user", org_id=row["org_id"], user_id=row["user_id"]
        )
        return _actor(row, teams), row["last_used_at"]

    async def _note_use(self, kind: str, hashed: str) -> None:
        try:
            await self._store.writer.put(Statement(f"note_use_of_{kind}", {"hash": hashed}))
        except Unwritable:
            # reading goes on without
            pass


def _actor(row: Row, teams: list[Row]) -> Actor:
    return Actor(
        user_id=row["user_id"],
        user=row["user"],
        org_id=row["org_id"],
        org=row["org"],
        confighub_org=row["confighub_org"],
        is_admin=bool(row["is_admin"]),
        teams={team["id"]: team["slug"] for team in teams},
        token_id=row["token_id"],
        expires_at=row["expires_at"],
    )


def unauthenticated() -> Problem:
    """The one answer to no token, a wrong one, and one that has ended."""
    return Problem(
        "unauthenticated",
        "Sign in with 'session-cli login URL', or send Authorization: Bearer with a valid token, as"
        " 'session-hub admin token add' makes one.",
        headers={"www-authenticate": 'Bearer realm="session-hub"'},
    )
