"""What comes in as a body: kept byte for byte, or refused with a sentence; nothing half-stored."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hub.running import SECONDS, SESSIONS, RunningHub, state

MIB = 1024 * 1024
# a word that stands in the documents alone
SECRET = "kubeconfig-of-the-bank"


def named(**members: Any) -> bytes:
    """A state file with an id of its own."""
    return state(**{"id": str(uuid4()), "note": SECRET, **members})


def of_size(size: int) -> bytes:
    document = named(padding="")
    return document.replace(b'"padding": ""', b'"padding": "%s"' % (b"x" * (size - len(document))))


def nested(depth: int) -> bytes:
    """A document of so many levels."""
    inner = b"[" * (depth - 1) + b"]" * (depth - 1)
    return named(deep=0).replace(b'"deep": 0', b'"deep": ' + inner)


def in_odd_order() -> bytes:
    members = list(json.loads(named()).items())
    return json.dumps(dict(reversed(members)), separators=(" ,", ":")).encode()


KEPT = {
    "2^64 and a long fraction": named(n=0).replace(b'"n": 0', b'"n": 18446744073709551616.10'),
    "a number of 400 digits": named(n=0).replace(b'"n": 0', b'"n": ' + b"9" * 400),
    "an odd order and odd blanks": in_odd_order(),
    "Unicode as it is": named(cluster_context="наш кластер 🚀").replace(b"\\u", b"\\u"),
    "Unicode in UTF-8": json.dumps(json.loads(named(x="é✓🚀")), ensure_ascii=False).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + named(),
    "duplicate keys": named().replace(b"{", b'{"step": "first", ', 1),
    "an escaped NUL": named(step="scan", cluster_context="a\0b"),
    "a lone surrogate": named(cluster_context="\ud800", step="\udfff"),
    "depth 64": nested(64),
    "1 MiB exactly": of_size(MIB),
    "no newline at its end, and a blank": named().rstrip() + b" ",
}


@pytest.mark.parametrize("document", KEPT.values(), ids=KEPT.keys())
def test_what_is_saved_comes_back_byte_for_byte(hub: RunningHub, document: bytes) -> None:
    created = hub.save(document)
    assert created.status == 201, created.body
    assert created.json()["sha256"] == hashlib.sha256(document).hexdigest()
    path = created.headers["location"]
    assert hub.ask("GET", f"{path}/document").body == document
    assert hub.ask("GET", f"{path}/versions/1").body == document
    assert hub.ask("GET", path).json()["document"].encode() == document
    assert hub.ask("GET", f"{SESSIONS}?limit=200").status == 200, "it does not spoil the list"


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "invalid-json"),
    "not JSON": (b"hello", 400, "invalid-json"),
    "cut short": (named()[:-5], 400, "invalid-json"),
    "NUL bytes": (b"\0" * 100, 400, "invalid-json"),
    "no UTF-8": (named().replace(b"kind-atk", b"\xff\xfe"), 400, "invalid-json"),
    "two documents": (named() * 2, 400, "invalid-json"),
    "no number": (named(n=0).replace(b'"n": 0', b'"n": NaN'), 400, "invalid-json"),
    "a control character": (named(n="x").replace(b'"x"', b'"\x01"'), 400, "invalid-json"),
    "a list": (b"[]", 422, "invalid-state"),
    "a word": (b'"import"', 422, "invalid-state"),
    "no members": (b"{}", 422, "invalid-state"),
    "another type": (named(type="map"), 422, "invalid-state"),
    "no version": (named(version=None), 422, "invalid-state"),
    "a version that is a number": (named(version=1), 422, "invalid-state"),
    "an empty step": (named(step=" "), 422, "invalid-state"),
    "a step that is a list": (named(step=["scan"]), 422, "invalid-state"),
    "no time": (named(created_at="yesterday"), 422, "invalid-state"),
    "a time without a zone": (named(updated_at="2026-01-09T14:45:33"), 422, "invalid-state"),
    "a time that is a number": (named(updated_at=1767969933), 422, "invalid-state"),
    "an id that is no UUID": (named(id="import-1"), 422, "invalid-state"),
    "an id in capitals": (named(id=str(uuid4()).upper()), 422, "invalid-state"),
    "an id that is a number": (named(id=7), 422, "invalid-state"),
    "depth 65": (nested(65), 422, "invalid-state"),
    "depth 100,000": (nested(100_000), 422, "invalid-state"),
}


def stored(hub: RunningHub) -> list[tuple[Any, ...]]:
    """How much of everything is in the store."""
    connection = sqlite3.connect(hub.folder / "hub.sqlite")
    try:
        return [
            connection.execute(f"select count(*), '{table}' from {table}").fetchone()
            for table in ("sessions", "versions", "audit", "recent_saves", "tombstones")
        ]
    finally:
        connection.close()


@pytest.mark.parametrize(("body", "status", "slug"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_state_file_is_refused_and_nothing_is_stored(
    hub: RunningHub, body: bytes, status: int, slug: str
) -> None:
    before = stored(hub)
    answer = hub.save(body, Session_Device=str(uuid4()))
    assert (answer.status, answer.json()["type"]) == (status, f"/problems/{slug}")
    assert answer.json()["detail"].endswith("Nothing was stored.")
    assert stored(hub) == before


def test_h8_a_problem_is_one_that_a_person_can_act_on(hub: RunningHub) -> None:
    answer = hub.save(b"hello")
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status
    assert problem["title"]
    assert problem["instance"] == answer.headers["request-id"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_bad_save_leaves_what_stands_there(hub: RunningHub) -> None:
    document = named()
    created = hub.save(document)
    for body in (document[:-5], document.replace(b'"import"', b'"map"')):
        assert hub.save(body, If_Match=created.headers["etag"]).status in (400, 422)
    assert hub.ask("GET", f"{created.headers['location']}/document").body == document


# ---- digests and encodings


def digest_of(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def test_a_digest_is_checked(hub: RunningHub) -> None:
    document = named()
    wrong = hub.save(document, Content_Digest=digest_of(document + b" "))
    assert (wrong.status, wrong.json()["type"]) == (400, "/problems/digest-mismatch")
    for header in ("md5=:AAAA:", digest_of(document), f"md5=:AAAA:, {digest_of(document)}"):
        assert hub.save(document, Content_Digest=header).status in (200, 201)


def test_a_compressed_body_is_refused(hub: RunningHub) -> None:
    answer = hub.save(named(), Content_Encoding="gzip")
    assert (answer.status, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


# ---- H13: how large, and how slow


def test_h13_one_byte_too_many_is_refused(hub: RunningHub) -> None:
    before = stored(hub)
    answer = hub.save(of_size(MIB + 1))
    assert (answer.status, answer.json()["limit"]) == (413, MIB)
    assert answer.headers["connection"] == "close"
    assert stored(hub) == before


class Wire:
    """A connection on which a test sends what no client would."""

    def __init__(self, hub: RunningHub, token: str | None, *headers: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", hub.port), SECONDS)
        lines = [f"POST {SESSIONS} HTTP/1.1", f"Host: 127.0.0.1:{hub.port}", *headers]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_to_end(self) -> bytes:
        """All that comes until the hub closes the connection, which its answer says it will."""
        pieces = []
        while piece := self.socket.recv(65536):
            pieces.append(piece)
        self.socket.close()
        answer = b"".join(pieces)
        assert b"\r\nconnection: close\r\n" in answer, "it would wait for the body"
        return answer


def test_h4_a_mebibyte_of_nobody_is_not_read(hub: RunningHub) -> None:
    """Not one byte of it is sent: the answer comes, and the connection ends."""
    for token in (None, "chs_wrong"):
        answer = Wire(hub, token, f"Content-Length: {MIB}").read_to_end()
        assert answer.startswith(b"HTTP/1.1 401 ")


def test_h13_too_large_is_said_before_the_body_comes(hub: RunningHub) -> None:
    answer = Wire(hub, hub.token, f"Content-Length: {MIB + 1}").read_to_end()
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_h13_what_comes_in_pieces_is_counted(hub: RunningHub) -> None:
    """Its length is not said: it is refused at the byte that is too many."""
    wire = Wire(hub, hub.token, "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    wire.send(piece * (MIB // 65536) + b"1\r\n \r\n")
    assert wire.read_to_end().startswith(b"HTTP/1.1 413 ")


def test_a_refusal_of_a_small_body_keeps_the_connection(hub: RunningHub) -> None:
    """A client that signs in goes on with it."""
    answer = hub.save(named(), token="chs_wrong")
    assert answer.status == 401
    assert "connection" not in answer.headers


def test_h13_a_body_has_ten_seconds(hub: RunningHub) -> None:
    since = time.monotonic()
    slow = Wire(hub, hub.token, "Content-Length: 1000")
    slow.send(b"{")
    silent = Wire(hub, hub.token, "Content-Length: 1000")
    assert hub.save(named()).status == 201, "others are not kept waiting"
    for wire in (slow, silent):
        answer = wire.read_to_end()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"/problems/slow-body" in answer
    assert 9 < time.monotonic() - since < 20


def test_a_client_that_goes_away_leaves_nothing(hub: RunningHub) -> None:
    before = stored(hub)
    document = named()
    wire = Wire(hub, hub.token, f"Content-Length: {len(document)}")
    wire.send(document[:-1])
    wire.socket.close()
    assert hub.ask("GET", f"{SESSIONS}?limit=1").status == 200
    assert stored(hub) == before


# ---- as the specification has it


def test_curl_saves_a_state_file_as_it_is(hub: RunningHub, tmp_path: Path) -> None:
    document = named(cluster_context="curl")
    (tmp_path / "import-latest.json").write_bytes(document)
    authorization = f"Authorization: Bearer {hub.token}"
    done = subprocess.run(
        [
            *"curl -sS -i --data-binary @import-latest.json -H".split(),
            authorization,
            hub.url + SESSIONS,
        ],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"HTTP/1.1 201 ")
    unique = json.loads(document)["id"]
    assert hub.ask("GET", f"{SESSIONS}/{unique}/document").body == document


def test_another_path_is_not_there_and_another_method_not_allowed(hub: RunningHub) -> None:
    for path in ("/api", f"{SESSIONS}/", f"{SESSIONS}//x", f"{SESSIONS}/a/b/c/d"):
        answer = hub.ask("PATCH", path)
        assert (answer.status, answer.json()["type"]) == (404, "/problems/not-found"), path
    answer = hub.ask("PATCH", SESSIONS)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_h12_another_host_is_refused(hub: RunningHub) -> None:
    for host in ("evil.example", f"evil.example:{hub.port}", "127.0.0.1.evil.example"):
        answer = hub.ask("GET", SESSIONS, Host=host)
        assert (answer.status, answer.json()["type"]) == (421, "/problems/misdirected")
    assert hub.ask("GET", SESSIONS, Host=f"localhost:{hub.port}").status == 200


@pytest.fixture(scope="module", autouse=True)
def _no_secret_in_the_log(hub: RunningHub) -> Iterator[None]:
    """H8, of all that this module sends: no document and no token is in the hub's log."""
    yield
    log = hub.log.read_text()
    assert SECRET not in log
    assert "chs_" not in log
    assert "Traceback" not in log


def test_what_was_refused_is_not_kept_in_memory(own_hub: RunningHub) -> None:
    """A body has up to 1 MiB: a hundred that are no state file leave nothing behind."""
    hub = own_hub.start()
    hub.save(state(created_at=f"{'x' * 900_000}"))
    before = memory(hub)
    for number in range(100):
        assert hub.save(state(created_at=f"{number}{'x' * 900_000}")).status == 422

    assert memory(hub) - before < 30 * 1024


def memory(hub: RunningHub) -> int:
    """What the hub has in memory, in KiB."""
    assert hub.process
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
