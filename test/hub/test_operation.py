"""What operators see: health, readiness, metrics, and the log."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest
from hub.running import SESSIONS, RunningHub, free_port, state
from hub.streams import Stream
from waiting import eventually


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub whose metrics are on the port in its arguments."""
    place = f"127.0.0.1:{free_port()}"
    folder = tmp_path_factory.mktemp("monitored") / "store"
    hub = RunningHub(folder, arguments=("--metrics", place)).start()
    yield hub
    hub.stop()


def metrics(hub: RunningHub) -> dict[str, float]:
    """Every series, as it is written, and its value."""
    with urllib.request.urlopen(f"http://{hub.arguments[1]}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {series: float(value) for series, _, value in pairs}


def records(hub: RunningHub) -> list[dict[str, object]]:
    """Every line of the log."""
    return [json.loads(line) for line in hub.log.read_text().splitlines()]


def test_health_and_readiness_need_no_token(monitored: RunningHub) -> None:
    for path in ("/healthz", "/readyz"):
        answer = monitored.ask("GET", path, token="")
        assert (answer.status, answer.json()) == (200, {"status": "ok"})


def test_the_info_names_the_hub_and_its_limits(monitored: RunningHub) -> None:
    answer = monitored.ask("GET", "/api/v1/info", token="")
    info = answer.json()
    assert info["version"] == answer.headers["hub-version"]
    assert info["epoch"] == answer.headers["hub-epoch"]
    assert re.fullmatch(r"[0-9a-f-]{36}", info["instance"])
    assert info["limits"]["document_bytes"] == 1024 * 1024
    assert "bearer" in info["auth"]


def test_the_metrics_count_what_was_done(monitored: RunningHub) -> None:
    # which writes, too
    eventually(lambda: metrics(monitored)["session_hub_retention_timestamp_seconds"] > 0)
    before = metrics(monitored)

    created = monitored.save(state(created_at="2026-04-01T00:00:00Z"))
    stale = {"If_Match": '"0-0000000000000000"'}
    monitored.save(state("review", created_at="2026-04-01T00:00:00Z"), **stale)
    monitored.ask("GET", SESSIONS, token="chs_wrong")
    path = created.headers["location"]
    one, two = (f'{n * 8}-0000-4000-8000-{n * 12}; name="x"' for n in "12")
    monitored.ask("PUT", f"{path}/lease", {}, Session_Device=one)
    monitored.ask("PUT", f"{path}/lease", {"take_over": True}, Session_Device=two)

    with Stream(monitored) as stream:
        stream.expect("snapshot")
        assert metrics(monitored)["session_hub_streams"] == 1
    monitored.ask("PUT", f"{path}/logs/import.log", b"four", Session_Device=two)
    eventually(lambda: metrics(monitored)["session_hub_streams"] == 0)
    after = metrics(monitored)

    def rise(series: str) -> float:
        return after[series] - before.get(series, 0)

    assert rise('session_hub_saves_total{result="created"}') == 1
    assert rise('session_hub_saves_total{result="conflict"}') == 1
    assert rise('session_hub_requests_total{operation="saveSession",status="201"}') == 1
    assert rise('session_hub_requests_total{operation="saveSession",status="412"}') == 1
    assert rise('session_hub_request_seconds_count{operation="saveSession"}') == 2
    assert rise("session_hub_auth_failures_total") == 1
    assert rise("session_hub_takeovers_total") == 1
    # the save, two leases, the log
    assert rise("session_hub_writes_total") == 4
    assert 1 <= rise("session_hub_commits_total") <= 4
    assert rise("session_hub_log_bytes_total") == 4
    assert after["session_hub_writable"] == 1
    assert any(series.startswith("session_hub_build_info{") for series in after)


def test_the_metrics_are_not_on_the_port_of_the_hub(monitored: RunningHub) -> None:
    assert monitored.ask("GET", "/metrics").status == 404


def test_each_request_is_one_line_of_json_with_its_id(monitored: RunningHub) -> None:
    answer = monitored.ask("GET", f"{SESSIONS}/current")
    unique = answer.headers["request-id"]
    found = eventually(
        lambda: [line for line in records(monitored) if line.get("request_id") == unique]
    )
    assert len(found) == 1
    line = found[0]
    assert line["message"] == f"GET {SESSIONS}/current {answer.status}"
    assert (line["operation"], line["status"]) == ("readCurrentSession", answer.status)
    assert isinstance(line["ms"], float)


def test_no_token_no_document_and_no_path_is_logged(monitored: RunningHub) -> None:
    """What has a place of its own in a request, and nothing of it in the log."""
    secret = "s3cr3t-of-a-customer"
    body = state(created_at="2026-04-02T00:00:00Z", cluster_context=secret)
    monitored.save(body, If_Match=f'"{secret}"', Session_Device=secret)
    monitored.save(body + secret.encode())
    monitored.ask("GET", f"/sign-in/{secret}")
    monitored.ask("GET", f"{SESSIONS}/{secret}?{secret}={secret}")
    last = monitored.ask("GET", SESSIONS, token=f"chs_{secret}", Cookie=f"hub_session={secret}")

    text = eventually(
        lambda: (text := monitored.log.read_text()).count(last.headers["request-id"]) and text
    )

    assert secret not in text
    assert monitored.token not in text


def seen_address(hub: RunningHub, forwarded: str) -> object:
    """Whom the hub takes a request of this machine for that was forwarded for somebody."""
    unique = hub.ask("GET", "/healthz", X_Forwarded_For=forwarded).headers["request-id"]
    found = eventually(lambda: [line for line in records(hub) if line.get("request_id") == unique])
    return found[0]["address"]


NAMED = "127.0.0.0/8, 192.0.2.1"
FORWARDED = {
    NAMED: {
        "203.0.113.9": "203.0.113.9",
        "198.51.100.1, 203.0.113.9, 192.0.2.1": "203.0.113.9",
        "2001:db8::9": "2001:db8::9",
        "[2001:db8::9]:4711": "2001:db8::9",
        "203.0.113.9, somebody": "127.0.0.1",
        "a" * 200: "127.0.0.1",
        "": "127.0.0.1",
    },
    "*": {"203.0.113.9": "203.0.113.9", "somebody, 203.0.113.9": "127.0.0.1"},
    "10.0.0.1": {"203.0.113.9": "127.0.0.1"},
    # as it is unless the option is given
    "": {"203.0.113.9": "127.0.0.1"},
}


@pytest.mark.parametrize("proxies", FORWARDED)
def test_a_forwarded_address_is_believed_of_a_named_proxy_alone(
    own_hub: RunningHub, proxies: str
) -> None:
    own_hub.arguments = ("--forwarded-allow-ips", proxies) if proxies else ()
    own_hub.start()
    for forwarded, address in FORWARDED[proxies].items():
        assert seen_address(own_hub, forwarded) == address


def test_the_log_of_a_hub_that_is_used_is_free_of_warnings(monitored: RunningHub) -> None:
    monitored.ask("GET", "/healthz")
    eventually(lambda: records(monitored))
    assert {line["level"] for line in records(monitored)} == {"info"}
