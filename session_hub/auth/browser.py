"""Signing in a browser: by a link that is good once, or by a pasted token; and signing it out."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote, urlsplit

from session_hub import limits
from session_hub.auth import hash_secret, tokens
from session_hub.auth.account import end_token, find_tokens
from session_hub.http import Answer, Call
from session_hub.pages import redirect, render
from session_hub.problems import Problem
from session_hub.sessions import audit
from session_hub.writer import Row, Stale, Statement

log = logging.getLogger("session_hub")
# of this machine; browsers keep what is sent to them to it
LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))
_LOCAL_PATH = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")
_PATH_LENGTH = 200
_NO_REFERRER = ("referrer-policy", "no-referrer")
_WRONG_TOKEN = "This token is unknown, revoked or expired."


def local_path(text: str) -> str:
    """Where to go after signing in: a path of this hub, whatever was sent."""
    is_local = len(text) <= _PATH_LENGTH and _LOCAL_PATH.fullmatch(text)
    return text if is_local else "/"


def sign_in_path(path: str) -> str:
    """The page to sign in on, from which `path` goes on."""
    return "/sign-in" if local_path(path) == "/" else f"/sign-in?next={quote(path, safe='/')}"


def check_is_private(call: Call) -> None:
    """Raises Problem where a token or a cookie would cross a network in clear."""
    host = urlsplit(f"//{call.headers.get('host', '')}").hostname
    if not (call.hub.settings.is_https or host in LOOPBACK):
        raise Problem(
            "forbidden",
            f"{call.hub.settings.public_url} is not encrypted, and who listens on the way could"
            " sign in as you: ask whoever runs this hub to serve it by https.",
        )


async def show_sign_in(call: Call) -> Answer:
    """GET /sign-in: where a token is pasted."""
    target = local_path(call.query("next").get("next", "/"))
    check_is_private(call)
    return render("sign_in.html", next=target, error=None)


async def sign_in(call: Call) -> Answer:
    """POST /sign-in: signs in who has pasted a token that is valid."""
    call.query()
    check_is_private(call)
    form = await call.form()
    target, token = local_path(form.get("next", "/")), form.get("token", "").strip()
    attempts = f"sign-in {call.address}"
    call.hub.sign_ins.take(attempts)
    try:
        actor = await call.hub.authenticator.authenticate({"authorization": f"Bearer {token}"})
    except Problem:
        await _note_failure(call, token)
        headers = [("www-authenticate", 'Bearer realm="session-hub"')]
        return render("sign_in.html", None, 401, headers, next=target, error=_WRONG_TOKEN)
    call.hub.sign_ins.give_back(attempts)
    who = {"user_id": actor.user_id, "org_id": actor.org_id, "token_id": actor.token_id}
    record = audit.entry(actor, "auth.login", address=call.address, detail={"by": "token"})
    return redirect(target, [await _open_session(call, who, record)])


async def _note_failure(call: Call, token: str) -> None:
    """In the log; and in the audit, when it was the token of somebody."""
    log.warning("sign-in failed", extra={"request_id": call.request_id, "address": call.address})
    row = await call.hub.store.one("find_token_by_hash", hash=hash_secret(token))
    if row is not None:
        await call.hub.store.writer.put(
            audit.statement(
                row["org_id"],
                "auth.failed",
                actor=row["user"],
                token_id=row["id"],
                address=call.address,
                detail={"by": "token", "why": "it has ended"},
            )
        )


async def show_link(call: Call) -> Answer:
    """GET /sign-in/{code}: asks; a program that looks at links beforehand spends nothing."""
    call.query()
    check_is_private(call)
    link = await _find_link(call)
    return render("sign_in_link.html", headers=[_NO_REFERRER], user=link["user"], org=link["org"])


async def follow_link(call: Call) -> Answer:
    """POST /sign-in/{code}: spends the link, and signs the browser in."""
    call.query()
    check_is_private(call)
    link = await _find_link(call)
    who = {key: link[key] for key in ("user_id", "org_id", "token_id")}
    record = audit.statement(
        link["org_id"],
        "auth.login",
        actor=link["user"],
        token_id=link["token_id"],
        address=call.address,
        detail={"by": "link"},
    )
    spend = Statement("spend_sign_in_link", {"hash": hash_secret(call.path["code"])}, guards=True)
    try:
        cookie = await _open_session(call, who, record, spend)
    except Stale:
        raise _no_link() from None
    return redirect("/", [_NO_REFERRER, cookie])


async def _find_link(call: Call) -> Row:
    attempts = f"sign-in {call.address}"
    call.hub.sign_ins.take(attempts)
    link = await call.hub.store.one("find_sign_in_link", hash=hash_secret(call.path["code"]))
    if link is None:
        raise _no_link()
    call.hub.sign_ins.give_back(attempts)
    return link


def _no_link() -> Problem:
    return Problem(
        "not-found",
        "This link was already used, or it has expired. Make a new one with 'session-cli open',"
        " sign in with a token, or ask an administrator for a link ('session-hub admin"
        " login-link').",
        headers=dict([_NO_REFERRER]),
    )


async def _open_session(
    call: Call, who: dict[str, str | None], record: Statement, *first: Statement
) -> tuple[str, str]:
    """A browser's session in place of the one that it has; its cookie."""
    secret = tokens.new_secret()
    await call.hub.store.writer.put(
        *first,
        *_end_session(call),
        Statement(
            "add_browser_session",
            {"hash": hash_secret(secret), "life": limits.BROWSER_LIFE, **who},
        ),
        Statement("forget_old_browser_sessions", {}),
        record,
    )
    call.hub.authenticator.forget()
    return _cookie(call, secret, limits.BROWSER_LIFE)


def _end_session(call: Call) -> list[Statement]:
    """What ends the session that the browser has, if it has one."""
    secret = call.hub.authenticator.find_cookie(call.headers)
    return [Statement("end_browser_session", {"hash": hash_secret(secret)})] if secret else []


def _cookie(call: Call, value: str, life: float) -> tuple[str, str]:
    parts = [
        f"{call.hub.authenticator.cookie}={value}",
        "Path=/",
        f"Max-Age={int(life)}",
        "HttpOnly",
        "SameSite=Lax",
    ]
    if call.hub.settings.is_https:
        parts.append("Secure")
    return "set-cookie", "; ".join(parts)


async def sign_out(call: Call) -> Answer:
    """POST /sign-out: ends this browser's session."""
    call.query()
    statements = _end_session(call)
    if statements:
        await call.hub.store.writer.put(*statements)
        call.hub.authenticator.forget()
    return redirect("/sign-in", [_cookie(call, "", 0)])


async def sign_out_everywhere(call: Call) -> Answer:
    """POST /sign-out/everywhere: ends the sessions of all the person's browsers."""
    call.query()
    who = {"user_id": call.actor.user_id, "org_id": call.actor.org_id}
    await call.hub.store.writer.put(
        Statement("end_own_browser_sessions", who), audit.record(call, "auth.logout")
    )
    call.hub.authenticator.forget()
    return redirect("/sign-in", [_cookie(call, "", 0)])


async def show_account(call: Call) -> Answer:
    """GET /: who is signed in, and on which devices."""
    call.query()
    return render(
        "account.html",
        call.actor,
        tokens=await find_tokens(call),
        hub=call.hub.settings.public_url,
    )


async def revoke_token(call: Call) -> Answer:
    """POST /tokens/{token_id}/revoke: ends one of the person's own tokens."""
    call.query()
    await end_token(call, call.path["token_id"])
    return redirect("/")
