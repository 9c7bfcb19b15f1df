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
def test_another_cluster_or_namespace_has_workloads_of_the_same_names(
    world: World, dialect: str
) -> None:
    before = {
        "api": ("uid-a", "payment-prod/api"),
        "web": ("uid-b", "payment-prod/web"),
        "web-payment-staging": ("uid-b", "payment-staging/web"),
        "cron": ("uid-b", "payment-prod/cron"),
    }
    prepared.imported(world, "x", before)
    world.scenario(**FINE, dialect=dialect)
    cluster(world, "uid-b", *(f"payment-staging/{name}" for name in ("api", "cron", "db", "web")))

    answer = import_into_x(world, "payment-staging")

    assert (answer.code, answer.stderr) == (0, "")
    created = {
        # the name is taken by another cluster, then by another namespace, then by nobody
        "api-payment-staging": "uid-b: payment-staging/api",
        "cron-payment-staging": "uid-b: payment-staging/cron",
        "db": "uid-b: payment-staging/db",
    }
    assert held(world) == {**{slug: ": ".join(each) for slug, each in before.items()}, **created}
    told = answer.stdout.decode()
    for slug in ("api", "cron"):
        taken = f"the name {slug} is taken by Deployment payment-prod/{slug}"
        assert f"becomes Unit {slug}-payment-staging: {taken}" in told
    # the one that was renamed before is found again, and not created twice
    assert "Unit web-payment-staging already exists" in told
    assert sorted(world.created()) == sorted(created)
    ours = sorted([*created, "web-payment-staging"])
    assert sorted(set_target_units(answer)) == ours
    chosen = world.state["selections"]["selected_workloads"]
    assert sorted(each["unit"] for each in chosen) == ours
    # an import after this one finds what these tests begin with
    left = prepared.known(world, "x")["units"]
    for slug, place in created.items():
        assert left[slug] == prepared.workload_labels(place.partition(": ")[2], "uid-b", "x")


def test_a_second_namespace_that_is_imported_again_creates_nothing_twice(world: World) -> None:
    prepared.imported(world, "x", {"api": ("uid-a", "payment-prod/api")})
    world.scenario(**FINE, dialect="both")
    cluster(world, "uid-a", "payment-prod/api", "payment-staging/api", "payment-staging/db")

    staging = import_into_x(world, "payment-staging")
    again = import_into_x(world, "payment-staging")

    assert (staging.code, again.code) == (0, 0)
    assert held(world) == {
        "api": "uid-a: payment-prod/api",
        "api-payment-staging": "uid-a: payment-staging/api",
        "db": "uid-a: payment-staging/db",
    }
    assert "Unit api-payment-staging already exists" in again.stdout.decode()
    assert sorted(world.created()) == ["api-payment-staging", "db"]
    assert sorted(set_target_units(again)) == ["api-payment-staging", "db"]


def test_the_same_workload_of_ever_more_clusters_has_a_unit_for_each(world: World) -> None:
    longer = ["api", "api-shop-prod", "api-shop-prod-deployment"]
    two = {slug: (f"uid-{number}", "shop-prod/api") for number, slug in enumerate(longer[:2])}
    prepared.imported(world, "x", two)
    world.scenario(**FINE, dialect="new")
    for number in range(2, 5):
        cluster(world, f"uid-{number}", "shop-prod/api")
        assert import_into_x(world, "shop-prod").code == 0

    assert sorted(held(world).values()) == [f"uid-{n}: shop-prod/api" for n in range(5)]
    assert list(held(world))[:3] == longer
    assert all(slug.startswith(f"{longer[-1]}-") for slug in list(held(world))[3:])


@pytest.mark.parametrize("dialect", ["old", "new"])
def test_a_unit_that_was_created_and_not_saved_is_found_after_a_kill(
    world: World, dialect: str
) -> None:
    prepared.imported(world, "x", {"api": ("uid-a", "payment-prod/api")})
    cluster(world, "uid-b", "payment-prod/api")
    dies = {"match": ["unit", "create"], "nth": 1, "do": "die-after"}
    world.scenario(**FINE, dialect=dialect, faults=[dies])
    prepared.save(world, "connect", **prepared.chosen("uid-b", "x", "payment-prod/api"))
    with world.map_import("--resume", columns=120) as screen:
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        eventually(world.created)
        eventually(lambda: len(held(world)) == 2)
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.finish()

    assert world.state["confighub"]["units_pending"] == ["api-payment-prod"]
    world.scenario(**FINE, dialect=dialect)
    resumed = world.run("--resume", "--yes")

    assert (resumed.code, resumed.stderr) == (0, "")
    assert world.created() == ["api-payment-prod"]
    assert set_target_units(resumed) == ["api-payment-prod"]


