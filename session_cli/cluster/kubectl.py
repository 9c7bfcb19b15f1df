"""The only module that runs `kubectl`: what it is asked, and what its answers are worth.

When some kinds cannot be listed, kubectl prints the others as valid JSON and exits with 1; when
the server is gone it may print an empty list. So only exit code 0 makes an answer a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from session_cli import processes
from session_cli.cluster.complaints import complaints_in
from session_cli.errors import Unavailable

SCAN_SECONDS = 300
ASK_SECONDS = 30
NAMES_AT_MOST = 25
PATHS = {
    "Kustomization": ("kustomizations.kustomize.toolkit.fluxcd.io", ("spec", "path")),
    "Application": ("applications.argoproj.io", ("spec", "source", "path")),
}


class Answer(NamedTuple):
    """The objects that kubectl printed, and its complaints about those that it could not get."""

    objects: list[dict[str, Any]]
    complaints: list[str]
    is_list: bool = False


class Kubectl:
    """kubectl on one context; `tick` is called while it is waited for."""

    def __init__(self, context: str | None, tick: Callable[[], None] = lambda: None) -> None:
        self.tick = tick
        self.context = context or self.current_context()

    def current_context(self) -> str:
        """The context that kubectl would use by itself."""
        done = self._run(["config", "current-context"], ASK_SECONDS)
        name = done.stdout.decode("utf-8", "replace").strip()
        if done.code or not name:
            raise Unavailable(
                f"kubectl has no cluster to ask: {done.complaint};"
                " choose one with 'kubectl config use-context NAME'"
            )
        return name

    def contexts(self) -> list[str]:
        """The contexts of the kubeconfig; empty when it cannot be read."""
        done = self._run(["config", "get-contexts", "-o", "name"], ASK_SECONDS)
        return [] if done.code else done.stdout.decode("utf-8", "replace").splitlines()

    def uid(self) -> str | None:
        """What tells this cluster from any other: the uid of its namespace kube-system."""
        return self.identity()[0]

    def identity(self) -> tuple[str | None, str]:
        """That uid; or None and, in kubectl's words, why it is not known."""
        answer = self._get(["namespace", "kube-system"], ASK_SECONDS)
        uid = _at(answer.objects[0], ("metadata", "uid")) if answer.objects else None
        if isinstance(uid, str):
            return uid, ""
        return None, next(iter(answer.complaints), "it does not say its uid")

    def scan(self) -> Answer:
        """Every Deployment, StatefulSet and DaemonSet; Unavailable when there is no answer."""
        answer = self._list(["deployments,statefulsets,daemonsets", "-A"])
        if answer.complaints and not answer.objects:
            raise Unavailable(f"{self.context} cannot be scanned: {answer.complaints[0]}")
        return answer

    def named(self, namespace: str, workloads: Sequence[tuple[str, str]]) -> Answer:
        """The objects of one namespace by (kind, name); one that is gone is simply not there.

        A few are asked for by name. For each name kubectl makes a request, and soon no more than
        five a second, so for many the namespace is listed.
        """
        if len(workloads) <= NAMES_AT_MOST:
            names = [f"{kind.lower()}/{name}" for kind, name in workloads]
            answer = self._get([*names, "--ignore-not-found", "-n", namespace], SCAN_SECONDS)
        else:
            kinds = sorted({f"{kind.lower()}s" for kind, _ in workloads})
            answer = self._list([",".join(kinds), "-n", namespace])
        found = {(str(each.get("kind")), _name(each)): each for each in answer.objects}
        return Answer([found[key] for key in workloads if key in found], answer.complaints)

    def _list(self, words: Sequence[str]) -> Answer:
        """A list, be it an empty one; what is none is complained of."""
        answer = self._get(words, SCAN_SECONDS)
        if not answer.objects and not answer.is_list and not answer.complaints:
            answer.complaints.append("kubectl printed no list of objects")
        return answer

    def paths(self, kind: str) -> dict[tuple[str, str], str]:
        """Where each Kustomization or Application deploys from, by (namespace, name).

        Empty where the cluster has no such kind or does not let us see them.
        """
        resource, members = PATHS[kind]
        found = {}
        for each in self._get([resource, "-A"], ASK_SECONDS).objects:
            path = _at(each, members)
            if isinstance(path, str):
                found[str(_at(each, ("metadata", "namespace"))), _name(each)] = path
        return found

    def _get(self, words: Iterable[str], timeout: float) -> Answer:
        """What `kubectl get` prints; complaints exactly when it did not exit with 0."""
        done = self._run(["get", *words, "-o", "json", "--context", self.context], timeout)
        complaints = (complaints_in(done.stderr) or [done.complaint]) if done.code else []
        try:
            document = json.loads(done.stdout) if done.stdout.strip() else {}
        except ValueError:
            document = {}
            complaints = complaints or ["kubectl printed something that is not JSON"]
        is_list = isinstance(document, dict) and isinstance(document.get("items"), list)
        return Answer(_objects(document), complaints, is_list)

    def _run(self, words: Sequence[str], timeout: float) -> processes.Finished:
        try:
            return processes.run(["kubectl", *words], timeout, tick=self.tick)
        except processes.NotInstalled:
            raise processes.NotInstalled(
                "kubectl is not on PATH; install it (https://kubernetes.io/docs/tasks/tools),"
                " or see the import with 'map-import --demo'"
            ) from None


def _objects(document: object) -> list[dict[str, Any]]:
    if not isinstance(document, dict):
        return []
    items = document.get("items", [document] if document.get("metadata") else [])
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _name(each: dict[str, Any]) -> str:
    return str(_at(each, ("metadata", "name")))


def _at(value: Any, members: Iterable[str]) -> Any:
    for member in members:
        value = value.get(member) if isinstance(value, dict) else None
    return value
