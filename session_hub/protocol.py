"""HTTP as uvicorn speaks it, held to our limits before there is a request that could be refused."""

from __future__ import annotations

import asyncio
import logging

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from session_hub import limits
from session_hub.problems import Problem

log = logging.getLogger("session_hub")
# so much is parsed before it is looked at what came of it
_PIECE_BYTES = 8 * 1024


class BoundedProtocol(HttpToolsProtocol):
    """The parser keeps a header, also one behind a body, until it ends: what brings neither the end
    of the headers nor a part of the body has HEADER_BYTES. And it waits for the headers for ever:
    they have HEADER_SECONDS from the opening of the connection, or their first byte.
    """

    _room = limits.HEADER_BYTES
    _deadline: asyncio.TimerHandle | None = None
    _has_headers = False
    _abandon: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._forget_deadline()
        self._stop_abandoning()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes that have come."""
        if not self._has_headers:
            # what comes between requests ends the wait for the next one, and may begin none
            self._expect_headers()
        rest = memoryview(data)
        while rest and not self.transport.is_closing():
            if not self._room:
                self._refuse()
                return
            piece = rest[: min(_PIECE_BYTES, self._room)]
            rest = rest[len(piece) :]
            super().data_received(piece)  # type: ignore[arg-type]
            self._room -= len(piece)

    def on_message_begin(self) -> None:
        """A request has begun; one right behind another in the same piece has less by that."""
        self._room = limits.HEADER_BYTES
        self._expect_headers()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes behind a body is none, whatever it says."""
        if not self._has_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can be answered, its body is to come."""
        self._room = limits.HEADER_BYTES
        self._has_headers = True
        self._forget_deadline()
        # a body that nobody reads any more, the request being answered, has as long
        self._expect_headers()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body, which whoever reads it counts."""
        self._room = limits.HEADER_BYTES
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has come."""
        self._has_headers = False
        self._forget_deadline()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Whoever asked does not read the answer: they have half a minute to go on."""
        super().pause_writing()
        self._abandon = self.loop.call_later(limits.UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """They read again."""
        super().resume_writing()
        self._stop_abandoning()

    def _expect_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(limits.HEADER_SECONDS, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_abandoning(self) -> None:
        if self._abandon is not None:
            self._abandon.cancel()
            self._abandon = None

    def _give_up(self) -> None:
        self._deadline = None
        # behind an answer uvicorn waits for the next request, for five seconds
        if not self._is_answering:
            self.transport.close()
        elif self._has_headers:
            # the body has a time of its own, which whoever reads it keeps
            self._expect_headers()

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self) -> None:
        log.warning("closed a connection whose headers were too large")
        if not self._is_answering:
            self.transport.write(_TOO_LARGE)
        self.transport.close()


def _too_large() -> bytes:
    problem = Problem(
        "headers-too-large",
        f"The headers of a request may have {limits.HEADER_BYTES} bytes together.",
    )
    # there is no request yet that could have an id
    body = orjson.dumps(problem.body(""))
    return (
        b"HTTP/1.1 %d Request Header Fields Too Large\r\n"
        b"content-type: application/problem+json\r\n"
        b"content-length: %d\r\n"
        b"connection: close\r\n\r\n%b" % (problem.status, len(body), body)
    )


_TOO_LARGE = _too_large()
