"""Signing in a browser, and what its session is good for (H12)."""

from __future__ import annotations

import re
import secrets

import pytest
from hub.browsing import Browser, query, text, words
from hub.running import RunningHub

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def make_link(hub: RunningHub, token: str | None = None) -> str:
    """The path of a link that a signed-in device has made."""
    made = hub.ask("POST", "/api/v1/auth/links", token=token)
    assert made.status == 200, made.body
    url = str(made.json()["url"])
    assert url.startswith(hub.url)
    return url.removeprefix(hub.url)


# ---------------------------------------------------------------- a link


def test_h12_a_link_asks_first_and_signs_in_once(hub: RunningHub) -> None:
    browser, link = Browser(hub), make_link(hub)
    name = hub.ask("GET", "/api/v1/me").json()["user"]["name"]
    for _ in range(2):
        # what looks at links beforehand, as chats and mail filters do, spends nothing
        asked = browser.get(link)
        assert asked.status == 200
        assert f"Sign in as {name}?" in words(asked)
        assert asked.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in asked.headers
    done = browser.post(link)
    assert (done.status, done.headers["location"]) == (303, "/")
    assert browser.is_signed_in()
    other = Browser(hub)
    assert other.post(link).status == 404
    assert other.get(link).status == 404
    assert not other.is_signed_in()


def test_h12_a_link_of_a_device_is_good_for_a_minute(hub: RunningHub) -> None:
    link = make_link(hub)
    hub.advance(59)
    assert Browser(hub).get(link).status == 200
    hub.advance(1)
    late = Browser(hub).post(link)
    assert late.status == 404
    assert "session-hub admin login-link" in words(late)
    assert "session-cli open" in words(late)


def test_h12_a_link_of_an_administrator_is_good_for_a_day(hub: RunningHub) -> None:
    hub.add_person("robin")
    link = str(hub.admin("login-link", "robin", "--org", "home")["url"]).removeprefix(hub.url)
    hub.advance(DAY - MINUTE)
    browser = Browser(hub)
    assert browser.post(link).status == 303
    assert "You are robin in home" in words(browser.get("/"))
    late = str(hub.admin("login-link", "robin", "--org", "home")["url"]).removeprefix(hub.url)
    hub.advance(DAY)
    assert Browser(hub).post(late).status == 404


def test_a_link_ends_with_the_token_it_came_from(hub: RunningHub) -> None:
    token = hub.add_person("lee")
    link = make_link(hub, token)
    revoke(hub, token)
    assert Browser(hub).get(link).status == 404
    assert Browser(hub).post(link).status == 404


def test_a_browser_cannot_make_a_link(hub: RunningHub) -> None:
    made = Browser(hub).sign_in().post("/api/v1/auth/links")
    assert made.status == 403


def test_the_code_of_a_link_is_not_in_the_log(hub: RunningHub) -> None:
    link = make_link(hub)
    Browser(hub).get(link)
    Browser(hub).post(link)
    wrong = f"/sign-in/{secrets.token_urlsafe(32)}"
    Browser(hub).get(wrong)
    log = hub.log.read_text()
    for path in (link, wrong):
        assert path.removeprefix("/sign-in/") not in log


# ---------------------------------------------------------------- a pasted token


def test_h12_a_pasted_token_signs_in(hub: RunningHub) -> None:
    browser = Browser(hub)
    assert browser.get("/").headers["location"] == "/sign-in"
    assert 'name="token"' in text(browser.get("/sign-in"))
    done = browser.post("/sign-in", {"token": f"  {hub.token}\n"})
    assert (done.status, done.headers["location"]) == (303, "/")
    assert browser.is_signed_in()


@pytest.mark.parametrize("token", ["", "chs_no", "é\x00 <script>"])
def test_a_wrong_token_does_not(hub: RunningHub, token: str) -> None:
    browser = Browser(hub)
    refused = browser.post("/sign-in", {"token": token})
    assert refused.status == 401
    assert "This token is unknown, revoked or expired." in words(refused)
    assert "set-cookie" not in refused.headers
    assert "<script" not in text(refused)


def test_a_failed_attempt_is_in_the_log_without_what_was_tried(hub: RunningHub) -> None:
    tried = f"chs_{secrets.token_urlsafe(32)}"
    Browser(hub).post("/sign-in", {"token": tried})
    log = hub.log.read_text()
    assert "sign-in failed" in log
    assert tried not in log


def test_h12_one_address_has_five_attempts_a_minute(hub: RunningHub) -> None:
    browser = Browser(hub)
    answers = [browser.post("/sign-in", {"token": "chs_no"}).status for _ in range(6)]
    assert answers == [401] * 5 + [429]
    # also for the right one, else guessing would go on
    assert browser.post("/sign-in", {"token": hub.token}).status == 429
    assert browser.get(make_link(hub)).status == 429
    assert Browser(hub).post("/sign-in", {"token": hub.token}).status == 303


