"""The workloads in what `kubectl get deployments,statefulsets,daemonsets -A -o json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from session_cli.cluster.objects import (
    Object,
    count_at,
    member,
    object_at,
    objects_at,
    text_at,
    texts_at,
)
from session_cli.cluster.ownership import Owner, Reference, Signs, owner_of, unit_of

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
METADATA = (
    "namespace", "name", "labels", "annotations", "ownerReferences", "deletionTimestamp",
)  # fmt: skip
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
    """The workloads by namespace, kind and name, without those of skipped namespaces.

    Items that are not workloads are skipped. Raises ValueError unless `document` is a List.
    """
    items = objects_at(document, "items")
    if items is None or member(document, "kind") != "List":
        raise ValueError("not the List of items that kubectl get -o json prints")
    found = (_workload(item) for item in items)
    kept = [each for each in found if each and each.namespace not in SKIPPED_NAMESPACES]
    return tuple(sorted(kept, key=lambda w: (w.namespace, KINDS.index(w.kind), w.name)))


def outline(item: Object) -> Object:
    """The object without what `workloads_in` does not look at: of thousands it fills the memory."""
    metadata, spec = object_at(item, "metadata"), object_at(item, "spec")
    kept = {key: metadata[key] for key in METADATA if key in metadata}
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict):
        annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return {
        "metadata": kept,
        "spec": {"replicas": spec["replicas"]} if "replicas" in spec else {},
        "status": item.get("status"),
    }


def _workload(item: Object) -> Workload | None:
    kind, name = text_at(item, "kind"), text_at(item, "metadata", "name")
    namespace = text_at(item, "metadata", "namespace")
    is_workload = member(item, "apiVersion") == "apps/v1" and kind in KINDS
    if not (is_workload and namespace and name):
        return None
    labels = texts_at(item, "metadata", "labels")
    annotations = texts_at(item, "metadata", "annotations")
    ready, desired = _pods(kind, item)
    return Workload(
        kind=kind,
        namespace=namespace,
        name=name,
        owner=owner_of(Signs(kind, namespace, name, labels, annotations, _controllers(item))),
        unit=unit_of(labels, annotations),
        ready=ready,
        desired=desired,
        labels=labels,
        is_terminating=bool(member(item, "metadata", "deletionTimestamp")),
    )


def _controllers(item: Object) -> list[dict[str, str]]:
    references = objects_at(item, "metadata", "ownerReferences") or []
    return [texts_at(each) for each in references if member(each, "controller") is True]


def _pods(kind: str, item: Object) -> tuple[int, int]:
    """How many pods are ready, and how many are desired."""
    if kind == "DaemonSet":
        desired = count_at(item, "status", "desiredNumberScheduled")
        return count_at(item, "status", "numberReady"), desired
    return count_at(item, "status", "readyReplicas"), count_at(item, "spec", "replicas", absent=1)
