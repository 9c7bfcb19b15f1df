"""What a connection may cost the hub before there is a request to answer."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from pathlib import Path

import pytest
from hub.running import SECONDS, RunningHub, state
from hub.streams import Stream

KIB = 1024
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/v1/auth/device HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def connect(hub: RunningHub) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hub.port), SECONDS)


def is_answered(connection: socket.socket) -> bool:
    """Whether the whole answer to GET has come."""
    answer = b""
    while not answer.endswith(b'{"status":"ok"}'):
        piece = connection.recv(65536)
        if not piece:
            return False
        answer += piece
    return True


def read_problem(connection: socket.socket) -> bytes:
    """A whole answer whose body is a JSON object."""
    answer = b""
    while not answer.endswith(b"}"):
        piece = connection.recv(65536)
        assert piece, answer
        answer += piece
    return answer


def read_to_end(connection: socket.socket) -> bytes:
    """What comes until the hub closes the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def resident_kib(hub: RunningHub) -> int:
    assert hub.process
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def pad(head: bytes, size: int) -> bytes:
    """The head of a request, made `size` bytes long by one more header."""
    return head + b"A: " + b"a" * (size - len(head) - 7) + b"\r\n\r\n"


def test_h13_headers_have_32_kib_together(hub: RunningHub) -> None:
    with connect(hub) as connection:
        for _ in range(2):
            connection.sendall(pad(GET, 32 * KIB))
            assert is_answered(connection)
        connection.sendall(pad(GET + b"Connection: close\r\n", 32 * KIB))
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")
    with connect(hub) as connection:
        connection.sendall(pad(GET, 32 * KIB + 1))
        head, _, body = read_to_end(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert b"content-type: application/problem+json" in head
        assert json.loads(body)["type"] == "/problems/headers-too-large"


@pytest.mark.parametrize(
    "start",
    [GET + b"A: ", b"GET /", GET, POST + b"0\r\nA: ", POST + b"1;", b"\r\n"],
    ids=["a header", "a path", "many headers", "a trailer", "an extension", "blank lines"],
)
def test_h13_what_never_ends_takes_no_memory_and_keeps_nobody_waiting(
    hub: RunningHub, start: bytes
) -> None:
    endless = {GET: b"A: a\r\n", b"\r\n": b"\r\n"}.get(start, b"a") * 4096
    before = resident_kib(hub)
    with connect(hub) as connection:
        sent = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(start)
            while sent < 64 * KIB * KIB:
                connection.sendall(endless)
                sent += len(endless)
        assert sent < 64 * KIB * KIB, "all of it was taken"
    assert hub.ask("GET", "/healthz").status == 200
    assert resident_kib(hub) < before + 16 * KIB


def test_h13_the_headers_of_a_request_have_ten_seconds(hub: RunningHub) -> None:
    """Also behind a request that was answered: whoever stays silent would keep its descriptor."""
    since = time.monotonic()
    connections = [connect(hub) for _ in range(6)]
    half, dripping, behind, blank, refused, _ = connections
    half.sendall(GET)
    for connection in (behind, blank):
        connection.sendall(GET + b"\r\n")
        assert is_answered(connection)
    refused.sendall(b"GET /api/v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n")
    assert read_problem(refused).startswith(b"HTTP/1.1 401 ")
    # of a body that nobody waits for any more
    refused.sendall(b"x")
    behind.sendall(GET)
    blank.sendall(b"\r\n")
    with Stream(hub) as stream:
        stream.expect("snapshot")
        dripping.settimeout(1)
        for byte in GET * 2:
            dripping.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                if not dripping.recv(1):
                    break
            assert time.monotonic() - since < 20
        for connection in connections:
            assert read_to_end(connection) == b""
            connection.close()
        assert 9 < time.monotonic() - since < 20
        # one that is being answered may take as long as it likes
        assert hub.save(state()).status == 201
        stream.expect("session")


def test_h4_what_stands_behind_a_body_is_no_header(hub: RunningHub) -> None:
    body = state(created_at="2026-05-01T00:00:00Z")
    request = (
        b"POST /api/v1/sessions/import HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"%x\r\n%b\r\n0\r\nAuthorization: Bearer %b\r\n\r\n" % (len(body), body, hub.token.encode())
    )
    with connect(hub) as connection:
        connection.sendall(request)
        assert read_to_end(connection).startswith(b"HTTP/1.1 401 ")
