"""What `check` finds of a session through the real kubectl and a `cub`: reality, asked again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from processes import Command, runner
from tui.api_server import ApiServer
from tui.cluster_objects import make_workload
from tui.world import World

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="no kubectl on PATH: checking is unproven"
)

APPS = "/apis/apps/v1"
CHOSEN = [{"namespace": "pay-prod", "kind": "Deployment", "name": "api", "owner": "Flux"}]


@pytest.fixture
def world(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The cluster of the current context `kind-atk` with one workload, and an empty ConfigHub."""
    with World(home, tmp_path) as made:
        made.server.objects[:] = [make_workload("pay-prod", "api", owner="Flux")]
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def server(world: World) -> ApiServer:
    return world.server


@pytest.fixture
def config(world: World) -> Path:
    return world.kubeconfig


def save(cli: Command, server: ApiServer, step: str = "select", **members: Any) -> None:
    facts = {"cluster_context": "kind-atk", "cluster_uid": server.uid}
    data = {**facts, "selections": {"selected_workloads": CHOSEN}, **members}
    assert cli("save", step, json.dumps(data)).code == 0


class Check(NamedTuple):
    """What `check` left: its exit code, its lines by kind, the box and the DATA."""

    code: int
    lines: dict[str, list[str]]
    stderr: str
    data: dict[str, Any]


@pytest.fixture
def check(cli: Command) -> Callable[..., Check]:
    def run(*options: str) -> Check:
        answer = cli("check", "--json", *options)
        report = json.loads(answer.stdout or "{}")
        lines = {"say": report.get("said", []), "step": [report.get("step")]}
        if report.get("box"):
            lines["show"] = [report["box"]]
        data = report.get("data", {})
        return Check(answer.code, lines, answer.stderr, data)

    return run


def test_a_session_whose_cluster_holds_continues(
    cli: Command, server: ApiServer, check: Callable[..., Check]
) -> None:
    save(cli, server)

    done = check()

    assert (done.code, done.stderr, done.data) == (0, "", {})
    assert done.lines["say"] == ["ok: cluster kind-atk", "ok: 1 of 1 workloads"]
    assert done.lines["step"] == ["select"]
    # nothing for a person to look at
    assert "show" not in done.lines


def test_another_cluster_under_the_same_name_is_refused(
    cli: Command, server: ApiServer, check: Callable[..., Check]
) -> None:
    save(cli, server, cluster_uid="the one that kind made yesterday")

    done = check()

    assert (done.code, done.data) == (6, {})
    assert "another cluster" in done.stderr
    assert done.lines["say"] == ["changed: cluster kind-atk: another cluster answers as kind-atk"]


def test_a_session_stays_with_its_context_when_kubectl_moves(
    cli: Command, server: ApiServer, config: Path, check: Callable[..., Check]
) -> None:
    save(cli, server)
    with ApiServer() as other:
        other.uid = "of another cluster"
        other.kubeconfig(config, "kind-other")
        server.add_context(config, "kind-atk")

        done = check()

    assert done.code == 0
    assert done.lines["say"] == [
        "ok: cluster kind-atk",
        "changed: kubectl is on kind-other now; this session stays with kind-atk",
        "ok: 1 of 1 workloads",
    ]


def test_what_changed_in_the_cluster_sets_the_step_back_and_is_saved(
    cli: Command, server: ApiServer, check: Callable[..., Check]
) -> None:
    save(cli, server)
    server.objects[:] = [make_workload("pay-prod", "api", owner="Helm")]
    changed = check()
    server.objects.clear()
    gone = check()

    assert (
        (changed.code, changed.lines["step"]) == (gone.code, gone.lines["step"]) == (0, ["review"])
    )
    assert changed.data["selections"]["selected_workloads"][0]["owner"] == "Helm"
    assert gone.data["selections"]["selected_workloads"] == []
    assert gone.lines["say"][1] == "gone: Deployment pay-prod/api"


@pytest.mark.parametrize("fault", [403, 500])
def test_what_cannot_be_asked_is_unknown_and_never_gone(
    cli: Command, server: ApiServer, check: Callable[..., Check], fault: int
) -> None:
    save(cli, server)
    server.faults[f"{APPS}/namespaces/pay-prod"] = fault

    done = check()

    assert (done.code, done.data, done.lines["step"]) == (0, {}, ["select"])
    assert done.lines["say"][1].startswith("unknown: 1 workloads: ")


