"""Tokens: how long they are good, whose they are, and how they end (H12)."""

from __future__ import annotations

import pytest
from hub.browsing import Browser, query, words
from hub.running import RunningHub

DAY = 24 * 60 * 60
ME = "/api/v1/me"
TOKENS = "/api/v1/tokens"


def status(hub: RunningHub, token: str) -> int:
    """200 for a token that is good, 401 for one that is not."""
    return hub.ask("GET", ME, token=token).status


def my_tokens(hub: RunningHub, token: str) -> list[dict[str, object]]:
    """What GET /tokens lists."""
    items: list[dict[str, object]] = hub.ask("GET", TOKENS, token=token).json()["items"]
    return items


def test_me_says_what_a_client_keeps_to(hub: RunningHub) -> None:
    token = hub.add_person("alex")
    me = hub.ask("GET", ME, token=token).json()
    assert me["user"]["name"] == "alex"
    assert me["org"]["name"] == "home"
    assert me["instance_id"] == hub.ask("GET", ME).json()["instance_id"]
    assert me["org"]["id"] == hub.ask("GET", ME).json()["org"]["id"]
    assert me["user"]["id"] != hub.ask("GET", ME).json()["user"]["id"]
    assert (me["admin"], me["teams"]) == (False, [])
    assert hub.ask("GET", ME).json()["admin"] is True


def test_teams_are_those_of_the_caller(hub: RunningHub) -> None:
    alone, member = hub.add_person("loner"), hub.add_person("member")
    hub.admin("team", "add", "payments", "--org", "home")
    hub.admin("team", "join", "payments", "member", "--org", "home")
    hub.advance(30)
    teams = hub.ask("GET", "/api/v1/teams", token=member).json()["items"]
    assert [team["name"] for team in teams] == ["payments"]
    assert hub.ask("GET", ME, token=member).json()["teams"] == teams
    assert hub.ask("GET", "/api/v1/teams", token=alone).json()["items"] == []


def test_a_person_lists_and_ends_only_their_own(hub: RunningHub) -> None:
    mine, theirs = hub.add_person("owner"), hub.add_person("stranger")
    ((own,), (foreign,)) = my_tokens(hub, mine), my_tokens(hub, theirs)
    assert own["current"] is True
    assert not {mine, theirs} & {str(value) for value in own.values()}
    refused = hub.ask("DELETE", f"{TOKENS}/{foreign['id']}", token=mine)
    missing = hub.ask("DELETE", f"{TOKENS}/{'0' * 8}-0000-7000-8000-{'0' * 12}", token=mine)
    assert refused.status == missing.status == 404
    assert refused.json()["detail"] == missing.json()["detail"]
    assert hub.ask("DELETE", f"{TOKENS}/nonsense", token=mine).status == 404
    page = Browser(hub).sign_in(mine).post(f"/tokens/{foreign['id']}/revoke")
    assert page.status == 404
    assert status(hub, theirs) == 200


def test_h12_a_revoked_token_is_refused_at_once(hub: RunningHub) -> None:
    token = hub.add_person("ender")
    (own,) = my_tokens(hub, token)
    assert hub.ask("DELETE", f"{TOKENS}/{own['id']}", token=token).status == 204
    assert status(hub, token) == 401
    assert query(
        hub,
        "select actor, token_id from audit where action = 'token.revoke' and token_id = ?",
        own["id"],
    ) == [("ender", own["id"])]


def test_ending_a_token_again_is_no_error(hub: RunningHub) -> None:
    token = hub.add_person("again")
    spare = str(hub.admin("token", "add", "again", "--org", "home")["token"])
    (unique,) = [item["id"] for item in my_tokens(hub, spare) if item["current"]]
    for _ in range(2):
        assert hub.ask("DELETE", f"{TOKENS}/{unique}", token=token).status == 204
    assert status(hub, spare) == 401
    records = query(
        hub,
        "select 1 from audit where action = 'token.revoke' and token_id is not null"
        " and detail like ?",
        f"%{unique}%",
    )
    assert len(records) == 1


def test_who_holds_a_token_can_end_it(hub: RunningHub) -> None:
    token = hub.add_person("holder")
    for _ in range(2):
        done = hub.ask("POST", "/api/v1/auth/revoke", f"token={token}".encode(), token="")
        assert (done.status, done.body) == (200, b"")
    assert status(hub, token) == 401
    unknown = hub.ask("POST", "/api/v1/auth/revoke", b"token=chs_no", token="")
    assert unknown.status == 200
    nothing = hub.ask("POST", "/api/v1/auth/revoke", b"", token="")
    assert (nothing.status, nothing.json()["error"]) == (400, "invalid_request")


def test_the_page_lists_devices_and_revokes_them(hub: RunningHub) -> None:
    token = hub.add_person("pages")
    spare = str(
        hub.admin("token", "add", "pages", "--org", "home", "--name", "old laptop")["token"]
    )
    browser = Browser(hub).sign_in(token)
    assert "old laptop" in words(browser.get("/"))
    (unique,) = [item["id"] for item in my_tokens(hub, spare) if item["current"]]
    done = browser.post(f"/tokens/{unique}/revoke")
    assert (done.status, done.headers["location"]) == (303, "/")
    assert "old laptop" not in words(browser.get("/"))
    assert status(hub, spare) == 401


def test_h12_a_token_ends_after_thirty_idle_days_and_after_180_however_busy(
    own_hub: RunningHub,
) -> None:
    hub = own_hub.start()
    idle = hub.add_person("idle")
    for _ in range(2):
        hub.advance(29 * DAY)
        assert status(hub, idle) == status(hub, hub.token) == 200
    for _ in range(6):
        hub.advance(20 * DAY)
        assert status(hub, hub.token) == 200
    assert status(hub, idle) == 401
    hub.advance(2 * DAY)
    assert status(hub, hub.token) == 401


def test_h12_a_disabled_person_is_out_within_thirty_seconds(hub: RunningHub) -> None:
    token = hub.add_person("dismissed")
    assert status(hub, token) == 200
    hub.admin("user", "disable", "dismissed")
    hub.advance(30)
    assert status(hub, token) == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "chs_", "Bearer é"])
def test_what_is_no_token_is_refused(hub: RunningHub, header: str) -> None:
    refused = hub.ask("GET", ME, token="", Authorization=header)
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_new_token_is_known_by_its_prefix_and_never_stored(hub: RunningHub) -> None:
    token = hub.add_person("prefix")
    assert token.startswith("chs_") and len(token) == 47
    store = b"".join(path.read_bytes() for path in hub.folder.glob("hub.sqlite*"))
    assert token.encode() not in store
    assert token not in hub.log.read_text()
