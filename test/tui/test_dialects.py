"""Whatever cub and kubectl say or do not say: an import ends well, or with the reason why not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.prepared import reason
from tui.world import World

EXPIRED = "Failed: HTTP 401 for req abc: authentication problem. Try logging in (again)"
REFUSED = "Failed: HTTP 422 for req abc: the manifest has no apiVersion"
HELP = "Usage:\n  cub unit [command]"
SHORT = {"CONFIGHUB_CALL_SECONDS": "1.5", "CONFIGHUB_WAIT_SECONDS": "1"}


def fault(*match: str, do: str = "fail", **more: Any) -> dict[str, Any]:
    return {"match": list(match), "do": do, **more}


def failing(world: World, *faults: dict[str, Any]) -> None:
    world.scenario(**prepared.FINE, faults=list(faults))


@pytest.mark.parametrize("dialect", ["old", "august", "both", "new", "newest"])
def test_an_import_is_played_with_each_dialect_of_cub(world: World, dialect: str) -> None:
    world.scenario(**prepared.FINE, dialect=dialect)
    world.server.objects = [make_workload("order-prod", name) for name in ("api", "worker")]

    answer = world.run("--yes", "-n", "order-prod", "--app-space", "order-team")

    assert (answer.code, answer.stderr) == (0, "")
    units = ["api", "worker"]
    assert world.state["step"] == "complete"
    assert world.state["confighub"]["units_created"] == units
    assert world.created() == units
    listings = [argv for argv in world.calls("unit", "list") if "--json" in argv]
    assert bool(listings) == (dialect in ("old", "august"))
    [targeted] = re.findall(r"--unit (\S+)", answer.stdout.decode())
    assert targeted.split(",") == units
    # other tests begin where an import has ended: they prepare this
    left = prepared.known(world, "order-team")
    uid = world.server.uid
    prepared.imported(world, "order-team", {unit: (uid, f"order-prod/{unit}") for unit in units})
    assert prepared.known(world, "order-team") == left


def test_a_cub_that_does_not_know_a_flag_or_is_slow_is_no_failure(world: World) -> None:
    unknown = (
        "Error: unknown shorthand flag: 'o' in -o\nUsage:\n  cub context get [flags]\n\n"
        "Flags:\n  --token string   authentication token"
    )
    prepared.fill(world)
    prepared.save(world, "connect")
    # how it is used is no failed login; asked in either dialect, then for text; when the session is
    # looked at, and at its step
    faults = [fault("context", "get", nth=nth, stderr=unknown) for nth in (1, 2, 4, 5)]
    slow = fault("unit", "list", do="slow", seconds=1.2)
    world.scenario(**prepared.FINE, faults=[*faults, slow])

    answer = world.run("--resume", "--yes", env={"CONFIGHUB_CALL_SECONDS": "20"})

    assert (answer.code, answer.stderr) == (0, "")
    assert "ok: login user@example.com" in answer.stdout.decode()


HINT = "A newer version of cub is available: v9"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (EXPIRED, "log in with 'cub auth login'"),
        ("Failed: HTTP 403 for req abc: no", "ask an admin"),
        ("Failed: HTTP 503 for req abc: no", "check the network"),
    ],
)
def test_hints_around_a_failure_hide_nothing_of_it(world: World, said: str, advice: str) -> None:
    prepared.save(world, "connect")
    failing(world, fault("space", "list", stderr=f"{HINT}\n{said}\n{HINT}"))

    answer = world.run("--resume", "--yes")

    assert answer.code == 8
    assert said.partition(" for req")[0] in reason(answer)
    assert advice in reason(answer)
    assert f"cub space list: {HINT}" in world.newest_log()
    assert f"cub space list: {said}" in world.newest_log()


def test_what_cub_says_beside_no_answer_is_in_the_log(world: World) -> None:
    prepared.save(world, "connect")
    failing(world, fault("space", "list", do="text", text="502 Bad Gateway\nlater"))

    answer = world.run("--resume", "--yes")

    assert "text (502 Bad Gateway) instead of JSON" in reason(answer)
    assert "cub space list: later" in world.newest_log()


# what cub says instead of an answer

RESUMED_AT = {
    ("space", "list"): "connect",
    ("worker", "list"): "worker_connecting",
    ("target", "list"): "targets_waiting",
    ("unit", "list"): "verify",
}


@pytest.mark.parametrize("call", RESUMED_AT, ids=" ".join)
def test_text_where_json_is_expected_is_a_failure_and_never_an_empty_list(
    world: World, call: tuple[str, str]
) -> None:
    # a verb that was removed prints its help, and ends well
    is_help = call == ("unit", "list")
    text, what = (
        (HELP, "its help") if is_help else ("Name  Condition\ndev  Ready", "text (Name  Condition)")
    )
    prepared.fill(world)
    prepared.save(world, RESUMED_AT[call])
    failing(world, fault(*call, do="text", text=text))

    answer = world.run("--resume", "--yes", env=SHORT)

    assert answer.code in (8, 9)
    assert f"'cub {' '.join(call)}' printed {what} instead of JSON" in (
        answer.stderr + answer.stdout.decode()
    )
    assert world.state["step"] == RESUMED_AT[call]
    assert world.created() == []


# creating


def test_a_cub_that_hangs_or_is_no_more_logged_in_ends_it_and_keeps_what_was_created(
    world: World,
) -> None:
    prepared.fill(world, "unrelated")
    prepared.save(world, "connect")

    failing(world, fault("unit", "create", nth=2, do="hang"))
    hangs = world.run("--resume", "--yes", env=SHORT)
    assert hangs.code in (8, 9)
    assert "'cub unit create' timed out after 1.5 s" in reason(hangs)
    assert world.state["confighub"]["units_created"] == prepared.UNITS[:1]

    failing(world, fault("unit", "create", nth=3, stderr=EXPIRED))
    expired = world.run("--resume", "--yes")
    assert expired.code == 8
    assert "log in with 'cub auth login', then try again" in reason(expired)
    assert EXPIRED in reason(expired)
    assert world.state["step"] == "connect"
    facts = world.state["confighub"]
    assert facts["units_created"] == prepared.UNITS[:1]
    assert facts["units_pending"] == prepared.UNITS[1:]

    failing(world)
    assert world.run("--resume", "--yes").code == 0
    assert world.created() == [prepared.UNITS[0], *[prepared.UNITS[1]] * 3]
    assert world.state["confighub"]["units_created"] == prepared.UNITS


def test_units_that_were_created_unseen_are_found_and_not_created_twice(world: World) -> None:
    prepared.fill(world, "payment-api")
    prepared.save(world, "connect")
    # by somebody, after the list that is asked for before creating; by us, without an answer
    theirs = fault("unit", "list", nth=3, do="text", text="[]")
    ours = fault("unit", "create", nth=2, do="text-after", text="Successfully created unit")
    failing(world, theirs, ours)

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    assert " connect: Unit payment-api already exists\n" in answer.stdout.decode()
    assert world.created() == prepared.UNITS
    assert world.state["confighub"]["units_created"] == prepared.UNITS


def test_a_unit_that_fails_among_good_ones_is_reported_and_ends_with_9(world: World) -> None:
    prepared.fill(world, "unrelated")
    prepared.save(world, "connect")
    failing(world, fault("unit", "create", nth=1, stderr=REFUSED))

    answer = world.run("--resume", "--yes")

    assert answer.code == 9
    assert "1 of 2 Units could not be created; the first, payment-api" in reason(answer)
    assert REFUSED in reason(answer)
    assert " connect: Unit payment-worker created\n" in answer.stdout.decode()
    facts = world.state["confighub"]
    assert world.state["step"] == "connect"
    assert facts["units_created"] == ["payment-worker"]
    assert [each["unit"] for each in facts["units_failed"]] == ["payment-api"]


def test_c_continues_without_the_unit_that_fails(world: World) -> None:
    prepared.fill(world, "payment-api")
    prepared.save(world, "connect")
    failing(world, fault("unit", "create", stderr=REFUSED))

    with world.map_import("--resume") as screen:
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        screen.wait(r"\[C\] Continue without them")
        assert "1 of 2 Units could not be created" in screen.text()
        screen.press("c")
        screen.wait("Complete — 1 unit imported")
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["confighub"]["units_created"] == ["payment-api"]
    assert "ok 1 of 2 Units, without payment-worker" in world.newest_log()


# worker and targets


def test_a_worker_that_is_ready_is_found_and_none_is_started(world: World) -> None:
    prepared.fill(world, worker="prod")
    prepared.save(world, "worker_connecting")

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    assert world.calls("worker", "run") == []
    assert world.state["confighub"]["worker_slug"] == "prod"
    assert world.state["confighub"]["worker_status"] == "ready"


def test_a_worker_takes_its_time_and_is_started_once(world: World) -> None:
    prepared.fill(world, conditions=[[0, "NotReady"]])
    prepared.delete(world, "worker", "dev")
    prepared.save(world, "worker_connecting")

    answer = world.run("--resume", "--yes", env=SHORT)

    assert answer.code == 9
    assert " after 1 s" in reason(answer)
    assert world.state["step"] == "worker_connecting"
    assert world.state["confighub"]["worker_status"] == "connecting"

    failing(world)
    assert world.run("--resume", "--yes").code == 0
    assert len(world.calls("worker", "run")) == 1
    assert len(world.workers()) == 1


def test_a_worker_that_ends_at_once_says_why(world: World) -> None:
    prepared.fill(world, conditions=[[0, "Disconnected"]])
    prepared.save(world, "worker_connecting")
    failing_worker = fault("worker", "run", stderr="Failed: no cub-worker-run in ~/.confighub/bin")
    world.scenario(conditions=[[0, "Disconnected"]], faults=[failing_worker])

    answer = world.run("--resume", "--yes", env={"CONFIGHUB_WAIT_SECONDS": "20"})

    assert answer.code == 9
    assert "worker dev exited: Failed: no cub-worker-run" in reason(answer)


def test_a_target_of_another_cluster_is_not_taken_for_ours(world: World) -> None:
    prepared.fill(world, targets=[prepared.target("kind-other")])
    prepared.save(world, "targets_waiting")

    answer = world.run("--resume", "--yes", env=SHORT)

    assert answer.code == 9
    told = "waiting for a target for kind-atk (found: dev-kubernetes-yaml-kind-other)"
    assert told in reason(answer)
    assert world.state["step"] == "targets_waiting"


def test_an_import_whose_worker_went_in_the_end_is_not_complete(world: World) -> None:
    prepared.fill(world, conditions=[[0, "Unresponsive"]])
    prepared.save(world, "targets_waiting")
    # ready when reality is asked, no more when all is verified
    ready = '[{"BridgeWorker": {"Slug": "dev", "Condition": "Ready"}}]'
    world.scenario(
        conditions=[[0, "Unresponsive"]],
        targets=[prepared.target()],
        faults=[fault("worker", "list", nth=1, do="text", text=ready)],
    )

    answer = world.run("--resume", "--yes")

    assert answer.code == 9
    assert "the import is not complete: worker dev: Unresponsive" in reason(answer)
    assert world.state["step"] == "verify"


def test_a_password_in_a_manifest_is_reported_when_it_goes_to_confighub(world: World) -> None:
    world.scenario(**prepared.FINE)
    workload = make_workload("payment-prod", "legacy")
    [container] = workload["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "DB_PASSWORD", "value": "hunter2"}]
    world.server.objects = [workload]
    places = [world.server.uid, "payment-team", "payment-prod/legacy"]
    prepared.save(world, "connect", **prepared.chosen(*places))

    answer = world.run("--resume", "--yes")

    assert answer.code == 0
    place = "spec.template.spec.containers[0].env[0].value"
    assert f"! Unit legacy contains what looks like a credential: {place}" in answer.stdout.decode()
    for kept in (*world.sessions.glob("*.json"), *world.logs.glob("*")):
        assert "hunter2" not in kept.read_text()


def test_an_import_without_a_single_unit_is_not_complete(world: World) -> None:
    failing(world, fault("unit", "create", stderr=REFUSED))
    world.server.objects = [make_workload("payment-prod", "api")]
    places = [world.server.uid, "payment-team", "payment-prod/api"]
    prepared.save(world, "connect", **prepared.chosen(*places))
    with world.map_import("--resume", columns=120) as screen:
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        screen.wait(r"\[C\] Continue without them")
        screen.press("c")

        screen.wait("the import is not complete: none of its Units could be created")
