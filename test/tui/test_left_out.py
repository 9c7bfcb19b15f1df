"""Workloads that something speaks against: not chosen beforehand, and told with the reason."""

from __future__ import annotations

import json
import re
from typing import Any

from tui import prepared
from tui.cluster_objects import make_workload
from tui.prepared import reason
from tui.world import World

PROMETHEUS = {
    "apiVersion": "monitoring.coreos.com/v1",
    "controller": True,
    "kind": "Prometheus",
    "name": "k8s",
    "uid": "5b0f6a94-3c1d-4f7e-8a52-6e9d2c7b1f30",
}
ORIGIN = json.dumps({"spaceSlug": "web-prod", "unitSlug": "released\x1b[2J", "revisionNum": 4})
LEFT_OUT = [
    "Deployment mon/going is left out: terminating",
    r"Deployment mon/released is left out: already Unit released\x1b[2J in web-prod",
    "StatefulSet mon/prometheus-k8s is left out: made by Prometheus k8s",
]


def marked(name: str, kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    live = make_workload("mon", name, kind)
    live["metadata"]["annotations"] |= metadata.pop("annotations", {})
    live["metadata"] |= metadata
    return live


def spoken_against() -> list[dict[str, Any]]:
    return [
        marked("going", deletionTimestamp="2026-01-09T14:30:22Z", finalizers=["x/y"]),
        marked("released", annotations={"confighub.com/origin": ORIGIN}),
        marked("prometheus-k8s", "StatefulSet", ownerReferences=[PROMETHEUS]),
    ]


def told(world: World, *arguments: str) -> tuple[int, list[str], str]:
    """The exit code, what was told of workloads left out, and the last line of stderr."""
    answer = world.run("--yes", "--namespace", "mon", *arguments)
    found = re.findall(r"^\[[\d:]+\] review: (.* left out: .*)$", answer.stdout.decode(), re.M)
    assert b"\x1b" not in answer.stdout
    return answer.code, found, reason(answer) if answer.code else answer.stderr


def test_yes_imports_the_rest_and_prints_each_in_a_line(world: World) -> None:
    world.scenario(**prepared.FINE)
    world.server.objects = [make_workload("mon", "api"), *spoken_against()]

    assert told(world) == (0, LEFT_OUT, "")

    assert world.created() == ["api"]


def test_yes_ends_with_9_where_nothing_is_left(world: World) -> None:
    world.scenario(**prepared.FINE)
    world.server.objects = spoken_against()

    code, lines, why = told(world)

    assert (code, lines) == (9, LEFT_OUT)
    assert why == "map-import: no workload is left to import"
    assert world.created() == []


def test_what_a_session_has_chosen_stays_chosen(world: World) -> None:
    world.scenario(**prepared.FINE)
    world.server.objects = spoken_against()
    chosen = [
        {"namespace": "mon", "kind": kind, "name": name, "owner": "Native"}
        for kind, name in (("Deployment", "going"), ("StatefulSet", "prometheus-k8s"))
    ]
    selections = {"namespaces": ["mon"], "selected_workloads": chosen}
    prepared.save(world, "review", scan_result=None, selections=selections)

    assert told(world, "--resume") == (0, LEFT_OUT[1:2], "")

    assert world.created() == ["going", "prometheus-k8s"]


def test_a_person_sees_why_and_may_take_all_but_what_is_a_unit(world: World) -> None:
    world.server.objects = [make_workload("mon", "api"), *spoken_against()]
    with world.map_import("--new", "--namespace", "mon") as screen:
        screen.wait("1 chosen")
        screen.press("enter")
        screen.wait("1 chosen, 4 of 4 shown")
        text = screen.text()
        assert re.search(r"\[x\] mon +api ", text)
        assert re.search(r"\[ \] mon +going .*terminating", text)
        assert re.search(r"\[-\] mon +released .*already Unit", text)
        assert re.search(r"\[ \] mon +prometheus-k8s +Stateful?\S+ +Operator .*made by Prom", text)

        screen.press("a")
        screen.wait("3 chosen, 4 of 4 shown")
        assert re.search(r"\[-\] mon +released", screen.text())
        screen.press("enter")
        screen.wait("App Space:")

    chosen = [each["name"] for each in world.state["selections"]["selected_workloads"]]
    assert chosen == ["api", "going", "prometheus-k8s"]


def test_map_shows_it_too(world: World) -> None:
    world.server.objects = [make_workload("mon", "api"), *spoken_against()]
    with world.screen("map", "--view", "workloads", columns=160) as screen:
        screen.wait("prometheus-k8s")
        text = screen.text()

    assert re.search(r"going +Deployment +Native +terminating", text)
    assert re.search(r"prometheus-k8s +StatefulSet +Operator +made by Prometheus k8s", text)
