"""A session is resumed: what it depends on is checked, and what no longer holds is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.test_leaving import TITLES
from tui.world import World

Change = Callable[[World], None]


class Broken(NamedTuple):
    """What changes behind the session's back, how it is shown, and where the import goes on."""

    change: Change
    shown: str
    step: str
    saved: dict[str, Any] | None = None


def scenario(**keys: Any) -> Change:
    return lambda world: world.scenario(**{**prepared.FINE, **keys})


def without_worker_deployment(world: World) -> None:
    world.server.objects = [
        each for each in world.server.objects if each["metadata"]["name"] != "payment-worker"
    ]


def given_to_helm(world: World) -> None:
    without_worker_deployment(world)
    world.server.objects.append(make_workload("payment-prod", "payment-worker", owner="Helm"))


def without(kind: str, slug: str) -> Change:
    """Somebody deletes it in ConfigHub."""

    return lambda world: prepared.delete(world, kind, slug)


def nothing(world: World) -> None:
    pass


def hub_facts(**changes: str) -> dict[str, Any]:
    facts = {"user": "user@example.com", "org": "acme-corp", "org_id": "org_01DEMO"}
    return {
        "confighub": {**facts, "units_created": prepared.UNITS, "worker_slug": "dev", **changes}
    }


BROKEN = {
    "workload gone": Broken(
        without_worker_deployment, "✗ gone +Deployment payment-prod/payment-worker", "review"
    ),
    "owner changed": Broken(
        given_to_helm,
        r"! changed +Deployment payment-prod/payment-worker belongs to\W+Helm now, not Flux",
        "review",
    ),
    "other user": Broken(
        scenario(user="you@example.com"),
        r"! changed +user: you@example.com now, not\W+user@example.com",
        "connect",
    ),
    "other org": Broken(
        nothing,
        "! changed +organization: acme-corp now, not old-corp",
        "connect",
        hub_facts(org="old-corp", org_id="org_00OLD"),
    ),
    "other server": Broken(
        nothing,
        "! changed +server: https://hub.confighub.com now, not\\W+https://old",
        "connect",
        hub_facts(server="https://old"),
    ),
    "login expired": Broken(scenario(login="expired"), "✗ gone +login: .*cub", "connect"),
    "App Space gone": Broken(
        without("space", "payment-team"), "✗ gone +App Space payment-team", "connect"
    ),
    "Unit gone": Broken(
        without("unit", "payment-worker"), "✗ gone +Unit payment-worker", "connect"
    ),
    "worker gone": Broken(without("worker", "dev"), "✗ gone +worker dev", "worker_connecting"),
    "worker cut off": Broken(
        scenario(conditions=[[0, "Unresponsive"]]),
        "! changed +worker dev is Unresponsive",
        "worker_connecting",
    ),
    "targets gone": Broken(scenario(targets=[]), "✗ gone +target for kind-atk", "targets_waiting"),
    "targets of another": Broken(
        scenario(targets=[prepared.target("kind-other")]),
        "✗ gone +target for kind-atk",
        "targets_waiting",
    ),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_what_no_longer_holds_is_shown_and_the_import_continues_where_it_broke(
    world: World, case: Broken
) -> None:
    prepared.fill(world)
    prepared.save(world, "verify", **(case.saved or {}))
    case.change(world)
    before = prepared.snapshots(world)
    if case.step == "worker_connecting":
        # the one that is started stays what it is, so that there is time to look
        world.scenario(conditions=[[0, "Unresponsive"]])

    with world.map_import("--resume") as screen:
        screen.wait("─ SINCE YOU LEFT ─")
        screen.wait(case.shown)
        screen.wait("✓ ok +cluster kind-atk")
        label = TITLES[case.step].partition(r" \(")[0]
        screen.wait(f"Resumes at: {label}")
        assert prepared.snapshots(world) == before

        screen.press("enter")
        screen.wait(TITLES[case.step])
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["step"] == case.step
    assert world.scans == 0


def test_a_complete_import_of_which_something_is_gone_is_not_called_complete(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete")
    without("unit", "payment-worker")(world)

    with world.map_import() as screen:
        screen.wait("✗ gone +Unit payment-worker")
        screen.wait(r"! changed +1 of 2 Units")
        screen.wait(r"●●●●○○○  Import: Connect to ConfigHub \(step 4 of 7\)")
        assert "Tab:" not in screen.text()
        screen.press("q")
        assert screen.finish() == 0
    assert world.state["step"] == "complete"


def unanswered_hub(world: World) -> None:
    said = "Failed: dial tcp 10.0.0.1:443: connect: connection refused"
    fault = {"match": ["space", "list"], "do": "fail", "stderr": said}
    world.scenario(**prepared.FINE, faults=[fault])


def unanswered_cluster(world: World) -> None:
    world.server.faults["/api"] = 500


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (unanswered_hub, r"\? unknown +App Space payment-team: .*"),
        (unanswered_cluster, r"\? unknown +cluster kind-atk: "),
    ],
)
def test_what_cannot_be_asked_is_unknown_and_sets_nothing_back(
    world: World, change: Change, shown: str
) -> None:
    prepared.fill(world)
    prepared.save(world)
    change(world)
    before = prepared.snapshots(world)

    with world.map_import("--resume") as screen:
        screen.wait(shown)
        screen.wait("Resumes at: Verify import")
        screen.press("q")
        assert screen.finish() == 0

    assert prepared.snapshots(world) == before


