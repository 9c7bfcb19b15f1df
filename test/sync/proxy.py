"""A proxy of the tests' own between a client and the hub: it knows requests from answers, and
passes them on, or does to them what lines and other people's proxies do.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.running import free_port

# no thread of a test outlives it by more than this
PATIENCE_SECONDS = 60.0
HTML = b"<!DOCTYPE html><html><body><h1>Welcome to the guest network</h1></body></html>\n"
REASONS = {200: "OK", 302: "Found", 401: "Unauthorized", 404: "Not Found"}


class Cut(Exception):
    """The connection is closed at this point."""


@dataclass
class Request:
    """What a client asked; `path` has its query, names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the body."""
        return hashlib.sha256(self.body).hexdigest()


class Wire:
    """One end of a connection, read message by message."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.buffer = b""

    def wait(self) -> None:
        """Returns when there is something to read; raises Cut where the connection ends."""
        if not self.buffer:
            self._more()

    def request(self) -> Request:
        """The next request."""
        head = self._head()
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        headers = parse_headers(head)
        raw = self._body(headers)
        is_chunked = headers.get("transfer-encoding") == "chunked"
        return Request(method, path, headers, unchunked(raw) if is_chunked else raw, head + raw)

    def answer(self, *, has_body: bool) -> bytes:
        """The next answer, whole; `has_body` is False for one to a HEAD."""
        head = self._head()
        status = head.split(b" ")[1]
        if not has_body or status in (b"204", b"304"):
            return head
        return head + self._body(parse_headers(head))

    def _head(self) -> bytes:
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        return self._take(int(headers.get("content-length", 0)))

    def _chunks(self) -> bytes:
        whole = b""
        while True:
            line = self._line()
            size = int(line.partition(b";")[0], 16)
            whole += line + self._take(size + 2)
            if size == 0:
                return whole

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self._more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line + b"\r\n"

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _more(self) -> None:
        try:
            piece = self.connection.recv(65536)
        except OSError:
            raise Cut from None
        if not piece:
            raise Cut
        self.buffer += piece


def end(connection: socket.socket) -> None:
    """Wakes whoever waits for something on it, which closing alone would not."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def parse_headers(head: bytes) -> dict[str, str]:
    """The headers of a message, their names in lower case."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def unchunked(body: bytes) -> bytes:
    """What a chunked body carries."""
    whole = b""
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        whole += body[:size]
        body = body[size + 2 :]
    return whole


