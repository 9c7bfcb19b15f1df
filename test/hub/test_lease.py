"""H7: who has a session open, for 90 seconds at a time by the hub's clock."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hub.people import TEAM, People, Session
from hub.running import Response, RunningHub

LEASE_SECONDS = 90


@pytest.fixture(scope="module")
def people(hub: RunningHub) -> People:
    """Olive owns what there is, Tess is in her team, Ada an administrator, Hana somebody else."""
    people = People(hub)
    hub.admin("team", "add", TEAM, "--org", "home")
    people.add("olive", team=TEAM)
    people.add("tess", team=TEAM)
    people.add("ada", "--admin")
    people.add("hana")
    return people


@pytest.fixture
def session(people: People) -> Session:
    """Olive's, which her team may resume."""
    return Session(people, "olive").create().share("team", allow_resume=True)


def take(session: Session, name: str, **wanted: object) -> Response:
    return session.ask(name, "PUT", "/lease", body=wanted)


def taken(session: Session, name: str, **wanted: object) -> str:
    """The token of a lease that is there to be had."""
    answer = take(session, name, **wanted)
    assert answer.status == 200, answer.body
    return str(answer.json()["token"])


def test_h7_a_lease_is_taken_for_90_seconds_and_shown(session: Session) -> None:
    answer = take(session, "olive")
    assert answer.json()["expires_in"] == LEASE_SECONDS
    assert answer.json()["fence"] == 1
    shown = session.ask("tess").json()["lease"]
    assert (shown["user"], shown["device_name"]) == ("olive", "olives-laptop")
    assert 0 < shown["expires_in"] <= LEASE_SECONDS
    assert answer.json()["token"] not in session.ask("tess").body.decode()


def test_h7_a_lease_is_a_devices(hub: RunningHub, people: People, session: Session) -> None:
    answer = hub.ask("PUT", f"{session.path}/lease", {}, people.tokens["olive"][0])
    assert (answer.status, answer.json()["type"]) == (400, "/problems/invalid-request")
    assert "Session-Device" in answer.json()["detail"]


def test_h7_others_wait_and_are_answered_by_whom_and_how_long(session: Session) -> None:
    taken(session, "olive")
    for refused in (take(session, "tess"), session.save("tess", "review")):
        assert refused.status == 423
        assert refused.json()["lease"]["user"] == "olive"
        assert 0 < int(refused.headers["retry-after"]) <= LEASE_SECONDS
    other = session.save("olive", "review", Session_Device=str(uuid4()))
    assert other.status == 423, "her other device, too"
    assert session.ask("olive").json()["step"] == "scan"


def test_h7_a_save_renews_it(hub: RunningHub, session: Session) -> None:
    token = taken(session, "olive")
    for step in ("review", "select"):
        hub.advance(LEASE_SECONDS - 20)
        assert session.save("olive", step, Session_Lease=token).status == 200
    hub.advance(LEASE_SECONDS - 20)
    assert take(session, "tess").status == 423


def test_h7_a_heartbeat_renews_it(hub: RunningHub, session: Session) -> None:
    token = taken(session, "olive")
    for _ in range(2):
        hub.advance(LEASE_SECONDS - 20)
        renewed = session.ask("olive", "PUT", "/lease", Session_Lease=token)
        assert (renewed.status, renewed.json()["token"]) == (200, token)
        assert renewed.json()["fence"] == 1
    hub.advance(LEASE_SECONDS - 20)
    assert take(session, "tess").status == 423


def test_h7_it_ends_by_the_hubs_clock(hub: RunningHub, session: Session) -> None:
    taken(session, "olive")
    hub.advance(LEASE_SECONDS + 1)
    assert session.ask("olive").json()["lease"] is None
    assert session.save("tess", "review").status == 200


def test_h7_one_that_ended_is_renewed_while_nobody_else_took_it(
    hub: RunningHub, session: Session
) -> None:
    """A laptop that slept."""
    token = taken(session, "olive")
    hub.advance(LEASE_SECONDS + 60)
    assert session.save("olive", "review", Session_Lease=token).status == 200
    assert take(session, "tess").status == 423


def test_h7_the_owner_takes_over_at_once_and_the_loser_reads_by_whom(session: Session) -> None:
    late = taken(session, "tess")
    assert take(session, "olive").status == 423, "not unless she says so"
    answer = take(session, "olive", take_over=True)
    assert (answer.status, answer.json()["fence"]) == (200, 2)
    assert "lease.takeover" in session.audited()
    for lost in (
        session.ask("tess", "PUT", "/lease", Session_Lease=late),
        session.save("tess", "review", Session_Lease=late),
    ):
        assert (lost.status, lost.json()["type"]) == (409, "/problems/lease-lost")
        assert lost.json()["lease"]["user"] == "olive"
        assert "olive on olives-laptop" in lost.json()["detail"]


def test_h7_what_was_saved_before_a_takeover_is_kept(session: Session) -> None:
    taken(session, "tess")
    taken(session, "olive", take_over=True)
    kept = session.ask("olive", rest="/versions").json()["items"]
    assert [(each["version"], each["reason"]) for each in kept] == [(1, "taken over")]


def test_h7_a_teammate_takes_over_only_what_has_ended(hub: RunningHub, session: Session) -> None:
    taken(session, "olive")
    assert take(session, "tess", take_over=True, reason="she is out").status == 423
    hub.advance(LEASE_SECONDS + 1)
    assert take(session, "tess").status == 200


