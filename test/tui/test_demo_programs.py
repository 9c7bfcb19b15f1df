"""The `cub` and the `kubectl` of the demo: that they answer as the real ones would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Command, runner
from waiting import end, eventually

DEMO = Path(__file__).parents[1] / "atk" / "demo"
DUMP = json.loads((DEMO / "cluster.json").read_bytes())["items"]
TEAM = ("--space", "team")
SCAN = ("get", "deployments,statefulsets,daemonsets", "-A", "-o", "json")


@pytest.fixture
def cub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The demo's cub, with a space to put things in."""
    monkeypatch.setenv("DEMO_HOME", str(tmp_path / "demo"))
    monkeypatch.delenv("DEMO_CONTEXT", raising=False)
    command = runner(str(DEMO / "cub"))
    assert command("space", "create", "team").code == 0
    return command


@pytest.fixture
def kubectl() -> Command:
    return runner(str(DEMO / "kubectl"))


@pytest.fixture
def worker(cub: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setenv("DEMO_CONTEXT", "admin@Prod_1")
    command = [DEMO / "cub", "worker", "run", "dev", *TEAM]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        yield running
        running.kill()


def answered(command: Command, *arguments: str, **options: Any) -> Any:
    done = command(*arguments, **options)
    assert (done.code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def listed(command: Command, kind: str) -> list[Any]:
    return list(answered(command, kind, "list", *TEAM, "-o", "json"))


def wait_for_one(command: Command, kind: str, **fields: str) -> Any:
    def found() -> list[Any]:
        rows = listed(command, kind)
        return [row for row in rows if fields.items() <= row.get("BridgeWorker", row).items()]

    return eventually(found, told=f"no {kind} with {fields}")[0]


def test_who_is_logged_in_and_where(cub: Command) -> None:
    context = answered(cub, "context", "get", "-o", "json")

    assert context["metadata"]["organizationName"] == "acme-corp"
    assert context["coordinate"] == {
        "user": "user@example.com",
        "serverURL": "https://hub.confighub.com",
        "organizationID": "org_01DEMO",
    }
    assert answered(cub, "organization", "list", "--json")[0]["ExternalID"] == "org_01DEMO"
    status = cub("auth", "status").stdout.decode().splitlines()
    rows = ["Status", "User", "Server URL", "Organization Name", "Token Expires"]
    assert [line.partition("  ")[0] for line in status] == rows


def test_a_space_is_made_once(cub: Command) -> None:
    made = answered(cub, "space", "create", "Payment Team", "--label", "a=b", "-o", "json")
    again = cub("space", "create", "payment-team")
    found = answered(cub, "space", "get", "payment-team", "--json")
    filtered = answered(cub, "space", "list", "--where", "Slug = 'payment-team'", "--json")

    assert (made["Slug"], made["Labels"]) == ("payment-team", {"a": "b"})
    assert (again.code, again.stdout) == (1, b"")
    assert again.stderr.startswith("Failed: HTTP 400 for req ")
    assert again.stderr.endswith(": space payment-team already exists\n")
    assert found["Space"] == made
    ids = {key: made[key] for key in ("Slug", "SpaceID", "OrganizationID")}
    assert [row["Space"] for row in filtered] == [ids]
    assert cub("space", "get", "nowhere").stderr == "Failed: space nowhere not found\n"
    assert cub("space", "create", "team", "--allow-exists").code == 0


def test_a_unit_is_made_bare_and_listed_in_its_envelope(cub: Command, tmp_path: Path) -> None:
    labels = ("--label", "app=api,variant=prod", "--label", "owner=Flux")
    manifest = tmp_path / "api.yaml"
    manifest.write_bytes(b"kind: StatefulSet\n")

    made = answered(cub, "unit", "create", *TEAM, *labels, "api", "-", "-o", "json", stdin=b"x")
    from_file = cub("unit", "create", "db", str(manifest), *TEAM)
    again = cub("unit", "create", *TEAM, "api", "-", stdin=b"y")

    assert made["Labels"] == {"app": "api", "variant": "prod", "owner": "Flux"}
    assert from_file.stdout.startswith(b"Successfully created unit db (")
    assert (again.code, "unit api already exists" in again.stderr) == (1, True)
    assert [row["Unit"]["Slug"] for row in listed(cub, "unit")] == ["api", "db"]
    assert answered(cub, "unit", "get", "api", *TEAM, "--json")["Unit"] == made
    state = json.loads((tmp_path / "demo" / "confighub.json").read_bytes())
    assert state["spaces"]["team"]["units"]["db"]["Data"] == "a2luZDogU3RhdGVmdWxTZXQK"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("unit create --space team --label a=b=c api", "Failed: invalid label 'a=b=c'"),
        ("unit create --space team --label a=b,c api", "Failed: invalid label 'c'"),
        ("unit create --space team api absent.yaml", "absent.yaml: No such file"),
        ("unit create --space team ---", "Error: unknown flag: ---"),
        ("unit list", "Failed: space is required."),
        ("unit list --space=", "Failed: space is required."),
        ("unit list --space", "Error: flag needs an argument: --space"),
        ("unit list --space nowhere", "Failed: space nowhere not found"),
        ("space get --space team team", "Error: unknown flag: --space"),
        ("space list --colour", "Error: unknown flag: --colour"),
        ("space list -x", "Error: unknown shorthand flag: 'x' in -x"),
        ("space get", "Error: accepts 1 arg(s), received 0"),
        ("nonsense", 'Error: unknown command "nonsense" for "cub"'),
        ("--version", "Error: unknown flag: --version"),
    ],
)
def test_what_is_wrong_is_reported_on_stderr(cub: Command, arguments: str, message: str) -> None:
    done = cub(*arguments.split())

    assert (done.code, done.stdout) == (1, b"")
    assert message in done.stderr


