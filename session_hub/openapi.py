"""/openapi.json: the table of routes, with what each takes and answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from session_cli import __version__
from session_hub import limits
from session_hub.problems import TITLES
from session_hub.schemas import (
    ETAG,
    FLAG,
    FREE_TEXT,
    SCHEMAS,
    SECOND,
    TEXT,
    UUID,
    Schema,
    form,
    ref,
)
from session_hub.sessions.summary import STATUSES

if TYPE_CHECKING:
    from session_hub.routes import Route

JSON = "application/json"
PROBLEM = "application/problem+json"
# of every route, whoever asks
EVERYWHERE = ("rate-limited", "misdirected", "internal")
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Body:
    """What a route takes."""

    schema: Schema
    media: str = JSON
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """What the table of routes does not say of one."""

    answer: Schema | None = None
    media: str = JSON
    parameters: tuple[Schema, ...] = ()
    body: Body | None = None
    # of an answer that is a success
    headers: Mapping[str, Schema] = field(default_factory=dict)
    # what has another shape than `answer`, by its status
    others: Mapping[int, Schema] = field(default_factory=dict)
    links: Mapping[str, Schema] = field(default_factory=dict)


def header(name: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    """A parameter that is a header."""
    return _parameter("header", name, schema, description, required)


def query(name: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    """A parameter in the query."""
    return _parameter("query", name, schema, description, required)


def _parameter(place: str, name: str, schema: Schema, description: str, required: bool) -> Schema:
    return {
        "in": place,
        "name": name,
        "required": required,
        "description": description,
        "schema": schema,
    }


_IN_PATH: dict[str, Schema] = {
    "id": {
        "description": "The session's UUID, or the session_id of one of the caller's own.",
        "schema": {
            "type": "string",
            "pattern": "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
            "|import-[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{6}(-[1-9][0-9]?)?)$",
        },
    },
    "name": {
        "description": "The name of the log.",
        "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,99}$"},
    },
    "token_id": {"description": "The id of the token, not the token.", "schema": UUID},
    "n": {
        "description": "The number of the version.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**53},
    },
}
_DEVICE_SCHEMA: Schema = {
    "type": "string",
    "pattern": '^[0-9A-Za-z-]{1,64}(; name="[0-9A-Za-z ._-]{0,100}")?$',
}
_DEVICE = header("Session-Device", _DEVICE_SCHEMA, 'Which device: <uuid>; name="laptop".')
_LEASE = header("Session-Lease", TEXT, "The token of the lease, from who holds it.")
_DIGEST = header("Content-Digest", TEXT, "sha-256=:…: of the body (RFC 9530).")
_IF_MATCH = header(
    "If-Match",
    {"anyOf": [{"const": "*"}, ETAG]},
    "The ETag of the version that it replaces; * overwrites whatever stands there.",
)
_UNLESS = header("If-None-Match", TEXT, "The ETag of what the caller has: 304 if it is the same.")
_ETAG: dict[str, Schema] = {"ETag": {"schema": ETAG, "required": True}}
_CURSOR = query("cursor", TEXT, "next_cursor of the page before, with the same filters.")
_LIMIT = query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": limits.LARGEST_PAGE, "default": limits.PAGE},
    "How many at most.",
)
_SINCE = query("since", SECOND, "Only what was done after that.")
_RECORDS = Operation(ref("RecordList"), parameters=(_SINCE, _LIMIT, _CURSOR))
_OAUTH = {400: ref("OAuthError")}
_FORM = "application/x-www-form-urlencoded"
_BYTES = Operation(ref("State"), headers=_ETAG)
_SUMMARY = ref("Summary")
# so that tools find what they may do with what they have created
_LINKS: dict[str, Schema] = {
    operation: {"operationId": operation, "parameters": {"path.id": "$response.body#/id"}}
    for operation in ("readSession", "readDocument", "listVersions", "shareSession")
} | {
    "deleteSession": {
        "operationId": "deleteSession",
        "parameters": {
            "path.id": "$response.body#/id",
            "header.If-Match": "$response.header.ETag",
        },
    }
}

OPERATIONS: dict[str, Operation] = {
    "saveSession": Operation(
        _SUMMARY,
        parameters=(
            _IF_MATCH,
            header("If-None-Match", {"const": "*"}, "Only to create; not with If-Match."),
            _DEVICE,
            _LEASE,
            _DIGEST,
        ),
        body=Body(ref("State")),
        headers=_ETAG,
        links=_LINKS,
    ),
    "readCurrentSession": Operation(
        ref("Session"),
        parameters=(query("cluster", TEXT, "Only those of this cluster."), _UNLESS),
        headers=_ETAG,
    ),
    "listSessions": Operation(
        ref("SessionList"),
        parameters=(
            query(
                "status",
                {"enum": [*STATUSES, "all"], "default": "active"},
                "active is what is neither complete nor archived.",
            ),
            query("user", TEXT, "Only those of this person."),
            query("cluster", TEXT, "Only those of this cluster."),
            query("team", TEXT, "Only those shared with this team."),
            query("mine", FLAG, "Only the caller's own."),
            query("stale", FLAG, "Only those that nobody has saved for 24 hours, or only others."),
            _LIMIT,
            _CURSOR,
        ),
    ),
    "readSession": Operation(
        ref("Session"),
        parameters=(
            query(
                "base",
                {"type": "string", "pattern": '^"?[0-9]{1,18}-[0-9a-f]{16}"?$'},
                "An ETag: base_known of the answer says whether the hub had it.",
            ),
            _UNLESS,
        ),
        headers=_ETAG,
    ),
    "deleteSession": Operation(
        parameters=(
            _IF_MATCH,
            _LEASE,
            _DEVICE,
            query("logs", {"enum": ["keep", "delete"], "default": "keep"}, "What of its logs."),
            query("take_over", FLAG, "Delete it though somebody has it open."),
        )
    ),
    "readDocument": _BYTES,
    "listVersions": Operation(ref("VersionList")),
    "readVersion": _BYTES,
    "takeLease": Operation(
        ref("TakenLease"),
        parameters=(
            header("Session-Device", _DEVICE_SCHEMA, "Who holds a lease.", required=True),
            _LEASE,
            _DIGEST,
        ),
        body=Body(ref("LeaseRequest"), is_required=False),
    ),
    "releaseLease": Operation(parameters=(_LEASE, _DEVICE)),
    "shareSession": Operation(
        _SUMMARY,
        parameters=(_DEVICE, _DIGEST),
        body=Body(ref("ShareRequest")),
        headers=_ETAG,
    ),
    "offerHandoff": Operation(
        _SUMMARY,
        parameters=(_DEVICE, _DIGEST),
        body=Body(ref("HandoffRequest")),
        headers=_ETAG,
    ),
    "withdrawHandoff": Operation(parameters=(_DEVICE,)),
    "acceptHandoff": Operation(_SUMMARY, parameters=(_DEVICE,), headers=_ETAG),
    "declineHandoff": Operation(parameters=(_DEVICE,)),
    "uploadLog": Operation(
        ref("Log"),
        parameters=(
            header(
                "Content-Range",
                {"type": "string", "pattern": r"^bytes [0-9]{1,15}-[0-9]{1,15}/\*$"},
                "Where the piece begins; without it, at 0.",
            ),
            query("complete", FLAG, "Whether this is the last piece."),
            query("result", {"enum": ["complete", "error"]}, "With the last piece: how it ended."),
            _DEVICE,
            _DIGEST,
        ),
        body=Body({}, "application/octet-stream", is_required=False),
    ),
    "listLogs": Operation(ref("LogList")),
    "readLog": Operation(
        TEXT,
        "text/plain",
        parameters=(
            query("user", TEXT, "Whose, where several people have a log of that name."),
            query("device", TEXT, "Of which device, where several have a log of that name."),
            query("download", {"const": "1"}, "So that a browser saves it as a file."),
            header("Range", TEXT, "bytes=A-B, for a part of it."),
        ),
    ),
    "listRecordsOfSession": _RECORDS,
    "listRecords": _RECORDS,
    "watchSessions": Operation(TEXT, "text/event-stream"),
    "beginDeviceLogin": Operation(
        ref("DeviceLogin"),
        body=Body(form(("device_name",), device_name=FREE_TEXT), _FORM, is_required=False),
    ),
    "pollDeviceLogin": Operation(
        ref("IssuedToken"),
        body=Body(form(grant_type={"const": GRANT_TYPE}, device_code=TEXT), _FORM),
        others=_OAUTH,
    ),
    "revokeToken": Operation(body=Body(form(token=TEXT), _FORM), others=_OAUTH),
    "addSignInLink": Operation(ref("SignInLink")),
    "readMe": Operation(ref("Me")),
    "listTeams": Operation(ref("TeamList")),
    "listTokens": Operation(ref("TokenList")),
    "deleteToken": Operation(),
    "readInfo": Operation(ref("Info")),
    "readHealth": Operation(ref("Health")),
    "readReadiness": Operation(ref("Health")),
    "readOpenapi": Operation({"type": "object"}),
}


def describe(routes: Iterable[Route], signed_in: tuple[str, ...]) -> dict[str, Any]:
    """The OpenAPI document of the routes; `signed_in` are the problems of all that want a token."""
    paths: dict[str, dict[str, Any]] = {}
    for row in routes:
        # pages are for people
        if row.is_page:
            continue
        paths.setdefault(row.path, {})[row.method.lower()] = _describe(row, signed_in)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "session-hub",
            "version": __version__,
            "description": "Keeps import sessions for a person, a team, an organization.",
        },
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _describe(row: Route, signed_in: tuple[str, ...]) -> dict[str, Any]:
    operation = OPERATIONS.get(row.operation, Operation())
    text = (row.handler.__doc__ or row.operation).strip()
    described: dict[str, Any] = {
        "operationId": row.operation,
        "summary": text.partition(": ")[2] or text,
        "parameters": [*_places(row.path), *operation.parameters],
        "responses": _answers(row, operation, signed_in),
    }
    if operation.body:
        described["requestBody"] = {
            "required": operation.body.is_required,
            "content": {operation.body.media: {"schema": operation.body.schema}},
        }
    if row.is_open:
        described["security"] = []
    return described


def _places(path: str) -> list[Schema]:
    return [
        {"in": "path", "name": name, "required": True, **_IN_PATH.get(name, {"schema": TEXT})}
        for name in _PLACE.findall(path)
    ]


def _answers(row: Route, operation: Operation, signed_in: tuple[str, ...]) -> dict[str, Any]:
    """By status; one may be a problem, and something else, too."""
    answers = _successes(row, operation)
    for status, failure in _failures(row, signed_in).items():
        content = {**answers.get(status, {}).get("content", {}), **failure["content"]}
        answers[status] = {**failure, "content": content}
    return {str(status): answer for status, answer in sorted(answers.items())}


def _successes(row: Route, operation: Operation) -> dict[int, Any]:
    return {status: _success(status, operation) for status in row.answers}


def _success(status: int, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if operation.headers:
        described["headers"] = dict(operation.headers)
    if status == HTTPStatus.CREATED and operation.links:
        described["headers"]["Location"] = {"schema": TEXT, "required": True}
        described["links"] = dict(operation.links)
    schema = operation.others.get(status, operation.answer)
    if schema is not None and status not in (204, 304):
        media = JSON if status in operation.others else operation.media
        described["content"] = {media: {"schema": schema}}
    return described


def _failures(row: Route, signed_in: tuple[str, ...]) -> dict[int, Any]:
    slugs = {*row.problems, *EVERYWHERE, *(() if row.is_open else signed_in)}
    by_status: dict[int, list[str]] = {}
    for slug in sorted(slugs):
        by_status.setdefault(TITLES[slug][0], []).append(slug)
    return {status: _failure(of) for status, of in sorted(by_status.items())}


def _failure(slugs: list[str]) -> dict[str, Any]:
    kinds = {"properties": {"type": {"enum": [f"/problems/{slug}" for slug in slugs]}}}
    return {
        "description": "; ".join(TITLES[slug][1] for slug in slugs),
        "content": {PROBLEM: {"schema": {"allOf": [ref("Problem"), kinds]}}},
    }
