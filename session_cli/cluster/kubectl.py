"""The only module that runs `kubectl`: what it is asked, and whether its answers are complete.

Lists are taken as the server sends them, by `kubectl get --raw`: to decode and print thousands of
objects takes kubectl ten times as long. Where it does print objects, it prints those that it got
as valid JSON and exits with 1 when others are missing; when the server is gone it may print an
empty list. So an answer is complete only with exit code 0.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence

from session_cli import processes
from session_cli.cluster.complaints import complaints_in
from session_cli.cluster.listing import Answer, Read, list_kinds
from session_cli.cluster.objects import identity_of, member, name_of, objects_at, text_at
from session_cli.cluster.pages import base_path, in_order, read_outlines, read_page
from session_cli.cluster.workloads import KINDS
from session_cli.errors import Unavailable
from session_cli.times import elapsed

SCAN_SECONDS = 300
ASK_SECONDS = 30
MOST_NAMES = 25
PATHS = {
    "Kustomization": ("kustomizations.kustomize.toolkit.fluxcd.io", ("spec", "path")),
    "Application": ("applications.argoproj.io", ("spec", "source", "path")),
}

# the address of the server of a context
SERVER = "{.clusters[0].cluster.server}"


class Kubectl:
    """kubectl on one context; `tick` is called now and then while a call runs."""

    def __init__(self, context: str | None, tick: Callable[[], None] = lambda: None) -> None:
        self.tick = tick
        self._found_server: str | None = None
        self.context = context or self.current_context()

    def current_context(self) -> str:
        """The context that kubectl uses when none is named."""
        view = self._view('{.current-context}{"\\n"}' + SERVER)
        # a name may have line breaks in it
        text = view.stdout.decode("utf-8", "replace").rstrip("\n")
        name, has_both, server = text.rpartition("\n")
        if not view.code and has_both and name:
            self._found_server = server.strip()
            return name
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
        """What identifies this cluster: the uid of its namespace kube-system."""
        return self.identity()[0]

    def identity(self) -> tuple[str | None, str]:
        """The uid of the cluster and ""; or None and the reason, in kubectl's words."""
        answer = self._get(["namespace", "kube-system"], ASK_SECONDS)
        uid = text_at(answer.objects[0], "metadata", "uid") if answer.objects else ""
        if uid:
            return uid, ""
        return None, next(iter(answer.complaints), "its namespace kube-system has no uid")

    def scan(self) -> Answer:
        """Every Deployment, StatefulSet and DaemonSet; Unavailable when there is no answer."""
        answer = self._list(KINDS, read=read_outlines)
        if answer.complaints and not answer.objects:
            raise Unavailable(f"{self.context} cannot be scanned: {answer.complaints[0]}")
        return answer

    def get_named(self, namespace: str, workloads: Sequence[tuple[str, str]]) -> Answer:
        """The objects of one namespace by (kind, name), without those that are gone.

        kubectl makes one request for each name, and after a burst five a second at most. So a few
        are asked for by name, and for many the namespace is listed.
        """
        if len(workloads) <= MOST_NAMES:
            names = [f"{kind.lower()}/{name}" for kind, name in workloads]
            answer = self._get([*names, "--ignore-not-found", "-n", namespace], SCAN_SECONDS)
        else:
            answer = self._list(sorted({kind for kind, _ in workloads}), namespace)
        found = {(text_at(each, "kind"), name_of(each)): each for each in answer.objects}
        kept = [in_order(found[key]) for key in workloads if key in found]
        return Answer(kept, answer.complaints)

    def _list(
        self,
        kinds: Sequence[str],
        namespace: str = "",
        read: Read = read_page,
    ) -> Answer:
        """The objects of these kinds; TimedOut when SCAN_SECONDS are not enough for all of them."""
        until = elapsed() + SCAN_SECONDS
        server = self._found_server
        if server is None:
            view = self._view(SERVER, "--context", self.context)
            if view.code:
                return Answer([], [view.complaint])
            server = view.stdout.decode("utf-8", "replace").strip()
        base = base_path(server)
        return list_kinds(lambda path: self._get_raw(base + path, until), kinds, namespace, read)

    def _view(self, path: str, *options: str) -> processes.Finished:
        """What `kubectl config view` prints of one context, else of the current one."""
        words = ["config", "view", "--minify", *options, "-o", f"jsonpath={path}"]
        return self._run(words, ASK_SECONDS)

    def _get_raw(self, path: str, until: float) -> processes.Finished:
        """The answer of the server to a GET of the path."""
        self.tick()
        left = until - elapsed()
        # an empty --output, lest a preference of the person be one, which --raw refuses
        words = ["get", "--raw", path, "--output=", "--context", self.context]
        try:
            if left > 0:
                return self._run(words, left)
        except processes.TimedOut:
            pass
        raise processes.TimedOut(f"'kubectl get' timed out after {SCAN_SECONDS} s")

    def paths(self, kinds: Sequence[str]) -> dict[tuple[str, str, str], str]:
        """Where Kustomizations and Applications deploy from, by (kind, namespace, name).

        Without those that the cluster does not have or does not let us see.
        """
        resources = ",".join(PATHS[kind][0] for kind in kinds)
        answer = self._get([resources, "-A"], ASK_SECONDS)
        if answer.complaints and len(kinds) > 1:
            # of a kind that the cluster does not know it prints an error, and none of the others
            known = [kind for kind in kinds if not _is_unknown(kind, answer.complaints)]
            if len(known) < len(kinds):
                return self.paths(known) if known else {}
            return {key: path for kind in kinds for key, path in self.paths([kind]).items()}
        found = {}
        for each in answer.objects:
            namespace, kind, name = identity_of(each)
            path = text_at(each, *PATHS[kind][1]) if kind in kinds else ""
            if path:
                found[kind, namespace, name] = path
        return found

    def _get(self, words: Iterable[str], timeout: float) -> Answer:
        """What `kubectl get` prints; it has complaints when it failed or printed no JSON."""
        done = self._run(["get", *words, "-o", "json", "--context", self.context], timeout)
        complaints = (complaints_in(done.stderr) or [done.complaint]) if done.code else []
        try:
            document = json.loads(done.stdout) if done.stdout.strip() else {}
        except ValueError:
            document = {}
            complaints = complaints or ["kubectl printed something that is not JSON"]
        items = objects_at(document, "items")
        if items is not None:
            return Answer(items, complaints)
        is_object = isinstance(document, dict) and "items" not in document
        alone = [document] if is_object and member(document, "metadata") else []
        return Answer(alone, complaints)

    def _run(self, words: Sequence[str], timeout: float) -> processes.Finished:
        try:
            # it ends before collecting garbage is worth a fifth of its time
            environment = {"GOGC": "400", **os.environ}
            return processes.run(
                ["kubectl", *words], timeout, tick=self.tick, environment=environment
            )
        except processes.NotRunnable:
            raise
        except processes.NotInstalled:
            raise processes.NotInstalled(
                "kubectl is not on PATH; install it (https://kubernetes.io/docs/tasks/tools),"
                " or try the import with 'session-cli map-import --demo'"
            ) from None


def _is_unknown(kind: str, complaints: Sequence[str]) -> bool:
    """Whether kubectl says that the cluster has no such kind."""
    resource = PATHS[kind][0].partition(".")[0]
    return any(f'resource type "{resource}' in complaint for complaint in complaints)
