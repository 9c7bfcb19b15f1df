"""The hub is asked: whatever answers in its place, or does not, becomes one clear sentence."""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hub.running import RunningHub, free_port, state
from sync.answering import (
    ConnectProxy,
    Dripping,
    Forgetful,
    Plain,
    Stranger,
    make_certificate,
    problem,
    reply,
    serving,
)
from waiting import STILL_SECONDS, eventually, run

from session_cli.errors import BadInput, SessionError
from session_cli.sync.account import parse_url
from session_cli.sync.device import Device
from session_cli.sync.remote import SESSIONS, Answer, HubUnavailable, Remote, SignedOut, say

TOKEN = "chs_a-token-that-nobody-may-see"
ME = {
    "instance_id": "i",
    "org": {"id": "o", "name": "home"},
    "user": {"id": "u", "name": "alex"},
}
PIN = {"instance": "i", "org": ME["org"], "user": ME["user"]}
PAGE = b"<!doctype html><title>Sign in to the network</title>"
DEVICE = Device("0b2f0a9e-8f3e-4c55-9d43-0c3c8f2c6a11", "Zoë's laptop")


def ask_stranger(said: bytes | None, timeout: float = 10.0) -> Answer:
    """What is made of an answer."""
    with serving(Stranger(lambda _: said)) as stranger:
        return Remote(stranger.url, TOKEN, DEVICE, timeout).ask("GET", "/api/v1/me")


def why_unavailable(call: Callable[[], Any], kind: type[SessionError] = HubUnavailable) -> str:
    """The sentence of the error; it is one line that any terminal can show, without the token."""
    with pytest.raises(kind) as caught:
        call()
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert TOKEN not in sentence
    assert "\n" not in sentence
    return sentence


CHUNKED = b"HTTP/1.1 200 OK\r\nHub-Version: 1\r\nTransfer-Encoding: chunked\r\n"
NOT_A_HUB = {
    "a page with 200": (reply(200, PAGE, "text/html", Hub_Version=""), "200 with an HTML page"),
    "a page with 401": (reply(401, PAGE, "text/html", Hub_Version=""), "401 with an HTML page"),
    "a page with 403": (reply(403, PAGE, "text/html", Hub_Version=""), "403 with an HTML page"),
    "a page with 404": (reply(404, PAGE, "text/html", Hub_Version=""), "404 with an HTML page"),
    "a page with 410": (reply(410, PAGE, "text/html", Hub_Version=""), "410 with an HTML page"),
    "a page with 413": (reply(413, PAGE, "text/html", Hub_Version=""), "413 with an HTML page"),
    "a page with 502": (reply(502, PAGE, "text/html", Hub_Version=""), "502 with an HTML page"),
    "a page that says JSON": (reply(200, PAGE, Hub_Version=""), "200 with an HTML page"),
    "a page through a hub": (reply(200, PAGE, "text/html"), "200 with an HTML page"),
    "other JSON": (reply(200, {"ok": True}, Hub_Version=""), "200 with other content"),
    "other JSON with 403": (reply(403, {"error": "blocked"}, Hub_Version=""), "403 with other"),
    "other JSON with 410": (reply(410, {"gone": True}), "410 with other content"),
    "nothing with 200": (reply(200, Hub_Version=""), "200 with other content"),
    "nothing with 204": (reply(204, Hub_Version="", Content_Length=""), "204 with other content"),
    "nothing with 404": (reply(404), "404 with other content"),
    "a list": (reply(200, b"[1]"), "200 with other content"),
    "half of an object": (reply(200, b'{"a": '), "200 with other content"),
    "a redirect": (
        reply(302, Location="https://portal.example/login?from=1"),
        "redirect to https://portal.example,",
    ),
    "a redirect within": (reply(307, Location="/elsewhere"), "redirect to another page of it"),
    "a redirect to nowhere": (reply(301), "redirect to another page of it"),
    "a failure": (
        problem(500, "internal", "The hub failed."),
        "cannot do that now: The hub failed",
    ),
    "a full disk": (problem(503, "unavailable"), "cannot do that now: It is so"),
    "another protocol": (b"220 mail.example ESMTP\r\n", "broke off, or is not HTTP"),
    "bytes": (b"\0\x15\x03\x01\n" * 9, "broke off, or is not HTTP"),
    "a long line": (b"HTTP/1.1 200 " + b"x" * 70_000, "broke off, or is not HTTP"),
    "many headers": (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300, "broke off, or is not HTTP"),
    "a body that breaks off": (
        reply(200, b'{"a": 1}', Content_Length="900", Connection="close"),
        "broke off",
    ),
    "a chunk that breaks off": (CHUNKED + b"Connection: close\r\n\r\n9\r\n{}", "broke off"),
    "a chunk without a size": (CHUNKED + b"\r\nsize\r\n{}", "broke off"),
    "nothing at all": (None, "closed the connection and answered nothing"),
}


