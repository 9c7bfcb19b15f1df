"""Scans through the real kubectl, of a cluster that answers as it is told."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner
from tui.api_server import ApiServer
from tui.cluster_objects import make_cluster, make_workload
from waiting import communicate, eventually

from session_cli import processes
from session_cli.cluster import kubectl, listing
from session_cli.cluster.kubectl import Kubectl
from session_cli.cluster.manifest import as_yaml
from session_cli.cluster.pages import PAGE_SIZE
from session_cli.cluster.workloads import workloads_in
from session_cli.errors import Unavailable

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="no kubectl on PATH: scanning is unproven"
)

APPS = "/apis/apps/v1"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "kubeconfig"
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


@pytest.fixture
def server(config: Path) -> Iterator[ApiServer]:
    """The cluster of the current context `kind-atk`, with one workload in it."""
    with ApiServer([make_workload("pay-prod", "api", owner="Flux")]) as running:
        running.kubeconfig(config)
        yield running


class Scan(NamedTuple):
    """What `cluster scan` left: its answer, what it said, and the DATA to save, if any."""

    answer: Answer
    said: list[str]
    data: dict[str, Any]


@pytest.fixture
def scan(cli: Command) -> Callable[..., Scan]:
    def run(*options: str) -> Scan:
        answer = cli("cluster", "scan", "--json", *options)
        report = json.loads(answer.stdout)
        return Scan(answer, report["said"], report["data"])

    return run


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in the place of kubectl."""

    def write(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "kubectl").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return write


def test_a_whole_scan_is_data_to_save(server: ApiServer, scan: Callable[..., Scan]) -> None:
    server.objects[:] = make_cluster(60, 7)

    done = scan()

    assert (done.answer.code, done.answer.stderr) == (0, "")
    assert done.said == ["scanning kind-atk", "60 workloads in 7 namespaces"]
    assert done.data["cluster_context"] == "kind-atk"
    assert done.data["cluster_uid"] == server.uid
    result = done.data["scan_result"]
    assert result["workloads_detected"] == len(result["workloads"]) == 60
    assert result["partial"] is None
    assert {method for method, _ in server.requests} == {"GET"}


def test_a_scan_can_be_piped_into_a_save(server: ApiServer, cli: Command) -> None:
    done = cli("cluster", "scan")

    assert done.stderr == "scanning kind-atk\n1 workload in 1 namespace\n"
    assert cli("save", "scan", "-", stdin=done.stdout).code == 0
    assert json.loads(cli("load").stdout)["scan_result"]["workloads_detected"] == 1


def test_an_empty_cluster_has_no_workloads_and_that_is_no_error(
    server: ApiServer, scan: Callable[..., Scan]
) -> None:
    server.objects.clear()

    done = scan()

    assert (done.answer.code, done.answer.stderr) == (0, "")
    assert done.said[-1] == "0 workloads in 0 namespaces"
    assert done.data["scan_result"]["workloads_detected"] == 0


def test_a_scan_without_one_kind_is_partial_and_says_so(
    server: ApiServer, scan: Callable[..., Scan]
) -> None:
    server.faults[f"{APPS}/daemonsets"] = 403

    done = scan()

    assert done.answer.code == 0
    [complaint] = done.data["scan_result"]["partial"]
    assert "daemonsets.apps is forbidden" in complaint
    assert f"! partial: {complaint}" in done.said
    assert done.data["scan_result"]["workloads_detected"] == 1


def test_a_complaint_that_names_no_kind_is_given_the_kinds(
    server: ApiServer, scan: Callable[..., Scan]
) -> None:
    server.faults |= {f"{APPS}/statefulsets": 500, f"{APPS}/daemonsets": 500}

    done = scan()

    assert done.data["scan_result"]["partial"] == [
        "statefulsets, daemonsets: Error from server (InternalError): etcdserver: request timed out"
    ]