def test_the_first_of_several_broken_things_is_where_it_continues(world: World) -> None:
    prepared.fill(world)
    prepared.save(world)
    without("worker", "dev")(world)
    world.scenario(targets=[], login="ok")
    without("unit", "payment-api")(world)

    answer = world.run("--resume", "--yes", env={"CONFIGHUB_WAIT_SECONDS": "0"})

    told = answer.stdout.decode()
    for line in ("gone: Unit payment-api", "gone: worker dev", "gone: target for kind-atk"):
        assert f" verify: {line}\n" in told
    assert " connect: Unit payment-api created\n" in told
    assert world.created() == ["payment-api"]


def test_a_session_that_holds_is_resumed_without_a_word(world: World) -> None:
    prepared.fill(world)
    prepared.save(world)

    with world.map_import("--resume") as screen:
        screen.wait("Complete — 2 units imported")
        assert b"SINCE YOU LEFT" not in screen.raw
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["step"] == "complete"
    assert world.created() == []
    assert world.calls("worker", "run") == []


def test_going_on_after_a_workload_went_imports_the_others(world: World) -> None:
    prepared.fill(world, "payment-api")
    prepared.save(world, "connect")
    without_worker_deployment(world)

    answer = world.run("--resume", "--yes")

    assert answer.code == 0, answer
    assert "gone: Deployment payment-prod/payment-worker" in answer.stdout.decode()
    assert [each["name"] for each in world.state["selections"]["selected_workloads"]] == [
        "payment-api"
    ]
    assert world.created() == []


def test_q_while_drift_is_checked_leaves_everything_as_it_was(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    world.server.faults["/api/v1/namespaces"] = "hang"

    with world.map_import("--resume") as screen:
        screen.wait("Checking the cluster and ConfigHub")
        screen.press("q")
        assert screen.finish() == 0

    assert prepared.snapshots(world) == before


def test_a_complete_import_is_shown_as_long_as_it_holds(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete")
    before = prepared.snapshots(world)

    with world.map_import() as screen:
        screen.wait("✓ Complete")
        screen.press("q")
        assert screen.finish() == 0

    assert prepared.snapshots(world) == before


def test_a_complete_import_of_which_something_is_gone_continues_there(world: World) -> None:
    prepared.fill(world, "payment-api")
    prepared.save(world, "complete")
    with world.map_import() as screen:
        screen.wait("✗ gone +Unit payment-worker")
        screen.wait(r"\[Enter\] Continue    \[N\] New session    \[Q\] Quit")
        screen.press("q")
        assert screen.finish() == 0
    assert world.state["step"] == "complete"

    answer = world.run("--resume", "--yes")

    assert answer.code == 0, answer
    assert world.created() == ["payment-worker"]
    assert world.state["step"] == "complete"


def test_what_is_gone_of_a_complete_import_is_reported_once(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete")
    without_worker_deployment(world)
    with world.map_import() as screen:
        screen.wait("SINCE YOU LEFT")
        screen.wait(r"\[N\] New session")
        screen.press("enter")
        screen.wait("1 chosen, 1 of 1 shown")
        shown = screen.raw.decode().replace("SESSION", "").count("SINCE YOU LEFT")
        assert shown == 1
        screen.press("q")
        assert screen.finish() == 0


def test_a_complete_import_is_refused_by_another_cluster(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete", cluster_uid="another")

    answer = world.run("--resume", "--yes")

    assert answer.code == 6
    assert "belongs to another cluster" in prepared.reason(answer)


def test_a_cluster_that_hides_who_it_is_still_tells_its_workloads(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "verify")
    before = world.state["selections"]
    world.server.faults["/api/v1/namespaces/kube-system"] = 403
    world.server.objects = [
        each for each in world.server.objects if each["metadata"]["name"] != "worker"
    ]

    answer = world.run("--resume", "--yes")

    said = answer.stdout.decode()
    assert "did not answer" not in said
    assert re.search("unknown: cluster kind-atk: .*orbidden", said)
    # told, but nothing is given up where it could be another cluster
    assert world.state["selections"] == before
