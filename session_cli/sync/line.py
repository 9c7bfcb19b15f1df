"""A connection to the hub: the only module with sockets.

A request has a time and a size, whatever the other side does: names are looked up, proxies asked
and bytes waited for within them.
"""

from __future__ import annotations

import base64
import io
import os
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode, urlsplit

from session_cli.errors import printable
from session_cli.sync.address import is_loopback
from session_cli.sync.answers import Reply
from session_cli.times import elapsed

LARGEST = 4 * 1024 * 1024
_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):
    """Why there is no answer, in one sentence for people."""


class Closed(Unreachable):
    """The other side closed the connection and answered nothing."""


class Request(NamedTuple):
    """What is asked; `path` is below the hub's address."""

    method: str
    path: str
    body: bytes | None
    headers: dict[str, str]


class Line:
    """A connection to the hub at `url`, kept open from one request to the next.

    Opened at once. What it does has to be done by `until`, as `times.elapsed` counts; `timeout` is
    how long that was, in seconds, for the message.
    """

    def __init__(self, url: str, timeout: float, until: float) -> None:
        self._url = url
        self._timeout = timeout
        try:
            self._socket = _open(url, until)
        except (OSError, HTTPException, ValueError) as error:
            raise self._explain(error) from None
        self._paced = _Paced(self._socket)
        self._connection = HTTPConnection("hub")
        # a line that was closed is replaced, not opened again
        self._connection.auto_open = 0
        self._connection.sock = self._paced

    def exchange(self, request: Request, timeout: float, until: float) -> Reply:
        """Sends the request and reads the answer to it; raises Unreachable."""
        self._timeout = timeout
        self._paced.until = until
        try:
            return self._exchange(request)
        except (OSError, HTTPException, ValueError) as error:
            raise self._explain(error) from None

    def is_stale(self) -> bool:
        """Whether it was closed meanwhile; nobody sends anything without being asked."""
        if self._connection.sock is None:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Ends it."""
        self._connection.close()
        self._socket.close()

    def _exchange(self, request: Request) -> Reply:
        try:
            self._connection.request(*request)
        except (BrokenPipeError, ConnectionResetError):
            # a hub that refuses a large body closes early, and its answer may be there
            pass
        response = self._connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        raw = response.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise Unreachable(
                f"the answer of {self._url} is larger than {LARGEST // 1024 // 1024} MiB, as none"
                " of a hub is: a proxy may have answered in its place"
            )
        if response.length:
            raise Unreachable(f"the answer of {self._url} broke off in the middle; try again")
        return Reply(response.status, headers, raw)

    def _explain(self, error: Exception) -> Unreachable:
        url = self._url
        if isinstance(error, TimeoutError):
            return Unreachable(
                f"{url} did not answer within {round(self._timeout, 1):g} s; check the network and"
                " try again"
            )
        if isinstance(error, socket.gaierror):
            return Unreachable(
                f"{url} cannot be found: {error.strerror}; check the address and the network"
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {url} is not accepted: {printable(error.verify_message)}; if"
                " its authority is your own, name the file of that in SSL_CERT_FILE"
            )
        if isinstance(error, ssl.SSLError):
            return Unreachable(
                f"{url} does not speak TLS as it should: {error.reason or error}; check the address"
            )
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(
                f"nothing answers at {url}: connection refused; check that the hub is running"
            )
        if isinstance(error, ConnectionError):
            return Closed(f"{url} closed the connection and answered nothing; try again")
        if isinstance(error, OSError):
            return Unreachable(
                f"{url} cannot be reached: {error.strerror or error}; check the network"
            )
        return Unreachable(
            f"the answer of {url} broke off, or is not HTTP; check the address and try again"
        )


def encode_form(fields: Mapping[str, str]) -> bytes:
    """The fields as the body of a request."""
    return urlencode(fields, errors="replace").encode("ascii")


class _Paced:
    """A socket as `http.client` uses one, whose every wait ends at `until`."""

    def __init__(self, connected: socket.socket, until: float = 0.0) -> None:
        self._socket = connected
        self.until = until

    def sendall(self, data: Any) -> None:
        """Sends all of it."""
        self.pace()
        self._socket.sendall(data)

    def makefile(self, _: str) -> io.BufferedReader:
        """What comes."""
        return io.BufferedReader(_PacedReader(self, self._socket.makefile("rb", buffering=0)))

    def close(self) -> None:
        """Ends the connection, once what came is read."""
        self._socket.close()

    def pace(self) -> None:
        """Gives the next wait the time that is left."""
        self._socket.settimeout(_left(self.until))


class _PacedReader(io.RawIOBase):
    def __init__(self, paced: _Paced, raw: socket.SocketIO) -> None:
        self._paced = paced
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._paced.pace()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(until: float) -> float:
    """The seconds until then; raises TimeoutError when there are none."""
    left = until - elapsed()
    if left <= 0:
        raise TimeoutError
    return left


def _open(url: str, until: float) -> socket.socket:
    """A socket that is connected to the hub, by a proxy where the environment names one."""
    scheme, _, place = url.partition("://")
    host, port = _split_place(place, _PORTS[scheme])
    if scheme == "http":
        # only this machine is asked without TLS, and no proxy may listen
        return _connect(host, port, until)
    proxy = None if is_loopback(place.removesuffix(f":{port}")) else _find_proxy(f"{host}:{port}")
    plain = _connect(host, port, until) if proxy is None else proxy.open(host, port, until)
    try:
        plain.settimeout(_left(until))
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _split_place(place: str, usual: int) -> tuple[str, int]:
    """(host, port) of the place in an address; an IPv6 address without its brackets."""
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, str(usual)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _connect(host: str, port: int, until: float) -> socket.socket:
    """A socket that is connected to one of the addresses of the host."""
    places = _look_up(host, port, until)
    failed: OSError = TimeoutError()
    for number, (family, kind, protocol, _, address) in enumerate(places):
        connected = socket.socket(family, kind, protocol)
        try:
            # an address that is silent leaves time for the others
            connected.settimeout(_left(until) / (len(places) - number))
            connected.connect(address)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
        except OSError as error:
            connected.close()
            failed = error
        except BaseException:
            connected.close()
            raise
    raise failed


def _look_up(host: str, port: int, until: float) -> list[Any]:
    """The addresses of a host; no name server is waited for longer than until then."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        # it is a name
        pass
    found: list[list[Any]] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    # nothing ends a look-up from outside; one that is given up ends with the process
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_left(until))
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return found[0]


