"""Who is logged in to ConfigHub, and to which organization."""

from __future__ import annotations

import re

from session_cli.confighub.answers import text_at
from session_cli.confighub.cub import (
    HTTP_STATUS,
    Cub,
    CubFailed,
    NoAnswer,
    NotLoggedIn,
    reports_unknown_flag,
)
from session_cli.confighub.entities import Connection

# without a context some releases panic, others report that it or its file is missing
_NO_CONTEXT = re.compile(r"^panic:|\bcontext|no such file", re.IGNORECASE | re.MULTILINE)


def check_login(cub: Cub) -> Connection:
    """The login, if ConfigHub accepts it now; NotLoggedIn otherwise.

    `context get` only reads a file; whether the token is still valid is what `auth status` checks.
    A release without that verb is asked for something that needs a login.
    """
    found = _read_context(cub)
    if not found.user:
        raise NotLoggedIn("not logged in to ConfigHub; log in with 'cub auth login'")
    if cub.ask_text("auth", "status") is None:
        _try_a_call(cub)
    return found


def _try_a_call(cub: Cub) -> None:
    try:
        cub.ask_text("organization", "list")
    except (NoAnswer, NotLoggedIn):
        raise
    except CubFailed:
        # a person who may not list organizations is logged in
        pass


def _read_context(cub: Cub) -> Connection:
    """The context in cub's file; without one, releases fail in different ways."""
    try:
        answer = cub.ask("context", "get")
    except NoAnswer:
        found = _parse_table(cub.ask_text("context", "get") or "")
        if not found.user:
            raise
        return found
    except CubFailed as error:
        if reports_unknown_flag(error.stderr):
            return _parse_table(cub.ask_text("context", "get") or "")
        if not _means_no_login(error):
            raise
        raise NotLoggedIn(
            f"not logged in to ConfigHub ({error.reason}); log in with 'cub auth login'",
            error.reason,
            error.stderr,
        ) from None
    return Connection(
        user=text_at(answer, "coordinate", "user"),
        org=text_at(answer, "metadata", "organizationName"),
        org_id=text_at(answer, "coordinate", "organizationID"),
        server=text_at(answer, "coordinate", "serverURL"),
    )


def _means_no_login(error: CubFailed) -> bool:
    """Whether cub reports no login or no context; an error that the server answered is neither."""
    if isinstance(error, NotLoggedIn):
        return True
    return not HTTP_STATUS.search(error.stderr) and bool(_NO_CONTEXT.search(error.stderr))


def _parse_table(text: str) -> Connection:
    facts = dict(
        re.findall(r"^\s*(\S(?:.*?\S)?)(?:\s{2,}|\t+|:\s+)(\S.*?)\s*$", text, re.MULTILINE)
    )
    return Connection(
        user=facts.get("User Email", ""),
        org=facts.get("Organization", ""),
        org_id=facts.get("IDP Organization ID", ""),
        server=facts.get("ConfigHub URL", ""),
    )
