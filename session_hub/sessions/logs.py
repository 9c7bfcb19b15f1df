"""Logs of imports: uploaded in pieces, kept as they came, read by whoever sees the session.

The pieces are kept raw. A read of any range is then a slice of the pieces it touches, and the size
of a log is the offset that an interrupted upload continues from; compressed, both would need a
table of offsets of their own.
A log outlives its session as part of the archive, but with the session nobody sees it any more.
"""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass

from session_cli.names import uuid7
from session_hub import limits
from session_hub.clock import now
from session_hub.http import Answer, Call, Receive, Scope, Send, as_json, too_large
from session_hub.problems import Problem
from session_hub.sessions import audit, finding
from session_hub.sessions.summary import Session, rfc3339
from session_hub.stores import Store
from session_hub.writer import Row, Stale, Statement, Unwritable

log = logging.getLogger("session_hub")
RESULTS = ("complete", "error")
# how much of a log is in memory while it is read
BLOCK = limits.LOG_PIECE_BYTES
# who follows a log reads it every few seconds; that is one look at it
ONE_READ = limits.HOUR
# what a directory means is no name of a file
_NAME = re.compile(r"(?!\.{1,2}$)[a-z0-9._-]{1,100}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/\*")
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Piece:
    """What somebody sent: bytes, and where they begin; None: at the end, whatever that is."""

    name: str
    device: str
    start: int | None
    body: bytes
    # "complete" or "error" with the last piece
    result: str | None


async def upload(call: Call) -> Answer:
    """PUT /{id}/logs/{name}: adds a piece to the end of the log, or begins it."""
    result = _read_result(call.query("complete", "result"))
    name = _read_name(call)
    device = call.device[0] or ""
    body = await call.body(limits.LOG_PIECE_BYTES)
    piece = Piece(name, device, _read_start(call, body), body, result)
    while True:
        session = await finding.find(call, "save")
        try:
            return await _append(call, session, piece)
        except Stale:
            continue


def _read_result(query: dict[str, str]) -> str | None:
    complete, result = query.get("complete", "false"), query.get("result")
    if complete == "true" and result in RESULTS:
        return result
    if complete == "false" and result is None:
        return None
    raise Problem(
        "invalid-request",
        "The last piece is sent with ?complete=true&result=complete, or result=error; the others"
        " with neither.",
    )


def _read_name(call: Call) -> str:
    name = call.path["name"]
    if not _NAME.fullmatch(name):
        raise Problem(
            "invalid-request",
            "The name of a log is up to 100 lower-case letters, digits and . _ -, such as"
            " import-2026-01-09-143022.log.",
        )
    return name


def _read_start(call: Call, body: bytes) -> int | None:
    header = call.headers.get("content-range")
    if not body:
        if header is not None:
            raise Problem("invalid-request", "An empty body has no Content-Range.")
        # it only says that the log is complete
        return None
    if header is None:
        return 0
    match = _CONTENT_RANGE.fullmatch(header)
    if not match or int(match[2]) - int(match[1]) + 1 != len(body):
        raise Problem(
            "invalid-request",
            f"The body has {len(body)} bytes: from offset A on, they are Content-Range: bytes A-B/*"
            f" with B = A + {len(body) - 1}.",
        )
    return int(match[1])


async def _append(call: Call, session: Session, piece: Piece) -> Answer:
    store = call.hub.store
    row = await store.one(
        "find_log",
        id=session["id"],
        user_id=call.actor.user_id,
        device=piece.device,
        name=piece.name,
    )
    _check_place(row, piece)
    if row is not None and not piece.body and piece.result in (None, row["result"]):
        return as_json(_describe(row))
    await _check_room(store, session, row, piece)
    statements = [
        Statement(
            "check_session", {"id": session["id"], "changes": session["changes"]}, guards=True
        ),
        *(_begin(call, session, piece) if row is None else _extend(call, row, piece)),
    ]
    if piece.result is not None:
        size = (row["size"] if row is not None else 0) + len(piece.body)
        statements.append(
            audit.record(
                call, "log.upload", session, name=piece.name, size=size, result=piece.result
            )
        )
    rows = await store.writer.put(*statements)
    call.hub.metrics.count_log_bytes(len(piece.body))
    return as_json(_describe(rows[1]))


def _check_place(row: Row | None, piece: Piece) -> None:
    size = row["size"] if row is not None else 0
    if piece.start not in (None, size):
        raise Problem(
            "range",
            f"The hub has {size} bytes of this log: send what comes after them.",
            headers={"content-range": f"bytes */{size}"},
            size=size,
            complete=bool(row is not None and row["is_complete"]),
        )


async def _check_room(store: Store, session: Session, row: Row | None, piece: Piece) -> None:
    if (row["size"] if row is not None else 0) + len(piece.body) > limits.LOG_BYTES:
        raise _full("A log", limits.LOG_BYTES)
    total = await store.one("add_up_logs", id=session["id"])
    assert total is not None
    if total["size"] + len(piece.body) > limits.SESSION_LOG_BYTES:
        raise _full("All logs of a session", limits.SESSION_LOG_BYTES)
    if row is None and total["logs"] >= limits.SESSION_LOGS:
        raise Problem("conflict", f"A session has {limits.SESSION_LOGS} logs at most.")


def _full(what: str, limit: int) -> Problem:
    problem = too_large(limit)
    problem.detail = f"{what} may have {limit // 1024 // 1024} MiB; nothing of this was stored."
    return problem


