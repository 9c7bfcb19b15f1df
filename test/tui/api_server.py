"""A Kubernetes API server small enough for a test, good enough for the real kubectl."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tui.cluster_objects import CREATED, make_uid

Object = dict[str, Any]


class Resource(NamedTuple):
    """One kind of object that the server knows of."""

    kind: str
    plural: str
    short: str
    group: str
    namespaced: bool


NAMESPACES = Resource("Namespace", "namespaces", "ns", "", False)
RESOURCES = (
    NAMESPACES,
    Resource("Deployment", "deployments", "deploy", "apps", True),
    Resource("StatefulSet", "statefulsets", "sts", "apps", True),
    Resource("DaemonSet", "daemonsets", "ds", "apps", True),
)
ALWAYS_THERE = ("default", "kube-node-lease", "kube-public", "kube-system")
REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed"}
REASONS |= {400: "BadRequest", 410: "Expired"}
WORDS = {
    401: "Unauthorized",
    405: "the server does not allow this method on the requested resource",
    410: "The provided continue parameter is too old to display a consistent list result. You can"
    " start a new list without the continue parameter.",
}
VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.4", "buildDate": CREATED}


class Problem(Exception):
    """An answer other than 200: its code, and the message that goes with it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class ApiServer:
    """A cluster of `objects` on a free port of 127.0.0.1, while the `with` block runs.

    `faults` maps the beginning of a path with its query, of which the longest wins, to a status
    code or to "hang", or to a list of codes that are used up, one a request. `requests` lists
    (method, path with query). What is not below the path `base` is of no cluster.
    """

    def __init__(self, objects: Iterable[Object] = (), base: str = "") -> None:
        self.objects: list[Object] = list(objects)
        self.base = base
        self.uid = make_uid("kube-system")
        self.requests: list[tuple[str, str]] = []
        self.faults: dict[str, int | str | list[int]] = {}
        self.over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        # else a test with a request that hangs would not end
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}{base}"

    def __enter__(self) -> ApiServer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    def kubeconfig(self, path: Path, context: str = "kind-atk") -> Path:
        """Write a kubeconfig with this server alone, as its current context."""
        config = {"apiVersion": "v1", "kind": "Config", "preferences": {}}
        config |= {"clusters": [], "contexts": [], "users": [], "current-context": context}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config), "utf-8")
        return self.add_context(path, context)

    def add_context(self, path: Path, context: str) -> Path:
        """Put this server as a further context into a kubeconfig; the current one stays."""
        config = json.loads(path.read_bytes())
        config["clusters"].append({"name": context, "cluster": {"server": self.url}})
        config["users"].append({"name": context, "user": {"token": "for-tests"}})
        pair = {"cluster": context, "user": context}
        config["contexts"].append({"name": context, "context": pair})
        path.write_text(json.dumps(config, indent=1), "utf-8")
        return path

    def fault(self, path: str) -> int | str | None:
        prefixes = [prefix for prefix in self.faults if path.startswith(prefix)]
        fault = self.faults[max(prefixes, key=len)] if prefixes else None
        if isinstance(fault, list):
            return fault.pop(0) if fault else None
        return fault

    def of_kind(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """The objects in the order of a real server: by namespace, then by name."""
        if resource is NAMESPACES:
            return self.namespaces()
        found = [
            one
            for one in list(self.objects)
            if one["kind"] == resource.kind and namespace in (None, one["metadata"]["namespace"])
        ]
        return sorted(found, key=key_of)

    def namespaces(self) -> list[Object]:
        """Those that objects are in, those that any cluster has, and those that are objects."""
        objects = list(self.objects)
        own = {one["metadata"]["name"]: one for one in objects if one["kind"] == "Namespace"}
        used = {one["metadata"]["namespace"] for one in objects if one["kind"] != "Namespace"}
        names = sorted({*own, *used, *ALWAYS_THERE})
        return [own.get(name) or self._namespace(name) for name in names]

    def _namespace(self, name: str) -> Object:
        uid = self.uid if name == "kube-system" else make_uid(name)
        labels = {"kubernetes.io/metadata.name": name}
        metadata = {"creationTimestamp": CREATED, "labels": labels, "name": name}
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {**metadata, "resourceVersion": "38", "uid": uid},
            "spec": {"finalizers": ["kubernetes"]},
            "status": {"phase": "Active"},
        }

    def answer(self, path: str) -> Object:
        """What a GET of `path` brings; anything but success is a Problem."""
        if not path.startswith(f"{self.base}/"):
            raise Problem(404, "the server could not find the requested resource")
        split = urlsplit(path.removeprefix(self.base))
        fixed = DISCOVERY.get(split.path.rstrip("/"))
        if fixed:
            return fixed
        resource, namespace, name = located(split.path)
        if name is not None:
            return self._get(resource, namespace, name)
        query = dict(parse_qsl(split.query))
        if query.keys() & {"watch", "labelSelector", "fieldSelector"}:
            raise Problem(400, f"this server does not know how to answer {split.query}")
        return page(resource, self.of_kind(resource, namespace), query)

    def _get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        for one in self.of_kind(resource, namespace):
            if one["metadata"]["name"] == name:
                return one
        raise Problem(404, f'{full_name(resource)} "{name}" not found')