def test_a_scan_is_what_kubectl_itself_shows(server: ApiServer) -> None:
    server.objects[:] = make_cluster(30, 4)
    shown = runner("kubectl")("get", "deployments,statefulsets,daemonsets", "-A", "-o", "json")

    answer = Kubectl("kind-atk").scan()

    assert answer.complaints == []
    assert workloads_in({"kind": "List", "items": answer.objects}) == workloads_in(
        json.loads(shown.stdout)
    )


def deployments(count: int) -> list[dict[str, Any]]:
    """So many, and nothing in them but their names, which makes thousands of them quick."""
    places = [{"namespace": "pay-prod", "name": f"w{number:04}"} for number in range(count)]
    return [{"kind": "Deployment", "metadata": place} for place in places]


def names_in(answer: listing.Answer) -> list[str]:
    return [each["metadata"]["name"] for each in answer.objects]


def asked_for(server: ApiServer, plural: str = "deployments") -> list[str]:
    """The queries with which the server was asked for a kind, without what is in a token."""
    paths = [path.partition("?") for _, path in server.requests]
    return [
        "&".join(word.partition("=")[0] for word in query.split("&") if word)
        for path, _, query in paths
        if path == f"{APPS}/{plural}"
    ]


def test_a_kind_with_many_objects_comes_page_by_page(server: ApiServer) -> None:
    server.objects[:] = deployments(2 * PAGE_SIZE + 1)

    answer = Kubectl("kind-atk").scan()

    assert answer.complaints == []
    assert names_in(answer) == [f"w{number:04}" for number in range(2 * PAGE_SIZE + 1)]
    assert asked_for(server) == ["limit", "continue&limit", "continue&limit"]


@pytest.mark.parametrize(
    ("faults", "asked"),
    [
        pytest.param([410], ["limit", "continue&limit"] * 2, id="begun anew"),
        pytest.param(410, [*["limit", "continue&limit"] * 2, ""], id="and then at once"),
    ],
)
def test_a_list_that_the_server_no_longer_knows_is_begun_anew(
    server: ApiServer, faults: int | list[int], asked: list[str]
) -> None:
    server.objects[:] = deployments(PAGE_SIZE + 1)
    server.faults[f"{APPS}/deployments?continue"] = faults

    answer = Kubectl("kind-atk").scan()

    assert answer.complaints == []
    assert names_in(answer) == [f"w{number:04}" for number in range(PAGE_SIZE + 1)]
    assert asked_for(server) == asked


def test_a_page_that_fails_leaves_those_before_it_and_the_other_kinds(server: ApiServer) -> None:
    server.objects[:] = [*deployments(PAGE_SIZE + 1), make_workload("a", "db", "StatefulSet")]
    server.faults[f"{APPS}/deployments?continue"] = 500

    answer = Kubectl("kind-atk").scan()

    assert len(answer.objects) == PAGE_SIZE + 1
    assert names_in(answer)[-1] == "db"
    assert answer.complaints == [
        "deployments: Error from server (InternalError): etcdserver: request timed out"
    ]


def test_a_cluster_below_a_path_of_its_server_is_the_one_that_is_asked(config: Path) -> None:
    with ApiServer([make_workload("pay-prod", "api")], "/k8s/clusters/c-1") as proxied:
        proxied.kubeconfig(config)

        everything = Kubectl("kind-atk").scan()
        some = Kubectl("kind-atk").get_named("pay-prod", [("Deployment", "api")] * 30)

    assert names_in(everything) == ["api"]
    assert set(names_in(some)) == {"api"}
    assert {path.partition(APPS)[0] for _, path in proxied.requests if APPS in path} == {
        "/k8s/clusters/c-1"
    }


