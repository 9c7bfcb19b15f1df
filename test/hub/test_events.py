"""The live feed, read over real connections."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hub.people import Tokens, add_four
from hub.running import SECONDS, SESSIONS, RunningHub, state
from hub.streams import Stream
from waiting import eventually


@pytest.fixture(scope="module")
def people(hub: RunningHub, idle: Stream) -> Tokens:
    return add_four(hub)


@pytest.fixture(scope="module")
def idle(hub: RunningHub) -> Iterator[Stream]:
    """A stream with nothing to say: the test at the end finds out that it lives."""
    hub.admin("org", "add", "silence")
    with Stream(hub, hub.add_person("ida", "silence")) as stream:
        stream.expect("snapshot")
        yield stream


@pytest.fixture(scope="module")
def new(hub: RunningHub, people: Tokens) -> Callable[..., Any]:
    """Makes a session of alex; what the hub answered."""
    numbers = iter(range(60))

    def make(step: str = "scan", **share: object) -> Any:
        moment = f"2026-04-01T00:00:{next(numbers):02}Z"
        answer = hub.save(state(step, created_at=moment), people.alex)
        assert answer.status == 201
        if share:
            shared = hub.ask("PUT", f"{answer.headers['location']}/share", share, people.alex)
            assert shared.status == 200
        return answer

    return make


def save(hub: RunningHub, token: str, created: Any, step: str) -> None:
    """Saves the session anew, at that step."""
    path = created.headers["location"]
    now = hub.ask("GET", path, None, token)
    moment = now.json()["started_at"]
    answer = hub.save(state(step, created_at=moment), token, If_Match=now.headers["etag"])
    assert answer.status == 200


def delete(hub: RunningHub, token: str, created: Any) -> None:
    assert hub.ask("DELETE", created.headers["location"], None, token).status == 204


TEAM = {"scope": "team", "team": "payments"}


def test_a_stream_begins_with_what_there_is_and_follows_it(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    created = new()
    with Stream(hub, people.alex) as stream:
        assert stream.answer.getheader("content-type") == "text/event-stream"
        assert stream.answer.getheader("x-accel-buffering") == "no"
        listed = hub.ask("GET", f"{SESSIONS}?limit=200", None, people.alex).json()
        assert stream.expect("snapshot").data == listed
        save(hub, people.alex, created, "review")
        told = stream.expect("session").data
        assert (told["id"], told["step"], told["version"]) == (created.json()["id"], "review", 2)
        summary = hub.ask("GET", created.headers["location"], None, people.alex).json()
        assert told == {name: value for name, value in summary.items() if name != "document"}
        save(hub, people.alex, created, "complete")
        assert stream.expect("session").data["status"] == "complete"


def test_a_lease_that_is_taken_renewed_or_given_back_is_an_event(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    lease = f"{new().headers['location']}/lease"
    device = {"Session_Device": '0190c0de-0000-7000-8000-000000000001; name="laptop"'}
    with Stream(hub, people.alex) as stream:
        stream.expect("snapshot")
        taken = hub.ask("PUT", lease, {}, people.alex, **device).json()
        assert stream.expect("session").data["lease"]["device_name"] == "laptop"
        hub.advance(10)
        hub.ask("PUT", lease, {}, people.alex, Session_Lease=taken["token"], **device)
        # renewed: it does not end 80 seconds from now
        assert stream.expect("session").data["lease"]["expires_in"] > 85
        hub.ask("DELETE", lease, None, people.alex, Session_Lease=taken["token"], **device)
        assert stream.expect("session").data["lease"] is None


def test_p5_a_stream_says_nothing_of_what_is_not_shown_to_its_reader(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    """Not in the snapshot, no save, not that it ends: the first they hear is of another one."""
    hidden = new()
    tokens = {"sam": people.sam, "kim": people.kim, "eve": people.eve, "root": hub.token}
    readers = {name: Stream(hub, token) for name, token in tokens.items()}
    try:
        for reader in readers.values():
            items = reader.expect("snapshot").data["items"]
            assert hidden.json()["id"] not in [item["id"] for item in items]
        save(hub, people.alex, hidden, "review")
        shown = new(**TEAM)
        delete(hub, people.alex, hidden)
        of_org = new(scope="org")
        # each owner makes a session, so that there is something to come for each
        for number, name in enumerate(readers):
            moment = f"2026-04-02T00:00:0{number}Z"
            answer = hub.save(state(created_at=moment), tokens[name])
            assert answer.status == 201
        heard = {
            "sam": [shown.json()["id"]],
            "kim": [],
            "eve": [],
            "root": [of_org.json()["id"]],
        }
        for name, ids in heard.items():
            for unique in ids:
                assert readers[name].expect("session").data["id"] == unique
            own = readers[name].expect("session").data
            assert own["owner"]["name"] == (name if name != "root" else own["owner"]["name"])
            assert own["started_at"].startswith("2026-04-02")
    finally:
        for reader in readers.values():
            reader.close()


def test_what_is_unshared_or_deleted_is_gone_for_whom_it_was_shown_to(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    created = new(**TEAM)
    with Stream(hub, people.alex) as owner, Stream(hub, people.sam) as teammate:
        for stream in (owner, teammate):
            stream.expect("snapshot")
        path = f"{created.headers['location']}/share"
        hub.ask("PUT", path, {"scope": "personal"}, people.alex)
        assert owner.expect("session").data["scope"] == "personal"
        assert teammate.expect("gone").data == {"id": created.json()["id"]}
        hub.ask("PUT", path, TEAM, people.alex)
        assert owner.expect("session").data["scope"] == "team"
        assert teammate.expect("session").data["id"] == created.json()["id"]
        delete(hub, people.alex, created)
        for stream in (owner, teammate):
            assert stream.expect("gone").data == {"id": created.json()["id"]}


def test_an_offer_reaches_whom_it_is_made_to_and_its_note_nobody_else(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    created = new(**TEAM)
    path = f"{created.headers['location']}/handoff"
    with (
        Stream(hub, people.alex) as giver,
        Stream(hub, people.kim) as taker,
        Stream(hub, people.sam) as teammate,
    ):
        for stream in (giver, taker, teammate):
            stream.expect("snapshot")
        hub.ask("PUT", path, {"to": "kim", "note": "mind the gap"}, people.alex)
        assert giver.expect("session").data["handoff"]["note"] == "mind the gap"
        assert teammate.expect("session").data["handoff"] is None
        assert taker.expect("session").data["handoff"]["to"] == "kim"
        offer = taker.expect("handoff").data
        assert (offer["id"], offer["note"]) == (created.json()["id"], "mind the gap")
        # a save is no new offer
        save(hub, people.alex, created, "review")
        assert taker.expect("session").data["step"] == "review"
        hub.ask("DELETE", path, None, people.alex)
        assert taker.expect("gone").data == {"id": created.json()["id"]}


def test_an_accepted_session_is_gone_for_whom_it_is_not_shared_with_any_more(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    created = new()
    path = f"{created.headers['location']}/handoff"
    with Stream(hub, people.alex) as giver, Stream(hub, people.kim) as taker:
        for stream in (giver, taker):
            stream.expect("snapshot")
        hub.ask("PUT", path, {"to": "kim"}, people.alex)
        giver.expect("session")
        taker.expect("session")
        taker.expect("handoff")
        assert hub.ask("POST", f"{path}/accept", None, people.kim).status == 200
        assert giver.expect("gone").data == {"id": created.json()["id"]}
        assert taker.expect("session").data["owner"]["name"] == "kim"


def test_an_offer_that_nobody_answers_ends_by_the_clock(
    hub: RunningHub, people: Tokens, new: Callable[..., Any]
) -> None:
    created = new()
    with Stream(hub, people.kim) as taker:
        taker.expect("snapshot")
        path = f"{created.headers['location']}/handoff"
        hub.ask("PUT", path, {"to": "kim"}, people.alex)
        taker.expect("session")
        taker.expect("handoff")
        hub.advance(72 * 3600 + 1)
        assert taker.expect("gone").data == {"id": created.json()["id"]}


def test_a_person_has_five_streams_at_most(hub: RunningHub, people: Tokens) -> None:
    streams = [Stream(hub, people.eve) for _ in range(5)]
    try:
        for stream in streams:
            stream.expect("snapshot")
        refused = hub.ask("GET", f"{SESSIONS}/events", None, people.eve)
        assert (refused.status, refused.json()["type"]) == (429, "/problems/rate-limited")
        assert int(refused.headers["retry-after"]) > 0
        with Stream(hub, people.sam) as other:
            other.expect("snapshot")
        streams.pop().close()

        def opens() -> bool:
            with Stream(hub, people.eve) as stream:
                return stream.answer.status == 200

        eventually(opens)
    finally:
        for stream in streams:
            stream.close()


def test_nobody_listens_without_a_token(hub: RunningHub) -> None:
    assert hub.ask("GET", f"{SESSIONS}/events", None, "").status == 401
    assert hub.ask("GET", f"{SESSIONS}/events", None, "chs_wrong").status == 401
    assert hub.ask("GET", f"{SESSIONS}/events?since=1").status == 400


def revoke(hub: RunningHub, name: str) -> None:
    tokens = hub.admin("token", "list", name, "--org", "home")["tokens"]
    hub.admin("token", "revoke", tokens[0]["id"])


ENDS: dict[str, Callable[[RunningHub, str], Any]] = {
    "revoked": revoke,
    "disabled": lambda hub, name: hub.admin("user", "disable", name),
    "left": lambda hub, name: hub.admin("team", "leave", "payments", name, "--org", "home"),
}


@pytest.mark.parametrize("end", ENDS)
def test_h12_a_stream_ends_within_30_seconds_of_the_right(
    hub: RunningHub, people: Tokens, new: Callable[..., Any], end: str
) -> None:
    """A revoked token, a disabled user, a team that was left."""
    token = hub.add_person(end)
    hub.admin("team", "join", "payments", end, "--org", "home")
    created = new(**TEAM)
    with Stream(hub, token) as ended, Stream(hub, people.alex) as other:
        items = ended.expect("snapshot").data["items"]
        assert created.json()["id"] in [item["id"] for item in items]
        other.expect("snapshot")
        ENDS[end](hub, end)
        hub.advance(30)
        assert ended.rest() == []
        # who keeps their rights keeps the stream
        save(hub, people.alex, created, "review")
        other.expect("session")
    again = hub.ask("GET", SESSIONS, None, token)
    if end == "left":
        assert again.json()["items"] == []
    else:
        assert again.status == 401
        with Stream(hub, token) as refused:
            assert refused.answer.status == 401


def test_h12_a_stream_does_not_outlive_its_token(own_hub: RunningHub) -> None:
    """An open stream is no use of the token: it ends 30 days after the last request."""
    own_hub.start()
    with Stream(own_hub) as stream:
        stream.expect("snapshot")
        for number in range(3):
            own_hub.advance(14 * 24 * 3600)
            assert own_hub.save(state(created_at=f"2026-05-0{number + 1}T00:00:00Z")).status == 201
            stream.expect("session")
        own_hub.advance(30 * 24 * 3600)
        assert stream.rest() == []


def test_a_hub_that_stops_says_bye_and_waits_for_nobody(own_hub: RunningHub) -> None:
    own_hub.start()
    streams = [Stream(own_hub) for _ in range(5)]
    for stream in streams:
        stream.expect("snapshot")
    since = time.monotonic()
    assert own_hub.stop(signal.SIGTERM) == 0
    assert time.monotonic() - since < 2
    for stream in streams:
        assert stream.rest() == ["bye"]
        stream.close()


def test_a_slow_reader_holds_nobody_up_and_begins_again(hub: RunningHub) -> None:
    """It reads nothing while there are more events than wait for a reader."""
    # each token may ask 50 times a second
    tokens = [hub.add_person("max")]
    tokens += [hub.admin("token", "add", "max", "--org", "home")["token"] for _ in range(3)]
    created = hub.save(
        state(cluster_context="c" * 300, error={"step": "scan", "message": "e" * 300}), tokens[0]
    )
    lease = f"{created.headers['location']}/lease"
    device = {"Session_Device": f'{"0" * 64}; name="{"d" * 100}"'}
    slow = open_slowly(hub, tokens[0])
    with Stream(hub, tokens[0]) as quick:
        quick.expect("snapshot")
        seen: list[int] = []
        reader = threading.Thread(target=lambda: seen.append(count(quick)))
        reader.start()
        for number in range(EVENTS):
            answer = hub.ask("PUT", lease, {"take_over": True}, tokens[number % 4], **device)
            assert answer.status == 200
        hub.ask("DELETE", f"{created.headers['location']}?take_over=true", None, tokens[0])
        reader.join(SECONDS)
        assert seen == [EVENTS]
    rest = read_all(slow)
    slow.close()
    assert rest.endswith(b"0\r\n\r\n"), "its stream did not end"
    assert 0 < rest.count(b"event: session") < EVENTS
    with Stream(hub, tokens[0]) as again:
        assert again.expect("snapshot").data["items"] == []


# what waits for a reader is 256 events, and what the kernel and the server hold of its connection
EVENTS = 600


def count(stream: Stream) -> int:
    """How many events come before the session is gone."""
    number = 0
    while stream.next_event().name != "gone":
        number += 1
    return number


def open_slowly(hub: RunningHub, token: str) -> socket.socket:
    """A stream whose reader has little room, and reads nothing."""
    connection = socket.socket()
    connection.settimeout(SECONDS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # small segments, else the hub's side of the connection has room for megabytes
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect(("127.0.0.1", hub.port))
    connection.sendall(
        f"GET {SESSIONS}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    return connection


def read_all(connection: socket.socket) -> bytes:
    """What comes until the response ends, or has nothing more to say."""
    received = bytearray()
    while not received.endswith((b"0\r\n\r\n", b"\r\n:\n\n\r\n")):
        # with so small segments each would else wait for its acknowledgement
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        chunk = connection.recv(65536)
        if not chunk:
            break
        received += chunk
    return bytes(received)


def test_a_silent_stream_shows_that_it_lives(idle: Stream) -> None:
    """A proxy ends what is silent for a minute. The stream is as old as the tests of this file."""
    event = idle.next()
    assert event is not None
    assert event.name == "comment"
