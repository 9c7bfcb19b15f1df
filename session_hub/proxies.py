"""Whom a request comes from that a proxy passed on."""

from __future__ import annotations

import ipaddress

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from session_hub.http import Receive, Scope, Send

_PEER = "peer"


def believe(app: ASGIApp, proxies: str) -> ASGIApp:
    """The application behind `proxies`, whose X-Forwarded-For says who asks; where that is no
    address, the proxy itself does.
    """

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.pop(_PEER)
        if scope["client"] is None or not _is_address(scope["client"][0]):
            scope["client"] = peer
        await app(scope, receive, send)

    forwarded = ProxyHeadersMiddleware(check, proxies)

    async def note_peer(scope: Scope, receive: Receive, send: Send) -> None:
        scope[_PEER] = scope["client"]
        await forwarded(scope, receive, send)

    return note_peer


def _is_address(text: str) -> bool:
    try:
        # behind % stands whatever the sender likes
        return not getattr(ipaddress.ip_address(text), "scope_id", None)
    except ValueError:
        return False