@pytest.mark.parametrize("what", NOT_A_HUB)
def test_what_is_no_answer_of_a_hub_is_a_hub_that_cannot_be_reached(what: str) -> None:
    said, expected = NOT_A_HUB[what]

    sentence = why_unavailable(lambda: ask_stranger(said))

    assert expected in sentence
    assert "http://127.0.0.1:" in sentence
    assert HubUnavailable.exit_code == 8


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (403, "forbidden"),
        (404, "not-found"),
        (409, "lease-lost"),
        (410, "gone"),
        (412, "version-conflict"),
        (413, "too-large"),
        (423, "leased"),
        (429, "rate-limited"),
    ],
)
def test_a_problem_of_the_hub_is_an_answer(status: int, slug: str) -> None:
    answer = ask_stranger(problem(status, slug, "Do this, then that."))

    assert (answer.status, answer.slug) == (status, slug)
    assert say(answer) == "Do this, then that"


def test_who_has_no_token_that_counts_signs_in_again() -> None:
    sentence = why_unavailable(lambda: ask_stranger(problem(401, "unauthenticated")), SignedOut)

    assert "session-cli login http://127.0.0.1:" in sentence
    assert SignedOut.exit_code == 4


@pytest.mark.parametrize(
    "detail",
    ["\x1b]0;owned\x07\x1b[2J", "two\r\nlines\x85three", "\u202egnirts", "x" * 9_000, "", 7, None],
    ids=["escapes", "lines", "direction", "length", "nothing", "a number", "null"],
)
def test_what_the_hub_says_is_one_printable_line(detail: Any) -> None:
    answer = ask_stranger(problem(409, "conflict", detail))

    assert say(answer).isprintable()
    assert 0 < len(say(answer)) < 1_000


def test_a_place_that_a_redirect_names_obeys_no_terminal() -> None:
    said = reply(302, Location="https://evil.example\x1b[2J\x9b/")

    assert "\\x1b[2J" in why_unavailable(lambda: ask_stranger(said))


def test_a_name_of_a_person_that_is_none_is_no_answer() -> None:
    for wrong in ({}, {**ME, "user": "alex"}, {**ME, "org": {"id": "", "name": "home"}}):
        with serving(Stranger(lambda _, wrong=wrong: reply(200, wrong))) as stranger:
            sentence = why_unavailable(Remote(stranger.url, TOKEN).me)
        assert "does not say who is signed in" in sentence


def test_an_answer_without_end_is_cut_off() -> None:
    endless = reply(Content_Length="") + b'{"a": "'
    with serving(Dripping(endless, b"x" * 65_536, 0.0)) as stranger:
        sentence = why_unavailable(lambda: Remote(stranger.url, TOKEN).me())

    assert "larger than 4 MiB" in sentence


def test_a_length_that_is_too_large_is_not_waited_for() -> None:
    with serving(Dripping(reply(Content_Length="9" * 30), b"x" * 65_536, 0.0)) as stranger:
        assert "larger than 4 MiB" in why_unavailable(lambda: Remote(stranger.url, TOKEN).me())


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\n", reply(200, Content_Length="9000"), b"HTTP/1.1 100 More\r\n\r\n"],
    ids=["silence", "headers", "body", "interim"],
)
@pytest.mark.parametrize("piece", [b"", b"x"], ids=["silent", "drips"])
def test_a_request_has_a_time_in_all(start: bytes, piece: bytes) -> None:
    with serving(Dripping(start, piece, 0.05)) as stranger:
        sentence = why_unavailable(lambda: Remote(stranger.url, TOKEN, timeout=0.5).me())

    assert "did not answer within 0.5 s" in sentence


