"""Sends the logs of a session to the hub once its import is complete, has failed or was taken over.

They go in pieces, after the session itself, and never keep it from being sent. What is sent is
their redacted text (`redacted`), at offsets in that; a log that says something else than what the
hub has of it begins under another name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Protocol

from session_cli.errors import Locked, NotSaved, printable
from session_cli.store.files import reason
from session_cli.sync.answers import say
from session_cli.sync.own_logs import (
    NotSent,
    OwnLog,
    free_name,
    note_log,
    open_log,
    read_logs,
    write_log,
)
from session_cli.sync.redacted import Text
from session_cli.times import elapsed

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.folder import Folder
    from session_cli.sync.answers import Answer

__all__ = ["note_log", "upload_logs"]

SESSIONS = "/api/v1/sessions/import"
PIECE = 512 * 1024
# how often the hub may say that it has something else than we think
ATTEMPTS = 3
LATER = "the rest is sent later"


class Hub(Protocol):
    """Who is asked: a Connection, or a Remote."""

    def ask(
        self, method: str, path: str, body: bytes | Document | None, headers: dict[str, str]
    ) -> Answer:
        """What the hub answers."""


class Refused(Exception):
    """The hub takes no log of the session from here; the message is its sentence."""


def upload_logs(
    hub: Hub, folder: Folder, uuid: str, logs: str, result: str | None, until: float | None
) -> list[str]:
    """Sends what the hub has not of the logs that were written here for the session.

    `logs` is the folder that they have to be in; `result` is how the import ended, None where it
    goes on elsewhere; `until` is when we must be done, as `times.elapsed` counts. Answers what was
    not sent, `NAME: why` each. Raises HubUnavailable and SignedOut, after which it can be repeated.
    """
    unsent: list[str] = []
    for name, log in read_logs(folder, uuid).items():
        if not log.path:
            # it goes on under another name
            continue
        try:
            with open_log(log.path, logs) as file:
                _Upload(hub, folder, uuid, result, until).send(name, log, file)
        except Refused as error:
            # nor does it take another one
            return [*unsent, f"{printable(name)}: {error}"]
        except (NotSent, NotSaved, Locked) as error:
            unsent.append(f"{printable(name)}: {error}")
        except OSError as error:
            unsent.append(f"{printable(name)}: {reason(error)}")
    return unsent


class _Upload:
    """One log on its way."""

    def __init__(
        self, hub: Hub, folder: Folder, uuid: str, result: str | None, until: float | None
    ) -> None:
        self.hub = hub
        self.folder = folder
        self.uuid = uuid
        self.result = result
        self.until = until

    def send(self, name: str, log: OwnLog, file: BinaryIO) -> None:
        """Sends what is missing; raises NotSent and Refused."""
        # what is written from now on is of the next time
        size = os.fstat(file.fileno()).st_size
        if log.done and (log.size, log.result) == (size, self.result):
            return
        for _ in range(ATTEMPTS):
            if not _is_as_sent(log, file, size):
                name = self._rename(name, log)
            text = Text(file, size)
            text.skip(log.sent)
            answer = self._send_rest(name, log, text)
            if answer is None:
                log.done, log.size, log.result = True, size, self.result
                self._note(name, log)
                return
            name = self._take_place(name, log, answer, Text(file, size))
        raise NotSent("the hub has something else of it each time")

    def _send_rest(self, name: str, log: OwnLog, text: Text) -> Answer | None:
        """None when all is sent; else the answer that says where the hub stands."""
        while True:
            begin = text.at
            # what may have arrived already is sent again as it was
            piece = text.take(log.sending - begin if log.sending > begin else PIECE)
            result = self.result if text.is_at_end() else None
            if not piece and result is None:
                return None
            if piece:
                self._note_sending(name, log, text)
            answer = self._put(name, piece, begin, result)
            if answer.status == 416 or answer.body.get("size") != text.at:
                return answer
            log.note_sent(text.at, text.digest)
            if text.is_at_end():
                return None

    def _note_sending(self, name: str, log: OwnLog, text: Text) -> None:
        """On the disk before a byte leaves: the answer may be lost."""
        if self.until is not None and elapsed() > self.until:
            raise NotSent(LATER)
        log.sending, log.sending_prefix, log.done = text.at, text.digest, False
        self._note(name, log)

    def _put(self, name: str, piece: bytes, begin: int, result: str | None) -> Answer:
        query = f"?complete=true&result={result}" if result else ""
        headers = {"Content-Type": "text/plain"}
        if piece:
            headers["Content-Range"] = f"bytes {begin}-{begin + len(piece) - 1}/*"
        path = f"{SESSIONS}/{self.uuid}/logs/{name}{query}"
        answer = self.hub.ask("PUT", path, piece, headers)
        if answer.status in (200, 416):
            return answer
        if answer.status in (403, 404, 410):
            raise Refused(say(answer))
        raise NotSent(say(answer))

    def _take_place(self, name: str, log: OwnLog, answer: Answer, text: Text) -> str:
        """Takes the place where the hub stands, if that is one in what we have sent; the name."""
        size = answer.body.get("size")
        if type(size) is not int or size < 0 or not text.skip(size):
            return self._rename(name, log)
        has_arrived = (size, text.digest) == (log.sending, log.sending_prefix)
        # or the hub has lost what came after
        if has_arrived or size < log.sent:
            log.note_sent(size, text.digest)
            return name
        return self._rename(name, log)

    def _rename(self, name: str, log: OwnLog) -> str:
        """The log begins anew under another name; the hub keeps what it has under this one."""
        logs = read_logs(self.folder, self.uuid)
        again = free_name(logs, log.path)
        self._note(name, OwnLog(""))
        log.begin_anew()
        self._note(again, log)
        return again

    def _note(self, name: str, log: OwnLog) -> None:
        write_log(self.folder, self.uuid, name, log)


def _is_as_sent(log: OwnLog, file: BinaryIO, size: int) -> bool:
    """Whether the log begins with what was sent of it, and what may have arrived."""
    text = Text(file, size)
    if not text.skip(log.sent) or (log.sent and text.digest != log.prefix):
        return False
    if log.sending <= log.sent:
        return True
    return text.skip(log.sending - log.sent) and text.digest == log.sending_prefix