@pytest.mark.parametrize("arguments", ["unit apply api --space team", "worker", "auth nonsense"])
def test_an_unknown_verb_is_answered_with_help(cub: Command, arguments: str) -> None:
    done = cub(*arguments.split())

    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(b"Usage:\n  cub ")


def test_a_worker_becomes_ready_and_brings_a_target(
    cub: Command, worker: subprocess.Popen[bytes]
) -> None:
    cub("unit", "create", *TEAM, "api")

    assert wait_for_one(cub, "worker")["BridgeWorker"]["Secret"]
    ready = wait_for_one(cub, "worker", Condition="Ready")
    wait_for_one(cub, "target")
    [row] = answered(cub, "target", "list", *TEAM, "--select", "*", "-o", "json")
    target = row["Target"]
    assert ready["TargetCount"] == 0
    assert target["Slug"] == "dev-kubernetes-yaml-admin-prod-1"
    assert json.loads(target["Parameters"])["KubeContext"] == "admin@Prod_1"

    assert cub("unit", "set-target", "api", "nothing", *TEAM).code == 1
    assert cub("unit", "set-target", "api", target["Slug"], *TEAM).code == 0
    assert listed(cub, "unit")[0]["Target"] == target
    worker.terminate()
    assert end(worker) == 0
    assert listed(cub, "worker")[0]["BridgeWorker"]["Condition"] == "Disconnected"
    assert [row["Target"]["TargetID"] for row in listed(cub, "target")] == [target["TargetID"]]
    assert cub("unit", "set-target", "api", "-", *TEAM).code == 0
    assert "Target" not in listed(cub, "unit")[0]


def test_the_scan_of_the_demo_cluster_is_its_dump(kubectl: Command) -> None:
    found = answered(kubectl, *SCAN)
    narrow = answered(kubectl, "get", "deploy", "-n", "payment-prod", "-o", "json")["items"]

    assert found["kind"] == "List"
    assert sorted(map(json.dumps, found["items"])) == sorted(map(json.dumps, DUMP))
    assert narrow == [one for one in found["items"] if one in narrow]
    assert {(one["kind"], one["metadata"]["namespace"]) for one in narrow} == {
        ("Deployment", "payment-prod")
    }