def test_nobody_at_the_address_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    assert f"nothing answers at {url}" in why_unavailable(Remote(url, TOKEN).me)


def test_a_name_that_nobody_knows_is_said() -> None:
    sentence = why_unavailable(Remote("https://no-such-hub.invalid", TOKEN, timeout=5).me)

    assert "https://no-such-hub.invalid" in sentence
    assert "cannot be found" in sentence or "did not answer" in sentence


ASK = """
from session_cli.sync.remote import HubUnavailable, Remote
try:
    Remote("https://hub.example", None, timeout=0.5).me()
except HubUnavailable as error:
    print(error)
"""
WITH_ITS_OWN_NAME_SERVER = 'mount --bind "$1" /etc/resolv.conf && exec "$2" -c "$3"'


def test_a_name_server_that_is_silent_takes_no_more_time_than_the_request(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.53.53\n")
    arguments = [tmp_path / "resolv.conf", sys.executable, ASK]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind(("127.0.53.53", 53))
        except PermissionError:
            pytest.skip("only root can be a name server")
        done = run(["unshare", "-m", "sh", "-c", WITH_ITS_OWN_NAME_SERVER, "sh", *arguments])
        if b"unshare failed" in done.stderr or b"mount:" in done.stderr:
            pytest.skip("no namespace of mounts can be made here")
        silent.settimeout(STILL_SECONDS)
        assert b"hub\7example" in silent.recv(512)

    assert done.stdout == (
        b"https://hub.example did not answer within 0.5 s; check the network and try again\n"
    )


def test_the_token_and_the_device_go_along() -> None:
    with serving(Stranger(lambda _: reply(200, ME))) as stranger:
        assert Remote(stranger.url, TOKEN, DEVICE).me() == PIN
        [request] = stranger.requests

    lines = request.split(b"\r\n")
    assert lines[0] == b"GET /api/v1/me HTTP/1.1"
    assert f"Host: 127.0.0.1:{stranger.port}".encode() in lines
    assert f"Authorization: Bearer {TOKEN}".encode() in lines
    assert f'Session-Device: {DEVICE.id}; name="{DEVICE.name}"'.encode() in lines


def test_who_has_no_token_sends_none() -> None:
    with serving(Stranger(lambda _: reply(200, ME))) as stranger:
        Remote(stranger.url, None).me()

    assert b"uthorization" not in stranger.requests[0]


def test_a_connection_is_used_again() -> None:
    with serving(Stranger(lambda _: reply(200, ME))) as stranger, Remote(stranger.url, None) as hub:
        for _ in range(3):
            hub.me()

    assert (len(stranger.requests), stranger.connections) == (3, 1)


def closes_the_second(stranger_said: list[bytes]) -> Callable[[bytes], bytes | None]:
    """Answers once, and ends the connection when it is asked a second time."""

    def answer(request: bytes) -> bytes | None:
        stranger_said.append(request)
        return None if len(stranger_said) == 2 else reply(200, ME)

    return answer


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/me"), ("PUT", f"{SESSIONS}/1/lease"), ("POST", SESSIONS)],
)
def test_what_may_be_asked_twice_is_asked_again_where_the_connection_had_ended(
    method: str, path: str
) -> None:
    with serving(Stranger(closes_the_second([]))) as stranger:
        hub = Remote(stranger.url, None)
        hub.me()
        assert hub.ask(method, path).status == 200

    assert (len(stranger.requests), stranger.connections) == (3, 2)


def test_what_may_not_be_asked_twice_is_not() -> None:
    with serving(Stranger(closes_the_second([]))) as stranger:
        hub = Remote(stranger.url, None)
        hub.me()
        sentence = why_unavailable(lambda: hub.ask("POST", "/api/v1/auth/links"))
        assert "answered nothing" in sentence
        assert len(stranger.requests) == 2
        # the next one has a connection of its own
        assert hub.me() == PIN