def somebodys(world: World, slug: str = "api", **labels: str) -> None:
    """A Unit without our labels in x, as other tools make them."""
    cub = runner(str(world.bin / "cub"))
    words = [word for each in labels.items() for word in ("--label", "=".join(each))]
    assert cub("space", "create", "x").code == 0
    stdin = b"metadata:\n  namespace: elsewhere\n"
    assert cub("unit", "create", "--space", "x", *words, slug, "-", stdin=stdin).code == 0


PLACES = ["payment-prod/api", "payment-prod/db"]
UNLABELLED = (
    "Deployment payment-prod/api is left out: a Unit api already exists, and its labels do not say"
    " for which workload; resume the import in a terminal to decide"
)
WITHOUT_API = prepared.chosen(
    "uid-a", "x", *PLACES, units_created=["db"], units_failed=[{"unit": "api", "why": UNLABELLED}]
)


@pytest.mark.parametrize(
    ("dialect", "labels"), [("old", {}), ("new", {}), ("newest", {"app": "api", "variant": "prod"})]
)
def test_yes_leaves_out_a_workload_whose_name_an_unlabelled_unit_has(
    world: World, dialect: str, labels: dict[str, str]
) -> None:
    cluster(world, "uid-a", *PLACES)
    somebodys(world, **labels)
    world.scenario(**FINE, dialect=dialect)

    answer = import_into_x(world, "payment-prod")

    assert answer.code == 9
    assert answer.stdout.decode().count(UNLABELLED) == 1
    assert UNLABELLED in reason(answer)
    assert world.created() == ["api", "db"]
    assert held(world)["api"].endswith("elsewhere/?")
    assert world.state["step"] == "connect"
    # with it begins the session in which a person is asked
    left = {key: world.state[key] for key in WITHOUT_API}
    left["scan_result"]["scanned_at"] = WITHOUT_API["scan_result"]["scanned_at"]
    assert left == WITHOUT_API


@pytest.mark.parametrize(
    ("key", "units"), [("enter", ["api-payment-prod", "db"]), ("l", ["db"])], ids=str
)
def test_a_person_is_asked_about_a_name_that_an_unlabelled_unit_has(
    world: World, key: str, units: list[str]
) -> None:
    cluster(world, "uid-a", *PLACES)
    db = {"db": prepared.workload_labels("payment-prod/db", "uid-a", "x")}
    hub = {"spaces": {"x": prepared.space("x", {"api": {}, **db}, worker="dev")}}
    (world.cub_home / "confighub.json").write_text(json.dumps(hub))
    world.scenario(**FINE, dialect="new")
    prepared.save(world, "connect", **WITHOUT_API)

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
    assert world.created() == units[:-1]


UNKNOWN = "for Deployment payment-prod/{} in a cluster that may be another"


@pytest.mark.parametrize("dialect", ["old", "new"])
@pytest.mark.parametrize(("theirs", "ours"), [([None], "uid-b"), (["uid-a", None], None)])
def test_yes_leaves_out_a_workload_whose_name_a_cluster_has_that_may_be_another(
    world: World, dialect: str, theirs: list[str | None], ours: str | None
) -> None:
    taken = dict(zip(["api", "web"], theirs, strict=False))
    labels = {"namespace": "payment-prod", "kind": "Deployment"}
    units = {
        slug: {**labels, "workload": slug, **({"cluster-uid": uid} if uid else {})}
        for slug, uid in taken.items()
    }
    hub = {"spaces": {"x": prepared.space("x", units, worker="dev")}}
    (world.cub_home / "confighub.json").write_text(json.dumps(hub))
    cluster(world, ours, "payment-prod/db", *(f"payment-prod/{slug}" for slug in taken))
    world.scenario(**FINE, dialect=dialect)

    first = import_into_x(world, "payment-prod")
    again = world.run("--resume", "--yes")

    for answer in (first, again):
        assert answer.code == 9
        assert UNKNOWN.format("api") in reason(answer)
        for slug in taken:
            assert UNKNOWN.format(slug) in answer.stdout.decode()
    assert world.created() == ["db"]
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
    prepared.save(world, "connect", **prepared.chosen("uid-a", "x", "payment-prod/api"))
    with world.map_import("--resume") as screen:
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
