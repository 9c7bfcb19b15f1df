"""How long the hub keeps things, by its own clock."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub.people import TEAM, People, Session
from hub.running import SESSIONS, RunningHub, free_port, state
from waiting import eventually

from session_hub.retention import Watch

DAY = 24 * 60 * 60.0
ONE, TWO = (f'{n * 8}-0000-4000-8000-{n * 12}; name="x"' for n in "12")


def rows(hub: RunningHub, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What stands in the store."""
    connection = sqlite3.connect(f"file:{hub.folder}/hub.sqlite?mode=ro", uri=True)
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


def count(hub: RunningHub, table: str) -> int:
    return int(rows(hub, f"select count(*) from {table}")[0][0])


def purged(hub: RunningHub, kind: str) -> list[int]:
    """The counts that were recorded, oldest first."""
    details = [
        json.loads(row[0])
        for row in rows(
            hub, "select detail from audit where action = 'retention.purge' order by audit_id"
        )
    ]
    return [detail[kind] for detail in details if kind in detail]


def went_through_at(hub: RunningHub) -> float:
    """When retention last went through to its end, by the hub's clock."""
    with urllib.request.urlopen(f"http://{hub.arguments[1]}/metrics", timeout=30) as answer:
        found = re.search(
            r"^session_hub_retention_timestamp_seconds (.*)$", answer.read().decode(), re.MULTILINE
        )
    assert found
    return float(found[1])


def let_pass(hub: RunningHub, days: float) -> None:
    """Time in which other hubs ran on the store of this one, which is stopped."""
    insert(hub, "update meta set value = value + ? where key = 'retention_seen_at'", days * DAY)
    hub.advance(days * DAY)


def advance(hub: RunningHub, days: float) -> None:
    """Lets time pass, and waits until retention has seen it."""
    eventually(lambda: went_through_at(hub))
    hub.stop()
    let_pass(hub, days)
    hub.start()
    eventually(lambda: went_through_at(hub))


def pass_days(hub: RunningHub, days: float) -> None:
    """Moves the clock, and makes a token that is not too old."""
    advance(hub, days)
    hub.token = hub.admin(
        "token", "add", rows(hub, "select name from users")[0][0], "--org", "home"
    )["token"]


def insert(hub: RunningHub, statement: str, *parameters: object) -> None:
    """Writes into the store of a hub that is stopped."""
    connection = sqlite3.connect(hub.folder / "hub.sqlite")
    with connection:
        connection.execute(statement, parameters)
    connection.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[RunningHub]:
    """A hub."""
    place = f"127.0.0.1:{free_port()}"
    hub = RunningHub(tmp_path / "store", arguments=("--metrics", place)).start()
    yield hub
    hub.stop()


def test_each_thing_is_kept_as_long_as_it_is_said(kept: RunningHub) -> None:
    paths = {}
    for month, name in enumerate(("complete", "idle", "alive", "deleted"), 1):
        step = "complete" if name == "complete" else "scan"
        document = state(step, created_at=f"2026-{month:02}-01T00:00:00Z")
        paths[name] = kept.save(document, Session_Device=ONE).headers["location"]
    assert kept.ask("DELETE", paths["deleted"]).status == 204
    etag = kept.ask("GET", paths["alive"]).headers["etag"]
    document = state("review", created_at="2026-03-01T00:00:00Z")
    assert kept.save(document, Session_Device=TWO, If_Match=etag).status == 200
    assert (
        count(kept, "versions")
        == 1 + rows(kept, "select count(*) from versions where reason = 'complete'")[0][0]
    )

    pass_days(kept, 14.1)
    assert count(kept, "versions") == 0
    assert count(kept, "sessions") == 3

    pass_days(kept, 60)
    etag = kept.ask("GET", paths["alive"]).headers["etag"]
    document = state("select", created_at="2026-03-01T00:00:00Z")
    assert kept.save(document, Session_Device=TWO, If_Match=etag).status == 200
    assert count(kept, "sessions") == 3

    pass_days(kept, 16)
    assert count(kept, "sessions") == 1
    # missing, not deleted: no client may take its copy away
    assert kept.ask("GET", paths["idle"]).status == 404
    assert kept.ask("GET", paths["complete"]).status == 404
    assert kept.ask("GET", paths["alive"]).status == 200
    assert count(kept, "tombstones") == 1
    assert kept.ask("GET", paths["deleted"]).status == 410
    assert sum(purged(kept, "sessions")) == 2

    # and whoever still has it can bring it back
    unique = paths["idle"].rpartition("/")[2]
    assert kept.save(state(created_at="2026-02-01T00:00:00Z", id=unique)).status == 201

    pass_days(kept, 309)
    assert kept.ask("GET", paths["deleted"]).status == 410
    first = rows(kept, "select min(at) from audit")[0][0]

    pass_days(kept, 2)
    assert count(kept, "tombstones") == 0
    assert kept.ask("GET", paths["deleted"]).status == 404
    assert rows(kept, "select min(at) from audit")[0][0] > first
    assert purged(kept, "tombstones") == [1]