def test_a_connection_that_ended_meanwhile_is_not_used() -> None:
    with serving(Forgetful(lambda _: reply(200, ME))) as stranger:
        hub = Remote(stranger.url, None)
        for number in (1, 2):
            assert hub.ask("POST", "/api/v1/auth/links").status == 200
            eventually(lambda number=number: stranger.ended == number)

    assert stranger.connections == 2


def test_a_connection_that_the_hub_said_it_ends_is_not_used() -> None:
    with serving(Stranger(lambda _: reply(200, ME, Connection="close"))) as stranger:
        hub = Remote(stranger.url, None)
        for _ in range(2):
            assert hub.ask("POST", "/api/v1/auth/links").status == 200

    assert stranger.connections == 2


def test_after_an_answer_that_broke_off_the_connection_is_a_new_one() -> None:
    said = [reply(200, b"{", Content_Length="90", Connection="close"), reply(200, ME)]
    with serving(Stranger(lambda _: said.pop(0))) as stranger:
        hub = Remote(stranger.url, None)
        assert "broke off" in why_unavailable(hub.me)
        assert hub.me() == PIN


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (SESSIONS, {"If-Match": '"1-a"\r\nX-Evil: 1'}),
        (SESSIONS, {"If-Match": '"1-\u2028"'}),
        (f"{SESSIONS}/1 HTTP/1.1\r\nX-Evil: 1\r\n", {}),
        (f"{SESSIONS}/\u2028", {}),
    ],
    ids=["header", "letters", "path", "letters of a path"],
)
def test_what_a_hub_said_adds_no_header_to_the_next_request(
    path: str, headers: dict[str, str]
) -> None:
    with serving(Stranger(lambda _: reply(200, ME))) as stranger:
        hub = Remote(stranger.url, TOKEN)
        hub.me()
        why_unavailable(lambda: hub.ask("PUT", path, b"{}", headers))
        assert hub.me() == PIN

    assert [request[:5] for request in stranger.requests] == [b"GET /", b"GET /"]


def test_a_request_has_its_own_time_on_a_connection_that_is_used_again() -> None:
    with serving(Dripping(reply(200, ME), b"", 0.05)) as stranger:
        hub = Remote(stranger.url, TOKEN)
        hub.me()
        hub.timeout = 0.25
        sentence = why_unavailable(hub.me)

    assert "did not answer within 0.2 s" in sentence


@pytest.mark.parametrize(
    "text",
    [
        "http://hub.example",
        "http://127.evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://10.0.0.1:8377",
        "http://[::2]",
        "http://0.0.0.0",
        "http://127.0.0.1@evil.example",
        "http://evil.example#127.0.0.1",
        "http://evil.example?127.0.0.1",
        "http://evil.example\\@127.0.0.1",
        "http://127.0.0.1:8377@evil.example/",
        "//127.0.0.1",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "127.0.0.1:8377",
        "hub.example",
        "https://",
        "https://:443",
        "https://hub example",
        "https://hub.example\r\nX-Evil: 1",
        "https://hub.example:0",
        "https://hub.example:65536",
        "https://hub.example:٣",
        "https://[fe80::1%eth0]",
        "https://[::1",
        "https://hub..example",
        "https://-hub.example",
        "https://hub.example/api/v1",
        "",
    ],
)
def test_an_address_that_is_not_a_hubs_or_not_encrypted_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_url(text)

    assert str(caught.value).isprintable()


