"""H10, H11 and P5: every route, asked by everybody about everything."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from hub.people import TEAM, People, Session
from hub.running import SESSIONS, Response, RunningHub, state

from session_hub.access import ACTIONS
from session_hub.routes import ROUTES, Route

MONTH = 31 * 24 * 3600.0

# ---- who may do what: hub.md 2.7 as data. Who is not named sees nothing.

OWNER = {"summarize", "see", "save", "take_over", "delete", "share", "hand_off", "audit"}
SEES = {"summarize", "see"}
ADMIN = {"summarize", "see", "save", "take_over", "delete"}
OFFERED = {"summarize", "accept"}
ALLOWED: dict[str, dict[str, set[str]]] = {
    "personal": {"owner": OWNER},
    "offered": {"owner": OWNER, "target": OFFERED},
    "team": {"owner": OWNER, "teammate": SEES},
    "team, to resume": {"owner": OWNER, "teammate": SEES | {"save"}},
    "team, offered": {"owner": OWNER, "teammate": SEES, "target": OFFERED},
    "team, offered within": {"owner": OWNER, "teammate": SEES | {"save", "accept"}},
    "org": {"owner": OWNER, "admin": ADMIN},
    "org, offered": {"owner": OWNER, "admin": ADMIN, "target": OFFERED},
}
# these have a token that is good; "member" is of the organization, and no more
ACTORS = ("owner", "teammate", "member", "admin", "target", "stranger")
KINDS = tuple(ALLOWED)

# ---- how each route is asked; a row of the table that is not here fails


@dataclass(frozen=True)
class Request:
    """What is sent; `status` is the answer to who may, where the row has several."""

    body: Callable[[str], bytes | dict[str, Any] | None] = lambda _: None
    headers: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    # of a log
    name: str = "import.log"


def save_body(unique: str) -> bytes:
    return state("review", id=unique)


REQUESTS: dict[str, Request] = {
    "saveSession": Request(save_body, status=200),
    "readSession": Request(status=200),
    "deleteSession": Request(),
    "readDocument": Request(),
    "listVersions": Request(),
    "readVersion": Request(),
    "takeLease": Request(lambda _: {}),
    "releaseLease": Request(),
    "shareSession": Request(lambda _: {"scope": "personal"}),
    "offerHandoff": Request(lambda _: {"to": "member"}),
    "withdrawHandoff": Request(),
    "acceptHandoff": Request(),
    "declineHandoff": Request(),
    "uploadLog": Request(lambda _: b"a line\n", name="another.log"),
    "listLogs": Request(),
    "readLog": Request(),
    "listRecordsOfSession": Request(),
}
# of no session; each has a test of its own
OTHERS = {
    "readCurrentSession",
    "listSessions",
    "watchSessions",
    "listRecords",
    "readMe",
    "listTeams",
    "listTokens",
    "deleteToken",
    "addSignInLink",
    "beginDeviceLogin",
    "pollDeviceLogin",
    "revokeToken",
    "readInfo",
    "readHealth",
    "readReadiness",
    "readOpenapi",
}
# pages are asked by browsers, in tests of their own
API = [row for row in ROUTES if not row.is_page]
ABOUT_ONE = [row for row in ROUTES if row.action is not None]


def path_of(row: Route, unique: str) -> str:
    """The path of the route, with everything that it names there."""
    name = REQUESTS[row.operation].name if row.operation in REQUESTS else ""
    return row.path.format(id=unique, n=1, name=name, token_id=unique)


def test_h10_every_route_has_its_row_here() -> None:
    assert {row.operation for row in ABOUT_ONE} <= set(REQUESTS)
    assert {row.operation for row in API} - set(REQUESTS) <= OTHERS
    assert {row.action for row in ABOUT_ONE} <= set(ACTIONS)
    for row in ABOUT_ONE:
        assert not row.is_open, "what is about a session wants a token"


@dataclass
class World:
    """The people, a session of each kind, and one of another organization."""

    people: People
    sessions: dict[str, Session]
    foreign: Session
    # tokens that are good no more
    ended: dict[str, str]

    def new_session(self, kind: str) -> Session:
        return new_session(self.people, kind)


def scope_of(kind: str) -> str:
    return "personal" if kind == "offered" else kind.partition(",")[0]


def new_session(people: People, kind: str) -> Session:
    """A session of the owner's of that kind."""
    session = Session(people, "owner").create()
    # answered with 404 where there are no logs yet
    session.ask("owner", "PUT", "/logs/import.log", body=b"a line\n")
    scope = scope_of(kind)
    if scope != "personal":
        session.share(scope, allow_resume=kind == "team, to resume")
    if kind.endswith("within"):
        session.offer("teammate")
    elif kind.endswith("offered"):
        session.offer("target")
    return session


