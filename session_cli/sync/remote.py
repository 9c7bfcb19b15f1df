"""Asks the hub as somebody, and takes for its answer only what is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_cli import document as doc
from session_cli.errors import SignedOut
from session_cli.sync.answers import Answer, HubUnavailable, judge, say
from session_cli.sync.pin import parse_pin
from session_cli.times import elapsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from session_cli.sync.answers import Reply
    from session_cli.sync.device import Device
    from session_cli.sync.line import Line, Request

__all__ = ["Answer", "HubUnavailable", "Remote", "SignedOut", "say"]

SESSIONS = "/api/v1/sessions/import"
ME = "/api/v1/me"


class Remote:
    """The hub at an address, asked as somebody; for one thread at a time.

    `token` None is nobody. `timeout` is how many seconds a request may take in all, from looking up
    the name to the last byte of the answer.
    """

    def __init__(
        self, url: str, token: str | None, device: Device | None = None, timeout: float = 10.0
    ) -> None:
        self.url = url
        self.timeout = timeout
        self._token = token
        self._device = device
        self._line: Line | None = None

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        accept_bytes: bool = False,
    ) -> Answer:
        """What the hub answers to one request; `path` is below its address.

        With `accept_bytes` a success may be anything, and only `raw` has it. Raises HubUnavailable
        and SignedOut; every other answer is for the caller to judge, by status and slug.
        """
        # the libraries behind it take as long to load as a request to this machine
        from session_cli.sync.line import Request, Unreachable

        content = doc.dump(body) if isinstance(body, dict) else body
        sent = {**self._headers(content is not None), **(headers or {})}
        is_safe = method != "POST" or path == SESSIONS
        try:
            reply = self._exchange(Request(method, path, content, sent), is_safe)
        except Unreachable as error:
            raise HubUnavailable(str(error)) from None
        return judge(self.url, reply, accept_bytes)

    def send_form(self, path: str, fields: Mapping[str, str]) -> Answer:
        """What the hub answers to a form, as RFC 8628 wants some requests written."""
        from session_cli.sync.line import encode_form

        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, encode_form(fields), kind)

    def me(self) -> dict[str, Any]:
        """Who the hub says that we are, as a pin (`sync.pin`)."""
        return self.read_pin(self.ask("GET", ME))

    def read_pin(self, answer: Answer) -> dict[str, Any]:
        """The same of what was answered to that question."""
        pin = parse_pin({**answer.body, "instance": answer.body.get("instance_id")})
        if answer.status != 200 or pin is None:
            why = say(answer) if answer.slug else "it is no hub that this version knows"
            raise HubUnavailable(f"{self.url} does not say who is signed in: {why}")
        return pin

    def close(self) -> None:
        """Ends the connection; the next request opens another."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _headers(self, has_body: bool) -> dict[str, str]:
        headers = {"Host": self.url.partition("://")[2], "Accept": "application/json"}
        if has_body:
            headers["Content-Type"] = "application/json"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._device is not None:
            # headers are bytes, and those of a name are UTF-8
            name = self._device.name.encode("utf-8", "replace").decode("latin-1")
            headers["Session-Device"] = f'{self._device.id}; name="{name}"'
        return headers

    def _exchange(self, request: Request, is_safe_to_repeat: bool) -> Reply:
        from session_cli.sync.line import Closed, Line

        until = elapsed() + self.timeout
        if self._line is not None and self._line.is_stale():
            self.close()
        if self._line is not None:
            try:
                return self._send(self._line, request, until)
            except Closed:
                # most likely it was closed before the request came
                if not is_safe_to_repeat:
                    raise
        return self._send(Line(self.url, self.timeout, until), request, until)

    def _send(self, line: Line, request: Request, until: float) -> Reply:
        self._line = line
        try:
            return line.exchange(request, self.timeout, until)
        except BaseException:
            # what comes on it later would be taken for another answer
            self.close()
            raise