def test_a_password_in_an_address_is_not_repeated() -> None:
    for text in ("https://alex:hunter2@hub.example", "hub://alex:hunter2@hub.example"):
        with pytest.raises(BadInput) as caught:
            parse_url(text)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://hub.example", "https://hub.example"),
        (" HTTPS://Hub.Example:443/\n", "https://hub.example"),
        ("https://hub.example:8443", "https://hub.example:8443"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8377", "http://127.0.0.1:8377"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:8377", "http://[::1]:8377"),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, url: str) -> None:
    assert parse_url(text) == parse_url(url) == url


def test_a_hub_is_asked_at_an_ipv6_address() -> None:
    try:
        stranger = Stranger(lambda _: reply(200, ME), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving(stranger):
        assert Remote(f"http://[::1]:{stranger.port}", None).me() == PIN

    assert f"\r\nHost: [::1]:{stranger.port}\r\n".encode() in stranger.requests[0]


NAME = "hub.test"
Secure = tuple[Path, ssl.SSLContext]


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Secure:
    """The certificate of a hub of that name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not installed")
    return make_certificate(tmp_path_factory.mktemp("tls"), f"DNS:{NAME}", "DNS:localhost")


@pytest.fixture
def tls_hub(secure: Secure) -> Iterator[Stranger]:
    """A hub with that certificate."""
    with serving(Stranger(lambda _: reply(200, ME), secure[1])) as stranger:
        yield stranger


def test_a_certificate_that_is_not_trusted_gets_no_token(tls_hub: Stranger) -> None:
    url = f"https://localhost:{tls_hub.port}"

    sentence = why_unavailable(Remote(url, TOKEN).me)

    assert f"the certificate of {url} is not accepted" in sentence
    assert "SSL_CERT_FILE" in sentence
    assert tls_hub.requests == []


def test_a_certificate_of_an_authority_of_ones_own_is_trusted(
    tls_hub: Stranger, secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[0]))

    with Remote(f"https://localhost:{tls_hub.port}", TOKEN) as hub:
        assert [hub.me() for _ in range(3)] == [PIN] * 3
    assert tls_hub.connections == 1


def test_a_certificate_of_another_name_is_not_accepted(
    tls_hub: Stranger, secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[0]))

    sentence = why_unavailable(Remote(f"https://127.0.0.1:{tls_hub.port}", TOKEN).me)

    assert "is not accepted" in sentence
    assert tls_hub.requests == []


def test_an_address_that_speaks_no_tls_is_said() -> None:
    with serving(Plain(lambda _: None)) as stranger:
        sentence = why_unavailable(Remote(f"https://127.0.0.1:{stranger.port}", TOKEN).me)

    assert f"https://127.0.0.1:{stranger.port} does not speak TLS" in sentence
    assert TOKEN.encode() not in stranger.requests[0]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_hub_is_asked_through_the_proxy_of_the_environment(
    tls_hub: Stranger,
    secure: Secure,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    scheme: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[0]))
    with serving(ConnectProxy(tls_hub.port)) as proxy:
        monkeypatch.setenv(variable, f"{scheme}127.0.0.1:{proxy.port}")
        with Remote(f"https://{NAME}", TOKEN) as hub:
            assert [hub.me(), hub.me()] == [PIN, PIN]

    [request] = proxy.requests
    assert request.startswith(f"CONNECT {NAME}:443 HTTP/1.1\r\nHost: {NAME}:443\r\n".encode())
    assert TOKEN.encode() not in request
    assert len(tls_hub.requests) == 2


def test_the_password_of_a_proxy_goes_to_it_alone(
    tls_hub: Stranger, secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[0]))
    with serving(ConnectProxy(tls_hub.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://alex:p%40ss@127.0.0.1:{proxy.port}")
        Remote(f"https://{NAME}:8443", TOKEN).me()

    assert b"CONNECT hub.test:8443 " in proxy.requests[0]
    # base64 of alex:p@ss
    assert b"\r\nProxy-Authorization: Basic YWxleDpwQHNz\r\n" in proxy.requests[0]
    assert b"roxy" not in tls_hub.requests[0]


@pytest.mark.parametrize("refusal", ["403 Forbidden", "407 Proxy Authentication \x1b[2JRequired"])
def test_a_proxy_that_refuses_is_said(monkeypatch: pytest.MonkeyPatch, refusal: str) -> None:
    said = f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(ConnectProxy(0, said)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://alex:hunter2@127.0.0.1:{proxy.port}")
        sentence = why_unavailable(Remote(f"https://{NAME}", TOKEN).me)

    assert f"the proxy 127.0.0.1:{proxy.port} refuses to connect to {NAME}:443" in sentence
    assert refusal[:3] in sentence
    assert "hunter2" not in sentence


def test_a_proxy_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")

    sentence = why_unavailable(Remote(f"https://{NAME}", TOKEN).me)

    assert f"the proxy 127.0.0.1:{port} cannot be reached" in sentence


def test_a_proxy_that_is_silent_has_no_more_time_than_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(Dripping(b"HTTP/1.1 200 ", b"x", 0.05)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        sentence = why_unavailable(Remote(f"https://{NAME}", TOKEN, timeout=0.5).me)

    assert "did not answer within 0.5 s" in sentence


@pytest.mark.parametrize(
    "value",
    ["socks5://hunter2@127.0.0.1:1080", "https://hunter2@proxy", "http://", "a:hunter2@b:c"],
)
def test_a_proxy_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)

    sentence = why_unavailable(Remote(f"https://{NAME}", TOKEN).me)

    assert "HTTPS_PROXY does not name a proxy" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("exempt", ["localhost", "*", ".test,127.0.0.1"])
def test_a_hub_that_no_proxy_names_is_asked_directly(
    monkeypatch: pytest.MonkeyPatch, exempt: str
) -> None:
    with serving(ConnectProxy(0, b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", exempt)
        host = "localhost" if exempt == "localhost" else NAME
        why_unavailable(Remote(f"https://{host}:{free_port()}", TOKEN, timeout=5).me)

    assert proxy.requests == []


def test_no_proxy_hears_what_is_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(Stranger(lambda _: reply(200, ME))) as stranger,
        serving(Stranger(lambda _: reply(200, ME))) as proxy,
    ):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert Remote(stranger.url, TOKEN).me() == PIN

    assert proxy.requests == []


def test_a_hub_says_who_one_is(hub: RunningHub) -> None:
    with Remote(hub.url, hub.token, DEVICE) as remote:
        pin = remote.me()
        assert pin == remote.me()

    assert pin["org"]["name"] == "home"
    assert pin["instance"] == hub.ask("GET", "/api/v1/info").json()["instance"]


def test_a_hub_is_asked_to_save_and_to_hand_over_bytes(hub: RunningHub) -> None:
    unique = "0b2f0a9e-8f3e-7c55-9d43-0c3c8f2c6a11"
    document = state("scan", id=unique)
    with Remote(hub.url, hub.token, DEVICE) as remote:
        created = remote.ask("POST", SESSIONS, document)
        assert (created.status, created.body["id"]) == (201, unique)
        stale = remote.ask("POST", SESSIONS, state("review", id=unique))
        assert (stale.status, stale.slug) == (428, "precondition-required")
        shared = remote.ask("PUT", f"{SESSIONS}/{unique}/share", {"scope": "org"})
        assert (shared.status, shared.body["scope"]) == (200, "org")
        read = remote.ask("GET", f"{SESSIONS}/{unique}/document", accept_bytes=True)
        assert (read.raw, read.body) == (document, {})
        current = remote.ask(
            "GET", f"{SESSIONS}/{unique}", headers={"If-None-Match": read.headers["etag"]}
        )
        assert (current.status, current.raw) == (304, b"")
        gone = remote.ask("DELETE", f"{SESSIONS}/{unique}")
        assert (gone.status, gone.raw) == (204, b"")
        after = remote.ask("GET", f"{SESSIONS}/{unique}", accept_bytes=True)
        assert (after.status, after.slug) == (410, "gone")


def test_a_hub_that_refuses_a_large_body_before_it_came_is_heard(hub: RunningHub) -> None:
    with Remote(hub.url, hub.token, DEVICE) as remote:
        answer = remote.ask("POST", SESSIONS, b"x" * (8 << 20))
        assert (answer.status, answer.slug) == (413, "too-large")
        assert remote.me()["org"]["name"] == "home"


def test_a_hub_does_not_know_another_token(hub: RunningHub) -> None:
    why_unavailable(Remote(hub.url, TOKEN).me, SignedOut)