@pytest.fixture(scope="module")
def world(hub: RunningHub) -> World:
    people = People(hub)
    hub.admin("team", "add", TEAM, "--org", "home")
    hub.admin("org", "add", "elsewhere")
    people.add("late")
    hub.advance(MONTH)
    people.add("owner", team=TEAM, tokens=4)
    people.add("teammate", team=TEAM)
    people.add("member")
    people.add("admin", "--admin")
    people.add("target")
    people.add("stranger", "--admin", org="elsewhere")
    revoked = hub.admin("token", "add", "owner", "--org", "home")
    hub.admin("token", "revoke", str(revoked["id"]))
    ended = {
        "no token": "",
        "a wrong one": "chs_wrong",
        "an expired one": people.tokens["late"][0],
        "a revoked one": str(revoked["token"]),
    }
    foreign = Session(people, "stranger").create()
    foreign.share("org")
    return World(people, {kind: new_session(people, kind) for kind in KINDS}, foreign, ended)


def ask(world: World, actor: str, row: Route, unique: str) -> Response:
    """One request of that route, about that session."""
    wanted = REQUESTS[row.operation]
    return world.people.ask(
        actor, row.method, path_of(row, unique), wanted.body(unique), **dict(wanted.headers)
    )


def expected(kind: str, actor: str, row: Route) -> int:
    """The status; see ALLOWED."""
    actions = ALLOWED[kind].get(actor, set())
    if row.operation == "acceptHandoff" and actor == "owner":
        return 200  # it is theirs already: asked again, it answers again
    if row.action == "accept" and "accept" not in actions:
        return 403 if "summarize" in actions else 404
    if row.action in actions:
        return REQUESTS[row.operation].status or row.answers[0]
    return 403 if "summarize" in actions else 404


@pytest.mark.parametrize("row", ABOUT_ONE, ids=lambda row: row.operation)
def test_h11_everybody_is_answered_as_the_table_says(world: World, row: Route) -> None:
    wrong = []
    for kind, actor in itertools.product(KINDS, ACTORS):
        status = expected(kind, actor, row)
        # what changes something is tried on a session of its own
        changes = status < 300 and row.method != "GET"
        session = world.new_session(kind) if changes else world.sessions[kind]
        headers = dict(REQUESTS[row.operation].headers)
        body = REQUESTS[row.operation].body(session.unique)
        if row.operation == "saveSession":
            headers["If_Match"] = session.etag
        path = path_of(row, session.unique)
        answer = world.people.ask(actor, row.method, path, body, **headers)
        if answer.status != status:
            wrong.append((kind, actor, answer.status, f"not {status}", answer.body[:200]))
        if answer.status == 403:
            assert answer.json()["type"] == "/problems/forbidden"
    assert not wrong


def test_h11_who_was_refused_has_changed_nothing(world: World) -> None:
    for kind, session in world.sessions.items():
        summary = world.people.ask("owner", "GET", session.path).json()
        assert (summary["version"], summary["scope"]) == (1, scope_of(kind)), kind
        assert (summary["owner"]["name"], summary["lease"]) == ("owner", None), kind


# ---- P5: what is not theirs answers as what is not there


def bare(answer: Response) -> tuple[int, bytes, dict[str, str]]:
    """The answer without what is of this one request."""
    request_id = answer.headers["request-id"]
    headers = {
        name: value for name, value in answer.headers.items() if name not in ("request-id", "date")
    }
    return answer.status, answer.body.replace(request_id.encode(), b""), headers


@pytest.mark.parametrize("row", ABOUT_ONE, ids=lambda row: row.operation)
def test_p5_foreign_and_missing_are_the_same_byte_for_byte(world: World, row: Route) -> None:
    """Asked by everybody, of a session of another organization, of another person, of nobody."""
    personal, team = world.sessions["personal"], world.sessions["team"]
    named = world.people.ask("owner", "GET", personal.path).json()["session_id"]
    for actor in ACTORS:
        others = [world.foreign] if actor != "stranger" else []
        others += [personal] if actor != "owner" else []
        others += [team] if actor not in ("owner", "teammate") else []
        if row.operation == "saveSession":
            # here what is not there is created; with If-Match it is not, and answers the same
            for other in others:
                foreign = world.people.ask(actor, "POST", SESSIONS, save_body(other.unique))
                matched = world.people.ask(
                    actor, "POST", SESSIONS, save_body(other.unique), If_Match='"1-0"'
                )
                missing = world.people.ask(
                    actor, "POST", SESSIONS, save_body(str(uuid4())), If_Match='"1-0"'
                )
                assert bare(foreign) == bare(matched) == bare(missing)
                assert foreign.status == 404
            continue
        missing = ask(world, actor, row, str(uuid4()))
        assert (missing.status, missing.json()["type"]) == (404, "/problems/not-found")
        for other in others:
            assert bare(ask(world, actor, row, other.unique)) == bare(missing), actor
        if actor != "owner":
            # a session_id is looked for among the caller's own
            assert bare(ask(world, actor, row, named)) == bare(missing), actor
        assert bare(ask(world, actor, row, "import-2031-01-01-000000")) == bare(missing)
        assert bare(ask(world, actor, row, "../secret%2f"))[0] in (404,)


