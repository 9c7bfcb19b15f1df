"""The workloads in what `kubectl get deployments,statefulsets,daemonsets -A -o json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from session_cli.cluster.ownership import Owner, Reference, Signs, owner_of, unit_of

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
SKIPPED_NAMESPACES = frozenset(
    ("kube-system", "kube-public", "kube-node-lease", "local-path-storage", "flux-system", "argocd")
)


@dataclass(frozen=True)
class Workload:
    """One Deployment, StatefulSet or DaemonSet; `ready` and `desired` count its pods.

    `unit` is the Unit that it already is in ConfigHub, else None.
    """

    kind: str
    namespace: str
    name: str
    owner: Owner
    unit: Reference | None
    ready: int
    desired: int
    labels: Mapping[str, str] = field(hash=False)
    is_terminating: bool = False


def workloads_in(document: object) -> tuple[Workload, ...]:
    """Return the workloads by namespace, kind and name, without those of skipped namespaces.

    Items that are no workload are passed over. Raises ValueError unless `document` is a List.
    """
    found = (_workload(item) for item in _items(document))
    kept = [each for each in found if each and each.namespace not in SKIPPED_NAMESPACES]
    return tuple(sorted(kept, key=lambda w: (w.namespace, KINDS.index(w.kind), w.name)))


def _items(document: object) -> list[object]:
    fields = _object(document)
    items = fields.get("items")
    if fields.get("kind") == "List" and isinstance(items, list):
        return items
    raise ValueError("not the List of items that kubectl get -o json prints")


def _workload(item: object) -> Workload | None:
    fields = _object(item)
    metadata = _object(fields.get("metadata"))
    kind, name = _text(fields.get("kind")), _text(metadata.get("name"))
    namespace = _text(metadata.get("namespace"))
    if fields.get("apiVersion") != "apps/v1" or kind not in KINDS or not (namespace and name):
        return None
    labels, annotations = _texts(metadata.get("labels")), _texts(metadata.get("annotations"))
    ready, desired = _pods(kind, _object(fields.get("spec")), _object(fields.get("status")))
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        owner=owner_of(Signs(kind, namespace, name, labels, annotations, _controllers(metadata))),
        unit=unit_of(labels, annotations),
        ready=ready,
        desired=desired,
        labels=labels,
        is_terminating=bool(metadata.get("deletionTimestamp")),
    )


def _controllers(metadata: dict[str, object]) -> list[dict[str, str]]:
    references = metadata.get("ownerReferences")
    listed = map(_object, references) if isinstance(references, list) else ()
    return [_texts(each) for each in listed if each.get("controller") is True]


def _pods(kind: str, spec: dict[str, object], status: dict[str, object]) -> tuple[int, int]:
    if kind == "DaemonSet":
        return _count(status, "numberReady"), _count(status, "desiredNumberScheduled")
    return _count(status, "readyReplicas"), _count(spec, "replicas", absent=1)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {key: text for key, text in _object(value).items() if isinstance(text, str)}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(fields: dict[str, object], key: str, absent: int = 0) -> int:
    value = fields.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else absent
