"""Logs: uploaded in pieces, resumable; read by whoever sees the session."""

from __future__ import annotations

import http.client
import json
import random
import sqlite3
from collections.abc import Iterator

import pytest
from hub.people import Tokens, add_four
from hub.running import Response, RunningHub, state

PIECE = 512 * 1024
LAPTOP, DESKTOP = "0190c0de-0000-7000-8000-000000000001", "0190c0de-0000-7000-8000-000000000002"


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> Tokens:
    return add_four(hub)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(1, 60))


@pytest.fixture
def session(hub: RunningHub, people: Tokens, numbers: Iterator[int]) -> str:
    """The path of a new session of alex."""
    moment = f"2026-03-01T00:00:{next(numbers):02}Z"
    answer = hub.save(state("apply", created_at=moment), people.alex)
    assert answer.status == 201
    return answer.headers["location"]


def put(
    hub: RunningHub, path: str, token: str, piece: bytes, start: int, device: str = LAPTOP
) -> Response:
    return hub.ask(
        "PUT",
        path,
        piece,
        token,
        Session_Device=device,
        Content_Range=f"bytes {start}-{start + len(piece) - 1}/*",
    )


def database(hub: RunningHub) -> sqlite3.Connection:
    return sqlite3.connect(hub.folder / "hub.sqlite", isolation_level=None)


