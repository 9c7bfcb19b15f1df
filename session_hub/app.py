"""The hub as an ASGI application: the table of routes, and what all of them share."""

from __future__ import annotations

import contextlib
import itertools
import logging
import secrets
from collections.abc import Mapping

from starlette.routing import Route as StarletteRoute
from starlette.routing import Router
from starlette.types import ASGIApp, Message

from session_cli import __version__
from session_cli.times import elapsed
from session_hub.auth.browser import sign_in_path
from session_hub.http import Answer, Call, Receive, Scope, Send, as_problem
from session_hub.hub import Hub
from session_hub.pages import redirect, render_problem
from session_hub.problems import Problem
from session_hub.routes import ROUTES, Route
from session_hub.structured_log import RequestLog
from session_hub.writer import Unwritable

log = logging.getLogger("session_hub")
UNSAFE = ("POST", "PUT", "DELETE")


class Application:
    """What uvicorn runs: gives each request its id, answers, and notes that it did."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        # unique among all that the hubs of this store have answered, and no system call each
        self._request_ids = map(f"{secrets.token_hex(6)}-{{:08x}}".format, itertools.count(1))
        self._requests = RequestLog()
        endpoints = _endpoints()
        self._endpoints = {path: each for path, each in endpoints.items() if "{" not in path}
        routes = [StarletteRoute(path, endpoint) for path, endpoint in endpoints.items()]
        self._router = Router(routes, redirect_slashes=False, default=_NotThere())
        self._headers = [
            (b"hub-version", __version__.encode()),
            (b"hub-epoch", hub.epoch.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        if scope["type"] != "http":
            return
        call = Call(self._hub, scope, receive, next(self._request_ids), _headers(scope))
        scope["call"] = call
        since, status = elapsed(), 0

        async def answer(message: dict[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]  # type: ignore[assignment]
                headers: list[tuple[bytes, bytes]] = message["headers"]  # type: ignore[assignment]
                headers.extend(self._headers)
                headers.append((b"request-id", call.request_id.encode()))
                given = [name for name, _ in headers]
                if b"cache-control" not in given:
                    headers.append((b"cache-control", b"no-store"))
                if call.leaves_body and b"connection" not in given:
                    headers.append((b"connection", b"close"))
            await send(message)

        try:
            await self._answer(call, scope, receive, answer)
        except ConnectionResetError:
            # whoever asked is gone
            status = 499
        except Exception:
            log.exception("internal error", extra={"request_id": call.request_id})
            if status == 0:
                await _refusal(call, _internal())(scope, receive, answer)
        finally:
            self._note(call, scope, status, elapsed() - since)

    async def _answer(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check_host(call)
            await self._find(scope)(scope, receive, send)
        except Problem as problem:
            await _refusal(call, problem)(scope, receive, send)

    def _find(self, scope: Scope) -> ASGIApp:
        """The endpoint of a path that is always the same, else whatever the router finds."""
        endpoint = self._endpoints.get(scope["path"])
        if endpoint is None:
            return self._router
        scope["path_params"] = {}
        return endpoint

    def _check_host(self, call: Call) -> None:
        """A page of another name that resolves to this machine is not let in."""
        host = call.headers.get("host", "").lower()
        if host not in self._hub.settings.hosts and host.rpartition(":")[0] not in (
            self._hub.settings.hosts
        ):
            raise Problem(
                "misdirected",
                f"This hub is {self._hub.settings.public_url}; ask for it by that name.",
            )

    def _note(self, call: Call, scope: Scope, status: int, seconds: float) -> None:
        row: Route | None = scope.get("row")
        operation = row.operation if row else "none"
        self._hub.metrics.count_request(operation, status, seconds)
        # never the path itself: it may have a code in it
        path = row.path if row else "(no such route)"
        self._requests.note(
            message=f"{call.method} {path} {status}",
            request_id=call.request_id,
            operation=operation,
            status=status,
            ms=round(seconds * 1000, 1),
            user=call.user,
            address=call.address,
        )


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name; of one that comes twice, both, as HTTP joins them."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _refusal(call: Call, problem: Problem) -> Answer:
    """The problem as whoever asked reads it: a page for a person, else a document."""
    row: Route | None = call.scope.get("row")
    is_page = row.is_page if row else "text/html" in call.headers.get("accept", "")
    if not is_page:
        return as_problem(problem, call.request_id)
    if problem.slug == "unauthenticated":
        return redirect(sign_in_path(call.scope["path"] if call.method not in UNSAFE else "/"))
    return render_problem(problem, call.known_actor, call.request_id)


def _internal() -> Problem:
    return Problem(
        "internal", "The hub failed; its log has the details under the request id in 'instance'."
    )


class Endpoint:
    """The rows of one path: authenticates, limits, and hands the call to the row's handler."""

    def __init__(self, rows: Mapping[str, Route]) -> None:
        self._rows = rows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""
        call: Call = scope["call"]
        row = self._rows.get(scope["method"])
        if row is None:
            allowed = ", ".join(sorted(self._rows))
            raise Problem(
                "method-not-allowed", f"This path takes {allowed}.", headers={"allow": allowed}
            )
        scope["row"] = row
        call.path = scope["path_params"]
        try:
            await _admit(call, row)
            response = await row.handler(call)
        except Unwritable:
            raise Problem(
                "unavailable",
                "The hub's store cannot be used now; nothing was stored. Try again in a few"
                " seconds.",
                headers={"retry-after": "5"},
            ) from None
        if call.method == "HEAD":
            await _send_head(response, scope, receive, send)
        else:
            await response(scope, receive, send)


async def _send_head(response: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Sends what the response begins with, and ends it there: a stream would not end."""

    async def send_start(message: Message) -> None:
        await send(message)
        raise _HeadIsSentError

    with contextlib.suppress(_HeadIsSentError):
        await response(scope, receive, send_start)
    await send({"type": "http.response.body", "body": b""})


class _HeadIsSentError(Exception):
    """Ends a response after its head."""


async def _admit(call: Call, row: Route) -> None:
    hub = call.hub
    if row.is_page and call.method in UNSAFE:
        # also where nobody is signed in: no other page may sign a browser in
        check_same_origin(call)
    if row.is_open:
        hub.buckets.take(call.address)
        return
    try:
        actor = await hub.authenticator.authenticate(call.headers)
    except Problem:
        hub.metrics.count_auth_failure()
        # whoever guesses tokens is slowed down
        hub.buckets.take(call.address)
        raise
    call.sign_in(actor)
    hub.buckets.take(actor.token_id or actor.user_id)
    if call.method in UNSAFE:
        call.check_device()
        if "authorization" not in call.headers:
            check_same_origin(call)


def check_same_origin(call: Call) -> None:
    """A cookie comes along from any page: what changes something must come from ours."""
    site = call.headers.get("sec-fetch-site")
    if site == "same-origin":
        return
    if site is None and call.headers.get("origin") == call.hub.settings.public_url:
        return
    raise Problem("forbidden", "Send this from the hub's own page, or with a bearer token.")


class _NotThere:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise Problem("not-found", "There is no such route; /openapi.json lists them.")


def _endpoints() -> dict[str, Endpoint]:
    """One for each path of the table. What answers GET answers HEAD, too."""
    paths: dict[str, dict[str, Route]] = {}
    for row in ROUTES:
        methods = ("GET", "HEAD") if row.method == "GET" else (row.method,)
        paths.setdefault(row.path, {}).update(dict.fromkeys(methods, row))
    return {path: Endpoint(rows) for path, rows in paths.items()}