class _Proxy(NamedTuple):
    """A proxy that hands on what is encrypted, unread."""

    host: str
    port: int
    # what it wants to know of who asks; "" for nothing
    authorization: str

    def open(self, host: str, port: int, until: float) -> socket.socket:
        """A socket whose other end is the hub's; raises Unreachable."""
        try:
            connected = _connect(self.host, self.port, until)
        except OSError as error:
            reason = "no answer" if isinstance(error, TimeoutError) else error.strerror or error
            raise Unreachable(
                f"the proxy {self.host}:{self.port} cannot be reached: {reason}; check HTTPS_PROXY"
            ) from None
        try:
            self._ask_for(_Paced(connected, until), host, port)
        except BaseException:
            connected.close()
            raise
        return connected

    def _ask_for(self, paced: _Paced, host: str, port: int) -> None:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        paced.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        response = HTTPResponse(paced, method="CONNECT")  # type: ignore[arg-type]
        try:
            response.begin()
            if response.status != 200:
                raise Unreachable(
                    f"the proxy {self.host}:{self.port} refuses to connect to {place}: "
                    f"{response.status} {printable(response.reason[:100])}; check HTTPS_PROXY, or"
                    " name the hub in NO_PROXY"
                )
        finally:
            response.close()


def _find_proxy(place: str) -> _Proxy | None:
    """The proxy by which the environment has `host:port` asked; None for none."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    # it takes longer to load than all else here
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    text = proxies.get("https") or proxies.get("all")
    if not text or proxy_bypass(place, proxies):
        return None
    return _parse_proxy(text)


def _parse_proxy(text: str) -> _Proxy:
    """The proxy of `http://name:password@proxy.example:3128`; the scheme may be missing."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if not host or not host.isprintable() or parts.scheme != "http":
        # it may have a password in it
        raise Unreachable(
            "HTTPS_PROXY does not name a proxy that can be used, such as http://proxy.example:3128"
        )
    credentials = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return _Proxy(host, port, credentials)