def import_done(cli: Command, world: World) -> None:
    """A session that is complete, with all that it made in ConfigHub."""
    world.scenario(conditions=[[0, "Ready"]], targets=[TARGET])
    labels = f"namespace=pay-prod,kind=Deployment,workload=api,cluster-uid={world.server.uid}"
    calls = [
        "space create pay-team",
        f"unit create --space pay-team --label {labels} api -",
        "worker create dev --space pay-team",
    ]
    for call in calls:
        assert runner(str(world.bin / "cub"))(*call.split(), stdin=b"kind: x\n").code == 0
    selections = {"app_space": "pay-team", "selected_workloads": [{**CHOSEN[0], "unit": "api"}]}
    facts = {"user": "user@example.com", "org": "acme-corp", "org_id": "org_01DEMO"}
    made = {"units_created": ["api"], "worker_slug": "dev"}
    save(cli, world.server, "complete", selections=selections, confighub={**facts, **made})


TARGET = {"Target": {"Slug": "dev-b", "TargetID": "1", "Parameters": '{"KubeContext": "kind-atk"}'}}


@pytest.mark.parametrize("dialect", ["old", "august", "both", "new", "newest"])
def test_all_that_an_import_made_is_asked_for(
    cli: Command, world: World, check: Callable[..., Check], dialect: str
) -> None:
    import_done(cli, world)
    world.scenario(dialect=dialect, conditions=[[0, "Ready"]], targets=[TARGET])

    done = check()

    assert (done.code, done.stderr, done.data) == (0, "", {})
    assert done.lines["say"] == [
        "ok: cluster kind-atk",
        "ok: 1 of 1 workloads",
        "ok: login user@example.com",
        "ok: App Space pay-team",
        "ok: 1 of 1 Units",
        "ok: worker dev",
        "ok: target for kind-atk",
    ]
    assert done.lines["step"] == ["complete"]


NO_HOST = 'Get "https://hub.x/api/me": dial tcp: lookup hub.x: no such host'
NOT_REACHED = f"Failed: failed to reach server https://hub.x to verify authentication: {NO_HOST}"


@pytest.mark.parametrize(
    ("dialect", "call", "said"),
    [
        ("new", ["auth", "status"], NOT_REACHED),
        ("old", ["organization", "list"], f"Failed: {NO_HOST}"),
    ],
)
def test_a_login_that_could_not_be_asked_about_is_neither_fine_nor_gone(
    cli: Command,
    world: World,
    check: Callable[..., Check],
    dialect: str,
    call: list[str],
    said: str,
) -> None:
    import_done(cli, world)
    fault = {"match": call, "do": "fail", "stderr": said}
    world.scenario(dialect=dialect, faults=[fault])

    done = check()

    assert (done.code, done.data, done.lines["step"]) == (0, {}, ["complete"])
    assert not any("login" in line for line in done.lines["say"])
    assert done.lines["say"][-1].startswith("unknown: ConfigHub: ")
    assert done.lines["say"][-1].endswith("check the network, then try again")


@pytest.mark.parametrize(
    ("scenario", "said", "step"),
    [
        pytest.param(
            {"dialect": "new", "login": "expired"}, "gone: login: ", "connect", id="expired"
        ),
        pytest.param({"user": "you@acme.com"}, "changed: user: you@acme.com now", "connect"),
        pytest.param({"conditions": [[0, "Disconnected"]]}, "changed: worker dev is", None),
        pytest.param({"no_targets": True}, "gone: target for kind-atk", "targets_waiting"),
        pytest.param(
            {"faults": [{"match": ["space", "list"], "do": "hang"}]},
            "unknown: App Space pay-team: 'cub space list' timed out after 2 s",
            "complete",
            id="hangs",
        ),
    ],
)
def test_what_changed_in_confighub_sets_the_step_back(
    cli: Command,
    world: World,
    check: Callable[..., Check],
    scenario: dict[str, Any],
    said: str,
    step: str | None,
) -> None:
    import_done(cli, world)
    defaults = {"conditions": [[0, "Ready"]]} | (
        {} if "no_targets" in scenario else {"targets": [TARGET]}
    )
    world.scenario(**{**defaults, **scenario})

    done = check("--call-seconds", "2")

    assert done.code == 0
    assert any(line.startswith(said) for line in done.lines["say"]), done.lines
    assert done.lines["step"] == [step or "worker_connecting"]
    assert done.data == {}
