"""Tokens: made once, kept as a hash, ended for good."""

from __future__ import annotations

import secrets

from session_cli.names import uuid7
from session_hub import limits
from session_hub.auth import hash_secret
from session_hub.clock import now
from session_hub.writer import Statement


def new_id() -> str:
    """A UUID of version 7."""
    return uuid7(now(), secrets.token_bytes(10))


def new_token() -> str:
    """256 random bits, with a prefix that scanners for secrets find."""
    return f"chs_{new_secret()}"


def new_secret() -> str:
    """256 random bits, as URLs and cookies take them."""
    return secrets.token_urlsafe(32)


def add(unique: str, token: str, user_id: str, org_id: str, name: str) -> Statement:
    """What makes `token` one of that person in that organization."""
    return Statement(
        "add_token",
        {
            "id": unique,
            "hash": hash_secret(token),
            "user_id": user_id,
            "org_id": org_id,
            "name": name,
            "life": limits.TOKEN_LIFE,
        },
    )


def end(unique: str) -> Statement:
    """What ends the token, and with it the browsers and links that came from it.

    It guards: Stale when the token has ended already.
    """
    return Statement("end_token", {"id": unique}, guards=True)
