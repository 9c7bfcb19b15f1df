"""What operators and clients ask of the hub itself: does it live, is it ready, what is it."""

from __future__ import annotations

from session_cli import __version__
from session_hub import limits
from session_hub.http import Answer, Call, as_json
from session_hub.problems import Problem
from session_hub.writer import Statement, Unwritable


async def read_health(call: Call) -> Answer:
    """GET /healthz: the process answers."""
    call.query()
    return as_json({"status": "ok"})


async def read_readiness(call: Call) -> Answer:
    """GET /readyz: 200 while saves can be taken, else 503 with the reason."""
    call.query()
    reason = await _why_not_ready(call)
    if reason is not None:
        raise Problem(
            "unavailable", f"The hub is not ready: {reason}.", headers={"retry-after": "5"}
        )
    return as_json({"status": "ok"})


async def _why_not_ready(call: Call) -> str | None:
    hub = call.hub
    try:
        schema = await hub.store.one("find_schema")
    except Exception as error:
        return f"its database cannot be read ({type(error).__name__})"
    if schema is None or schema["version"] != hub.schema:
        return "its database has the schema of another version"
    if hub.store.is_damaged:
        return "its database is damaged: put a copy in its place while the hub is stopped"
    if hub.store.free_bytes() < limits.ROOM_BYTES:
        return "its disk is full"
    try:
        # the only way to know
        await hub.store.writer.put(Statement("note_readiness", {}))
    except Unwritable:
        return "its database takes no writes"
    return None


async def read_info(call: Call) -> Answer:
    """GET /api/v1/info: the version, which hub it is, what it allows, how to sign in."""
    call.query()
    return as_json(
        {
            "version": __version__,
            "instance": call.hub.instance,
            "epoch": call.hub.epoch,
            "public_url": call.hub.settings.public_url,
            "auth": ["bearer", "device", "link"],
            "limits": {
                "document_bytes": limits.DOCUMENT_BYTES,
                "log_piece_bytes": limits.LOG_PIECE_BYTES,
                "log_bytes": limits.LOG_BYTES,
                "session_log_bytes": limits.SESSION_LOG_BYTES,
                "requests_a_second": limits.REQUESTS_A_SECOND,
                "request_burst": limits.REQUEST_BURST,
                "lease_seconds": limits.LEASE_SECONDS,
            },
        }
    )