def test_a_list_as_the_demo_server_sends_it(kubectl: Command) -> None:
    path = "/apis/apps/v1/deployments"
    whole = answered(kubectl, "get", "--raw", path)
    first = answered(kubectl, "get", "--raw", f"{path}?limit=5")
    token = first["metadata"]["continue"]
    rest = answered(kubectl, "get", "--raw", f"{path}?limit=500&continue={token}", "--output=")
    narrow = answered(kubectl, "get", "--raw", "/apis/apps/v1/namespaces/payment-prod/deployments")

    assert whole["kind"] == "DeploymentList"
    assert [*first["items"], *rest["items"]] == whole["items"]
    assert (len(first["items"]), "continue" in rest["metadata"]) == (5, False)
    assert not any("kind" in one or "apiVersion" in one for one in whole["items"])
    assert len(whole["items"]) == sum(one["kind"] == "Deployment" for one in DUMP)
    assert {one["metadata"]["namespace"] for one in narrow["items"]} == {"payment-prod"}


def test_where_the_demo_server_is(kubectl: Command) -> None:
    place = "jsonpath={.clusters[0].cluster.server}"

    done = kubectl("config", "view", "--minify", "--context", "kind-demo", "-o", place)

    assert (done.code, done.stdout.strip()) == (0, b"https://127.0.0.1:6443")


def test_single_objects_of_the_demo_cluster(kubectl: Command) -> None:
    place = ("-n", "payment-prod", "-o", "json")
    one = answered(kubectl, "get", "deployment/payment-api", *place)
    partly = kubectl("get", "deployments.apps/payment-api", "statefulset/x", *place)
    forgiven = kubectl("get", "deployment/x", *place, "--ignore-not-found")

    assert (one["kind"], one["metadata"]["name"]) == ("Deployment", "payment-api")
    assert json.loads(partly.stdout)["items"] == [one]
    assert partly.code == 1
    assert partly.stderr == 'Error from server (NotFound): statefulsets.apps "x" not found\n'
    assert (forgiven.code, forgiven.stdout) == (0, b"")


def test_which_cluster_the_demo_has(kubectl: Command) -> None:
    uids = {
        answered(kubectl, "get", "namespace", "kube-system", "-o", "json")["metadata"]["uid"]
        for _ in range(2)
    }
    names = [
        one["metadata"]["name"] for one in answered(kubectl, "get", "ns", "-o", "json")["items"]
    ]

    assert kubectl("config", "current-context").stdout == b"kind-demo\n"
    assert kubectl("config", "get-contexts", "-o", "name").stdout == b"kind-demo\n"
    assert kubectl("version", "--client").stdout.startswith(b"Client Version: v1.")
    assert len(uids) == 1
    assert {one["metadata"]["namespace"] for one in DUMP} <= set(names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("get ns --context other", 'error: context "other" does not exist'),
        ("delete deployment payment-api", "is read-only"),
        ("label deployment payment-api a=b --context kind-demo", "is read-only"),
        ("get pods -A", 'error: the server doesn\'t have a resource type "pods"'),
        ("get deploy payment-api -A", "cannot be retrieved by name across all namespaces"),
        (
            "get --raw /apis/apps/v1/deployment",
            "Error from server (NotFound): the server could not",
        ),
        ("get --raw /apis/apps/v1/deployments -o json", "are mutually exclusive"),
    ],
)
def test_what_the_demo_cluster_refuses(kubectl: Command, arguments: str, message: str) -> None:
    done = kubectl(*arguments.split())

    assert (done.code, done.stdout) == (1, b"")
    assert message in done.stderr


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_worker_ends_with_the_demo_that_was_removed(
    cub: Command, worker: subprocess.Popen[bytes], tmp_path: Path, made_anew: bool
) -> None:
    wait_for_one(cub, "worker", Condition="Ready")

    shutil.rmtree(tmp_path / "demo")
    if made_anew:
        (tmp_path / "demo").mkdir()

    assert end(worker) == 0
    assert (tmp_path / "demo").exists() == made_anew


# a clock in which a second is a quarter of an hour
HASTY = """import runpy, sys, time
clock = time.monotonic
time.monotonic = lambda: 900 * clock()
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_worker_lives_as_long_as_its_demo(cub: Command) -> None:
    words = ["worker", "run", "dev", *TEAM]
    with subprocess.Popen(
        [sys.executable, "-c", HASTY, DEMO / "cub", *words], stdout=subprocess.DEVNULL
    ) as worker:
        try:
            wait_for_one(cub, "worker", Condition="Ready")
            assert wait_for_one(cub, "target")
        finally:
            worker.kill()
