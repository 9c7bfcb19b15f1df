"""The fake API server, asked by the real kubectl."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, Command, runner
from tui.api_server import ApiServer
from tui.cluster_objects import KINDS, OWNERS, make_cluster, make_workload

from session_cli.cluster.workloads import workloads_in

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="no kubectl on PATH: the fake API server is unproven"
)

SCAN = ("get", "deployments,statefulsets,daemonsets", "-A", "-o", "json")
DAEMONSETS = "/apis/apps/v1/daemonsets"


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A cluster with one workload of each kind in payment-prod."""
    with ApiServer(make_workload("payment-prod", "api", kind) for kind in KINDS) as running:
        yield running


@pytest.fixture
def kubectl(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "kubeconfig")))
    return runner("kubectl")


def items(answer: Answer) -> list[Any]:
    return list(json.loads(answer.stdout)["items"])


def test_a_scan_shows_every_kind_and_owner_as_it_was_made(
    server: ApiServer, kubectl: Command
) -> None:
    server.objects[:] = [
        make_workload(f"{owner.lower()}-dev", kind.lower(), kind, owner, ready=1, desired=3)
        for owner in OWNERS
        for kind in KINDS
    ]

    done = kubectl(*SCAN)
    workloads = workloads_in(json.loads(done.stdout))

    assert (done.code, done.stderr) == (0, "")
    assert Counter(one.owner.name for one in workloads) == dict.fromkeys(OWNERS, len(KINDS))
    assert all(f"{one.owner.name.lower()}-dev" == one.namespace for one in workloads)
    assert {(one.ready, one.desired) for one in workloads} == {(1, 3)}
    assert {method for method, _ in server.requests} == {"GET"}


