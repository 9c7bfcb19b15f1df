"""Signing in a device by a code that its user types in a browser (RFC 8628).

The device keeps a device code and asks with it for its token; the person types the short user
code. Errors are written as RFC 6749 wants them, `{"error": …}`, for that is what its clients read.
"""

from __future__ import annotations

import secrets

from session_hub import free_text, limits
from session_hub.auth import hash_secret, tokens
from session_hub.clock import now
from session_hub.http import Answer, Call, as_json
from session_hub.sessions import audit
from session_hub.writer import Row, Stale, Statement

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
# no vowels, so that no words come about, and nothing that looks like a digit
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH = 8
NAME_LENGTH = 100
SLOWER_BY = 5.0
_SENTENCES = {
    "authorization_pending": "Nobody has approved the sign-in yet: ask again after the interval.",
    "slow_down": "That was too soon: wait 5 seconds longer each time from now on.",
    "expired_token": "Nobody approved the sign-in within ten minutes: start again.",
    "access_denied": "The sign-in was denied.",
    "invalid_grant": "This device code is unknown, or already used: start again.",
}


async def begin(call: Call) -> Answer:
    """POST /auth/device (`device_name=laptop`): the two codes, and where to type the short one."""
    call.query()
    form = await call.form()
    name = _name(form.get("device_name") or call.device[1] or "")
    call.hub.sign_ins.take(f"device {call.address}")
    while True:
        secret, code = tokens.new_secret(), _new_code()
        try:
            await call.hub.store.writer.put(
                Statement(
                    "add_device_login",
                    {
                        "hash": hash_secret(secret),
                        "code_hash": hash_secret(code),
                        "device_name": name,
                        "address": call.address,
                        "interval": limits.POLL_SECONDS,
                        "life": limits.DEVICE_LOGIN_SECONDS,
                    },
                    guards=True,
                ),
                Statement("forget_old_device_logins", {}),
            )
        except Stale:
            # another device has this code now
            continue
        break
    return as_json(
        {
            "device_code": secret,
            "user_code": f"{code[:4]}-{code[4:]}",
            "verification_uri": f"{call.hub.settings.public_url}/device",
            "expires_in": int(limits.DEVICE_LOGIN_SECONDS),
            "interval": int(limits.POLL_SECONDS),
        }
    )


def _name(text: str) -> str:
    """The device's name for itself: one short line."""
    free_text.check(text, "device_name")
    return text.strip()[:NAME_LENGTH] or "a device without a name"


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(text: str) -> str | None:
    """The code that a person typed, in any case and with any separators; None if it is none."""
    code = "".join(char for char in text.upper() if char.isalnum())
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


async def poll(call: Call) -> Answer:
    """POST /auth/token: the token, once the sign-in is approved; else why there is none."""
    call.query()
    form = await call.form()
    if form.get("grant_type") != GRANT_TYPE:
        return _error("unsupported_grant_type", f"grant_type is {GRANT_TYPE}.")
    secret = form.get("device_code")
    if not secret:
        return _error("invalid_request", "device_code is missing.")
    hashed = hash_secret(secret)
    login = await call.hub.store.one("find_device_login", hash=hashed)
    error = _why_not(login)
    if error in ("authorization_pending", "slow_down"):
        slower = SLOWER_BY if error == "slow_down" else 0
        await call.hub.store.writer.put(Statement("note_poll", {"hash": hashed, "slower": slower}))
    if error:
        return _error(error, _SENTENCES[error])
    try:
        return await _issue(call, login)
    except Stale:
        return _error("invalid_grant", _SENTENCES["invalid_grant"])


def _why_not(login: Row | None) -> str | None:
    """The error that a poll gets now; None when the token can be issued."""
    at = now()
    if login is None:
        return "invalid_grant"
    if login["state"] == "denied":
        return "access_denied"
    if login["expires_at"] <= at:
        return "expired_token"
    if login["state"] == "pending":
        is_early = login["polled_at"] is not None and at < login["polled_at"] + login["interval_s"]
        return "slow_down" if is_early else "authorization_pending"
    is_member = login["member_since"] is not None and login["disabled_at"] is None
    return None if is_member else "access_denied"


async def _issue(call: Call, login: Row) -> Answer:
    unique, token = tokens.new_id(), tokens.new_token()
    name, org_id, user = login["device_name"], login["org_id"], login["user"]
    who = {"actor": user, "token_id": unique, "address": call.address, "device": call.device[0]}
    await call.hub.store.writer.put(
        Statement("spend_device_login", {"hash": login["hash"]}, guards=True),
        tokens.add(unique, token, login["user_id"], org_id, name),
        audit.statement(org_id, "token.create", **who, detail={"token": unique, "name": name}),
        audit.statement(org_id, "auth.login", **who, detail={"by": "device", "name": name}),
    )
    return as_json(
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(limits.TOKEN_LIFE),
            "token_id": unique,
        }
    )


async def revoke(call: Call) -> Answer:
    """POST /auth/revoke (`token=chs_…`, RFC 7009): who has a token may end it; 200 in any case."""
    call.query()
    token = (await call.form()).get("token")
    if not token:
        return _error("invalid_request", "token is missing.")
    row = await call.hub.store.one("find_token_by_hash", hash=hash_secret(token))
    if row is not None:
        record = audit.statement(
            row["org_id"],
            "token.revoke",
            actor=row["user"],
            token_id=row["id"],
            address=call.address,
            detail={"token": row["id"]},
        )
        try:
            await call.hub.store.writer.put(tokens.end(row["id"]), record)
        except Stale:
            # it has ended already
            pass
        call.hub.authenticator.forget()
    return Answer(200)


def _error(error: str, sentence: str) -> Answer:
    return as_json({"error": error, "error_description": sentence}, 400)