def test_without_a_connection_the_kinds_that_are_left_are_not_asked_for(
    stand_in: Callable[[str], None], tmp_path: Path
) -> None:
    item = make_workload("pay-prod", "api")
    page = json.dumps({"kind": "DeploymentList", "items": [item], "metadata": {}})
    stand_in(
        f'echo "$*" >>{tmp_path}/calls\n'
        f"case $* in config*) exit ;; *deployments*) cat <<'E'\n{page}\nE\n exit ;; esac\n"
        "echo 'Unable to connect to the server: EOF' >&2; exit 1"
    )

    answer = Kubectl("any").scan()

    assert names_in(answer) == ["api"]
    assert answer.complaints == ["statefulsets, daemonsets: Unable to connect to the server: EOF"]
    assert "daemonsets" not in (tmp_path / "calls").read_text()


def test_a_scan_has_one_timeout_for_all_that_it_asks(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lists_of_two_minutes() -> float:
        return 120.0 * sum(APPS in path for _, path in server.requests)

    monkeypatch.setattr(kubectl, "elapsed", lists_of_two_minutes)
    server.objects[:] = deployments(PAGE_SIZE + 1)

    with pytest.raises(processes.TimedOut, match="'kubectl get' timed out after 300 s"):
        Kubectl("kind-atk").scan()

    assert sum(APPS in path for _, path in server.requests) == 3


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        pytest.param({f"{APPS}/daemonsets": 403}, "forbidden", id="the rest is empty"),
        pytest.param({f"{APPS}/": 403}, "forbidden", id="nothing may be seen"),
        pytest.param({"/": 401}, "must be logged in", id="not logged in"),
        pytest.param({f"{APPS}/": 500}, "scanned: Error from server (Inte", id="the server fails"),
    ],
)
def test_what_cannot_be_scanned_is_never_an_empty_cluster(
    server: ApiServer, scan: Callable[..., Scan], faults: dict[str, int | str], words: str
) -> None:
    if f"{APPS}/daemonsets" in faults:
        server.objects.clear()
    server.faults |= faults

    done = scan()

    assert (done.answer.code, done.data) == (8, {})
    assert "kind-atk cannot be scanned" in done.answer.stderr
    assert words in done.answer.stderr
    assert done.answer.stderr.count("\n") == 1
    assert done.said == ["scanning kind-atk"]


def test_a_server_that_is_gone_is_unavailable(config: Path, scan: Callable[..., Scan]) -> None:
    with ApiServer() as gone:
        gone.kubeconfig(config)

    done = scan()

    assert (done.answer.code, done.data) == (8, {})
    assert "refused" in done.answer.stderr


def test_without_a_context_one_is_to_be_chosen(config: Path, scan: Callable[..., Scan]) -> None:
    done = scan()

    assert (done.answer.code, done.said) == (8, [])
    assert "kubectl config use-context NAME" in done.answer.stderr


def test_a_context_that_is_not_there_is_named(server: ApiServer, scan: Callable[..., Scan]) -> None:
    done = scan("--context", "kind-typo")

    assert (done.answer.code, done.data) == (8, {})
    assert "kind-typo cannot be scanned: error: cannot locate context" in done.answer.stderr


EMPTY = '{"kind": "List", "apiVersion": "v1", "items": []}'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            "echo 'No resources found'", "kubectl printed something that is not JSON", id="text"
        ),
        pytest.param(":", "kubectl printed no list", id="nothing"),
        pytest.param("echo '[]'", "kubectl printed no list", id="a bare list"),
        pytest.param("""echo '{"kind": "Status"}'""", "kubectl printed no list", id="no items"),
        pytest.param(
            """echo '{"kind": "List", "items": null}'""", "kubectl printed no list", id="null"
        ),
        pytest.param(f"echo '{EMPTY}'", "kubectl printed no list", id="of no kind"),
        pytest.param("echo '<html>Log in</html>'", "kubectl printed something that", id="a page"),
        pytest.param(f"echo '{EMPTY}'; exit 1", "no error message, exit code 1", id="exit code"),
        pytest.param(f"echo '{EMPTY}'; kill -9 $$", "it was killed by signal 9", id="killed"),
        pytest.param(
            "printf '{\"items\": ['", "kubectl printed something that is not JSON", id="torn"
        ),
    ],
)
def test_an_answer_that_may_mean_anything_is_not_0_workloads(
    stand_in: Callable[[str], None], scan: Callable[..., Scan], script: str, words: str
) -> None:
    stand_in(script)

    done = scan("--context", "any")

    assert (done.answer.code, done.data) == (8, {})
    assert f"any cannot be scanned: {words}" in done.answer.stderr


