"""The cluster: another one than before, one that does not answer, a partial and an empty one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tui import prepared
from tui.api_server import ApiServer
from tui.cluster_objects import make_uid
from tui.prepared import reason
from tui.world import World
from waiting import eventually

# another cluster


def another_cluster(world: World) -> None:
    world.server.uid = make_uid("another")


def test_another_cluster_under_the_same_name_refuses_and_touches_nothing(world: World) -> None:
    prepared.save(world, "select")
    another_cluster(world)
    before = prepared.snapshots(world)

    with world.map_import("--resume") as screen:
        screen.wait(r"! changed +cluster kind-atk: another cluster answers as")
        screen.wait("This session cannot resume on this cluster. Switch back to")
        screen.wait(r"\[N\] New session    \[Q\] Quit")
        screen.press("q")
        assert screen.finish() == 6
    assert "] this session belongs to another cluster" in world.newest_log()
    answer = world.run("--resume", "--yes")

    assert answer.code == 6
    assert "this session belongs to another cluster" in reason(answer)
    assert "This session cannot resume on this cluster." in answer.stdout.decode()
    assert prepared.snapshots(world) == before
    assert world.calls() == []


def test_n_in_the_refusal_starts_a_new_session_on_the_other_cluster(world: World) -> None:
    old = prepared.save(world, "select")
    another_cluster(world)

    with world.map_import("--resume") as screen:
        screen.wait(r"\[N\] New session    \[Q\] Quit")
        screen.press("n")
        screen.wait(r"payment-prod +7 workloads")
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["cluster_uid"] == world.server.uid
    assert world.state["session_id"] != old["session_id"]
    assert (world.sessions / "archive" / f"{old['session_id']}.json").exists()


def use_context(world: World, name: str) -> None:
    config = json.loads(world.kubeconfig.read_text())
    world.kubeconfig.write_text(json.dumps({**config, "current-context": name}))


def rename_context(world: World, name: str) -> None:
    config = json.loads(world.kubeconfig.read_text())
    config["contexts"] = [{**each, "name": name} for each in config["contexts"]]
    world.kubeconfig.write_text(json.dumps({**config, "current-context": name}))


def test_kubectl_on_another_context_is_reported_and_the_session_stays_with_its_own(
    world: World,
) -> None:
    with ApiServer() as other:
        other.uid = make_uid("other")
        other.add_context(world.kubeconfig, "kind-other")
        use_context(world, "kind-other")
        prepared.fill(world)
        prepared.save(world)

        answer = world.run("--resume", "--yes")
        asked = [path for _, path in other.requests]

    told = "changed: kubectl is on kind-other now; this session stays with kind-atk"
    assert told in answer.stdout.decode()
    assert answer.code == 0
    assert world.state["cluster_context"] == "kind-atk"
    # whatever kubectl may want to know of its version
    assert [path for path in asked if path.startswith("/api")] == []


def test_a_context_that_leads_elsewhere_refuses_when_it_is_named(world: World) -> None:
    with ApiServer() as other:
        other.uid = make_uid("other")
        other.add_context(world.kubeconfig, "kind-other")
        prepared.save(world, "select")
        before = prepared.snapshots(world)

        answer = world.run("--resume", "--yes", "--context", "kind-other")

    assert answer.code == 6
    assert "another cluster answers as kind-other" in " ".join(answer.stdout.decode().split())
    assert prepared.snapshots(world) == before


def test_a_renamed_context_of_the_same_cluster_is_used_by_its_new_name(
    world: World,
) -> None:
    prepared.fill(world)
    prepared.save(world)
    rename_context(world, "kind-new")
    world.scenario(**{**prepared.FINE, "targets": [prepared.target("kind-new")]})

    answer = world.run("--resume", "--yes")

    assert answer.code == 0, answer
    assert "changed: cluster kind-atk is called kind-new now" in answer.stdout.decode()
    assert world.state["cluster_context"] == "kind-new"


# programs that are not there, clusters that do not answer


def test_without_cub_everything_up_to_step_3_works_and_step_4_says_what_to_install(
    world: World,
) -> None:
    (world.bin / "cub").unlink()

    answer = world.yes()

    assert answer.code == 8
    assert "cub is not on PATH" in reason(answer)
    assert "brew install confighubai/tap/cub" in reason(answer)
    assert world.state["step"] == "connect"
    assert world.state["selections"]["app_space"] == "payment-team"
    assert len(world.state["selections"]["selected_workloads"]) == 7


def test_without_kubectl_it_says_what_to_install(world: World, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/usr/local/bin", "/usr/bin", "/bin"):
        for name in os.listdir(folder):
            if name != "kubectl" and not (programs / name).is_symlink():
                (programs / name).symlink_to(f"{folder}/{name}")

    answer = world.yes(env={"PATH": str(programs)})

    assert answer.code == 8
    assert "kubectl is not on PATH; install it (https://kubernetes.io" in reason(answer)
    assert world.state["step"] == "scan"


def test_a_cluster_that_cannot_be_reached_is_never_an_empty_one(world: World) -> None:
    world.server.faults[""] = 500

    answer = world.yes()

    assert answer.code == 8
    assert "kind-atk cannot be scanned: " in reason(answer)
    assert "0 workloads" not in answer.stdout.decode()
    assert "scan_result" not in world.state


def test_a_partial_scan_is_reported_and_continues_with_what_there_is(world: World) -> None:
    world.server.faults["/apis/apps/v1/statefulsets"] = 403
    world.scenario(login="none")

    with world.map_import("--new") as screen:
        screen.wait("! partial scan: .*statefulsets.apps is forbidden")
        screen.wait(r"payment-prod +7 workloads")
        screen.press("q")
        assert screen.finish() == 0
    answer = world.yes("--new")

    assert " scan: ! partial: " in answer.stdout.decode()
    assert "forbidden" in world.state["scan_result"]["partial"][0]
    assert world.state["scan_result"]["workloads_detected"] == 12


def test_a_cluster_that_forbids_everything_is_not_empty(world: World) -> None:
    world.server.faults["/apis/apps/v1/deployments"] = 403

    answer = world.yes()

    assert answer.code == 8
    assert "deployments.apps is forbidden" in reason(answer)


def test_an_empty_cluster_says_so_and_can_be_scanned_again(world: World) -> None:
    objects, world.server.objects = world.server.objects, []

    with world.map_import("--new") as screen:
        screen.wait("no workloads were found; press r to scan again")
        screen.press("enter")
        screen.wait("choose at least one")
        world.server.objects = objects
        screen.press("r")
        screen.wait(r"payment-prod +7 workloads")
        screen.press("q")
        assert screen.finish() == 0

    eventually(lambda: world.state["scan_result"]["workloads_detected"] == 12)
