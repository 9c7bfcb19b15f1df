"""Every route of the hub; the router, /openapi.json and the test of access are made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from session_hub import events, openapi, operation, pages
from session_hub.auth import account, approval, browser, device
from session_hub.http import Answer, Call, as_json
from session_hub.sessions import (
    deletion,
    lease,
    listing,
    logs,
    reading,
    records,
    saving,
    sharing,
)

Handler = Callable[[Call], Awaitable[Any]]

API = "/api/v1"
SESSIONS = f"{API}/sessions/import"
ONE = f"{SESSIONS}/{{id}}"


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `action` is what the caller must be allowed to do to the session in the path; None
    for a route that is about no session. `answers` are its statuses when all goes well; `problems`
    the slugs of the rest, but for those that every route has.
    """

    method: str
    path: str
    operation: str
    handler: Handler
    action: str | None
    answers: tuple[int, ...]
    problems: tuple[str, ...] = ()
    is_open: bool = False
    # whether it is for browsers: HTML, and problems as HTML, too
    is_page: bool = False


# of every route that wants a token
SIGNED_IN = ("unauthenticated", "rate-limited")
# of every route about one session
OF_ONE = ("not-found", "gone", "forbidden", "handed-over", "ambiguous-session", "invalid-request")
SAVING = (
    "invalid-json",
    "invalid-request",
    "digest-mismatch",
    "too-large",
    "slow-body",
    "invalid-state",
    "unsupported-media-type",
    "org-mismatch",
    "unavailable",
)

# of every route that takes a form
FORM = ("invalid-request", "too-large", "slow-body", "digest-mismatch")
# of every page that something is sent to
POSTED = ("invalid-request", "forbidden", "rate-limited", "unavailable")


async def read_openapi(call: Call) -> Answer:
    """GET /openapi.json: this table, for programs."""
    call.query()
    return as_json(openapi.describe(ROUTES, SIGNED_IN))