def test_attempts_that_succeed_do_not_count(hub: RunningHub) -> None:
    browser, link = Browser(hub), make_link(hub)
    for _ in range(6):
        assert browser.post("/sign-in", {"token": hub.token}).status == 303
        assert browser.get(link).status == 200


def test_an_ended_token_is_refused_and_that_is_in_the_audit(hub: RunningHub) -> None:
    token = hub.add_person("morgan")
    revoke(hub, token)
    browser = Browser(hub)
    assert browser.post("/sign-in", {"token": token}).status == 401
    assert query(
        hub,
        "select actor from audit where action = 'auth.failed' and address = ?",
        browser.address,
    ) == [("morgan",)]


@pytest.mark.parametrize(
    ("wanted", "followed"),
    [
        ("/device", "/device"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a//evil.example", "/"),
        ("/device\r\nX: y", "/"),
        ("/" + "a" * 300, "/"),
    ],
)
def test_signing_in_leads_to_no_other_site(hub: RunningHub, wanted: str, followed: str) -> None:
    done = Browser(hub).post("/sign-in", {"token": hub.token, "next": wanted})
    assert (done.status, done.headers["location"]) == (303, followed)


# ---------------------------------------------------------------- the cookie


def test_h12_the_cookie_is_kept_from_scripts_and_other_sites(hub: RunningHub) -> None:
    done = Browser(hub).post("/sign-in", {"token": hub.token})
    name, *flags = done.headers["set-cookie"].split("; ")
    assert name.startswith("hub_session=")
    assert flags == ["Path=/", f"Max-Age={7 * DAY}", "HttpOnly", "SameSite=Lax"]


def test_only_hashes_of_secrets_are_stored(hub: RunningHub) -> None:
    browser, link = Browser(hub).sign_in(), make_link(hub)
    (value,) = browser.cookies.values()
    store = b"".join(path.read_bytes() for path in hub.folder.glob("hub.sqlite*"))
    for secret in (value, link.removeprefix("/sign-in/"), hub.token):
        assert secret.encode() not in store


def test_h12_a_hub_behind_tls_has_the_cookie_of_its_host_alone(tls_hub: RunningHub) -> None:
    browser = Browser(tls_hub, host="hub.example")
    done = browser.post("/sign-in", {"token": tls_hub.token})
    name, *flags = done.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-hub_session=")
    assert flags == ["Path=/", f"Max-Age={7 * DAY}", "HttpOnly", "SameSite=Lax", "Secure"]
    assert browser.is_signed_in()


def test_links_have_the_public_address(tls_hub: RunningHub) -> None:
    made = tls_hub.ask("POST", "/api/v1/auth/links").json()
    assert made["url"].startswith("https://hub.example/sign-in/")
    name = tls_hub.ask("GET", "/api/v1/me").json()["user"]["name"]
    made = tls_hub.admin("login-link", name, "--org", "home")
    assert str(made["url"]).startswith("https://hub.example/sign-in/")


def test_h12_nobody_signs_in_in_clear_over_a_network(plain_hub: RunningHub) -> None:
    browser = Browser(plain_hub, host="hub.example")
    link = plain_hub.ask("POST", "/api/v1/auth/links").json()["url"]
    path = str(link).removeprefix("http://hub.example")
    origin = "http://hub.example"
    for answer in (
        browser.get("/sign-in"),
        browser.get(path),
        browser.post(path, Origin=origin),
        browser.post("/sign-in", {"token": plain_hub.token}, Origin=origin),
    ):
        assert answer.status == 403
        assert "is not encrypted" in words(answer)
        assert "set-cookie" not in answer.headers
    # from the machine itself nothing crosses a network
    assert Browser(plain_hub).sign_in().is_signed_in()


# ---------------------------------------------------------------- other sites


CROSS = (
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
)


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_h12_no_other_site_changes_anything(hub: RunningHub, headers: dict[str, str]) -> None:
    browser = Browser(hub).sign_in()
    (token,) = hub.ask("GET", "/api/v1/tokens").json()["items"][:1]
    for method, path in (
        ("POST", f"/tokens/{token['id']}/revoke"),
        ("POST", "/sign-out"),
        ("DELETE", f"/api/v1/tokens/{token['id']}"),
    ):
        assert browser.send(method, path, b"", dict(headers)).status == 403
    assert browser.is_signed_in()


@pytest.mark.parametrize("headers", CROSS, ids=str)
def test_h12_no_other_site_signs_a_browser_in(hub: RunningHub, headers: dict[str, str]) -> None:
    browser, link = Browser(hub), make_link(hub)
    assert browser.post("/sign-in", {"token": hub.token}, **headers).status == 403
    assert browser.post(link, **headers).status == 403
    assert not browser.is_signed_in()
    assert browser.post(link).status == 303


def test_h12_where_browsers_do_not_say_the_site_the_origin_counts(hub: RunningHub) -> None:
    browser = Browser(hub)
    assert browser.post("/sign-in", {"token": hub.token}, Origin=hub.url).status == 303
    assert browser.is_signed_in()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "hub.example"])