def test_an_object_is_as_full_as_a_real_one() -> None:
    one = make_workload("order-dev", "api", ready=0, desired=2, tier="backend")

    assert one["metadata"]["labels"]["tier"] == "backend"
    assert one["metadata"].keys() >= {"uid", "resourceVersion", "managedFields"}
    applied = one["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert json.loads(applied)["spec"] == one["spec"]
    assert "readyReplicas" not in one["status"]


def test_a_big_list_comes_in_chunks_and_whole(server: ApiServer, kubectl: Command) -> None:
    server.objects[:] = make_cluster(1700, 30)

    found = items(kubectl(*SCAN))

    names = [(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in found]
    assert len(set(names)) == len(names) == 1700
    assert any("continue=" in path for _, path in server.requests)


def test_a_chunk_that_fails_leaves_the_chunks_before_it(
    server: ApiServer, kubectl: Command
) -> None:
    server.objects[:] = [make_workload("a", f"api-{number}") for number in range(501)]
    server.faults["/apis/apps/v1/deployments?continue"] = 500

    done = kubectl(*SCAN)

    assert done.code == 1
    assert len(items(done)) == 500


RAW = ("get", "--raw")


def test_a_raw_list_is_what_the_server_sends(server: ApiServer, kubectl: Command) -> None:
    done = kubectl(*RAW, f"{DAEMONSETS}?limit=1")

    assert json.loads(done.stdout)["kind"] == "DaemonSetList"
    [item] = items(done)
    assert item.keys().isdisjoint({"kind", "apiVersion"})
    assert "managedFields" in item["metadata"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (401, "error: You must be logged in to the server (Unauthorized)"),
        (403, "Error from server (Forbidden): daemonsets.apps is forbidden: User"),
        (410, "Error from server (Expired): The provided continue parameter is too old"),
        (500, "Error from server (InternalError): etcdserver: request timed out"),
    ],
)
def test_a_raw_list_that_fails_says_why_and_prints_nothing(
    server: ApiServer, kubectl: Command, fault: int, words: str
) -> None:
    server.faults[DAEMONSETS] = fault

    done = kubectl(*RAW, DAEMONSETS)

    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr.startswith(words)


def test_faults_in_a_list_are_used_up(server: ApiServer, kubectl: Command) -> None:
    server.faults[DAEMONSETS] = [410, 500]

    assert [kubectl(*RAW, DAEMONSETS).code for _ in range(3)] == [1, 1, 0]


def test_a_raw_path_is_taken_as_it_is_and_others_are_below_that_of_the_server(
    kubectl: Command, tmp_path: Path
) -> None:
    with ApiServer([make_workload("a", "b")], "/k8s/clusters/c-1") as proxied:
        config = str(proxied.kubeconfig(tmp_path / "proxied"))
        bare = kubectl(*RAW, "/apis/apps/v1/deployments", "--kubeconfig", config)
        whole = kubectl(*RAW, f"{proxied.base}/apis/apps/v1/deployments", "--kubeconfig", config)
        shown = kubectl(*SCAN, "--kubeconfig", config)

    assert (bare.code, len(items(whole)), len(items(shown))) == (1, 1, 1)
    assert bare.stderr.startswith("Error from server (NotFound): the server could not find")


def test_one_kind_forbidden_leaves_the_others_and_a_bad_exit_code(
    server: ApiServer, kubectl: Command
) -> None:
    server.faults[DAEMONSETS] = 403

    done = kubectl(*SCAN)

    assert done.code == 1
    assert Counter(one["kind"] for one in items(done)) == {"Deployment": 1, "StatefulSet": 1}
    assert 'cannot list resource "daemonsets" in API group "apps" at the cluster' in done.stderr


@pytest.mark.parametrize(
    ("fault", "message"),
    [(401, "Unauthorized"), (500, "InternalError"), ("hang", "deadline exceeded|Timeout exceeded")],
)
def test_a_fault_everywhere_is_an_empty_list_and_a_bad_exit_code(
    server: ApiServer, kubectl: Command, fault: int | str, message: str
) -> None:
    kubectl(*SCAN)
    server.faults["/apis/apps/v1/"] = fault

    done = kubectl(*SCAN, "--request-timeout=1s")

    assert done.code == 1
    assert items(done) == []
    # a connection that closes is no connection that hangs
    assert "EOF" not in done.stderr
    assert any(word in done.stderr for word in message.split("|"))


def test_the_longest_beginning_of_a_path_decides(server: ApiServer) -> None:
    server.faults |= {"/apis/apps/v1": 500, DAEMONSETS: 403}

    assert server.fault(f"{DAEMONSETS}?limit=500") == 403
    assert server.fault("/apis/apps/v1/deployments") == 500
    assert server.fault("/api/v1/namespaces") is None


def test_one_name_is_an_object_and_several_are_a_list(kubectl: Command) -> None:
    one = kubectl("get", "deployment/api", "-n", "payment-prod", "-o", "json")
    several = kubectl("get", "deploy/api", "sts/api", "-n", "payment-prod", "-o", "json")
    partly = kubectl("get", "deploy/api", "sts/x", "-n", "payment-prod", "-o", "json")

    assert json.loads(one.stdout)["metadata"]["name"] == "api"
    assert [item["kind"] for item in items(several)] == ["Deployment", "StatefulSet"]
    assert [item["kind"] for item in items(partly)] == ["Deployment"]
    assert partly.code == 1
    assert partly.stderr == 'Error from server (NotFound): statefulsets.apps "x" not found\n'


def test_a_namespace_holds_only_its_own(server: ApiServer, kubectl: Command) -> None:
    server.objects.append(make_workload("order-prod", "api"))

    done = kubectl("get", "deploy", "-n", "order-prod", "-o", "json")

    assert (done.code, done.stderr) == (0, "")
    assert [one["metadata"]["namespace"] for one in items(done)] == ["order-prod"]


def test_namespaces_come_from_the_objects(server: ApiServer, kubectl: Command) -> None:
    names = [one["metadata"]["name"] for one in items(kubectl("get", "ns", "-o", "json"))]

    assert {"default", "kube-system", "payment-prod"} <= set(names)


def test_a_cluster_made_anew_has_another_uid(server: ApiServer, kubectl: Command) -> None:
    def uid() -> Any:
        done = kubectl("get", "namespace", "kube-system", "-o", "json")
        return json.loads(done.stdout)["metadata"]["uid"]

    before = uid()
    server.uid = "another"

    assert (before != "another", uid()) == (True, "another")


@pytest.mark.parametrize(
    "command",
    ["delete deploy api", "label deploy api a=b", "scale deploy api --replicas=0"],
)
def test_a_write_is_refused_and_seen(server: ApiServer, kubectl: Command, command: str) -> None:
    done = kubectl(*command.split(), "-n", "payment-prod")

    assert done.code == 1
    assert "MethodNotAllowed" in done.stderr
    assert server.requests[-1][0] in {"DELETE", "PATCH"}
    assert len(server.objects) == len(KINDS)


def test_contexts_lead_to_their_own_servers(
    server: ApiServer, kubectl: Command, tmp_path: Path
) -> None:
    with ApiServer([make_workload("other", "lonely")]) as other:
        other.add_context(Path(os.environ["KUBECONFIG"]), "kind-other")
        current = kubectl("config", "current-context")
        names = kubectl("config", "get-contexts", "-o", "name")
        here, there = kubectl(*SCAN), kubectl(*SCAN, "--context", "kind-other")

    assert current.stdout == b"kind-atk\n"
    assert names.stdout.split() == [b"kind-atk", b"kind-other"]
    assert (len(items(here)), len(items(there))) == (len(KINDS), 1)


def test_a_server_that_is_gone_refuses(kubectl: Command, tmp_path: Path) -> None:
    with ApiServer() as gone:
        path = gone.kubeconfig(tmp_path / "gone")

    done = kubectl(*SCAN, "--kubeconfig", str(path))

    assert done.code == 1
    assert "refused" in done.stderr


def test_a_big_cluster_is_made_within_a_second() -> None:
    before = time.process_time()
    objects = make_cluster(5000, 300)

    assert time.process_time() - before < 1
    places = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in objects]
    assert len(set(places)) == 5000
    assert len({place for place, _ in places}) == 300
    assert {one["kind"] for one in objects} == set(KINDS)
    workloads = workloads_in({"kind": "List", "items": objects})
    assert {one.owner.name for one in workloads} == set(OWNERS)
