"""A request as the hub's routes see it, and what they answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from session_hub import free_text, limits
from session_hub.problems import Problem

if TYPE_CHECKING:
    from session_hub.access import Actor
    from session_hub.hub import Hub

Scope = Any
Receive = Any
Send = Any
_DEVICE = re.compile(r'([0-9A-Za-z-]{1,64})(?:\s*;\s*name="([^"\\]{0,100})")?')


@dataclass(slots=True)
class Call:
    """One request of somebody who may be known."""

    hub: Hub
    scope: Scope
    receive: Receive
    request_id: str
    headers: Mapping[str, str]
    path: Mapping[str, str] = field(default_factory=dict)
    # of routes that are open to all, nobody
    _actor: Actor | None = None
    _is_body_read: bool = False

    @property
    def actor(self) -> Actor:
        """Who asks; only on routes that want a token."""
        if self._actor is None:
            raise Problem("unauthenticated", "Sign in first.")
        return self._actor

    @property
    def known_actor(self) -> Actor | None:
        """Who asks, where that was found out."""
        return self._actor

    def sign_in(self, actor: Actor) -> None:
        """Notes who asks, once the token was checked."""
        self._actor = actor

    @property
    def user(self) -> str | None:
        """The name of who asks, for the log."""
        return self._actor.user if self._actor else None

    @property
    def method(self) -> str:
        """GET, POST …"""
        return str(self.scope["method"])

    @property
    def address(self) -> str:
        """Where the request comes from."""
        client = self.scope.get("client")
        return str(client[0]) if client else "local"

    @property
    def device(self) -> tuple[str | None, str | None]:
        """(UUID, name) of `Session-Device: <uuid>; name="laptop"`; curl sends none."""
        header = self.headers.get("session-device")
        return (None, None) if header is None else _read_device(header)

    def check_device(self) -> None:
        """Raises Problem where Session-Device cannot be read, also on a route that ignores it."""
        _ = self.device

    @property
    def leaves_body(self) -> bool:
        """Whether a body is on its way that is too large to be read only to be thrown away."""
        if self._is_body_read:
            return False
        length = self.headers.get("content-length", "0")
        return "transfer-encoding" in self.headers or not _fits(length, limits.UNREAD_BYTES)

    def query(self, *allowed: str) -> dict[str, str]:
        """The query's parameters; raises Problem for one that the route does not know."""
        if not self.scope["query_string"]:
            return {}
        try:
            text = self.scope["query_string"].decode("ascii")
            pairs = parse_qsl(
                text, keep_blank_values=True, strict_parsing=bool(text), errors="strict"
            )
        except ValueError:
            raise Problem("invalid-request", "The query cannot be read.") from None
        found = dict(pairs)
        if len(found) < len(pairs) or not found.keys() <= set(allowed):
            raise Problem(
                "invalid-request",
                f"This route knows the parameters {', '.join(allowed)}, each once."
                if allowed
                else "This route takes no parameters.",
            )
        return found

    async def body(self, limit: int) -> bytes:
        """The body, of at most so many bytes; it is given 10 seconds. Checks Content-Digest."""
        if not _fits(self.headers.get("content-length", "0"), limit):
            raise too_large(limit)
        body = await self._read_in_time(limit)
        self._is_body_read = True
        self._check_digest(body)
        return body

    async def _read_in_time(self, limit: int) -> bytes:
        """`wait_for` would make a task of it, which costs more than the reading."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        until = loop.time() + limits.BODY_SECONDS
        timer = loop.call_at(until, task.cancel) if task else None
        try:
            return await self._read(limit)
        except asyncio.CancelledError:
            if loop.time() < until:
                raise
            raise Problem(
                "slow-body",
                f"The body was not there after {limits.BODY_SECONDS:.0f} seconds; send it again.",
                headers={"connection": "close"},
            ) from None
        finally:
            if timer:
                timer.cancel()

    async def _read(self, limit: int) -> bytes:
        message = await self.receive()
        body: bytes = message.get("body", b"")
        # most bodies come in one piece
        if message.get("more_body"):
            pieces, size = [body], len(body)
            while message.get("more_body"):
                if size > limit:
                    raise too_large(limit)
                message = await self.receive()
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
            body = b"".join(pieces)
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        if len(body) > limit:
            raise too_large(limit)
        return body

    def _check_digest(self, body: bytes) -> None:
        """RFC 9530; algorithms that we do not know are not checked."""
        header = self.headers.get("content-digest")
        if header is None:
            return
        for part in header.split(","):
            name, _, value = part.strip().partition("=")
            if name == "sha-256" and value != digest(hashlib.sha256(body).digest()):
                raise Problem(
                    "digest-mismatch",
                    "The body is not what Content-Digest says; nothing was stored. Send it again.",
                )

    async def json(self) -> dict[str, Any]:
        """The body as one small JSON object; an empty body is {}."""
        body = await self.body(limits.FORM_BYTES)
        if not body:
            return {}
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem("invalid-json", f"The body is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise Problem("invalid-request", "The body must be one JSON object.")
        return value

    async def form(self) -> dict[str, str]:
        """The body as a form, which is what RFC 8628 and browsers send."""
        body = await self.body(limits.FORM_BYTES)
        try:
            return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))
        except ValueError:
            raise Problem("invalid-request", "The body is not a form.") from None


@lru_cache(4096)
def _read_device(header: str) -> tuple[str, str | None]:
    match = _DEVICE.fullmatch(header)
    if not match:
        raise Problem("invalid-request", 'Session-Device is written as <uuid>; name="laptop".')
    # a name is typed by a person, and is UTF-8 on their machine
    name = match[2].encode("latin-1").decode("utf-8", "replace") if match[2] else match[2]
    free_text.check(name or "", "The name in Session-Device")
    return match[1], name


def digest(sha256: bytes) -> str:
    """A SHA-256 as Content-Digest writes it."""
    return f":{base64.b64encode(sha256).decode()}:"


def too_large(limit: int) -> Problem:
    """The answer to a body over the limit, which is not read to its end."""
    return Problem(
        "too-large",
        f"The body is larger than {limit // 1024} KiB; nothing was stored.",
        limit=limit,
    )


def _fits(length: str, limit: int) -> bool:
    """Whether a Content-Length is a number up to the limit."""
    return length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= limit


class Answer:
    """A response whose body is there as a whole."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it (ASGI)."""
        if self.status not in (204, 304):
            self.headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def as_json(value: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Answer:
    """`value` as a JSON answer."""
    return Answer(status, orjson.dumps(value), [("content-type", "application/json"), *headers])


def as_problem(problem: Problem, request_id: str) -> Answer:
    """The problem as an answer (RFC 9457)."""
    headers = [("content-type", "application/problem+json"), *problem.headers.items()]
    return Answer(problem.status, orjson.dumps(problem.body(request_id)), headers)
