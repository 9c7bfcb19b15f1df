"""What the hub reads out of a document; its bytes are kept as they came."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from session_cli import steps, times
from session_cli.document import (
    MAX_DEPTH,
    NotADocument,
    is_deep,
    parse_state,
    session_id_of,
)
from session_hub.problems import Problem

if TYPE_CHECKING:
    from session_cli.document import Document

TYPE = "import"
TEXT_LENGTH = 300
# what is longer is neither a time nor an id, and is not kept at hand
TIME_LENGTH = 64
COUNT_LIMIT = 2**53
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Facts(NamedTuple):
    """The members that the hub shows and decides by."""

    id: str | None
    session_id: str
    # whether the document says `session_id` itself
    names_itself: bool
    started_at: str
    cluster: str
    step: str
    detected: int
    selected: int
    imported: int
    is_complete: bool
    error: str | None
    confighub_org: str | None


def read(body: bytes) -> Facts:
    """The facts of a state file; raises Problem for what is not one."""
    try:
        document = _parse(body)
        # so few brackets cannot be nested too deep
        brackets = body.count(b"{") + body.count(b"[")
        is_too_deep = brackets > MAX_DEPTH and is_deep(document)
    except NotADocument as reason:
        raise _not_a_document(str(reason)) from None
    if is_too_deep:
        raise _invalid(f"it is nested over {MAX_DEPTH} levels deep")
    _require(document)
    return _facts(document)


def _parse(body: bytes) -> Document:
    """What orjson takes, the client takes too, and three times as slowly; it takes a little more
    (a byte order mark, longer numbers), and says better what is wrong.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    return document if isinstance(document, dict) else parse_state(body)


def _not_a_document(reason: str) -> Problem:
    # it is JSON, but no state
    if reason in ("it is not a JSON object", "it is nested too deep"):
        return _invalid(reason)
    return Problem("invalid-json", f"The body cannot be read: {reason}. Nothing was stored.")


def _invalid(reason: str) -> Problem:
    return Problem(
        "invalid-state", f"The body is not the state of an import: {reason}. Nothing was stored."
    )


def _require(document: Document) -> None:
    if document.get("type") != TYPE:
        raise _invalid('its "type" is not "import"')
    for name in ("version", "step"):
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _invalid(f'it has no "{name}"')
    for name in ("created_at", "updated_at"):
        value = document.get(name)
        if not isinstance(value, str) or len(value) > TIME_LENGTH or not _is_time(value):
            raise _invalid(f'its "{name}" is no time such as 2026-01-09T14:30:22Z')


@lru_cache(4096)
def _is_time(text: str) -> bool:
    """The saves of one second, and all of one session, have a time in common."""
    return times.parse(text) is not None


def _facts(document: Document) -> Facts:
    scan, selections, confighub = (
        _object(document.get(name)) for name in ("scan_result", "selections", "confighub")
    )
    session_id = _session_id(document.get("session_id"), document["created_at"])
    if not session_id:
        raise _invalid('neither "session_id" nor "created_at" says which session it is')
    step = document["step"]
    return Facts(
        id=_uuid(document.get("id")),
        session_id=session_id,
        names_itself=document.get("session_id") == session_id,
        started_at=_text(document["created_at"]),
        cluster=_text(document.get("cluster_context")),
        step=_text(step),
        detected=_count(scan.get("workloads_detected")),
        selected=_length(selections.get("selected_workloads")),
        imported=_length(confighub.get("units_created")),
        is_complete=step == steps.COMPLETE,
        error=_error(document.get("error"), step),
        confighub_org=_text(confighub.get("org")) or None,
    )


def _session_id(given: object, created_at: str) -> str:
    is_short = isinstance(given, str) and len(given) <= TIME_LENGTH
    return _derive_session_id(str(given) if is_short else "", created_at)


@lru_cache(4096)
def _derive_session_id(given: str, created_at: str) -> str:
    return session_id_of({"session_id": given, "created_at": created_at}, TYPE, "")


def _uuid(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise _invalid('its "id" is not a UUID in lower case')
    return value


def _error(value: object, step: object) -> str | None:
    """The message, while it is of the step the session stands at."""
    error = _object(value)
    return _text(error.get("message")) if error and error.get("step") == step else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """One short text that can be stored: what is no UTF-8 stands there as a question mark."""
    text = value if isinstance(value, str) else ""
    if text.isascii() and len(text) <= TEXT_LENGTH:
        return text.replace("\0", "?")
    return text[:TEXT_LENGTH].encode("utf-8", "replace").decode().replace("\0", "?")


def _count(value: object) -> int:
    return value if type(value) is int and 0 <= value < COUNT_LIMIT else 0


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0
