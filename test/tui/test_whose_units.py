"""Imports into an App Space that holds Units of other clusters, namespaces and people already."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import pytest
from processes import Answer, runner
from tui import prepared
from tui.cluster_objects import make_workload
from tui.prepared import FINE, reason
from tui.world import World
from waiting import eventually

DIALECTS = ["old", "august", "both", "new", "newest"]
every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def cluster(world: World, uid: str | None, *places: str) -> None:
    """kubectl talks to this cluster from now on; without a uid its kube-system is not shown."""
    world.server.uid = uid or ""
    world.server.faults = {} if uid else {"/api/v1/namespaces/kube-system": 403}
    world.server.objects = [make_workload(*place.split("/")) for place in places]


def import_into_x(world: World, namespace: str, *more: str, **options: Any) -> Answer:
    chosen = ["-n", namespace, "--app-space", "x"]
    return world.run("--yes", "--new", *chosen, *more, **options)


def held(world: World) -> dict[str, str]:
    """Of which workload each Unit in x is, by its labels and its manifest."""
    hub = json.loads((world.cub_home / "confighub.json").read_text())
    found = {}
    for slug, unit in hub["spaces"]["x"]["units"].items():
        labels = unit["Labels"]
        manifest = (world.cub_home / "manifests" / slug).read_text()
        [namespace] = re.findall(r"^  namespace: (.*)$", manifest, re.MULTILINE)
        assert namespace == labels.get("namespace", namespace)
        found[slug] = f"{labels.get('cluster-uid', '?')}: {namespace}/{labels.get('workload', '?')}"
    return found


def set_target_units(answer: Answer) -> list[str]:
    """The Units that the printed command gives a target to."""
    [units] = re.findall(r"--unit (\S+)", answer.stdout.decode())
    return str(units).split(",")


@every_dialect
def test_a_second_cluster_brings_its_own_workload_of_the_same_name(
    world: World, dialect: str
) -> None:
    world.scenario(**FINE, dialect=dialect)
    cluster(world, "uid-a", "shop-prod/api")
    first = import_into_x(world, "shop-prod")
    cluster(world, "uid-b", "bank-prod/api")

    second = import_into_x(world, "bank-prod")

    assert (first.code, second.code) == (0, 0)
    assert held(world) == {"api": "uid-a: shop-prod/api", "api-bank-prod": "uid-b: bank-prod/api"}
    assert set_target_units(first) == ["api"]
    assert set_target_units(second) == ["api-bank-prod"]
    [chosen] = world.state["selections"]["selected_workloads"]
    assert chosen["unit"] == "api-bank-prod"
    assert "becomes Unit api-bank-prod: the name api is taken by Deployment shop-prod/api" in (
        second.stdout.decode()
    )


@every_dialect
def test_a_second_namespace_goes_into_the_same_app_space(world: World, dialect: str) -> None:
    world.scenario(**FINE, dialect=dialect)
    cluster(world, "uid-a", "payment-prod/api", "payment-staging/api", "payment-staging/db")
    assert import_into_x(world, "payment-prod").code == 0

    staging = import_into_x(world, "payment-staging")
    again = import_into_x(world, "payment-staging")

    assert (staging.code, again.code) == (0, 0)
    assert held(world) == {
        "api": "uid-a: payment-prod/api",
        "api-payment-staging": "uid-a: payment-staging/api",
        "db": "uid-a: payment-staging/db",
    }
    # the same workloads are found again, and nothing is created twice
    assert "Unit api-payment-staging already exists" in again.stdout.decode()
    assert sorted(world.created()) == ["api", "api-payment-staging", "db"]
    assert sorted(set_target_units(again)) == ["api-payment-staging", "db"]


def test_the_same_workload_of_ever_more_clusters_has_a_unit_for_each(world: World) -> None:
    world.scenario(**FINE, dialect="new")
    for number in range(5):
        cluster(world, f"uid-{number}", "shop-prod/api")
        assert import_into_x(world, "shop-prod").code == 0

    assert sorted(held(world).values()) == [f"uid-{n}: shop-prod/api" for n in range(5)]
    longer = ["api", "api-shop-prod", "api-shop-prod-deployment"]
    assert list(held(world))[:3] == longer
    assert all(slug.startswith(f"{longer[-1]}-") for slug in list(held(world))[3:])


@pytest.mark.parametrize("dialect", ["old", "new"])
def test_a_unit_that_was_created_and_not_saved_is_found_after_a_kill(
    world: World, dialect: str
) -> None:
    cluster(world, "uid-a", "payment-prod/api")
    world.scenario(**FINE, dialect=dialect)
    assert import_into_x(world, "payment-prod").code == 0
    cluster(world, "uid-b", "payment-prod/api")
    # of the second import
    dies = {"match": ["unit", "create"], "nth": 1, "do": "die-after"}
    world.scenario(**FINE, dialect=dialect, faults=[dies])
    chosen = ["--new", "-n", "payment-prod", "--app-space", "x"]
    with world.map_import(*chosen, columns=120) as screen:
        for shown in ("1 chosen", "1 chosen, 1 of 1 shown", "App Space: "):
            screen.wait(shown)
            screen.press("enter")
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        eventually(lambda: len(world.created()) == 2)
        eventually(lambda: len(held(world)) == 2)
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.finish()

    assert world.state["confighub"]["units_pending"] == ["api-payment-prod"]
    world.scenario(**FINE, dialect=dialect)
    resumed = world.run("--resume", "--yes")

    assert (resumed.code, resumed.stderr) == (0, "")
    assert world.created() == ["api", "api-payment-prod"]
    assert set_target_units(resumed) == ["api-payment-prod"]


def somebodys(world: World, slug: str = "api", **labels: str) -> None:
    """A Unit without our labels in x, as other tools make them."""
    cub = runner(str(world.bin / "cub"))
    words = [word for each in labels.items() for word in ("--label", "=".join(each))]
    assert cub("space", "create", "x").code == 0
    stdin = b"metadata:\n  namespace: elsewhere\n"
    assert cub("unit", "create", "--space", "x", *words, slug, "-", stdin=stdin).code == 0


@pytest.mark.parametrize(
    ("dialect", "labels"), [("old", {}), ("new", {}), ("newest", {"app": "api", "variant": "prod"})]
)
def test_yes_leaves_out_a_workload_whose_name_an_unlabelled_unit_has(
    world: World, dialect: str, labels: dict[str, str]
) -> None:
    cluster(world, "uid-a", "payment-prod/api", "payment-prod/db")
    somebodys(world, **labels)
    world.scenario(**FINE, dialect=dialect)

    answer = import_into_x(world, "payment-prod")

    assert answer.code == 9
    why = "Deployment payment-prod/api is left out: a Unit api already exists, and its labels"
    assert answer.stdout.decode().count(why) == 1
    assert why in reason(answer)
    assert world.created() == ["api", "db"]
    assert held(world)["api"].endswith("elsewhere/?")
    assert world.state["confighub"]["units_created"] == ["db"]
    assert world.state["step"] == "connect"


@pytest.mark.parametrize(
    ("key", "units"), [("enter", ["api-payment-prod", "db"]), ("l", ["db"])], ids=str
)
def test_a_person_is_asked_about_a_name_that_an_unlabelled_unit_has(
    world: World, key: str, units: list[str]
) -> None:
    cluster(world, "uid-a", "payment-prod/api", "payment-prod/db")
    somebodys(world)
    world.scenario(**FINE, dialect="new")
    assert import_into_x(world, "payment-prod").code == 9

    with world.map_import("--resume") as screen:
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        screen.wait(r"NAMES TAKEN")
        screen.wait(r"\[L\] Leave them out")
        assert "Deployment payment-prod/api: a Unit api already" in screen.text()
        screen.press(key)
        screen.wait(f"Complete — {len(units)} unit")
        screen.press("q")
        assert screen.finish() == 0

    assert sorted(world.state["confighub"]["units_created"]) == units
    assert len(world.state["selections"]["selected_workloads"]) == len(units)
    assert world.created().count("api") == 1


UNKNOWN = "for Deployment payment-prod/api in a cluster that may be another"


@pytest.mark.parametrize("dialect", ["old", "new"])
@pytest.mark.parametrize(("theirs", "ours"), [(None, "uid-b"), ("uid-a", None), (None, None)])
def test_yes_leaves_out_a_workload_whose_name_a_cluster_has_that_may_be_another(
    world: World, dialect: str, theirs: str | None, ours: str | None
) -> None:
    told = {"cluster-uid": theirs} if theirs else {}
    somebodys(world, namespace="payment-prod", kind="Deployment", workload="api", **told)
    cluster(world, ours, "payment-prod/api", "payment-prod/db")
    world.scenario(**FINE, dialect=dialect)

    first = import_into_x(world, "payment-prod")
    again = world.run("--resume", "--yes")

    for answer in (first, again):
        assert answer.code == 9
        assert UNKNOWN in reason(answer)
    assert world.created() == ["api", "db"]
    facts = world.state["confighub"]
    assert (facts["units_created"], facts.get("units_pending")) == (["db"], None)
    assert world.state["step"] == "connect"


@pytest.mark.parametrize("dialect", ["old", "new"])
def test_a_unit_of_a_cluster_unknown_that_was_created_and_not_saved_is_found_after_a_kill(
    world: World, dialect: str
) -> None:
    cluster(world, None, "payment-prod/api")
    dies = {"match": ["unit", "create"], "nth": 1, "do": "die-after"}
    world.scenario(**FINE, dialect=dialect, faults=[dies])
    chosen = ["-n", "payment-prod", "--app-space", "x"]
    with world.map_import("--yes", "--new", *chosen) as screen:
        eventually(lambda: world.created() and held(world))
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.finish()
    assert world.state["confighub"]["units_pending"] == ["api"]
    world.scenario(**FINE, dialect=dialect)

    resumed = world.run("--resume", "--yes")

    assert (resumed.code, resumed.stderr) == (0, "")
    assert world.created() == ["api"]
    assert world.state["confighub"]["units_created"] == ["api"]


def test_a_session_that_took_the_unit_of_another_cluster_for_its_own_continues(
    world: World,
) -> None:
    prepared.fill(world, "payment-api", "payment-worker")
    prepared.save(world, "verify")
    hub = json.loads((world.cub_home / "confighub.json").read_text())
    other = hub["spaces"]["payment-team"]["units"]["payment-api"]["Labels"]
    other["cluster-uid"] = "uid-of-another"
    (world.cub_home / "confighub.json").write_text(json.dumps(hub))

    answer = world.run("--resume", "--yes")

    assert (answer.code, answer.stderr) == (0, "")
    told = "changed: Unit payment-api does not belong to this session"
    assert told in answer.stdout.decode()
    assert world.created() == ["payment-api-payment-prod"]
    assert sorted(set_target_units(answer)) == ["payment-api-payment-prod", "payment-worker"]


def test_another_cluster_under_the_name_of_the_context_gets_nothing_into_confighub(
    world: World,
) -> None:
    cluster(world, "uid-a", "payment-prod/api")
    world.scenario(**FINE, dialect="new")
    with world.map_import("--new", "-n", "payment-prod", "--app-space", "x") as screen:
        for shown in ("1 chosen", "1 chosen, 1 of 1 shown", "App Space: "):
            screen.wait(shown)
            screen.press("enter")
        screen.wait(r"\[Enter\] Create")
        cluster(world, "uid-b", "payment-prod/api")
        screen.press("enter")
        screen.wait("another cluster answers as kind-atk")
        assert world.created() == []
        cluster(world, "uid-a", "payment-prod/api")
        screen.press("r")
        screen.wait("Complete — 1 unit")
        screen.press("q")
        assert screen.finish() == 0

    assert held(world) == {"api": "uid-a: payment-prod/api"}