def _begin(call: Call, session: Session, piece: Piece) -> list[Statement]:
    unique = uuid7(now(), secrets.token_bytes(10))
    params = {
        "log_id": unique,
        "org_id": session["org_id"],
        "id": session["id"],
        "user_id": call.actor.user_id,
        "user": call.actor.user,
        "device": piece.device,
        "name": piece.name,
        "size": len(piece.body),
        "result": piece.result,
    }
    return [Statement("begin_log", params, guards=True), *_keep(unique, 0, piece.body)]


def _extend(call: Call, row: Row, piece: Piece) -> list[Statement]:
    """A log that was complete and grows is no longer so: the import was resumed."""
    params = {
        "log_id": row["log_id"],
        "user": call.actor.user,
        "start": row["size"],
        "length": len(piece.body),
        "result": piece.result,
    }
    statement = Statement("extend_log", params, guards=True)
    return [statement, *_keep(row["log_id"], row["size"], piece.body)]


def _keep(unique: str, start: int, body: bytes) -> list[Statement]:
    if not body:
        return []
    params = {"log_id": unique, "start": start, "size": len(body), "bytes": body}
    return [Statement("add_log_piece", params)]


async def list_logs(call: Call) -> Answer:
    """GET /{id}/logs: what was uploaded, newest first."""
    call.query()
    session = await finding.find(call, "see")
    rows = await call.hub.store.all("list_logs", id=session["id"])
    return as_json({"items": [_describe(row) for row in rows]})


def _describe(row: Row) -> dict[str, object]:
    return {
        "name": row["name"],
        "device": row["device"] or None,
        "user": row["user"],
        "size": row["size"],
        "complete": bool(row["is_complete"]),
        "result": row["result"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }


async def read_log(call: Call) -> Bytes:
    """GET /{id}/logs/{name}: the log or a range of it. Of logs of one name the newest, unless
    `?user=` and `?device=` say whose.
    """
    query = call.query("user", "device", "download")
    if query.get("download", "1") != "1":
        raise Problem("invalid-request", "download is 1, or left out.")
    name = _read_name(call)
    session = await finding.find(call, "see")
    row = await call.hub.store.one(
        "find_newest_log",
        id=session["id"],
        name=name,
        user=query.get("user"),
        device=query.get("device"),
    )
    if row is None:
        raise Problem("not-found", "The session has no such log.")
    wanted = _read_range(call, row["size"])
    if not call.actor.owns(session):
        await _note_read(call, session, name)
    headers = [*_HEADERS, *_disposition(name, "download" in query)]
    return Bytes(call.hub.store, row["log_id"], row["size"], wanted, headers)


# a browser shows it as text, whatever it has in it
_HEADERS = (
    ("content-type", "text/plain; charset=utf-8"),
    ("content-security-policy", "sandbox; default-src 'none'"),
    ("accept-ranges", "bytes"),
)


def _disposition(name: str, downloads: bool) -> list[tuple[str, str]]:
    return [("content-disposition", f'attachment; filename="{name}"')] if downloads else []


def _read_range(call: Call, size: int) -> tuple[int, int] | None:
    """(begin, end) of the range that is asked for; None: all of it. Raises Problem.

    What RFC 9110 lets a server ignore is ignored: another unit, several ranges, If-Range.
    """
    match = _RANGE.fullmatch(call.headers.get("range", ""))
    if not match or "if-range" in call.headers or not (match[1] or match[2]):
        return None
    if match[1]:
        begin, end = int(match[1]), min(int(match[2] or size) + 1, size)
        if match[2] and int(match[2]) < begin:
            return None
    else:
        begin, end = max(0, size - int(match[2])), size
    if begin >= end:
        raise Problem(
            "range",
            f"The log has {size} bytes; there are none in that range.",
            headers={"content-range": f"bytes */{size}"},
            size=size,
        )
    return begin, end


async def _note_read(call: Call, session: Session, name: str) -> None:
    record = audit.record(call, "log.read", session, name=name)
    known = await call.hub.store.one(
        "find_record",
        id=session["id"],
        action="log.read",
        actor=call.actor.user,
        detail=record.params["detail"],
        since=now() - ONE_READ,
    )
    if known is not None:
        return
    try:
        await call.hub.store.writer.put(record)
    except Unwritable:
        # reads go on while the disk is full
        log.warning("a read could not be recorded", extra={"request_id": call.request_id})


class Bytes:
    """A range of a log as a response; read block by block while it is sent."""

    def __init__(
        self,
        store: Store,
        log_id: str,
        size: int,
        wanted: tuple[int, int] | None,
        headers: list[tuple[str, str]],
    ) -> None:
        self.status = 200 if wanted is None else 206
        self._store = store
        self._log_id = log_id
        self._begin, self._end = wanted or (0, size)
        self._headers = [*headers, ("content-length", str(self._end - self._begin))]
        if wanted is not None:
            place = f"bytes {self._begin}-{self._end - 1}/{size}"
            self._headers.append(("content-range", place))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it (ASGI)."""
        headers = [(name.encode(), value.encode()) for name, value in self._headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for begin in range(self._begin, self._end, BLOCK):
            block = await self._read(begin, min(begin + BLOCK, self._end))
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _read(self, begin: int, end: int) -> bytes:
        rows = await self._store.all("list_log_pieces", log_id=self._log_id, begin=begin, end=end)
        if not rows:
            # deleted meanwhile: the reader finds that it is cut short
            raise ConnectionResetError
        first: int = rows[0]["start"]
        return b"".join(row["bytes"] for row in rows)[begin - first : end - first]
