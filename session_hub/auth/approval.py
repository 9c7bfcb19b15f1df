"""The page on which a person lets a device sign in: the code is typed, never taken from a link."""

from __future__ import annotations

from session_hub import limits
from session_hub.auth import hash_secret
from session_hub.auth.device import read_code
from session_hub.http import Answer, Call
from session_hub.pages import render
from session_hub.problems import Problem
from session_hub.sessions import audit
from session_hub.writer import Row, Stale, Statement

_STATES = {"approve": "approved", "deny": "denied"}
_WRONG_CODE = "No device is waiting for this code. Check it, or start again on the device."


async def show_form(call: Call) -> Answer:
    """GET /device: where the code is typed."""
    call.query()
    return _form(call)


async def show_device(call: Call) -> Answer:
    """POST /device: which device has the code that was typed; changes nothing."""
    call.query()
    code = read_code((await call.form()).get("code", ""))
    login = await _find(call, code)
    if code is None or login is None:
        return await _refuse(call)
    return render(
        "device_approval.html",
        call.actor,
        code=f"{code[:4]}-{code[4:]}",
        name=login["device_name"],
        address=login["address"],
        begun_at=login["expires_at"] - limits.DEVICE_LOGIN_SECONDS,
    )


async def answer_device(call: Call) -> Answer:
    """POST /device/answer: lets the device sign in as the person, or denies it."""
    call.query()
    form = await call.form()
    state = _STATES.get(form.get("answer", ""))
    if state is None:
        raise Problem("invalid-request", "The answer is approve or deny.")
    code = read_code(form.get("code", ""))
    login = await _find(call, code)
    if code is None or login is None:
        return await _refuse(call)
    try:
        await call.hub.store.writer.put(*_answer(call, code, login, state))
    except Stale:
        return await _refuse(call)
    return render("device_answered.html", call.actor, name=login["device_name"], state=state)


def _answer(call: Call, code: str, login: Row, state: str) -> list[Statement]:
    action = "auth.approve" if state == "approved" else "auth.failed"
    detail = {"by": "device", "name": login["device_name"], "from": login["address"]}
    return [
        Statement(
            "answer_device_login",
            {
                "code_hash": hash_secret(code),
                "state": state,
                "user_id": call.actor.user_id,
                "org_id": call.actor.org_id,
            },
            guards=True,
        ),
        audit.record(call, action, **detail),
    ]


async def _find(call: Call, code: str | None) -> Row | None:
    """The login that waits with this code; a wrong one counts against the person's tries."""
    keys = [call.actor.user_id, *([hash_secret(code)] if code else [])]
    for key in keys:
        call.hub.codes.take(key)
    if code is None:
        return None
    login = await call.hub.store.one("find_device_login_by_code", code_hash=hash_secret(code))
    if login is not None:
        for key in keys:
            call.hub.codes.give_back(key)
    return login


async def _refuse(call: Call) -> Answer:
    await call.hub.store.writer.put(
        audit.record(call, "auth.failed", by="device", why="wrong code")
    )
    return _form(call, 400, _WRONG_CODE)


def _form(call: Call, status: int = 200, error: str | None = None) -> Answer:
    return render("device.html", call.actor, status, error=error)
