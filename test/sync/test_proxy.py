"""The proxy of these tests does what it says, or they would show nothing."""

from __future__ import annotations

import http.client
import json

import pytest
from hub.running import SESSIONS, RunningHub, state
from sync import proxy as behaviours
from sync.proxy import Behaviour, Proxy

BROKEN = (OSError, http.client.HTTPException)


def ask(proxy: Proxy, hub: RunningHub, method: str, path: str, body: bytes | None = None) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=1)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {hub.token}"})
        return connection.getresponse().read()
    finally:
        connection.close()


def count(hub: RunningHub) -> int:
    return len(json.loads(hub.ask("GET", f"{SESSIONS}?status=all&limit=200").body)["items"])


def document(number: int) -> bytes:
    return state(created_at=f"2026-01-09T14:30:{number:02}Z")


def test_what_passes_is_what_the_hub_says_also_on_one_connection(
    proxy: Proxy, hub: RunningHub
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    headers = {"Authorization": f"Bearer {hub.token}"}

    for number in (1, 2):
        connection.request("POST", SESSIONS, document(number), headers)
        assert connection.getresponse().read()
    connection.request("GET", "/api/v1/me", headers=headers)
    assert connection.getresponse().read() == hub.ask("GET", "/api/v1/me").body

    assert [request.method for request in proxy.requests] == ["POST", "POST", "GET"]
    assert proxy.requests[1].body == document(2)
    assert proxy.connections == 1
    connection.close()


@pytest.mark.parametrize(
    ("behaviour", "reaches_hub"),
    [
        (behaviours.cut_before_request, False),
        (behaviours.cut_in_request, False),
        (behaviours.drop_answer, True),
        (behaviours.cut_in_head, True),
        (behaviours.truncate_answer, True),
        (behaviours.black_hole, False),
        (behaviours.hold_answers, True),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_line_breaks_where_it_should(
    behaviour: Behaviour, reaches_hub: bool, proxy: Proxy, hub: RunningHub
) -> None:
    number = 10 + sum(map(ord, behaviour.__name__)) % 50
    before = count(hub)

    proxy.behave(behaviour)
    with pytest.raises(BROKEN):
        ask(proxy, hub, "POST", SESSIONS, document(number))

    assert count(hub) - before == reaches_hub
    proxy.heal()
    assert b'"version":1' in ask(proxy, hub, "POST", SESSIONS, document(number))


def test_nobody_listens_until_it_heals(proxy: Proxy, hub: RunningHub) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        ask(proxy, hub, "GET", "/healthz")

    proxy.heal()

    assert ask(proxy, hub, "GET", "/healthz")


def test_only_some_requests_are_met(proxy: Proxy, hub: RunningHub) -> None:
    proxy.behave(behaviours.only("GET", "/healthz", behaviours.say(503), times=1))

    assert ask(proxy, hub, "GET", "/api/v1/info").startswith(b"{")
    assert ask(proxy, hub, "GET", "/healthz") == behaviours.HTML
    assert ask(proxy, hub, "GET", "/healthz").startswith(b"{")
