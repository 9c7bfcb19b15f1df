"""Server-sent events (WHATWG HTML 9.2): a response that lasts until one of both ends it."""

from __future__ import annotations

import asyncio
import random

import orjson

from session_cli.times import elapsed
from session_hub import limits
from session_hub.http import Receive, Scope, Send

# what EventSource waits before it connects again; not all at once after a restart
RETRY_MS = (3000, 6000)
COMMENT = b":\n\n"
HEADERS = (
    (b"content-type", b"text/event-stream"),
    # else nginx collects what should arrive at once
    (b"x-accel-buffering", b"no"),
)


def event(name: str, value: object) -> bytes:
    """One event, its data as JSON."""
    return as_event(name, orjson.dumps(value))


def as_event(name: str, data: bytes) -> bytes:
    """One event; the data has no line end."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


class Stream:
    """One reader's. Whoever writes never waits: a reader that is too slow finds that the stream
    has ended, and connects again.
    """

    __slots__ = ("_is_over", "_pending", "_waiter", "written_at")

    def __init__(self) -> None:
        retry = b"retry: %d\n\n" % random.randint(*RETRY_MS)
        self._pending = [retry]
        self._waiter: asyncio.Future[None] | None = None
        self._is_over = False
        self.written_at = elapsed()

    def write(self, chunk: bytes) -> None:
        """Sends the chunk as soon as the reader takes it."""
        if self._is_over:
            return
        if len(self._pending) >= limits.STREAM_BACKLOG:
            self._pending.clear()
            self.end()
            return
        self._pending.append(chunk)
        self.written_at = elapsed()
        self._wake()

    def end(self) -> None:
        """Ends the stream after what was written."""
        self._is_over = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it (ASGI)."""
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        watcher = asyncio.ensure_future(self._end_with(receive))
        try:
            while chunk := await self._take():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            watcher.cancel()

    async def _take(self) -> bytes:
        """What waits to be sent; b"" when the stream is over."""
        while not self._pending and not self._is_over:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        chunk = b"".join(self._pending)
        self._pending.clear()
        return chunk

    async def _end_with(self, receive: Receive) -> None:
        """Nothing else says that the reader has closed the connection."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()
