"""A browser without JavaScript: keeps cookies, and says with each request where it comes from."""

from __future__ import annotations

import http.client
import itertools
import re
import sqlite3
from dataclasses import dataclass, field
from urllib.parse import urlencode

from hub.running import SECONDS, Response, RunningHub

# each browser has an address of its own on the loopback network, for attempts are counted by it
_ADDRESSES = (f"127.0.{number // 200}.{number % 200 + 2}" for number in itertools.count(1))


@dataclass
class Browser:
    """One window of one person."""

    hub: RunningHub
    host: str = ""
    address: str = field(default_factory=lambda: next(_ADDRESSES))
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Response:
        """Opens a page; redirects are not followed."""
        return self.send("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Response:
        """Sends a form of the hub's own page, unless the headers say otherwise."""
        if not {"Sec_Fetch_Site", "Origin"} & headers.keys():
            headers["Sec_Fetch_Site"] = "same-origin"
        headers["Content_Type"] = "application/x-www-form-urlencoded"
        return self.send("POST", path, urlencode(form or {}).encode(), headers)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Response:
        """One request, with the cookies; keeps those of the answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items() if value}
        given.setdefault("Accept", "text/html,*/*;q=0.8")
        given.setdefault("Host", self.host or f"127.0.0.1:{self.hub.port}")
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.hub.port, timeout=SECONDS, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            response = Response(
                answer.status,
                {name.lower(): value for name, value in answer.getheaders()},
                answer.read(),
            )
        finally:
            connection.close()
        self._keep(response)
        return response

    def _keep(self, response: Response) -> None:
        cookie = response.headers.get("set-cookie", "")
        name, _, value = cookie.partition(";")[0].partition("=")
        if "Max-Age=0" in cookie:
            self.cookies.pop(name, None)
        elif cookie:
            self.cookies[name] = value

    def sign_in(self, token: str | None = None) -> Browser:
        """Signs in with a pasted token, the first user's unless it is given."""
        done = self.post("/sign-in", {"token": self.hub.token if token is None else token})
        assert done.status == 303, text(done)
        return self

    def is_signed_in(self) -> bool:
        """Whether the first page is shown, not the one to sign in on."""
        return self.get("/").status == 200


def query(hub: RunningHub, sql: str, *parameters: object) -> list[tuple[object, ...]]:
    """What stands in the store."""
    connection = sqlite3.connect(f"file:{hub.folder / 'hub.sqlite'}?mode=ro", uri=True)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def text(response: Response) -> str:
    """The page's source."""
    return response.body.decode()


def words(response: Response) -> str:
    """What the page shows, in one line."""
    shown = re.sub(r"<[^>]*>", " ", text(response).partition("<main")[2].partition(">")[2])
    return " ".join(shown.split())


@dataclass
class Device:
    """A device that signs in by RFC 8628."""

    hub: RunningHub
    name: str = "laptop"
    secret: str = ""
    code: str = ""
    address: str = field(default_factory=lambda: next(_ADDRESSES))

    def begin(self) -> Device:
        """Asks for its codes."""
        begun = self.send("device", client_id="session-cli", device_name=self.name)
        assert begun.status == 200, begun.body
        answer = begun.json()
        self.secret, self.code = answer["device_code"], answer["user_code"]
        return self

    def poll(self) -> Response:
        """Asks for its token, at once."""
        return self.send(
            "token",
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            device_code=self.secret,
            client_id="session-cli",
        )

    def wait_and_poll(self) -> Response:
        """Asks for its token when it may."""
        self.hub.advance(5)
        return self.poll()

    def send(self, route: str, **form: str) -> Response:
        """One request of RFC 8628."""
        browser = Browser(self.hub, address=self.address)
        return browser.post(f"/api/v1/auth/{route}", form, Origin="")