def test_logs_outlive_their_session_and_end_after_a_year(kept: RunningHub) -> None:
    created = kept.save(state()).json()
    org = rows(kept, "select id from organizations")[0][0]
    kept.stop()
    at = rows(kept, "select created_at from sessions")[0][0]
    insert(
        kept,
        "insert into logs values ('l', ?, ?, 'u', 'd', 'import.log', 3, 1, null, ?, ?)",
        *(org, created["id"], at, at),
    )
    insert(kept, "insert into log_pieces values ('l', 0, 3, x'414243')")
    kept.start()

    advance(kept, 364)
    assert count(kept, "sessions") == 0
    assert (count(kept, "logs"), count(kept, "log_pieces")) == (1, 1)

    advance(kept, 1.1)
    assert (count(kept, "logs"), count(kept, "log_pieces")) == (0, 0)
    assert purged(kept, "logs") == [1]


def test_p5_what_is_left_of_a_session_is_its_last_owners(kept: RunningHub) -> None:
    """Its logs and its audit are kept; whoever knows its id does not get at them with a new one."""
    kept.admin("org", "add", "elsewhere")
    kept.admin("team", "add", TEAM, "--org", "home")
    people = People(kept)
    for name in ("giver", "owner", "teammate"):
        people.add(name, team=TEAM)
    session = Session(people, "giver").create().offer("owner")
    session.ask("giver", "PUT", "/logs/import.log", body=b"secret\n")
    assert session.ask("owner", "POST", "/handoff/accept").status == 200
    session.owner = "owner"
    session.share("team", allow_resume=True)

    pass_days(kept, 91)
    for name in ("giver", "owner", "teammate"):
        people.add(name)
    people.add("stranger", "--admin", org="elsewhere")
    for name in ("stranger", "giver", "teammate"):
        offered = people.ask(name, "POST", SESSIONS, session.document("scan"))
        assert (offered.status, offered.json()["type"]) == (404, "/problems/not-found"), name
        assert session.ask(name, rest="/logs/import.log").status == 404
    assert people.ask("owner", "POST", SESSIONS, session.document("scan")).status == 201
    assert session.ask("owner", rest="/logs/import.log").body == b"secret\n"

    # the last owner is another one now
    session.offer("teammate")
    assert session.ask("teammate", "POST", "/handoff/accept").status == 200
    pass_days(kept, 91)
    for name in ("owner", "teammate"):
        people.add(name)
    assert people.ask("owner", "POST", SESSIONS, session.document("scan")).status == 404
    assert people.ask("teammate", "POST", SESSIONS, session.document("scan")).status == 201
    assert session.ask("teammate", "DELETE").status == 204

    # nothing is left: the id is as free as any other
    pass_days(kept, 401)
    people.add("stranger", org="elsewhere")
    assert count(kept, "former_sessions") == 0
    assert people.ask("stranger", "POST", SESSIONS, session.document("scan")).status == 201
    assert session.ask("stranger", rest="/logs").json()["items"] == []
    actions = [item["action"] for item in session.ask("stranger", rest="/audit").json()["items"]]
    assert actions == ["session.create"]


def test_logins_links_and_browser_sessions_end_with_their_time(kept: RunningHub) -> None:
    user, org = rows(kept, "select user_id, org_id from members")[0]
    kept.stop()
    at = rows(kept, "select created_at from users")[0][0]
    insert(
        kept,
        "insert into browser_sessions values ('new', ?, ?, null, ?, ?, ?)",
        user,
        org,
        at,
        at + 5 * DAY,
        at + 7 * DAY,
    )
    insert(
        kept,
        "insert into browser_sessions values ('idle', ?, ?, null, ?, ?, ?)",
        user,
        org,
        at,
        at,
        at + 7 * DAY,
    )
    insert(kept, "insert into sign_in_links values ('old', ?, ?, null, ?)", user, org, at + 60)
    insert(kept, "insert into sign_in_links values ('new', ?, ?, null, ?)", user, org, at + 7 * DAY)
    insert(
        kept,
        "insert into device_logins values ('h', 'c', 'd', 'a', 'pending', null, null, null, 5, ?)",
        at + 600,
    )
    # at the start, too
    kept.advance(DAY)
    kept.start()

    eventually(lambda: went_through_at(kept))

    assert count(kept, "device_logins") == 0
    assert rows(kept, "select hash from browser_sessions") == [("new",)]
    assert rows(kept, "select hash from sign_in_links") == [("new",)]


def test_a_session_that_somebody_has_open_stays(kept: RunningHub) -> None:
    path = kept.save(state()).headers["location"]
    kept.save(state(created_at="2026-02-01T00:00:00Z"))
    pass_days(kept, 90 - 60 / DAY)
    assert kept.ask("PUT", f"{path}/lease", {}, Session_Device=ONE).status == 200

    # it is old now, and the lease has a while left; then a run is due
    kept.advance(70)
    kept.stop()
    kept.start()
    eventually(lambda: went_through_at(kept))
    assert [row[0] for row in rows(kept, "select id from sessions")] == [path.rpartition("/")[2]]

    advance(kept, 2 / 24)
    assert count(kept, "sessions") == 0


