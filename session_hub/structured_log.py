"""The hub's log: one line of JSON on stderr for each record, for whatever collects them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import traceback
from functools import lru_cache

import orjson

from session_cli.times import utc
from session_hub.clock import now

# what records may say beside their message
MEMBERS = ("request_id",)


class JsonFormatter(logging.Formatter):
    """One object a line. What an error says of itself is left out: it may quote a document."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": _write_time(int(now())),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in MEMBERS if hasattr(record, name)},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _describe(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


@lru_cache(8)
def _write_time(second: int) -> str:
    return utc(second)


class RequestLog:
    """One line for each request. The lines of one turn of the loop are written together: `logging`
    would take a fifth of the time of a save for its line.
    """

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def note(self, **members: object) -> None:
        """What was asked, by whom, and how it was answered; never a path, a token or a document."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        line = {"time": _write_time(int(now())), "level": "info", **members}
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        try:
            sys.stderr.buffer.write(b"".join(lines))
            sys.stderr.buffer.flush()
        except (OSError, ValueError):
            # whoever collected them is gone; saves go on
            return


def _describe(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    described: dict[str, object] = {
        "error": type(error).__name__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, (OSError, sqlite3.Error)):
        # these name files and statements, and no values
        described["reason"] = str(error)
    return described


def start() -> None:
    """Lets all records go to stderr; of the server's own only what is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("session_hub").setLevel(logging.INFO)