def test_p5_what_was_deleted_is_gone_only_for_who_saw_it(world: World) -> None:
    session = world.new_session("personal")
    assert session.ask("owner", "DELETE").status == 204
    missing = world.people.ask("member", "GET", f"{SESSIONS}/{uuid4()}")
    for actor in ("teammate", "member", "admin", "target", "stranger"):
        assert bare(session.ask(actor)) == bare(missing), actor
    assert session.ask("owner").status == 410
    saved = session.save("member", "review", If_Match='"1-0"')
    assert saved.status == session.save("stranger", "review").status == 404


def test_h5_a_session_id_is_as_good_as_the_uuid_for_its_owner(world: World) -> None:
    people = world.people
    created = people.ask("owner", "POST", SESSIONS, state(created_at="2026-05-01T10:20:30Z"))
    named = f"{SESSIONS}/import-2026-05-01-102030"
    unique = created.json()["id"]
    assert people.ask("owner", "GET", named).json()["id"] == unique
    assert people.ask("owner", "PUT", f"{named}/lease", {}).status == 200
    assert people.ask("owner", "DELETE", f"{named}?take_over=true").status == 204
    assert people.ask("owner", "GET", named).status == 410
    assert people.ask("member", "GET", named).status == 404


# ---- who has no good token


def test_h12_without_a_good_token_every_route_answers_401(world: World) -> None:
    hub = world.people.hub
    unique = world.sessions["personal"].unique
    for row, (name, token) in itertools.product(API, world.ended.items()):
        if row.is_open:
            continue
        answer = hub.ask(row.method, path_of(row, unique), token=token)
        assert (answer.status, row.operation, name) == (401, row.operation, name)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "/problems/unauthenticated"


def test_h12_a_right_that_ends_is_gone_within_30_seconds(world: World) -> None:
    people, hub = world.people, world.people.hub
    people.add("leaver", team=TEAM)
    session = world.sessions["team"]
    assert session.ask("leaver").status == 200
    hub.admin("team", "leave", TEAM, "leaver", "--org", "home")
    hub.advance(31)
    assert session.ask("leaver").status == 404
    hub.admin("user", "disable", "leaver")
    hub.advance(31)
    assert session.ask("leaver").status == 401


def test_h11_unshared_is_unseen_at_once(world: World) -> None:
    session = world.new_session("team")
    assert session.ask("teammate").status == 200
    session.share("personal")
    assert session.ask("teammate").status == 404


# ---- H6: what a body claims


def test_h6_a_body_that_sets_what_is_not_its_own_changes_nothing(world: World) -> None:
    people, session = world.people, world.new_session("personal")
    before = session.ask("owner").json()
    claims = {
        "owner": "member",
        "owner_id": "x",
        "org": "elsewhere",
        "org_id": "x",
        "scope": "org",
        "team": TEAM,
        "team_id": "x",
        "allow_resume": True,
        "created_by": "member",
        "fence": 99,
        "changes": 99,
        "status": "complete",
        "lease": {"user": "member"},
        "etag": '"99-0"',
        "sha256": "0" * 64,
        "is_complete": 1,
        "confighub": {"org": "elsewhere", "user": "member"},
    }
    body = session.document("review", **claims, version="99")
    answer = people.ask("owner", "POST", SESSIONS, body, If_Match=session.etag)
    assert answer.status == 200
    after = session.ask("owner").json()
    changed = {name for name in before if before[name] != after[name]}
    of_a_save = {"version", "etag", "sha256", "size", "updated_at", "step", "step_index"}
    assert changed == {*of_a_save, "document"}
    assert after["version"] == 2
    assert after["document"].encode() == body
    assert session.ask("member").status == session.ask("admin").status == 404


# ---- the routes about no session in particular


def listed(world: World, actor: str, query: str = "?status=all&limit=200") -> set[str]:
    answer = world.people.ask(actor, "GET", SESSIONS + query)
    assert answer.status == 200
    return {item["id"] for item in answer.json()["items"]}


def test_h11_the_list_is_what_one_may_see_and_no_more(world: World) -> None:
    for actor in ACTORS:
        seen = listed(world, actor)
        for kind, session in world.sessions.items():
            may = "summarize" in ALLOWED[kind].get(actor, set())
            assert (session.unique in seen) == may, (kind, actor)
        assert (world.foreign.unique in seen) == (actor == "stranger"), actor
        assert listed(world, actor, "?status=all&limit=200&user=nobody") == set()


def test_h11_no_document_and_no_token_is_in_the_list(world: World) -> None:
    token = world.new_session("personal").ask("owner", "PUT", "/lease", body={}).json()["token"]
    text = world.people.ask("owner", "GET", f"{SESSIONS}?status=all&limit=200").body.decode()
    assert token not in text
    assert "document" not in text
    assert "hash" not in text


def test_h11_current_is_ones_own_or_held(world: World) -> None:
    people = world.people
    people.add("newcomer", team=TEAM)
    assert people.ask("newcomer", "GET", f"{SESSIONS}/current").status == 404
    session = world.new_session("team, to resume")
    assert people.ask("newcomer", "GET", f"{SESSIONS}/current").status == 404
    assert session.ask("newcomer", "PUT", "/lease", body={}).status == 200
    current = people.ask("newcomer", "GET", f"{SESSIONS}/current").json()
    assert (current["id"], json.loads(current["document"])["id"]) == (session.unique,) * 2