def test_h12_a_page_of_another_name_is_not_let_in(hub: RunningHub, host: str) -> None:
    browser = Browser(hub).sign_in()
    browser.host = f"{host}:{hub.port}"
    for path in ("/", "/sign-in", "/api/v1/me"):
        assert browser.get(path).status == 421


# ---------------------------------------------------------------- how long it lasts


def test_h12_a_session_ends_after_twelve_idle_hours(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in(hub.add_person("idle"))
    for _ in range(3):
        hub.advance(11 * HOUR)
        assert browser.is_signed_in()
    hub.advance(12 * HOUR)
    ended = browser.get("/")
    assert (ended.status, ended.headers["location"]) == (303, "/sign-in")
    api = browser.get("/api/v1/me")
    assert api.status == 401


def test_h12_a_session_ends_after_seven_days_however_busy(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in(hub.add_person("busy"))
    for _ in range(16):
        hub.advance(10 * HOUR)
        assert browser.is_signed_in()
    hub.advance(8 * HOUR)
    assert not browser.is_signed_in()


def test_h12_a_session_ends_with_its_sign_out(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in()
    stolen = Browser(hub, cookies=dict(browser.cookies))
    assert stolen.is_signed_in()
    done = browser.post("/sign-out")
    assert (done.status, done.headers["location"]) == (303, "/sign-in")
    assert browser.cookies == {}
    assert not stolen.is_signed_in()


def test_a_person_signs_out_of_all_their_browsers(hub: RunningHub) -> None:
    token = hub.add_person("traveller")
    here, there = Browser(hub).sign_in(token), Browser(hub).sign_in(token)
    other = Browser(hub).sign_in()
    assert here.post("/sign-out/everywhere", Sec_Fetch_Site="cross-site").status == 403
    assert there.is_signed_in()
    assert here.post("/sign-out/everywhere").headers["location"] == "/sign-in"
    assert not here.is_signed_in() and not there.is_signed_in()
    assert other.is_signed_in()
    # devices stay signed in
    assert hub.ask("GET", "/api/v1/me", token=token).status == 200


def test_h12_a_session_ends_with_the_token_it_came_from(hub: RunningHub) -> None:
    token = hub.add_person("sasha")
    pasted, linked = Browser(hub).sign_in(token), Browser(hub)
    linked.post(make_link(hub, token))
    other = Browser(hub).sign_in()
    assert pasted.is_signed_in() and linked.is_signed_in() and other.is_signed_in()
    revoke(hub, token)
    # at once, in the process that was asked
    assert not pasted.is_signed_in() and not linked.is_signed_in()
    assert other.is_signed_in()


def test_h12_a_session_ends_with_its_user(hub: RunningHub) -> None:
    token = hub.add_person("leaver")
    browser = Browser(hub).sign_in(token)
    assert browser.is_signed_in()
    hub.admin("user", "disable", "leaver")
    hub.advance(30)
    assert not browser.is_signed_in()
    assert hub.ask("GET", "/api/v1/me", token=token).status == 401


def test_signing_in_again_ends_the_session_before(hub: RunningHub) -> None:
    browser = Browser(hub).sign_in()
    before = Browser(hub, cookies=dict(browser.cookies))
    browser.sign_in()
    assert browser.is_signed_in() and not before.is_signed_in()


# ---------------------------------------------------------------- the pages


def pages(hub: RunningHub) -> list[tuple[Browser, str]]:
    """One of each kind, also of those that say what went wrong."""
    signed_in = Browser(hub).sign_in()
    return [
        (Browser(hub), "/sign-in"),
        (Browser(hub), make_link(hub)),
        (Browser(hub), "/sign-in/no-such"),
        (Browser(hub), "/no-such-page"),
        (signed_in, "/"),
        (signed_in, "/device"),
    ]


def test_pages_run_no_script_that_is_not_a_file_of_the_hub(hub: RunningHub) -> None:
    for browser, path in pages(hub):
        page = browser.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        for rule in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            assert rule in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text(page)), path
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert "referrer-policy" in page.headers


def test_what_pages_refer_to_is_there_and_may_be_kept(hub: RunningHub) -> None:
    for browser, path in pages(hub):
        found = re.findall(r'(?:href|src)="(/[^"]*)"', text(browser.get(path)))
        assert any(name.endswith(".css") for name in found)
        for name in {*found} - {"/", "/device"}:
            file = browser.get(name)
            assert file.status == 200, name
            assert "immutable" in file.headers["cache-control"]
    assert Browser(hub).get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert Browser(hub).get("/static/..%2f__init__.py").status == 404


def test_what_goes_wrong_is_a_page_for_a_browser_and_a_problem_for_a_program(
    hub: RunningHub,
) -> None:
    page = Browser(hub).get("/no-such-page")
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no such route" in words(page)
    assert hub.ask("GET", "/no-such-page").headers["content-type"] == "application/problem+json"


def revoke(hub: RunningHub, token: str) -> None:
    """Ends a token as `session-cli logout` does."""
    done = hub.ask("POST", "/api/v1/auth/revoke", f"token={token}".encode(), token="")
    assert done.status == 200