def cut(hub: RunningHub, path: str, token: str, piece: bytes, start: int, sent: int) -> None:
    """Sends so many bytes of the piece, and is gone."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    connection.putrequest("PUT", path)
    for name, value in (
        ("Authorization", f"Bearer {token}"),
        ("Session-Device", LAPTOP),
        ("Content-Range", f"bytes {start}-{start + len(piece) - 1}/*"),
        ("Content-Length", str(len(piece))),
    ):
        connection.putheader(name, value)
    connection.endheaders(piece[:sent])
    connection.close()


def test_h13_an_upload_continues_after_a_cut_at_any_offset(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    """The client asks at offset 0 again, is told the size, and continues there."""
    log = random.Random(1).randbytes(100_000)
    path = f"{session}/logs/import.log"
    cuts = random.Random(2)
    size = 0
    while size < len(log):
        piece = log[size : size + cuts.randrange(1, 30_000)]
        cut(hub, path, people.alex, piece, size, cuts.randrange(len(piece)))
        assert put(hub, path, people.alex, piece, size).status == 200
        # as if that answer was lost
        again = put(hub, path, people.alex, piece, size)
        assert again.status == 416
        size += len(piece)
        assert again.json()["size"] == size
        assert again.headers["content-range"] == f"bytes */{size}"
    done = hub.ask(
        "PUT", f"{path}?complete=true&result=error", b"", people.alex, Session_Device=LAPTOP
    )
    assert (done.status, done.json()["complete"], done.json()["result"]) == (200, True, "error")
    assert hub.ask("GET", path, None, people.alex).body == log


def test_h13_a_piece_that_leaves_a_gap_is_refused(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    assert put(hub, path, people.alex, b"first\n", 0).status == 200
    refused = put(hub, path, people.alex, b"third\n", 12)
    assert (refused.status, refused.json()["size"]) == (416, 6)
    assert hub.ask("GET", path, None, people.alex).body == b"first\n"


def test_h13_a_piece_is_of_512_kib_at_most(hub: RunningHub, people: Tokens, session: str) -> None:
    path = f"{session}/logs/import.log"
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    connection.putrequest("PUT", path)
    connection.putheader("Authorization", f"Bearer {people.alex}")
    connection.putheader("Content-Length", str(PIECE + 1))
    connection.endheaders()
    # before any of it was sent
    refused = connection.getresponse()
    assert (refused.status, json.loads(refused.read())["limit"]) == (413, PIECE)
    connection.close()
    assert put(hub, path, people.alex, bytes(PIECE), 0).status == 200


def test_h13_a_log_is_of_16_mib_at_most(hub: RunningHub, people: Tokens, session: str) -> None:
    path = f"{session}/logs/import.log"
    for start in range(0, 16 * 1024 * 1024, PIECE):
        assert put(hub, path, people.alex, bytes(PIECE), start).status == 200
    refused = put(hub, path, people.alex, b"x", 16 * 1024 * 1024)
    assert (refused.status, refused.json()["limit"]) == (413, 16 * 1024 * 1024)
    assert len(hub.ask("GET", path, None, people.alex).body) == 16 * 1024 * 1024


def test_h13_the_logs_of_a_session_are_of_64_mib_at_most(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    full = 16 * 1024 * 1024 - 3
    for number in range(4):
        assert put(hub, f"{session}/logs/{number}.log", people.alex, b"x", 0).status == 200
    with database(hub) as connection:
        unique = session.rpartition("/")[2]
        connection.execute("update logs set size = ? where id = ?", (full, unique))
    assert put(hub, f"{session}/logs/0.log", people.alex, b"abc", full).status == 200
    assert put(hub, f"{session}/logs/4.log", people.alex, b"123456789", 0).status == 200
    refused = put(hub, f"{session}/logs/5.log", people.alex, b"x", 0)
    assert (refused.status, refused.json()["limit"]) == (413, 64 * 1024 * 1024)


@pytest.mark.parametrize(
    "name",
    ["..", ".", "..%2f..%2fetc%2fpasswd", "A.log", "a%20b", "a%00", "%C3%A9", "a" * 101, "a%5Cb"],
)
def test_h14_a_name_is_no_path(hub: RunningHub, people: Tokens, session: str, name: str) -> None:
    refused = put(hub, f"{session}/logs/{name}", people.alex, b"x", 0)
    assert refused.status in (400, 404)
    assert hub.ask("GET", f"{session}/logs", None, people.alex).json()["items"] == []


@pytest.mark.parametrize(
    ("wanted", "status", "place", "body"),
    [
        ("bytes=0-0", 206, "bytes 0-0/10", b"0"),
        ("bytes=3-5", 206, "bytes 3-5/10", b"345"),
        ("bytes=8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-99", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", None),
        ("bytes=-0", 416, "bytes */10", None),
        ("bytes=5-3", 200, None, b"0123456789"),
        ("bytes=0-1,4-5", 200, None, b"0123456789"),
        ("lines=1-2", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
    ],
)
def test_a_range_of_a_log(
    hub: RunningHub,
    people: Tokens,
    digits: str,
    wanted: str,
    status: int,
    place: str | None,
    body: bytes | None,
) -> None:
    answer = hub.ask("GET", digits, None, people.alex, Range=wanted)
    assert (answer.status, answer.headers.get("content-range")) == (status, place)
    if body is not None:
        assert answer.body == body


@pytest.fixture(scope="module")
def digits(hub: RunningHub, people: Tokens) -> str:
    """A log of ten digits, in pieces of different lengths."""
    answer = hub.save(state("apply", created_at="2026-03-02T00:00:00Z"), people.alex)
    path = f"{answer.headers['location']}/logs/digits.log"
    for start, piece in ((0, b"012"), (3, b"3"), (4, b"456789")):
        assert put(hub, path, people.alex, piece, start).status == 200
    return path


def test_ranges_of_a_long_log_are_its_bytes(hub: RunningHub, people: Tokens, session: str) -> None:
    """Across the blocks in which it is read, and the pieces in which it came."""
    log = random.Random(3).randbytes(3 * PIECE - 7)
    path = f"{session}/logs/import.log"
    start = 0
    for size in (PIECE, 1, PIECE - 1, 70_000, PIECE - 70_007):
        assert put(hub, path, people.alex, log[start : start + size], start).status == 200
        start += size
    assert start == len(log)
    places = random.Random(4)
    for _ in range(20):
        begin = places.randrange(len(log))
        end = places.randrange(begin, len(log))
        answer = hub.ask("GET", path, None, people.alex, Range=f"bytes={begin}-{end}")
        assert answer.body == log[begin : end + 1]


def test_h14_a_browser_shows_a_log_as_text(hub: RunningHub, people: Tokens, digits: str) -> None:
    answer = hub.ask("GET", digits, None, people.alex)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "content-disposition" not in answer.headers
    answer = hub.ask("GET", f"{digits}?download=1", None, people.alex)
    assert answer.headers["content-disposition"] == 'attachment; filename="digits.log"'


def test_h14_logs_of_one_name_from_two_devices(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    assert put(hub, path, people.alex, b"laptop", 0, LAPTOP).status == 200
    assert put(hub, path, people.alex, b"desktop", 0, DESKTOP).status == 200
    assert hub.ask("GET", path, None, people.alex).body == b"desktop"
    assert hub.ask("GET", f"{path}?device={LAPTOP}", None, people.alex).body == b"laptop"
    items = hub.ask("GET", f"{session}/logs", None, people.alex).json()["items"]
    assert [(item["device"], item["size"]) for item in items] == [(DESKTOP, 7), (LAPTOP, 6)]


def test_h14_who_may_resume_uploads_and_who_sees_reads(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    assert put(hub, path, people.alex, b"mine\n", 0).status == 200
    hub.ask("PUT", f"{session}/share", {"scope": "team", "team": "payments"}, people.alex)
    assert hub.ask("GET", path, None, people.sam).body == b"mine\n"
    assert put(hub, path, people.sam, b"and sam's\n", 0, DESKTOP).status == 403
    hub.ask(
        "PUT",
        f"{session}/share",
        {"scope": "team", "team": "payments", "allow_resume": True},
        people.alex,
    )
    assert put(hub, path, people.sam, b"and sam's\n", 0, DESKTOP).status == 200


def test_h14_nobody_takes_the_name_of_another_persons_log(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    """Not from what they say is the same device either."""
    path = f"{session}/logs/import.log"
    team = {"scope": "team", "team": "payments", "allow_resume": True}
    hub.ask("PUT", f"{session}/share", team, people.alex)
    assert put(hub, path, people.sam, b"sam's\n", 0).status == 200
    assert put(hub, path, people.alex, b"mine, longer\n", 0).status == 200
    assert put(hub, path, people.sam, b"more\n", 6).status == 200
    for query, log in (
        ("", b"sam's\nmore\n"),
        (f"?device={LAPTOP}", b"sam's\nmore\n"),
        ("?user=alex", b"mine, longer\n"),
        (f"?user=alex&device={LAPTOP}", b"mine, longer\n"),
        ("?user=sam", b"sam's\nmore\n"),
    ):
        assert hub.ask("GET", path + query, None, people.alex).body == log, query
    assert hub.ask("GET", f"{path}?user=kim", None, people.alex).status == 404
    items = hub.ask("GET", f"{session}/logs", None, people.alex).json()["items"]
    assert [(item["user"], item["device"]) for item in items] == [("sam", LAPTOP), ("alex", LAPTOP)]


def test_h14_a_log_of_a_session_that_is_not_shown_is_not_there(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    assert put(hub, f"{session}/logs/import.log", people.alex, b"mine\n", 0).status == 200
    missing = session.rpartition("/")[0] + "/0190c0de-0000-7000-8000-00000000dead"
    for token in (people.kim, people.eve, hub.token):
        for method, body in (("GET", None), ("PUT", b"x")):
            there, not_there = (
                hub.ask(method, f"{place}/logs/import.log", body, token).json()
                for place in (session, missing)
            )
            assert there.pop("instance") != not_there.pop("instance")
            assert there == not_there
            assert there["status"] == 404
    assert hub.ask("GET", f"{session}/logs/import.log", None, "").status == 401


def test_a_piece_that_is_not_what_its_digest_says_is_not_stored(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    digest = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
    refused = hub.ask("PUT", path, b"x", people.alex, Content_Digest=digest)
    assert refused.json()["type"] == "/problems/digest-mismatch"
    assert hub.ask("GET", path, None, people.alex).status == 404


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?complete=true", {}),
        ("?complete=true&result=fine", {}),
        ("?result=error", {}),
        ("?complete=yes&result=error", {}),
        ("", {"Content_Range": "bytes 0-1/*"}),
        ("", {"Content_Range": "bytes 0-0/1"}),
        ("", {"Content_Range": "bytes 5-4/*"}),
        ("", {"Content_Range": "lines 0-0/*"}),
        ("", {"Session_Device": "a b"}),
    ],
)
def test_what_cannot_be_understood_stores_nothing(
    hub: RunningHub, people: Tokens, session: str, query: str, headers: dict[str, str]
) -> None:
    refused = hub.ask("PUT", f"{session}/logs/import.log{query}", b"x", people.alex, **headers)
    assert (refused.status, refused.json()["type"]) == (400, "/problems/invalid-request")
    assert hub.ask("GET", f"{session}/logs", None, people.alex).json()["items"] == []


def test_a_complete_log_grows_when_the_import_is_resumed(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    complete = "?complete=true&result="
    first = hub.ask("PUT", f"{path}{complete}error", b"failed\n", people.alex)
    assert first.json()["complete"]
    second = hub.ask("PUT", path, b"again\n", people.alex, Content_Range="bytes 7-12/*")
    assert (second.json()["complete"], second.json()["result"]) == (False, None)
    for _ in range(2):
        third = hub.ask("PUT", f"{path}{complete}complete", b"", people.alex)
        assert (third.json()["size"], third.json()["result"]) == (13, "complete")
    records = hub.ask("GET", f"{session}/audit", None, people.alex).json()["items"]
    uploads = [record["detail"] for record in records if record["action"] == "log.upload"]
    # who completes it twice has done it once
    assert [(each["size"], each["result"]) for each in uploads] == [(13, "complete"), (7, "error")]


def test_a_read_by_another_person_is_recorded_once_an_hour(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    path = f"{session}/logs/import.log"
    assert put(hub, path, people.alex, b"mine\n", 0).status == 200
    hub.ask("PUT", f"{session}/share", {"scope": "team", "team": "payments"}, people.alex)

    def readers() -> list[str]:
        records = hub.ask("GET", f"{session}/audit", None, people.alex).json()["items"]
        return [record["actor"] for record in records if record["action"] == "log.read"]

    for _ in range(3):
        assert hub.ask("GET", path, None, people.sam).status == 200
        assert hub.ask("GET", path, None, people.alex).status == 200
    assert readers() == ["sam"]
    hub.advance(3601)
    assert hub.ask("GET", path, None, people.sam).status == 200
    assert readers() == ["sam", "sam"]


def test_h14_logs_outlive_the_session_unless_they_are_deleted_with_it(
    hub: RunningHub, people: Tokens, session: str
) -> None:
    """In the store: to people the session is gone, and its logs with it."""
    unique = session.rpartition("/")[2]
    other = hub.save(state("apply", created_at="2026-03-03T00:00:00Z"), people.alex)
    for path in (session, other.headers["location"]):
        assert put(hub, f"{path}/logs/import.log", people.alex, b"mine\n", 0).status == 200
    assert hub.ask("DELETE", session, None, people.alex).status == 204
    assert hub.ask("DELETE", f"{other.headers['location']}?logs=delete", None, people.alex).status
    with database(hub) as connection:
        kept = connection.execute(
            "select logs.id, bytes from logs join log_pieces using (log_id)"
            " where logs.id in (?, ?)",
            (unique, other.json()["id"]),
        ).fetchall()
        pieces = connection.execute(
            "select count(*) from log_pieces where log_id not in (select log_id from logs)"
        ).fetchone()
    assert kept == [(unique, b"mine\n")]
    assert pieces == (0,)
    for verb, body in (("GET", None), ("PUT", b"x")):
        assert hub.ask(verb, f"{session}/logs/import.log", body, people.alex).status == 410
    assert hub.ask("GET", f"{session}/logs", None, people.alex).status == 410