def key_of(one: Object) -> list[str]:
    return [one["metadata"].get("namespace", ""), one["metadata"]["name"]]


def full_name(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}".rstrip(".")


def located(path: str) -> tuple[Resource, str | None, str | None]:
    """The resource, the namespace and the name that a path speaks of."""
    parts = path.strip("/").split("/")
    prefix = 3 if parts[0] == "apis" else 2
    root, rest = parts[:prefix], parts[prefix:]
    namespace = rest[1] if len(rest) > 2 and rest[0] == "namespaces" else None
    rest = rest[2:] if namespace else rest
    for resource in RESOURCES:
        home = ["apis", resource.group, "v1"] if resource.group else ["api", "v1"]
        if root == home and rest[:1] == [resource.plural] and len(rest) < 3:
            return resource, namespace, rest[1] if len(rest) > 1 else None
    raise Problem(404, "the server could not find the requested resource")


def page(resource: Resource, found: list[Object], query: dict[str, str]) -> Object:
    """As many objects as the client wants, and where to go on from."""
    metadata: Object = {"resourceVersion": "214155"}
    if query.get("continue"):
        last = place_in(query["continue"])
        found = [one for one in found if key_of(one) > last]
    limit = int(query.get("limit") or 0) or len(found)
    left = len(found) - limit
    if left > 0:
        found = found[:limit]
        token = urlsafe_b64encode(json.dumps(key_of(found[-1])).encode()).decode()
        metadata |= {"continue": token, "remainingItemCount": left}
    # within a list a real server leaves these to its heading
    items = [{k: v for k, v in one.items() if k not in ("kind", "apiVersion")} for one in found]
    version = f"{resource.group}/v1".lstrip("/")
    heading = {"kind": f"{resource.kind}List", "apiVersion": version}
    return {**heading, "metadata": metadata, "items": items}


def place_in(token: str) -> list[str]:
    """The place after which a list goes on."""
    try:
        place: list[str] = json.loads(urlsafe_b64decode(token))
    except ValueError:
        raise Problem(400, "continue key is not valid") from None
    return place


def discovery() -> dict[str, Object]:
    """The fixed answers by which a client learns what this server has."""
    apps_v1 = {"groupVersion": "apps/v1", "version": "v1"}
    apps = {"name": "apps", "versions": [apps_v1], "preferredVersion": apps_v1}
    return {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [apps]},
        "/apis/apps": {"kind": "APIGroup", "apiVersion": "v1", **apps},
        "/api/v1": resource_list(""),
        "/apis/apps/v1": resource_list("apps"),
    }


def resource_list(group: str) -> Object:
    resources = [
        {
            "name": resource.plural,
            "singularName": resource.kind.lower(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": "create delete get list patch update watch".split(),
            "shortNames": [resource.short],
            "categories": ["all"] if resource.group else [],
        }
        for resource in RESOURCES
        if resource.group == group
    ]
    heading = {"kind": "APIResourceList", "apiVersion": "v1"}
    return {**heading, "groupVersion": f"{group}/v1".lstrip("/"), "resources": resources}


DISCOVERY = discovery()


def refusal(code: int, path: str) -> Problem:
    """The words of a real server for a fault that a test asked for."""
    if code != 403:
        return Problem(code, WORDS.get(code, "etcdserver: request timed out"))
    try:
        resource, namespace, name = located(urlsplit(path).path)
    except Problem:
        return Problem(code, f'forbidden: User "dev" cannot get path "{path}"')
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    return Problem(
        code,
        f'{full_name(resource)} is forbidden: User "dev" cannot {"get" if name else "list"}'
        f' resource "{resource.plural}" in API group "{resource.group}" {scope}',
    )


def status(problem: Problem) -> Object:
    heading = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    reason = REASONS.get(problem.code, "InternalError")
    return {**heading, "message": str(problem), "reason": reason, "code": problem.code}


def handler_for(server: ApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers for `server`; every method but GET is refused."""

        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self.reply(lambda: server.answer(self.path))

        def refuse(self) -> None:
            def write() -> Object:
                raise refusal(405, self.path)

            self.close_connection = True
            self.reply(write)

        do_POST = do_PUT = do_PATCH = do_DELETE = refuse

        def reply(self, work: Callable[[], Object]) -> None:
            server.requests.append((self.command, self.path))
            fault = server.fault(self.path)
            if fault == "hang":
                server.over.wait()
                self.close_connection = True
                return
            try:
                if fault is not None:
                    raise refusal(int(fault), self.path)
                self.send(200, work())
            except Problem as problem:
                self.send(problem.code, status(problem))

        def send(self, code: int, body: Object) -> None:
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
