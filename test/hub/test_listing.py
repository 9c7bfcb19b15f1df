"""The list: its filters, its pages, and what is not in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hub.people import TEAM, People, Session
from hub.running import SESSIONS, RunningHub

DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> People:
    """Olive and Tess are in a team; Tess sees her own and what is shared with it."""
    people = People(hub)
    hub.admin("team", "add", TEAM, "--org", "home")
    people.add("olive", team=TEAM)
    people.add("tess", team=TEAM)
    return people


@pytest.fixture(scope="module")
def sessions(hub: RunningHub, people: People) -> dict[str, Session]:
    """By what they are; the first is the oldest."""
    made: dict[str, Session] = {}
    steps = {
        "archived": ("olive", "review", {}),
        "stale": ("olive", "review", {}),
        "complete": ("olive", "complete", {}),
        "error": ("olive", "create", {"error": {"message": "no", "step": "create"}}),
        "shared": ("olive", "select", {"cluster_context": "kind-prod"}),
        "hers": ("tess", "scan", {}),
    }
    for name, (owner, step, members) in steps.items():
        made[name] = session = Session(people, owner)
        answer = people.ask(owner, "POST", SESSIONS, session.document(step, **members))
        assert answer.status == 201
        hub.advance({"archived": 7 * DAY, "stale": 2 * DAY}.get(name, 1))
    made["shared"].share("team")
    return made


def names(sessions: dict[str, Session], items: list[dict[str, Any]]) -> list[str]:
    by_id = {session.unique: name for name, session in sessions.items()}
    return [by_id[item["id"]] for item in items]


QUERIES = [
    ("", ["shared", "error", "stale"]),
    ("?status=active", ["shared", "error", "stale"]),
    ("?status=error", ["error"]),
    ("?status=complete", ["complete"]),
    ("?status=archived", ["archived"]),
    ("?status=all", ["shared", "error", "complete", "stale", "archived"]),
    ("?stale=true", ["stale"]),
    ("?stale=false", ["shared", "error"]),
    ("?status=all&stale=true", ["stale", "archived"]),
    ("?cluster=kind-prod", ["shared"]),
    ("?cluster=kind%25", []),
    ("?user=olive", ["shared", "error", "stale"]),
    ("?user=tess", []),
    ("?team=payments", ["shared"]),
    ("?team=others", []),
    ("?mine=true&status=error&cluster=kind-atk&user=olive", ["error"]),
]


@pytest.mark.parametrize(("query", "found"), QUERIES, ids=[query or "none" for query, _ in QUERIES])
def test_the_filters(
    people: People, sessions: dict[str, Session], query: str, found: list[str]
) -> None:
    """What was created last comes first."""
    answer = people.ask("olive", "GET", SESSIONS + query)
    assert names(sessions, answer.json()["items"]) == found
    assert answer.json()["next_cursor"] is None
    assert "link" not in answer.headers


def test_another_sees_her_own_and_what_is_shared(
    people: People, sessions: dict[str, Session]
) -> None:
    def seen(query: str) -> list[str]:
        return names(sessions, people.ask("tess", "GET", SESSIONS + query).json()["items"])

    assert seen("?status=all") == ["hers", "shared"]
    assert seen("?mine=true") == ["hers"]
    assert seen("?user=olive") == ["shared"]


BAD = ["status=none", "limit=0", "limit=201", "limit=x", "limit=-1", "limit=", "mine=yes", "x=1"]
BAD += [
    "mine=true&mine=true",
    "cursor=",
    "cursor=x",
    "cursor=W10",
    "%ff=1",
    "cluster=%ff",
    "status",
]


@pytest.mark.parametrize("query", BAD)
def test_a_query_that_cannot_be_read_is_refused(people: People, query: str) -> None:
    answer = people.ask("olive", "GET", f"{SESSIONS}?{query}")
    assert (answer.status, answer.json()["type"]) == (400, "/problems/invalid-request")


@pytest.mark.parametrize("limit", [1, 2, 7, 200])
def test_pages_are_the_list_also_while_it_moves(
    hub: RunningHub, people: People, limit: int
) -> None:
    """Nothing is skipped or comes twice, though rows are saved, deleted and added meanwhile."""
    people.add(f"lister-{limit}", team=TEAM)
    mine = [Session(people, f"lister-{limit}").create() for _ in range(8)]
    shared = Session(people, "olive").create().share("team")
    wanted = [shared.unique, *(session.unique for session in reversed(mine))]
    found: list[str] = []
    path: str | None = f"{SESSIONS}?limit={limit}&status=active"
    while path:
        answer = people.ask(f"lister-{limit}", "GET", path)
        page = [item["id"] for item in answer.json()["items"]]
        assert len(page) <= limit
        found += page
        cursor = answer.json()["next_cursor"]
        path = None
        if cursor:
            path = f"{SESSIONS}?limit={limit}&status=active&cursor={quote(cursor)}"
            link = answer.headers["link"]
            assert link.endswith('; rel="next"')
            assert f"cursor={quote(cursor)}" in link
        # what stands at the other end is saved, and a new one comes
        assert mine[0].save(mine[0].owner, f"step-{len(found)}").status == 200
        Session(people, f"lister-{limit}").create()
    assert [unique for unique in found if unique in wanted] == [
        unique for unique in wanted if unique in found
    ]
    assert set(wanted) <= set(found)
    assert len(set(found)) == len(found)


def test_a_cursor_belongs_to_its_filters(people: People, sessions: dict[str, Session]) -> None:
    first = people.ask("olive", "GET", f"{SESSIONS}?limit=1&status=all").json()
    cursor = quote(first["next_cursor"])
    for query in ("status=active", "status=all&mine=true"):
        answer = people.ask("olive", "GET", f"{SESSIONS}?limit=1&{query}&cursor={cursor}")
        assert answer.status == 400
        assert "first page" in answer.json()["detail"]


def test_a_page_is_not_full_of_what_cannot_be_seen(people: People) -> None:
    """Many of another's come after hers: her page of two has hers."""
    people.add("nora")
    mine = [Session(people, "nora").create() for _ in range(2)]
    for _ in range(5):
        Session(people, "olive").create()
    page = people.ask("nora", "GET", f"{SESSIONS}?limit=2").json()
    assert [item["id"] for item in page["items"]] == [mine[1].unique, mine[0].unique]
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    "limit",
    ["0", "201", "00000000150", "00000000199999999999999", "9" * 5000, "-1", "1.5", ""],
)
def test_a_limit_that_is_none_is_refused(hub: RunningHub, limit: str) -> None:
    answer = hub.ask("GET", f"{SESSIONS}?limit={limit}")

    assert (answer.status, answer.json()["type"]) == (400, "/problems/invalid-request")