def test_h7_a_teammate_without_the_right_takes_nothing(people: People) -> None:
    session = Session(people, "olive").create().share("team")
    assert take(session, "tess").status == 403
    assert session.save("tess", "review").status == 403


def test_h7_an_administrator_gives_a_reason(session: Session) -> None:
    assert take(session, "ada", take_over=True, reason="stuck").status == 404, "of a team"
    session.share("org")
    taken(session, "olive")
    assert take(session, "ada").status == 423
    refused = take(session, "ada", take_over=True)
    assert refused.status == 400
    assert "reason" in refused.json()["detail"]
    assert take(session, "ada", take_over=True, reason="stuck").status == 200
    assert session.audited()[-1] == "lease.takeover"


def test_h7_a_late_save_is_fenced_though_it_knows_the_version(
    hub: RunningHub, session: Session
) -> None:
    """Nobody has saved since: its If-Match is right."""
    late = taken(session, "olive")
    hub.advance(LEASE_SECONDS + 1)
    token = taken(session, "tess")
    answer = session.save("olive", "review", Session_Lease=late)
    assert (answer.status, answer.json()["type"]) == (409, "/problems/lease-lost")
    assert session.ask("tess", "DELETE", "/lease", Session_Lease=token).status == 204
    assert session.save("olive", "review", Session_Lease=late).status == 409, "also when released"
    assert session.ask("olive").json()["version"] == 1


def test_h7_one_that_is_given_back_is_free(session: Session) -> None:
    token = taken(session, "olive")
    for _ in range(2):
        assert session.ask("olive", "DELETE", "/lease", Session_Lease=token).status == 204
    assert session.ask("olive").json()["lease"] is None
    assert take(session, "tess").status == 200


def test_h7_who_lost_it_cannot_give_it_back(session: Session) -> None:
    late = taken(session, "tess")
    taken(session, "olive", take_over=True)
    assert session.ask("tess", "DELETE", "/lease", Session_Lease=late).status == 204
    assert session.ask("tess", "DELETE", "/lease").status == 204
    assert session.ask("tess").json()["lease"]["user"] == "olive"


@pytest.mark.parametrize("token", ["1.wrong", "2.", "x", "-1.x", "1" * 5000])
def test_h7_a_token_that_was_never_given_is_none(session: Session, token: str) -> None:
    taken(session, "olive")
    assert session.save("olive", "review", Session_Lease=token).status == 409
    assert session.ask("olive", "PUT", "/lease", Session_Lease=token).status == 409


def test_h7_a_script_beside_the_program_saves_and_one_alone_holds_none(session: Session) -> None:
    assert session.save("olive", "review").status == 200
    assert session.ask("olive").json()["lease"] is None
    taken(session, "olive")
    assert session.save("olive", "select").status == 200, "the same device"


def test_h7_to_overwrite_is_to_take_over(session: Session) -> None:
    assert session.save("tess", "review", If_Match="*").status == 403
    assert session.save("olive", "review", If_Match="*").status == 200


def test_h2_a_deletion_obeys_the_lease(session: Session) -> None:
    taken(session, "tess")
    assert session.ask("olive", "DELETE").status == 423
    assert session.ask("olive", "DELETE", "?take_over=true").status == 204
    assert session.ask("tess").status == 410


def test_h7_an_accepted_handoff_ends_the_givers_lease(people: People) -> None:
    session = Session(people, "olive").create().offer("hana")
    token = taken(session, "olive")
    accepted = session.ask("hana", "POST", "/handoff/accept")
    assert (accepted.status, accepted.json()["owner"]["name"]) == (200, "hana")
    assert accepted.json()["lease"] is None
    for refused in (
        session.save("olive", "review", Session_Lease=token),
        session.ask("olive", "PUT", "/lease", Session_Lease=token),
        session.ask("olive"),
        session.ask("olive", "DELETE"),
    ):
        assert (refused.status, refused.json()["type"]) == (403, "/problems/handed-over")
        assert (refused.json()["to"], refused.json()["at"][:2]) == ("hana", "20")
    mine = take(session, "hana")
    assert (mine.status, mine.json()["fence"]) == (200, 3), "raised by the handoff, and now"


def test_h7_who_gave_it_away_learns_to_whom_and_not_whose_it_is_now(people: People) -> None:
    session = Session(people, "olive").create()
    for giver, taker in (("olive", "hana"), ("hana", "tess"), ("tess", "olive")):
        session.owner = giver
        session.offer(taker)
        assert session.ask(taker, "POST", "/handoff/accept").status == 200
    for giver, taker in (("hana", "tess"), ("tess", "olive")):
        told = session.ask(giver).json()
        assert told["to"] == taker
        assert f"to {taker} on {told['at'][:10]}" in told["detail"]
        assert "theirs now" not in told["detail"]
    assert session.ask("olive").status == 200


def test_h7_an_offer_ends_after_three_days(hub: RunningHub, people: People) -> None:
    session = Session(people, "olive").create().offer("hana")
    hub.advance(72 * 3600 + 1)
    assert session.ask("hana").status == 404
    assert session.ask("hana", "POST", "/handoff/accept").status == 404


def test_h7_a_clock_that_is_set_back_makes_no_lease_longer(
    hub: RunningHub, session: Session
) -> None:
    taken(session, "olive")
    hub.advance(-3600)
    try:
        assert take(session, "tess").status == 200
    finally:
        hub.advance(3600)