ROUTES = (
    # the four endpoints of the specification; the first is the one that is called most
    Route(
        "POST",
        SESSIONS,
        "saveSession",
        saving.save,
        "save",
        (200, 201),
        (
            *SAVING,
            "not-found",
            "gone",
            "forbidden",
            "handed-over",
            "ambiguous-session",
            "lease-lost",
            "leased",
            "version-conflict",
            "precondition-required",
        ),
    ),
    Route(
        "GET",
        f"{SESSIONS}/current",
        "readCurrentSession",
        reading.read_current,
        None,
        (200, 304),
        ("no-active-session", "invalid-request"),
    ),
    Route(
        "GET", SESSIONS, "listSessions", listing.list_sessions, None, (200,), ("invalid-request",)
    ),
    # before the paths of one session, which it would else be
    Route(
        "GET",
        f"{SESSIONS}/events",
        "watchSessions",
        events.watch,
        None,
        (200,),
        ("invalid-request",),
    ),
    Route("GET", ONE, "readSession", reading.read_session, "summarize", (200, 304), OF_ONE),
    Route(
        "DELETE",
        ONE,
        "deleteSession",
        deletion.delete_session,
        "delete",
        (204,),
        (*OF_ONE, "lease-lost", "leased", "version-conflict", "unavailable"),
    ),
    # and what it takes beside them
    Route("GET", f"{ONE}/document", "readDocument", reading.read_document, "see", (200,), OF_ONE),
    Route("GET", f"{ONE}/versions", "listVersions", reading.list_versions, "see", (200,), OF_ONE),
    Route(
        "GET", f"{ONE}/versions/{{n}}", "readVersion", reading.read_version, "see", (200,), OF_ONE
    ),
    Route(
        "PUT",
        f"{ONE}/lease",
        "takeLease",
        lease.take_lease,
        "save",
        (200,),
        (
            *OF_ONE,
            "invalid-json",
            "too-large",
            "slow-body",
            "digest-mismatch",
            "lease-lost",
            "leased",
            "unavailable",
        ),
    ),
    Route(
        "DELETE",
        f"{ONE}/lease",
        "releaseLease",
        lease.release_lease,
        "save",
        (204,),
        (*OF_ONE, "unavailable"),
    ),
    Route(
        "PUT",
        f"{ONE}/share",
        "shareSession",
        sharing.share,
        "share",
        (200,),
        (*OF_ONE, "invalid-json", "too-large", "slow-body", "digest-mismatch", "unavailable"),
    ),
    Route(
        "PUT",
        f"{ONE}/handoff",
        "offerHandoff",
        sharing.offer,
        "hand_off",
        (200,),
        (*OF_ONE, "invalid-json", "too-large", "slow-body", "digest-mismatch", "unavailable"),
    ),
    Route(
        "DELETE",
        f"{ONE}/handoff",
        "withdrawHandoff",
        sharing.withdraw,
        "hand_off",
        (204,),
        (*OF_ONE, "unavailable"),
    ),
    Route(
        "POST",
        f"{ONE}/handoff/accept",
        "acceptHandoff",
        sharing.accept,
        "accept",
        (200,),
        (*OF_ONE, "unavailable"),
    ),
    Route(
        "POST",
        f"{ONE}/handoff/decline",
        "declineHandoff",
        sharing.decline,
        "accept",
        (204,),
        (*OF_ONE, "unavailable"),
    ),
    # logs, and what was done to whom
    Route(
        "PUT",
        f"{ONE}/logs/{{name}}",
        "uploadLog",
        logs.upload,
        "save",
        (200,),
        (
            *OF_ONE,
            "digest-mismatch",
            "too-large",
            "slow-body",
            "conflict",
            "range",
            "unavailable",
        ),
    ),
    Route("GET", f"{ONE}/logs", "listLogs", logs.list_logs, "see", (200,), OF_ONE),
    Route(
        "GET",
        f"{ONE}/logs/{{name}}",
        "readLog",
        logs.read_log,
        "see",
        (200, 206),
        (*OF_ONE, "range"),
    ),
    Route(
        "GET",
        f"{ONE}/audit",
        "listRecordsOfSession",
        records.list_of_session,
        "audit",
        (200,),
        OF_ONE,
    ),
    Route(
        "GET",
        "/api/v1/audit",
        "listRecords",
        records.list_of_org,
        None,
        (200,),
        ("forbidden", "invalid-request"),
    ),
    # signing in and out
    Route(
        "POST",
        f"{API}/auth/device",
        "beginDeviceLogin",
        device.begin,
        None,
        (200,),
        (*FORM, "rate-limited", "unavailable"),
        is_open=True,
    ),
    # 400 as RFC 8628 writes it, which is no problem document
    Route(
        "POST",
        f"{API}/auth/token",
        "pollDeviceLogin",
        device.poll,
        None,
        (200, 400),
        (*FORM, "rate-limited", "unavailable"),
        is_open=True,
    ),
    Route(
        "POST",
        f"{API}/auth/revoke",
        "revokeToken",
        device.revoke,
        None,
        (200, 400),
        (*FORM, "rate-limited", "unavailable"),
        is_open=True,
    ),
    Route(
        "POST",
        f"{API}/auth/links",
        "addSignInLink",
        account.add_link,
        None,
        (200,),
        ("invalid-request", "forbidden", "unavailable"),
    ),
    Route("GET", f"{API}/me", "readMe", account.read_me, None, (200,), ("invalid-request",)),
    Route(
        "GET", f"{API}/teams", "listTeams", account.list_teams, None, (200,), ("invalid-request",)
    ),
    Route(
        "GET",
        f"{API}/tokens",
        "listTokens",
        account.list_tokens,
        None,
        (200,),
        ("invalid-request",),
    ),
    Route(
        "DELETE",
        f"{API}/tokens/{{token_id}}",
        "deleteToken",
        account.delete_token,
        None,
        (204,),
        ("invalid-request", "not-found", "forbidden", "unavailable"),
    ),
    # the pages; what they refer to has a name that changes with its content
    Route("GET", "/", "showAccount", browser.show_account, None, (200, 303), is_page=True),
    Route(
        "POST",
        "/tokens/{token_id}/revoke",
        "revokeTokenOnPage",
        browser.revoke_token,
        None,
        (303,),
        (*POSTED, "not-found"),
        is_page=True,
    ),
    Route(
        "GET",
        "/sign-in",
        "showSignIn",
        browser.show_sign_in,
        None,
        (200,),
        ("invalid-request", "forbidden"),
        is_open=True,
        is_page=True,
    ),
    Route(
        "POST",
        "/sign-in",
        "signIn",
        browser.sign_in,
        None,
        (303, 401),
        (*FORM, *POSTED),
        is_open=True,
        is_page=True,
    ),
    Route(
        "GET",
        "/sign-in/{code}",
        "showSignInLink",
        browser.show_link,
        None,
        (200,),
        ("invalid-request", "forbidden", "not-found", "rate-limited"),
        is_open=True,
        is_page=True,
    ),
    Route(
        "POST",
        "/sign-in/{code}",
        "followSignInLink",
        browser.follow_link,
        None,
        (303,),
        (*POSTED, "not-found"),
        is_open=True,
        is_page=True,
    ),
    # open, so that whoever has no session any more is not asked to sign in for it
    Route(
        "POST",
        "/sign-out",
        "signOut",
        browser.sign_out,
        None,
        (303,),
        POSTED,
        is_open=True,
        is_page=True,
    ),
    Route(
        "POST",
        "/sign-out/everywhere",
        "signOutEverywhere",
        browser.sign_out_everywhere,
        None,
        (303,),
        POSTED,
        is_page=True,
    ),
    Route("GET", "/device", "showDeviceForm", approval.show_form, None, (200, 303), is_page=True),
    Route(
        "POST",
        "/device",
        "showDevice",
        approval.show_device,
        None,
        (200, 303, 400),
        (*FORM, *POSTED),
        is_page=True,
    ),
    Route(
        "POST",
        "/device/answer",
        "answerDevice",
        approval.answer_device,
        None,
        (200, 303, 400),
        (*FORM, *POSTED),
        is_page=True,
    ),
    Route(
        "GET",
        "/static/{name}",
        "readFile",
        pages.read_file,
        None,
        (200,),
        ("not-found",),
        is_open=True,
        is_page=True,
    ),
    Route(
        "GET",
        "/favicon.ico",
        "readIcon",
        pages.read_icon,
        None,
        (200,),
        is_open=True,
        is_page=True,
    ),
    # the hub itself
    Route(
        "GET",
        "/api/v1/info",
        "readInfo",
        operation.read_info,
        None,
        (200,),
        ("invalid-request",),
        is_open=True,
    ),
    Route(
        "GET",
        "/healthz",
        "readHealth",
        operation.read_health,
        None,
        (200,),
        ("invalid-request",),
        is_open=True,
    ),
    Route(
        "GET",
        "/readyz",
        "readReadiness",
        operation.read_readiness,
        None,
        (200,),
        ("invalid-request", "unavailable"),
        is_open=True,
    ),
    Route(
        "GET",
        "/openapi.json",
        "readOpenapi",
        read_openapi,
        None,
        (200,),
        ("invalid-request",),
        is_open=True,
    ),
)
