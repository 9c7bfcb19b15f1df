"""The audit trail: written with what it records, read by the owner and by administrators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hub.people import Tokens, add_four
from hub.running import SESSIONS, Response, RunningHub, state

LAPTOP, DESKTOP = "0190c0de-0000-7000-8000-000000000001", "0190c0de-0000-7000-8000-000000000002"
TEAM = {"scope": "team", "team": "payments", "allow_resume": True}


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> Tokens:
    return add_four(hub)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return iter(range(1, 60))


class Session:
    """A session of alex, saved again and again."""

    def __init__(self, hub: RunningHub, token: str, moment: str) -> None:
        self.hub = hub
        self.token = token
        self.moment = moment
        created = hub.save(state("scan", created_at=moment), token)
        assert created.status == 201
        self.path = created.headers["location"]
        self.etag = created.headers["etag"]

    def save(self, step: str, if_match: str | None = None, **members: Any) -> Response:
        answer = self.hub.save(
            state(step, created_at=self.moment, **members),
            self.token,
            If_Match=if_match or self.etag,
        )
        self.etag = answer.headers.get("etag", self.etag)
        return answer

    def ask(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str
    ) -> Response:
        return self.hub.ask(method, f"{self.path}{path}", body, token or self.token, **headers)

    def actions(self) -> list[str]:
        """What its audit says, oldest first."""
        items = self.ask("GET", "/audit").json()["items"]
        return [item["action"] for item in reversed(items)]


@pytest.fixture
def session(hub: RunningHub, people: Tokens, numbers: Iterator[int]) -> Session:
    return Session(hub, people.alex, f"2026-06-01T00:00:{next(numbers):02}Z")


def test_progress_is_recorded_and_plain_saves_are_not(session: Session) -> None:
    for number, step in enumerate(("scan", "review", "review")):
        assert session.save(step, number=number).status == 200
    session.save("apply", error={"step": "apply", "message": "no rights"})
    session.save("apply", error=None)
    session.save("complete")
    assert session.actions() == [
        "session.create",
        "session.step",
        "session.step",
        "session.error",
        "session.complete",
    ]
    newest = session.ask("GET", "/audit?limit=1").json()["items"][0]
    assert (newest["actor"], newest["version"]) == ("alex", 7)
    assert newest["detail"] == {"was": "apply", "step": "complete"}


def test_what_people_do_to_a_session_is_recorded(session: Session, people: Tokens) -> None:
    """Each action, by whom, in the order in which they did it."""
    laptop, desktop = ({"Session_Device": device} for device in (LAPTOP, DESKTOP))
    session.ask("PUT", "/share", TEAM)
    session.ask("PUT", "/lease", {}, **laptop)
    session.ask("PUT", "/lease", {"take_over": True}, **desktop)
    session.hub.advance(91)
    session.save("review", "*")
    session.ask("PUT", "/logs/import.log?complete=true&result=error", b"failed\n")
    session.ask("GET", "/logs/import.log", token=people.sam)
    session.ask("PUT", "/handoff", {"to": "kim", "note": "please"})
    session.ask("DELETE", "/handoff")
    session.ask("PUT", "/handoff", {"to": "kim"})
    session.ask("POST", "/handoff/decline", token=people.kim)
    session.ask("PUT", "/handoff", {"to": "kim"})
    assert session.ask("POST", "/handoff/accept", token=people.kim).status == 200
    items = session.ask("GET", "/audit", token=people.kim).json()["items"]
    assert [(item["actor"], item["action"]) for item in reversed(items)] == [
        ("alex", "session.create"),
        ("alex", "share.set"),
        ("alex", "session.resume"),
        ("alex", "lease.takeover"),
        ("alex", "session.overwrite"),
        ("alex", "session.step"),
        ("alex", "log.upload"),
        ("sam", "log.read"),
        ("alex", "handoff.offer"),
        ("alex", "handoff.withdraw"),
        ("alex", "handoff.offer"),
        ("kim", "handoff.decline"),
        ("alex", "handoff.offer"),
        ("kim", "handoff.accept"),
    ]
    # what a person wrote to another is not for the trail
    assert "please" not in str(items)


def test_what_is_refused_leaves_no_record(session: Session, people: Tokens) -> None:
    session.ask("PUT", "/share", {"scope": "team", "team": "payments"})
    before = session.actions()
    stale = session.etag
    assert session.save("scan", number=1).status == 200
    refused = [
        session.hub.save(state("review", created_at=session.moment), session.token, If_Match=stale),
        session.hub.save(state("review", created_at=session.moment), session.token),
        session.ask("PUT", "/share", {"scope": "everybody"}),
        session.ask("PUT", "/share", {"scope": "org"}, people.sam),
        session.ask("PUT", "/handoff", {"to": "nobody"}),
        session.ask("POST", "/handoff/accept", token=people.sam),
        session.ask("DELETE", "", token=people.sam),
        session.ask("DELETE", "", If_Match=stale),
        session.ask("PUT", "/lease", {}, people.sam, Session_Device=DESKTOP),
        session.ask("PUT", "/logs/A.log?complete=true&result=error", b"x"),
        session.ask("PUT", "/logs/a.log?complete=true&result=error", b"x", people.sam),
    ]
    assert [answer.status for answer in refused] == [
        412, 428, 400, 403, 404, 403, 403, 412, 403, 400, 403,
    ]  # fmt: skip
    assert session.actions() == before


def test_the_trail_of_a_session_is_for_its_owner(session: Session, people: Tokens) -> None:
    session.ask("PUT", "/share", TEAM)
    assert session.ask("GET", "/audit", token=people.sam).status == 403
    for stranger in (people.kim, people.eve, session.hub.token):
        assert session.ask("GET", "/audit", token=stranger).status == 404
    assert session.hub.ask("GET", f"{session.path}/audit", None, "").status == 401
    record = session.ask("GET", "/audit").json()["items"][0]
    # where a teammate works is not the owner's to know
    assert record.keys() == {
        "id", "at", "actor", "action", "session", "version", "device", "detail",
    }  # fmt: skip
    assert session.ask("DELETE", "").status == 204
    assert session.ask("GET", "/audit").status == 410


def test_an_administrator_reads_what_was_done_and_of_what_is_private_no_detail(
    session: Session, people: Tokens
) -> None:
    hub = session.hub
    session.save("review")
    unique = session.path.rpartition("/")[2]

    def records() -> dict[str, dict[str, Any]]:
        items = hub.ask("GET", "/api/v1/audit?limit=200").json()["items"]
        return {item["action"]: item for item in items if item["session"] == unique}

    private = records()
    assert private.keys() == {"session.create", "session.step"}
    for record in private.values():
        assert (record["actor"], record["detail"]) == ("alex", None)
        assert record["address"] == "127.0.0.1"
    session.ask("PUT", "/share", {"scope": "org"})
    assert records()["session.create"]["detail"] == {"step": "scan", "cluster": "kind-atk"}
    session.ask("PUT", "/share", {"scope": "personal"})
    session.ask("DELETE", "?logs=delete")
    deleted = records()
    assert deleted["session.delete"]["actor"] == "alex"
    assert deleted["session.create"]["detail"] is None
    assert "kind-atk" not in str(list(deleted.values()))


def test_the_trail_of_an_organization_is_for_its_administrators(
    session: Session, people: Tokens
) -> None:
    hub = session.hub
    for token in (people.alex, people.sam, people.kim):
        refused = hub.ask("GET", "/api/v1/audit", None, token)
        assert (refused.status, refused.json()["type"]) == (403, "/problems/forbidden")
    assert hub.ask("GET", "/api/v1/audit", None, "").status == 401
    # of another organization: theirs alone
    items = hub.ask("GET", "/api/v1/audit?limit=200", None, people.eve).json()["items"]
    assert items
    assert {item["session"] for item in items} == {None}


def test_the_trail_is_read_a_page_at_a_time(session: Session, people: Tokens) -> None:
    for number in range(5):
        session.save("review" if number % 2 else "apply")
    every = session.ask("GET", "/audit").json()["items"]
    assert len(every) == 6
    ids, query = [], "?limit=4"
    while query:
        page = session.ask("GET", f"/audit{query}")
        ids += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next_cursor"]
        assert (f"cursor={cursor}" in page.headers.get("link", "")) == bool(cursor)
        query = f"?limit=2&cursor={cursor}" if cursor else ""
    assert ids == [item["id"] for item in every]


def test_the_trail_since_a_time(session: Session) -> None:
    session.save("review")
    session.hub.advance(10)
    session.save("apply")
    newest, older, *_ = session.ask("GET", "/audit").json()["items"]

    def since(text: str) -> list[str]:
        items = session.ask("GET", f"/audit?since={text}").json()["items"]
        return [item["id"] for item in items]

    assert since(newest["at"]) == [newest["id"]]
    assert since(older["at"])[:2] == [newest["id"], older["id"]]
    assert since("2100-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "since=yesterday", "cursor=x", "cursor=W10", "user=alex"],
)
def test_a_trail_that_cannot_be_asked_for(session: Session, query: str) -> None:
    for path in (f"{session.path}/audit", "/api/v1/audit"):
        token = session.token if path.startswith(SESSIONS) else session.hub.token
        refused = session.hub.ask("GET", f"{path}?{query}", None, token)
        assert (refused.status, refused.json()["type"]) == (400, "/problems/invalid-request")


def test_a_cursor_belongs_to_its_list(session: Session) -> None:
    session.save("review")
    cursor = session.ask("GET", "/audit?limit=1").json()["next_cursor"]
    refused = session.ask("GET", f"/audit?limit=1&since=2020-01-01T00:00:00Z&cursor={cursor}")
    assert refused.status == 400
