"""The shapes of what the hub takes and answers, as JSON Schema; /openapi.json holds them."""

from __future__ import annotations

from typing import Any

from session_hub import free_text, limits
from session_hub.sessions.summary import STATUSES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FREE_TEXT: Schema = {"type": "string", "pattern": free_text.PATTERN}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
UUID: Schema = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ETAG: Schema = {"type": "string", "pattern": '^"[0-9]{1,18}-[0-9a-f]{16}"$'}
# every day of it is in every month
SECOND: Schema = {
    "type": "string",
    "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])"
    ":[0-5][0-9]:[0-5][0-9]Z$",
}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(_optional: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    """An object of just these members, all of them there but the optional ones."""
    required = [name for name in members if name not in _optional]
    return {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def form(_optional: tuple[str, ...] = (), /, **members: Schema) -> Schema:
    """A form, in which members that nobody knows mean nothing."""
    return {**record(_optional, **members), "additionalProperties": True}


def items(of: Schema, **members: Schema) -> Schema:
    """What a list answers."""
    return record(items={"type": "array", "items": of}, **members)


_NAMED = record(id=UUID, name=TEXT)
_SECONDS: Schema = {"type": "number", "description": "Seconds."}
_RECORD = record(
    ("token", "address"),
    id=UUID,
    at=TIME,
    actor=nullable(TEXT),
    action=TEXT,
    session=nullable(UUID),
    version=nullable(COUNT),
    device=nullable(TEXT),
    detail=nullable({"type": "object"}),
    token=nullable(UUID),
    address=nullable(TEXT),
)
_WRITER = record(user=TEXT, device=nullable(TEXT), device_name=nullable(TEXT))
_SUMMARY: dict[str, Schema] = {
    "id": UUID,
    "session_id": TEXT,
    "version": {"type": "integer", "minimum": 1},
    "etag": ETAG,
    "sha256": SHA256,
    "size": COUNT,
    "created_at": TIME,
    "updated_at": TIME,
    "started_at": {**TEXT, "description": "As the state file says."},
    "status": {"enum": list(STATUSES)},
    "stale": {**FLAG, "description": "Nobody has saved it for 24 hours."},
    "error": nullable(TEXT),
    "step": TEXT,
    "step_index": nullable(COUNT),
    "step_total": COUNT,
    "cluster": TEXT,
    "workloads": record(detected=COUNT, selected=COUNT, imported=COUNT),
    "scope": {"enum": ["personal", "team", "org"]},
    "team": nullable(TEXT),
    "allow_resume": FLAG,
    "owner": record(id=UUID, name=TEXT),
    "writer": _WRITER,
    "lease": nullable(ref("Lease")),
    "handoff": nullable(ref("Handoff")),
}
_DOCUMENT: Schema = {**TEXT, "description": "The state file, as it was sent."}

SCHEMAS: dict[str, Schema] = {
    "State": {
        "type": "object",
        "description": "A state file of an import. Members that are not named here are kept.",
        "required": ["version", "type", "created_at", "updated_at", "step"],
        "properties": {
            "version": {"type": "string", "pattern": "^[0-9A-Za-z.]+$"},
            "type": {"const": "import"},
            "id": UUID,
            "created_at": SECOND,
            "updated_at": SECOND,
            "step": {"type": "string", "pattern": "^[0-9A-Za-z-]+$"},
        },
    },
    "Summary": record(
        ("replayed", "superseded_by"),
        **_SUMMARY,
        replayed={
            "type": "integer",
            "description": "The version that these bytes, which came again, had been saved as.",
        },
        superseded_by={"type": "integer", "description": "The version that stands there now."},
    ),
    "Session": record(
        ("document", "base_known", "others"),
        **_SUMMARY,
        document=_DOCUMENT,
        base_known={**FLAG, "description": "Whether the hub had what `base` names."},
        others={**COUNT, "description": "How many more active sessions the caller has."},
    ),
    "SessionList": items(ref("Summary"), next_cursor=nullable(TEXT), epoch=TEXT),
    "VersionList": items(
        record(
            version={"type": "integer", "minimum": 1},
            etag=ETAG,
            sha256=SHA256,
            step=TEXT,
            writer=_WRITER,
            saved_at=TIME,
            reason=TEXT,
        )
    ),
    "Lease": record(
        user=TEXT,
        device=nullable(TEXT),
        device_name=nullable(TEXT),
        since=TIME,
        expires_in=_SECONDS,
        fence=COUNT,
    ),
    "Handoff": record(
        **{"from": TEXT}, state={"const": "offered"}, to=TEXT, note=TEXT, expires_at=TIME
    ),
    "TakenLease": record(
        token={**TEXT, "description": "For the header Session-Lease."},
        fence=COUNT,
        expires_in=_SECONDS,
        session=ref("Summary"),
    ),
    "LeaseRequest": record(
        ("take_over", "reason"), take_over=FLAG, reason={**FREE_TEXT, "maxLength": 200}
    ),
    "ShareRequest": {
        "oneOf": [
            record(scope={"enum": ["personal", "org"]}),
            record(("allow_resume",), scope={"const": "team"}, team=TEXT, allow_resume=FLAG),
        ]
    },
    "HandoffRequest": record(
        ("note",), to=TEXT, note={**FREE_TEXT, "maxLength": limits.NOTE_LENGTH}
    ),
    "Log": record(
        name=TEXT,
        device=nullable(TEXT),
        user=TEXT,
        size=COUNT,
        complete=FLAG,
        result=nullable({"enum": ["complete", "error"]}),
        created_at=TIME,
        updated_at=TIME,
    ),
    "LogList": items(ref("Log")),
    "RecordList": items(_RECORD, next_cursor=nullable(TEXT)),
    "DeviceLogin": record(
        device_code=TEXT,
        user_code=TEXT,
        verification_uri=TEXT,
        expires_in=_SECONDS,
        interval=_SECONDS,
    ),
    "IssuedToken": record(access_token=TEXT, token_type=TEXT, expires_in=_SECONDS, token_id=UUID),
    "OAuthError": record(error=TEXT, error_description=TEXT),
    "SignInLink": record(url=TEXT, expires_in=_SECONDS),
    "Me": record(
        instance_id=TEXT,
        org=_NAMED,
        user=_NAMED,
        teams={"type": "array", "items": _NAMED},
        admin=FLAG,
        token=record(id=nullable(UUID), expires_at=TIME),
    ),
    "TeamList": items(_NAMED),
    "TokenList": items(
        record(
            id=UUID,
            name=TEXT,
            created_at=TIME,
            last_used_at=TIME,
            expires_at=TIME,
            current=FLAG,
        )
    ),
    "Info": record(
        version=TEXT,
        instance=TEXT,
        epoch=TEXT,
        public_url=TEXT,
        auth={"type": "array", "items": TEXT},
        limits={"type": "object", "additionalProperties": {"type": "number"}},
    ),
    "Health": record(status=TEXT),
    "Problem": {
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {**TEXT, "description": "/problems/ and a short name."},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": {**TEXT, "description": "A sentence to act on."},
            "instance": {**TEXT, "description": "The id of the request, as in the hub's log."},
        },
    },
}
