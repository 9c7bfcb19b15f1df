"""Who answers in a hub's place: a server that says what a test wants it to say, and a proxy."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# what is sent on a connection, once for each request on it; None ends the connection
Answering = Callable[[bytes], bytes | None]


def reply(
    status: int = 200,
    body: bytes | dict[str, Any] = b"",
    kind: str = "application/json",
    **headers: str,
) -> bytes:
    """An answer of a hub; names of headers are written with `_`, and "" leaves one out."""
    raw = json.dumps(body).encode() if isinstance(body, dict) else body
    given = {"Hub_Version": "1", "Content_Type": kind, "Content_Length": str(len(raw)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    head = "\r\n".join([f"HTTP/1.1 {status} Said", *lines])
    return head.encode("latin-1") + b"\r\n\r\n" + raw


def problem(status: int, slug: str, detail: str = "It is so.", **headers: str) -> bytes:
    """A problem, as a hub answers it."""
    body = {"type": f"/problems/{slug}", "status": status, "detail": detail}
    return reply(status, body, "application/problem+json", **headers)


class Stranger:
    """Listens on a port of its own, and answers each request with what `answer` says."""

    def __init__(
        self, answer: Answering, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.answer = answer
        self.context = context
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        # head and body of each request, and how many connections there were
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = 0
        self.is_over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Ends it."""
        self.is_over.set()
        # a listener that is only closed goes on accepting
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.attend(connection)
        with suppress(OSError):
            connection.close()
        self.ended += 1

    def attend(self, connection: socket.socket) -> None:
        """Answers one request after another."""
        while request := read_request(connection):
            self.requests.append(request)
            said = self.answer(request)
            if said is None:
                return
            connection.sendall(said)
            if b"onnection: close" in said.partition(b"\r\n\r\n")[0]:
                return


class Dripping(Stranger):
    """Sends `start`, and then a piece every now and then, without end."""

    def __init__(self, start: bytes, piece: bytes, seconds: float) -> None:
        super().__init__(lambda _: None)
        self.start, self.piece, self.seconds = start, piece, seconds

    def attend(self, connection: socket.socket) -> None:
        """Answers the first request, as long as somebody listens."""
        self.requests.append(read_request(connection))
        connection.sendall(self.start)
        while not self.is_over.wait(self.seconds):
            connection.sendall(self.piece)


class Forgetful(Stranger):
    """Ends each connection after an answer, without having said so."""

    def attend(self, connection: socket.socket) -> None:
        """Answers one request."""
        self.requests.append(read_request(connection))
        connection.sendall(self.answer(self.requests[-1]) or b"")


class Plain(Stranger):
    """Answers as soon as anything comes, which it does not understand."""

    def attend(self, connection: socket.socket) -> None:
        """Says that the request was a bad one."""
        self.requests.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class ConnectProxy(Stranger):
    """A proxy: every name that it is asked for leads to one port of this machine."""

    def __init__(self, port: int, refusal: bytes = b"") -> None:
        super().__init__(lambda _: None)
        self.target, self.refusal = port, refusal

    def attend(self, connection: socket.socket) -> None:
        """Connects both ends, or refuses to."""
        self.requests.append(read_request(connection))
        if self.refusal:
            connection.sendall(self.refusal)
            return
        with socket.create_connection(("127.0.0.1", self.target)) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=[other, connection], daemon=True)
            back.start()
            _pass_on(connection, other)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def read_request(connection: socket.socket) -> bytes:
    """A request, head and body; nothing when the other side has ended."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = connection.recv(65536)
        if not piece:
            return b""
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            while len(body) < int(line.partition(b":")[2]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def serving(stranger: Stranger) -> Iterator[Any]:
    """The server as long as the block runs."""
    try:
        yield stranger
    finally:
        stranger.stop()


def make_certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody has signed but itself, and a server's context with it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hub".split(),
            *("-addext", f"subjectAltName={','.join(names)}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context
