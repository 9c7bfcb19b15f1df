"""The hub's page: a link that signs a browser in, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.sync.answers import HubUnavailable

if TYPE_CHECKING:
    from session_cli.sync.answers import Answer

LINKS = "/api/v1/auth/links"


def read_link(url: str, answer: Answer) -> dict[str, object]:
    """`{"url", "expires_in"}` of a POST to LINKS that succeeded at the hub of that address.

    Raises HubUnavailable for what no browser may be given.
    """
    link = answer.body.get("url")
    is_link = isinstance(link, str) and link.startswith(("https://", "http://"))
    if not is_link or not str(link).isascii() or not str(link).isprintable() or " " in str(link):
        raise HubUnavailable(f"{url} made no link that a browser can open")
    return {"url": link, "expires_in": answer.body.get("expires_in")}
