"""Who is connected to ConfigHub, and to which organization."""

from __future__ import annotations

import re
from typing import NamedTuple

from session_cli.confighub.cub import (
    HTTP_STATUS,
    Cub,
    CubFailed,
    NoAnswer,
    NotLoggedIn,
    knows_no_flag,
    text_at,
)

# without a context some releases break down, others miss it or the file that holds it
_NO_CONTEXT = re.compile(r"^panic:|\bcontext|no such file", re.IGNORECASE | re.MULTILINE)


class Connection(NamedTuple):
    """The login that cub works with; an unknown fact is empty."""

    user: str
    org: str
    org_id: str
    server: str


def connection(cub: Cub) -> Connection:
    """The login, if it is one that ConfigHub accepts now; NotLoggedIn otherwise.

    `context get` is answered from a file and says nothing about whether the token still counts;
    `auth status` does, where it is known. Elsewhere any call that needs a login tells.
    """
    found = _context(cub)
    if not found.user:
        raise NotLoggedIn("nobody is logged in to ConfigHub; log in with 'cub auth login'")
    if cub.read("auth", "status") is None:
        _ask_for_something(cub)
    return found


def _ask_for_something(cub: Cub) -> None:
    try:
        cub.read("organization", "list")
    except (NoAnswer, NotLoggedIn):
        raise
    except CubFailed:
        # whoever is refused something is logged in
        pass


def _context(cub: Cub) -> Connection:
    """What the login file says; some releases fail in strange ways where there is none."""
    try:
        answer = cub.ask("context", "get")
    except NoAnswer:
        found = _from_table(cub.read("context", "get") or "")
        if not found.user:
            raise
        return found
    except CubFailed as error:
        if knows_no_flag(error.all_said):
            return _from_table(cub.read("context", "get") or "")
        if not _tells_of_no_login(error):
            raise
        raise NotLoggedIn(
            f"nobody is logged in to ConfigHub ({error.said}); log in with 'cub auth login'",
            error.said,
            error.all_said,
        ) from None
    return Connection(
        user=text_at(answer, "coordinate", "user"),
        org=text_at(answer, "metadata", "organizationName"),
        org_id=text_at(answer, "coordinate", "organizationID"),
        server=text_at(answer, "coordinate", "serverURL"),
    )


def _tells_of_no_login(error: CubFailed) -> bool:
    """Whether cub said so, or has no context; what ConfigHub refuses otherwise is no such word."""
    if isinstance(error, NotLoggedIn):
        return True
    return not HTTP_STATUS.search(error.all_said) and bool(_NO_CONTEXT.search(error.all_said))


def _from_table(text: str) -> Connection:
    facts = dict(
        re.findall(r"^\s*(\S(?:.*?\S)?)(?:\s{2,}|\t+|:\s+)(\S.*?)\s*$", text, re.MULTILINE)
    )
    return Connection(
        user=facts.get("User Email", ""),
        org=facts.get("Organization", ""),
        org_id=facts.get("IDP Organization ID", ""),
        server=facts.get("ConfigHub URL", ""),
    )
