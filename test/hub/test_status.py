"""H9: active, error, complete, archived are derived; and which session is the current one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hub.people import People, Session
from hub.running import SESSIONS, Response, RunningHub

DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> People:
    people = People(hub)
    people.add("sam")
    return people


@pytest.fixture
def session(people: People) -> Session:
    """Olive's first: each test has an Olive of its own, so that she has just what it makes."""
    name = f"olive-{len(people.tokens)}"
    people.add(name)
    return Session(people, name).create()


def status(session: Session) -> Any:
    return session.ask(session.owner).json()["status"]


def save(session: Session, step: str, **members: Any) -> None:
    answer = session.people.ask(
        session.owner, "POST", SESSIONS, session.document(step, **members), If_Match=session.etag
    )
    assert answer.status == 200, answer.body
    session.etag = answer.headers["etag"]


def current(session: Session, query: str = "", **headers: str) -> Response:
    return session.people.ask(session.owner, "GET", f"{SESSIONS}/current{query}", **headers)


def listed(session: Session, name: str) -> Iterator[str]:
    answer = session.people.ask(session.owner, "GET", f"{SESSIONS}?status={name}&mine=true")
    return (item["id"] for item in answer.json()["items"])


def test_h9_an_import_is_active_until_it_is_complete(session: Session) -> None:
    assert status(session) == "active"
    save(session, "complete")
    assert status(session) == "complete"
    assert current(session).json()["type"] == "/problems/no-active-session"
    kept = session.ask(session.owner, rest="/versions").json()["items"]
    assert [each["reason"] for each in kept] == ["complete"]
    save(session, "verify")
    assert status(session) == "active", "somebody went back"


def test_h9_an_error_is_of_the_step_that_the_session_stands_at(session: Session) -> None:
    error = {"message": "cub is not signed in", "step": "create"}
    save(session, "create", error=error)
    assert status(session) == "error"
    assert session.ask(session.owner).json()["error"] == "cub is not signed in"
    assert "session.error" in session.audited()
    save(session, "verify", error=error)
    assert (status(session), session.ask(session.owner).json()["error"]) == ("active", None)
    save(session, "create", error=error)
    save(session, "create", error=None)
    assert status(session) == "active"


def test_h9_a_failed_import_is_active_too(session: Session) -> None:
    """It is the one to hand over."""
    save(session, "create", error={"message": "no", "step": "create"})
    assert current(session).json()["id"] == session.unique
    assert session.unique in listed(session, "active")
    assert session.unique in listed(session, "error")


def test_h9_after_seven_days_it_is_archived_and_a_save_revives_it(
    hub: RunningHub, session: Session
) -> None:
    save(session, "create", error={"message": "no", "step": "create"})
    hub.advance(7 * DAY - 60)
    assert status(session) == "error"
    hub.advance(61)
    assert status(session) == "archived"
    assert session.unique in listed(session, "archived")
    assert session.unique not in listed(session, "error")
    assert current(session).status == 404
    same = session.people.ask(
        session.owner,
        "POST",
        SESSIONS,
        session.document("create", error={"message": "no", "step": "create"}),
    )
    assert same.status == 200
    assert status(session) == "archived", "the same bytes are no save"
    save(session, "verify")
    assert status(session) == "active"
    assert current(session).json()["id"] == session.unique


def test_h9_what_is_complete_stays_complete(hub: RunningHub, session: Session) -> None:
    save(session, "complete", error={"message": "old", "step": "complete"})
    hub.advance(8 * DAY)
    assert status(session) == "complete"
    assert session.unique in listed(session, "complete")


def test_h9_stale_is_a_flag(hub: RunningHub, session: Session) -> None:
    assert session.ask(session.owner).json()["stale"] is False
    hub.advance(DAY + 1)
    found = session.ask(session.owner).json()
    assert (found["stale"], found["status"]) == (True, "active")
    save(session, "review")
    assert session.ask(session.owner).json()["stale"] is False


def test_h9_the_current_one_is_the_one_saved_last(hub: RunningHub, session: Session) -> None:
    other = Session(session.people, session.owner).create()
    hub.advance(1)
    save(session, "review", cluster_context="kind-prod")
    found = current(session)
    assert (found.json()["id"], found.json()["others"]) == (session.unique, 1)
    assert found.json()["document"].encode() == session.document(
        "review", cluster_context="kind-prod"
    )
    assert found.headers["etag"] == session.etag
    assert current(session, "?cluster=kind-atk").json()["id"] == other.unique
    assert current(session, "?cluster=none").status == 404
    unchanged = current(session, If_None_Match=session.etag)
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["etag"] == session.etag
    assert current(session, If_None_Match=other.etag).status == 200


def test_reading_one_answers_304_for_the_same_version(session: Session) -> None:
    """Also where something on the way made the ETag a weak one, or any version will do."""
    etag = session.etag
    for known in (etag, f"W/{etag}", "*", f'"9-0", W/{etag}'):
        for same in (
            session.ask(session.owner, If_None_Match=known),
            current(session, If_None_Match=known),
        ):
            assert (same.status, same.body, same.headers["etag"]) == (304, b"", etag), known
    save(session, "review")
    assert session.ask(session.owner, If_None_Match='"1-0", "2-0"').status == 200
