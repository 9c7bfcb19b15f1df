"""Signing in a device by a code that a person types (H12, RFC 8628)."""

from __future__ import annotations

import pytest
from hub.browsing import Browser, Device, query, text, words
from hub.running import RunningHub

MINUTE = 60
DAY = 24 * 60 * MINUTE


@pytest.fixture(scope="module")
def browser(hub: RunningHub) -> Browser:
    return Browser(hub).sign_in()


def answer(browser: Browser, device: Device, said: str) -> str:
    """Types the code, looks at the device, and answers; what the page then shows."""
    shown = browser.post("/device", {"code": device.code})
    assert "Did you start this?" in words(shown)
    done = browser.post("/device/answer", {"code": device.code, "answer": said})
    assert done.status == 200
    return words(done)


def test_h12_an_approved_device_gets_its_token_once(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    assert "Approved" in answer(browser, device, "approve")
    given = device.wait_and_poll()
    assert given.status == 200
    assert given.json()["token_type"] == "Bearer"
    token = given.json()["access_token"]
    me = hub.ask("GET", "/api/v1/me", token=token).json()
    assert me["user"] == hub.ask("GET", "/api/v1/me").json()["user"]
    names = [item["name"] for item in hub.ask("GET", "/api/v1/tokens", token=token).json()["items"]]
    assert "laptop" in names
    again = device.wait_and_poll()
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")


def test_h12_the_device_is_named_a_short_code_and_where_to_type_it(hub: RunningHub) -> None:
    begun = Device(hub).send("device", device_name="laptop")
    found = begun.json()
    assert found["verification_uri"] == f"{hub.url}/device"
    assert (found["expires_in"], found["interval"]) == (600, 5)
    letters = found["user_code"].replace("-", "")
    assert len(letters) == 8 and found["user_code"][4] == "-"
    assert set(letters) <= set("BCDFGHJKLMNPQRSTVWXZ")
    # a link with the code in it would let others sign in with one click of theirs
    assert "verification_uri_complete" not in found


def test_h12_a_device_that_nobody_answered_waits(hub: RunningHub) -> None:
    waiting = Device(hub).begin().poll()
    assert (waiting.status, waiting.json()["error"]) == (400, "authorization_pending")
    assert waiting.headers["cache-control"] == "no-store"


def test_h12_a_denied_device_is_refused(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    assert "was not signed in" in answer(browser, device, "deny")
    assert device.wait_and_poll().json()["error"] == "access_denied"
    assert browser.post("/device", {"code": device.code}).status == 400
    late = browser.post("/device/answer", {"code": device.code, "answer": "approve"})
    assert late.status == 400
    assert device.wait_and_poll().json()["error"] == "access_denied"


def test_h12_a_device_has_ten_minutes(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    hub.advance(10 * MINUTE)
    assert device.poll().json()["error"] == "expired_token"
    assert browser.post("/device", {"code": device.code}).status == 400
    assert browser.post("/device/answer", {"code": device.code, "answer": "approve"}).status == 400


def test_h12_who_asks_too_often_waits_five_seconds_longer_each_time(hub: RunningHub) -> None:
    device = Device(hub).begin()
    assert device.poll().json()["error"] == "authorization_pending"
    hub.advance(4)
    assert device.poll().json()["error"] == "slow_down"
    hub.advance(9)
    assert device.poll().json()["error"] == "slow_down"
    hub.advance(14)
    assert device.poll().json()["error"] == "slow_down"
    hub.advance(20)
    assert device.poll().json()["error"] == "authorization_pending"


def test_h12_five_wrong_codes_lock_the_page_also_for_the_right_one(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in(hub.add_person("guesser"))
    device = Device(hub).begin()
    for number in range(5):
        wrong = browser.post("/device", {"code": f"BBBB-BBB{'BCDFG'[number]}"})
        assert wrong.status == 400
        assert "No device is waiting for this code" in words(wrong)
    for path in ("/device", "/device/answer"):
        locked = browser.post(path, {"code": device.code, "answer": "approve"})
        assert locked.status == 429
        assert "wait" in words(locked)
        assert int(locked.headers["retry-after"]) > MINUTE
    assert device.wait_and_poll().json()["error"] == "authorization_pending"


def test_right_codes_do_not_count_as_tries(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in(hub.add_person("collector"))
    device = Device(hub).begin()
    for _ in range(7):
        assert browser.post("/device", {"code": device.code}).status == 200


@pytest.mark.parametrize("way", [str.lower, lambda code: code.replace("-", " ") + " "])
def test_a_code_is_understood_however_it_is_typed(
    hub: RunningHub, browser: Browser, way: object
) -> None:
    device = Device(hub).begin()
    assert browser.post("/device", {"code": way(device.code)}).status == 200  # type: ignore[operator]


def test_the_page_shows_the_device_and_its_address_and_escapes_them(
    hub: RunningHub, browser: Browser
) -> None:
    device = Device(hub, name="<script>alert(1)</script>evil").begin()
    shown = browser.post("/device", {"code": device.code})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;evil" in text(shown)
    assert "<script" not in text(shown)
    assert device.address in words(shown)
    answer(browser, device, "approve")
    assert device.wait_and_poll().status == 200
    assert "<script" not in text(browser.get("/"))
    assert "&lt;script&gt;" in text(browser.get("/"))


def test_looking_at_a_device_approves_nothing(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    browser.post("/device", {"code": device.code})
    assert device.poll().json()["error"] == "authorization_pending"


def test_no_other_page_approves_a_device(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    form = {"code": device.code, "answer": "approve"}
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert browser.post("/device/answer", form, **headers).status == 403
    assert device.wait_and_poll().json()["error"] == "authorization_pending"


def test_who_is_not_signed_in_signs_in_first(hub: RunningHub) -> None:
    asked = Browser(hub).get("/device")
    assert (asked.status, asked.headers["location"]) == (303, "/sign-in?next=/device")
    done = Browser(hub).post("/sign-in", {"token": hub.token, "next": "/device"})
    assert done.headers["location"] == "/device"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "invalid_request"),
        (
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": "no such",
            },
            "invalid_grant",
        ),
    ],
)
def test_wrong_requests_are_answered_as_the_rfc_says(
    hub: RunningHub, form: dict[str, str], error: str
) -> None:
    refused = Device(hub).send("token", **form)
    assert refused.status == 400
    assert refused.headers["content-type"] == "application/json"
    assert refused.json()["error"] == error


def test_one_address_cannot_begin_without_end(hub: RunningHub) -> None:
    device = Device(hub)
    answers = [device.send("device").status for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_neither_codes_nor_tokens_are_in_the_log(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub).begin()
    answer(browser, device, "approve")
    token = device.wait_and_poll().json()["access_token"]
    hub.ask("GET", "/api/v1/me", token=token)
    log = hub.log.read_text()
    for secret in (device.secret, device.code, device.code.replace("-", ""), token, hub.token):
        assert secret not in log
    for value in browser.cookies.values():
        assert value not in log


def test_signing_in_is_in_the_audit_with_the_change(hub: RunningHub, browser: Browser) -> None:
    device = Device(hub, name="audited").begin()
    answer(browser, device, "approve")
    given = device.wait_and_poll().json()
    rows = query(
        hub,
        "select action, address from audit where token_id = ? order by action desc",
        given["token_id"],
    )
    assert rows == [("token.create", device.address), ("auth.login", device.address)]
