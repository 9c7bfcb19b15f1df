"""H5 and H6: which session a document is of."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from hub.people import People
from hub.running import SESSIONS, RunningHub, state

NAME = "import-2026-06-01-{:06}"


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> People:
    people = People(hub)
    people.add("olive")
    people.add("sam")
    return people


def test_h5_a_document_with_an_id_is_matched_by_it_alone(people: People) -> None:
    """Two of the same name, as two machines make them in the same second."""
    name = NAME.format(1)
    first, second = (str(uuid4()) for _ in range(2))
    for unique in (first, second):
        document = state(id=unique, session_id=name)
        assert people.ask("olive", "POST", SESSIONS, document).status == 201
    both = people.ask("olive", "GET", f"{SESSIONS}/{name}")
    assert (both.status, both.json()["type"]) == (409, "/problems/ambiguous-session")
    assert both.json()["ids"] == sorted([first, second])
    assert first in both.json()["detail"]
    bare = people.ask("olive", "POST", SESSIONS, state("review", session_id=name))
    assert (bare.status, bare.json()["ids"]) == (409, both.json()["ids"])
    assert people.ask("olive", "GET", f"{SESSIONS}/{first}").json()["session_id"] == name


def test_h5_a_bare_document_gets_an_id_and_is_matched_by_its_name(people: People) -> None:
    name = NAME.format(2)
    created = people.ask("olive", "POST", SESSIONS, state(session_id=name))
    again = people.ask(
        "olive",
        "POST",
        SESSIONS,
        state("review", session_id=name, created_at="2026-01-01T00:00:00Z"),
        If_Match=created.headers["etag"],
    )
    assert (again.status, again.json()["id"]) == (200, created.json()["id"])
    assert again.json()["version"] == 2


def test_h5_one_without_a_name_is_matched_by_when_it_was_created(people: People) -> None:
    created = people.ask("olive", "POST", SESSIONS, state(created_at="2026-06-02T10:20:30Z"))
    assert created.json()["session_id"] == "import-2026-06-02-102030"
    same = people.ask("olive", "POST", SESSIONS, state("review", created_at="2026-06-02T10:20:30Z"))
    assert same.status == 428
    named = people.ask(
        "olive",
        "POST",
        SESSIONS,
        state("review", session_id="import-2026-06-02-102030"),
        If_Match=created.headers["etag"],
    )
    assert (named.status, named.json()["id"]) == (200, created.json()["id"])


def test_h5_an_id_that_comes_later_is_another_session(people: People) -> None:
    """A client that sends ids always does."""
    name = NAME.format(3)
    bare = people.ask("olive", "POST", SESSIONS, state(session_id=name))
    other = people.ask("olive", "POST", SESSIONS, state(session_id=name, id=str(uuid4())))
    assert (bare.status, other.status) == (201, 201)


def test_h5_two_people_may_have_the_same_name(people: People) -> None:
    document = state(session_id=NAME.format(4))
    mine, theirs = (people.ask(name, "POST", SESSIONS, document) for name in ("olive", "sam"))
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


def test_h5_a_bare_document_that_comes_twenty_times_at_once_is_one_session(people: People) -> None:
    name = NAME.format(5)

    def create(number: int) -> int:
        document = state(session_id=name, number=number)
        return people.hub.save(document, people.tokens["olive"][0]).status

    with ThreadPoolExecutor(20) as threads:
        statuses = sorted(threads.map(create, range(20)))
    assert statuses == [201] + [428] * 19


def test_h5_the_name_of_a_document_does_not_change(people: People) -> None:
    unique = str(uuid4())
    created = people.ask("olive", "POST", SESSIONS, state(id=unique, session_id=NAME.format(6)))
    other = people.ask(
        "olive",
        "POST",
        SESSIONS,
        state(id=unique, session_id=NAME.format(7)),
        If_Match=created.headers["etag"],
    )
    assert (other.status, other.json()["type"]) == (422, "/problems/invalid-state")
    assert NAME.format(6) in other.json()["detail"]


def test_h5_one_that_says_nothing_of_its_name_is_refused(people: People) -> None:
    answer = people.ask("olive", "POST", SESSIONS, state(created_at="2026-06-01T10:20:30+02:00"))
    assert answer.status == 422
    assert "session_id" in answer.json()["detail"]


def test_h5_a_bare_document_that_was_deleted_is_gone(people: People) -> None:
    name = NAME.format(8)
    people.ask("olive", "POST", SESSIONS, state(session_id=name))
    assert people.ask("olive", "DELETE", f"{SESSIONS}/{name}").status == 204
    for answer in (
        people.ask("olive", "POST", SESSIONS, state("review", session_id=name)),
        people.ask("olive", "GET", f"{SESSIONS}/{name}"),
    ):
        assert answer.status == 410
        assert answer.json()["deleted_by"] == "olive"
    assert people.ask("olive", "DELETE", f"{SESSIONS}/{name}").status == 204, "again"


def test_h7_the_givers_bare_document_does_not_begin_a_second_session(people: People) -> None:
    name = NAME.format(11)
    unique = people.ask("olive", "POST", SESSIONS, state(session_id=name)).json()["id"]
    assert people.ask("olive", "PUT", f"{SESSIONS}/{unique}/handoff", {"to": "sam"}).status == 200
    assert people.ask("sam", "POST", f"{SESSIONS}/{unique}/handoff/accept").status == 200
    for refused in (
        people.ask("olive", "POST", SESSIONS, state("review", session_id=name)),
        people.ask("olive", "GET", f"{SESSIONS}/{name}"),
    ):
        assert (refused.status, refused.json()["type"]) == (403, "/problems/handed-over")
        assert refused.json()["to"] == "sam"

    # one of her own of that name comes first
    own = str(uuid4())
    assert people.ask("olive", "POST", SESSIONS, state(id=own, session_id=name)).status == 201
    assert people.ask("olive", "GET", f"{SESSIONS}/{name}").json()["id"] == own
    # and who got it finds it by its name
    saved = people.ask("sam", "POST", SESSIONS, state("review", session_id=name))
    assert (saved.status, saved.json()["type"]) == (428, "/problems/precondition-required")


def test_h6_the_organization_of_confighub_is_compared_only_where_it_is_set(
    own_hub: RunningHub,
) -> None:
    own_hub.start()
    acme = {"confighub": {"org": "acme-corp"}}
    assert own_hub.save(state(id=str(uuid4()), **acme)).status == 201
    own_hub.stop()
    set_confighub_org(own_hub.folder, "acme-corp")
    own_hub.start()
    assert own_hub.save(state(id=str(uuid4()), **acme)).status == 201
    assert own_hub.save(state(id=str(uuid4()))).status == 201, "one that names none"
    other = own_hub.save(state(id=str(uuid4()), confighub={"org": "globex"}))
    assert (other.status, other.json()["type"]) == (422, "/problems/org-mismatch")
    assert "globex" in other.json()["detail"]


def set_confighub_org(folder: Path, org: str) -> None:
    connection = sqlite3.connect(folder / "hub.sqlite")
    connection.execute("update organizations set confighub_org = ?", (org,))
    connection.commit()
    connection.close()


def test_h6_the_summary_is_read_out_of_the_document(people: People) -> None:
    document = state(
        "review",
        session_id=NAME.format(9),
        cluster_context="kind-prod",
        scan_result={"workloads_detected": 12},
        selections={"selected_workloads": ["a", "b", "c"]},
        confighub={"units_created": ["a"]},
    )
    summary = people.ask("olive", "POST", SESSIONS, document).json()
    assert summary["cluster"] == "kind-prod"
    assert summary["workloads"] == {"detected": 12, "selected": 3, "imported": 1}
    assert summary["started_at"] == json.loads(document)["created_at"]
    assert summary["step_index"] is not None
    assert summary["writer"]["device_name"] == "olives-laptop"
    odd = state(
        session_id=NAME.format(10),
        cluster_context=7,
        scan_result=[],
        selections={"selected_workloads": {"a": 1}},
        confighub="acme",
    )
    summary = people.ask("olive", "POST", SESSIONS, odd).json()
    assert summary["workloads"] == {"detected": 0, "selected": 0, "imported": 0}
    assert summary["cluster"] == ""