@dataclass
class Exchange:
    """A connection on which a client has begun to say something, and what may be done with it."""

    client: Wire
    hub: tuple[str, int]
    record: Callable[[Request], None]
    # set when the proxy is told to behave otherwise, or closed
    released: threading.Event
    _request: Request | None = None

    @property
    def request(self) -> Request:
        """What the client asks; read when it is first looked at."""
        if self._request is None:
            self._request = self.client.request()
            self.record(self._request)
        return self._request

    def forward(self) -> bytes:
        """Has the hub answer the request; all of its answer."""
        request = self.request
        with self._call_hub() as connection:
            connection.sendall(request.raw)
            return Wire(connection).answer(has_body=request.method != "HEAD")

    def send_half(self) -> None:
        """The hub gets the first half of the request, and then nothing any more."""
        raw = self.request.raw
        with self._call_hub() as connection:
            connection.sendall(raw[: len(raw) // 2])

    def _call_hub(self) -> socket.socket:
        try:
            return socket.create_connection(self.hub, PATIENCE_SECONDS)
        except OSError:
            raise Cut from None

    def answer(self, raw: bytes) -> None:
        """Sends the client these bytes."""
        try:
            self.client.connection.sendall(raw)
        except OSError:
            raise Cut from None


Behaviour = Callable[[Exchange], None]


def pass_on(exchange: Exchange) -> None:
    """As if it were not there."""
    exchange.answer(exchange.forward())


def cut_before_request(_: Exchange) -> None:
    """The line ends before anything was read."""
    raise Cut


def cut_in_request(exchange: Exchange) -> None:
    """The line ends when half of the request has come to the hub."""
    exchange.send_half()
    raise Cut


def drop_answer(exchange: Exchange) -> None:
    """The hub has done what it was asked; the client sees the line end."""
    exchange.forward()
    raise Cut


def cut_in_head(exchange: Exchange) -> None:
    """The line ends in the middle of the first line of the answer."""
    exchange.answer(exchange.forward()[:9])
    raise Cut


def truncate_answer(exchange: Exchange) -> None:
    """The line ends in the middle of the answer's body, or of its head where it has none."""
    raw = exchange.forward()
    head, _, body = raw.partition(b"\r\n\r\n")
    exchange.answer(head + b"\r\n\r\n" + body[: len(body) // 2] if body else raw[: len(raw) // 2])
    raise Cut


def black_hole(exchange: Exchange) -> None:
    """It takes the connection, and never says a word."""
    exchange.released.wait(PATIENCE_SECONDS)
    raise Cut


def drip(exchange: Exchange) -> None:
    """The answer comes a byte a second."""
    for byte in exchange.forward():
        exchange.answer(bytes([byte]))
        exchange.released.wait(1)
        if exchange.released.is_set():
            raise Cut


def delay(seconds: float) -> Behaviour:
    """The hub's answer comes so many seconds late, at once when the proxy is told otherwise."""

    def late(exchange: Exchange) -> None:
        raw = exchange.forward()
        exchange.released.wait(seconds)
        exchange.answer(raw)

    return late


hold_answers = delay(PATIENCE_SECONDS)


def say(status: int, body: bytes = HTML, kind: str = "text/html", **headers: str) -> Behaviour:
    """It answers by itself, and the hub hears nothing; in names of headers `_` stands for `-`."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    names.update({"Content-Type": kind, "Content-Length": str(len(body))})
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Whatever')}"]
    lines += [f"{name}: {value}" for name, value in names.items()]
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def answer(exchange: Exchange) -> None:
        is_head = exchange.request.method == "HEAD"
        exchange.answer(raw.partition(body)[0] if is_head and body else raw)

    return answer


def redirect(url: str) -> Behaviour:
    """It sends the client to another place."""
    return say(302, b"", Location=url)


def only(method: str, part: str, behaviour: Behaviour, times: int = 1 << 30) -> Behaviour:
    """The behaviour for requests of one method whose path contains `part`, the first so many of
    them; the others pass.
    """
    left = [times]

    def choose(exchange: Exchange) -> None:
        request = exchange.request
        if request.method == method and part in request.path and left[0] > 0:
            left[0] -= 1
            behaviour(exchange)
        else:
            pass_on(exchange)

    return choose


class Proxy:
    """Started by `start`; told by `behave` what to do from the next request on."""

    def __init__(self, hub_port: int) -> None:
        self.hub = ("127.0.0.1", hub_port)
        self.port = free_port()
        self.requests: list[Request] = []
        # how many have connected, whatever became of them
        self.connections = 0
        self._behaviour: Behaviour = pass_on
        self._released = threading.Event()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Proxy:
        """Listens."""
        self._listen()
        return self

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        client = Wire(connection)
        self._open.add(connection)
        with connection, contextlib.suppress(Cut):
            while True:
                client.wait()
                with self._lock:
                    behaviour, released = self._behaviour, self._released
                behaviour(Exchange(client, self.hub, self.requests.append, released))
        self._open.discard(connection)

    def behave(self, behaviour: Behaviour) -> None:
        """Does this from the next request on; what was held back goes on, or ends."""
        with self._lock:
            before, self._released = self._released, threading.Event()
            self._behaviour = behaviour
        before.set()
        if self._listener is None:
            self._listen()

    def heal(self) -> None:
        """All passes again."""
        self.behave(pass_on)

    def refuse(self) -> None:
        """Nobody listens any more, and the connections that are open end."""
        if self._listener is not None:
            end(self._listener)
            self._listener.close()
            self._listener = None
        for connection in list(self._open):
            end(connection)

    def stop(self) -> None:
        """Ends, with everything that it holds."""
        self._released.set()
        self.refuse()

    def asked(self, method: str = "", part: str = "") -> list[Request]:
        """The requests so far of a method, if one is given, and a path with `part` in it."""
        return [
            request
            for request in list(self.requests)
            if method in ("", request.method) and part in request.path
        ]

    def forget(self) -> None:
        """Forgets what has been asked."""
        self.requests.clear()
        self.connections = 0