def test_a_session_that_is_offered_stays_and_so_does_one_that_was_accepted(
    kept: RunningHub,
) -> None:
    """An offer that has ended keeps nothing; who accepts one has 90 days to save it."""
    people = People(kept)
    people.add("alex")
    accepted, expired = (Session(people, "alex").create() for _ in range(2))
    pass_days(kept, 89.9)
    people.add("alex")
    people.add("sam")
    accepted.offer("sam")
    expired.offer("sam")
    advance(kept, 0.2)
    assert accepted.ask("sam", "POST", "/handoff/accept").status == 200
    assert expired.ask("sam").status == 200
    advance(kept, 2.9)
    assert rows(kept, "select id from sessions") == [(accepted.unique,)]
    advance(kept, 87.2)
    assert count(kept, "sessions") == 0


def test_many_old_sessions_are_removed_a_hundred_at_a_time(kept: RunningHub) -> None:
    """A save waits for one such batch at most."""
    kept.save(state())
    kept.stop()
    connection = sqlite3.connect(kept.folder / "hub.sqlite")
    columns = [row[1] for row in connection.execute("pragma table_info(sessions)")]
    others = ", ".join(name for name in columns if name != "id")
    with connection:
        connection.execute(
            f"insert into sessions (id, {others})"
            " with recursive n(i) as (select 1 union all select i + 1 from n where i < 1200)"
            f" select printf('%08x-0000-7000-8000-000000000000', i), {others} from n, sessions"
        )
    connection.close()
    let_pass(kept, 91)
    kept.start()
    eventually(lambda: count(kept, "sessions") == 0, lambda: count(kept, "sessions"))
    counts = purged(kept, "sessions")
    assert sum(counts) == 1201
    assert max(counts) == 100


def warnings(hub: RunningHub) -> list[str]:
    lines = [json.loads(line) for line in hub.log.read_text().splitlines()]
    return [line["message"] for line in lines if line["level"] == "warning"]


def save_twice(hub: RunningHub) -> None:
    """A session, and an earlier version of it."""
    etag = hub.save(state(), Session_Device=ONE).headers["etag"]
    hub.save(state("complete"), Session_Device=TWO, If_Match=etag)
    assert count(hub, "sessions") == 1
    assert count(hub, "versions") > 0


def test_a_clock_that_jumps_ahead_removes_nothing(kept: RunningHub) -> None:
    """Neither while the hub runs nor at its next start."""
    save_twice(kept)
    eventually(lambda: went_through_at(kept))
    kept.advance(200 * DAY)
    eventually(lambda: len(warnings(kept)) == 1)
    kept.stop()
    kept.start()
    eventually(lambda: len(warnings(kept)) == 2)
    first, second = warnings(kept)
    assert "moved ahead by 200 days" in first
    assert "removes nothing until the hub has run for another 24 hours" in second
    assert count(kept, "sessions") == 1
    assert count(kept, "versions") > 0


def test_a_hub_that_was_stopped_for_a_month_removes_at_once(kept: RunningHub) -> None:
    save_twice(kept)
    eventually(lambda: went_through_at(kept))
    kept.stop()
    kept.advance(29 * DAY)
    kept.start()
    eventually(lambda: count(kept, "versions") == 0)
    assert warnings(kept) == []


def test_a_time_is_believed_after_a_day_without_a_jump() -> None:
    watch = Watch(1000 * DAY, 0.0, 5.0)
    # the hub was stopped for 30 days, then runs, and is set by an hour
    assert watch.find_jump(1030 * DAY, 5.0) is None
    assert watch.find_jump(1030.5 * DAY, 5.0 + 0.45 * DAY) is None
    assert not watch.doubt
    assert watch.find_jump(1032.5 * DAY, 5.0 + DAY) == pytest.approx(1.45 * DAY)
    assert watch.find_jump(1033.4 * DAY, 5.0 + 1.9 * DAY) is None
    assert watch.doubt == pytest.approx(0.1 * DAY)
    # another jump, and one back
    assert watch.find_jump(1200 * DAY, 5.0 + 1.9 * DAY) is not None
    assert watch.find_jump(1033 * DAY, 5.0 + 2.8 * DAY) is None
    assert watch.doubt
    assert watch.find_jump(1034 * DAY, 5.0 + 3 * DAY) is None
    assert not watch.doubt


def test_a_hub_that_runs_by_day_believes_after_some_days() -> None:
    """Ten hours a day, after a stop of 31 days: its doubt is kept from one start to the next."""
    watch = Watch(1000 * DAY, 0.0, 5.0)
    watch.find_jump(1031 * DAY, 5.0)
    days = 0
    while watch.doubt:
        days += 1
        watch = Watch(watch.seen_at, watch.doubt, 5.0)
        watch.find_jump((1031 + days) * DAY, 5.0)
        watch.find_jump((1031 + days) * DAY + 10 * 3600, 5.0 + 10 * 3600)
    assert days == 3