def test_without_kubectl_the_demo_is_offered(
    scan: Callable[..., Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(SCRIPTS))

    done = scan()

    assert (done.answer.code, done.said) == (8, [])
    assert "kubectl is not on PATH" in done.answer.stderr
    assert "--demo" in done.answer.stderr


def test_a_scan_that_is_terminated_takes_kubectl_along(server: ApiServer) -> None:
    server.faults[f"{APPS}/deployments"] = "hang"
    command = [str(SCRIPTS / "session-cli"), "cluster", "scan"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        eventually(lambda: any(APPS in path for _, path in server.requests))
        process.send_signal(signal.SIGTERM)
        # both ends are closed only when whoever had them is gone
        out, err = communicate(process)

    assert (process.returncode, out) == (128 + signal.SIGTERM, b"")
    assert err == b"scanning kind-atk\n"


def test_the_cluster_tells_who_it_is_and_its_contexts(server: ApiServer, config: Path) -> None:
    server.add_context(config, "with two blanks")

    kubectl = Kubectl(None)

    assert (kubectl.context, kubectl.uid()) == ("kind-atk", server.uid)
    assert sorted(kubectl.contexts()) == ["kind-atk", "with two blanks"]
    assert Kubectl("with two blanks").uid() == server.uid


def test_objects_are_got_by_name_and_one_that_is_gone_is_not_there(server: ApiServer) -> None:
    # as many as would take kubectl twenty seconds, were each a request
    names = [f"w{number}" for number in range(105)]
    server.objects[:] = [make_workload("pay-prod", name) for name in names[2:]]

    found = Kubectl("kind-atk").get_named("pay-prod", [("Deployment", name) for name in names])
    none = Kubectl("kind-atk").get_named("pay-prod", [("DaemonSet", "gone")])

    assert found.complaints == none.complaints == none.objects == []
    assert len([path for _, path in server.requests if "/namespaces/pay-prod/" in path]) < 5
    assert [each["metadata"]["name"] for each in found.objects] == names[2:]
    assert all(each["spec"] and each["kind"] == "Deployment" for each in found.objects)


def test_a_manifest_is_the_same_whether_one_or_many_are_asked_for(server: ApiServer) -> None:
    names = [("Deployment", f"w{number}") for number in range(30)]
    server.objects[:] = [make_workload("pay-prod", name) for _, name in names]

    many = Kubectl("kind-atk").get_named("pay-prod", names)
    some = Kubectl("kind-atk").get_named("pay-prod", names[:3])

    assert as_yaml(many.objects[0]) == as_yaml(some.objects[0])


def test_objects_that_may_not_be_seen_are_complained_of(server: ApiServer) -> None:
    server.faults[f"{APPS}/namespaces/pay-prod/daemonsets"] = 403

    found = Kubectl("kind-atk").get_named("pay-prod", [("Deployment", "api"), ("DaemonSet", "log")])

    assert [each["metadata"]["name"] for each in found.objects] == ["api"]
    assert "forbidden" in found.complaints[0]


def test_a_cluster_without_flux_or_argo_has_no_paths(server: ApiServer) -> None:
    kubectl, kinds = Kubectl("kind-atk"), ["Kustomization", "Application"]

    assert [kubectl.paths(kinds), *(kubectl.paths([kind]) for kind in kinds)] == [{}] * 3


def test_paths_are_known_by_the_object_that_deploys(stand_in: Callable[[str], None]) -> None:
    named = {"kind": "Kustomization", "metadata": {"namespace": "flux-system", "name": "apps"}}
    item = {**named, "spec": {"path": "./prod"}}
    odd = [{"spec": {"path": "x"}}, {"metadata": None, "spec": None}, 7]
    stand_in(f"cat <<'E'\n{json.dumps({'kind': 'List', 'items': [item, *odd]})}\nE")

    found = {("Kustomization", "flux-system", "apps"): "./prod"}
    assert Kubectl("any").paths(["Kustomization"]) == found
    assert Kubectl("any").paths(["Application", "Kustomization"]) == found
    assert Kubectl("any").paths(["Application"]) == {}


@pytest.mark.parametrize("script", ["exit 1", "echo '{}'", "echo no; exit 0"])
def test_a_cluster_that_does_not_say_who_it_is_has_no_uid(
    stand_in: Callable[[str], None], script: str
) -> None:
    stand_in(script)

    assert Kubectl("any").uid() is None
    with pytest.raises(Unavailable):
        Kubectl("any").scan()


@pytest.fixture
def plugin(config: Path, tmp_path: Path) -> Callable[..., None]:
    """Makes kubectl ask a credential plugin, a script, before it asks the server."""

    def write(script: str, hint: str = "") -> None:
        path = tmp_path / "corp-login"
        command = str(path) if script else path.name
        if script:
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        exec_ = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": command}
        user = {"exec": {**exec_, "interactiveMode": "IfAvailable", "installHint": hint}}
        parts = {
            # credentials are for a server of which the certificate can be looked at
            "clusters": [{"name": "corp", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [{"name": "me", "user": user}],
            "contexts": [{"name": "corp", "context": {"cluster": "corp", "user": "me"}}],
        }
        kind = {"apiVersion": "v1", "kind": "Config", "current-context": "corp"}
        config.write_text(json.dumps({**kind, **parts}))

    return write


def test_a_login_that_failed_is_reported_with_the_reason_and_what_to_type(
    plugin: Callable[..., None], scan: Callable[..., Scan]
) -> None:
    plugin(
        "cat >&2 <<'END'\n"
        "F1128 10:05:12.123456   14468 cred.go:145] print credential failed with error: Failed to"
        " retrieve access token:: failure while executing gcloud, with args [config config-helper"
        " --format=json]: exit status 1 (err: ERROR: (gcloud.config.config-helper) There was a"
        " problem refreshing your current auth tokens: Reauthentication failed. cannot prompt"
        " during non-interactive execution.\n"
        "Please run:\n\n  $ gcloud auth login\n\nto obtain new credentials.\n)\n"
        "END\n"
        "exit 1"
    )

    done = scan()

    assert (done.answer.code, done.data) == (8, {})
    assert done.answer.stderr == (
        "session-cli: corp cannot be scanned: corp-login: There was a problem refreshing your"
        " current auth tokens: Reauthentication failed. cannot prompt during non-interactive"
        " execution; run 'gcloud auth login'\n"
    )


def test_a_login_whose_plugin_is_missing_is_reported_with_how_to_install_it(
    plugin: Callable[..., None], scan: Callable[..., Scan]
) -> None:
    plugin("", "Install corp-login:\n  brew install corp-login")

    done = scan()

    assert done.answer.code == 8
    assert done.answer.stderr.endswith(
        "corp-login not found; Install corp-login: brew install corp-login\n"
    )
    assert done.answer.stderr.count("\n") == 1


def test_a_login_that_failed_without_a_word_is_reported_in_kubectls_own(
    plugin: Callable[..., None], scan: Callable[..., Scan]
) -> None:
    plugin("exit 3")

    done = scan()

    assert done.answer.code == 8
    assert "getting credentials" in done.answer.stderr
    assert "failed with exit code 3" in done.answer.stderr
