"""The live feed as a browser reads it."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from hub.running import SECONDS, SESSIONS, RunningHub

# comments come every 15 seconds of silence
SILENCES = 2


@dataclass
class Event:
    """One event; a comment has the name ""."""

    name: str
    data: Any


class Stream:
    """An open stream; `next` waits for what comes."""

    def __init__(self, hub: RunningHub, token: str | None = None) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {hub.token if token is None else token}"}
        self.connection.request("GET", f"{SESSIONS}/events", headers=headers)
        self.answer = self.connection.getresponse()

    def next(self) -> Event | None:
        """The next event or comment; None at the end."""
        name, data = "", None
        while line := self.answer.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
            elif field.startswith(":"):
                name = "comment"
            elif not field and name:
                return Event(name, data)
        return None

    def next_or_end(self) -> Event | None:
        """The next event, or None at the end; fails when only comments come."""
        for _ in range(SILENCES):
            event = self.next()
            if event is None or event.name != "comment":
                return event
        raise AssertionError("the stream goes on, and says nothing")

    def next_event(self) -> Event:
        """The next event; there must be one."""
        event = self.next_or_end()
        assert event is not None, "the stream has ended"
        return event

    def expect(self, name: str) -> Event:
        """The next event, which must be of that name."""
        event = self.next_event()
        assert event.name == name, event
        return event

    def rest(self) -> list[str]:
        """The names of what still comes until the stream ends."""
        names = []
        while event := self.next_or_end():
            names.append(event.name)
        return names

    def close(self) -> None:
        """Leaves, as a closed tab does."""
        try:
            self.answer.close()
            if self.connection.sock:
                self.connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.connection.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
