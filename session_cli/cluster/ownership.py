"""Finds out who deploys a workload, by its owner references, labels and annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OWNERS = ("Flux", "ArgoCD", "Helm", "ConfigHub", "Operator", "Native")
# the API groups of Kubernetes' own workloads: an owner in one of these is not an operator
_OWN_GROUPS = ("apps", "batch")
_TRACKING_ID = re.compile(r"([^:]+):([^:/]*/[^:/]+):([^:/]*/[^/]+)")


@dataclass(frozen=True)
class Reference:
    """The object that deploys a workload; for a Unit, `namespace` is its space.

    The namespace is "" where the workload does not name it.
    """

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Owner:
    """One of OWNERS, and its object where the workload names it."""

    name: str
    ref: Reference | None = None


@dataclass(frozen=True)
class Signs:
    """The facts about a live workload that may show who deploys it.

    `controllers` are the owner references with `controller: true`; others have no say in it.
    """

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    controllers: Sequence[Mapping[str, str]] = ()


def owner_of(signs: Signs) -> Owner:
    """The first owner that the workload names; an empty label names nobody."""
    labels, annotations = signs.labels, signs.annotations
    return (
        _operator(signs.controllers)
        or _flux("Kustomization", "kustomize.toolkit.fluxcd.io", labels)
        or _flux("HelmRelease", "helm.toolkit.fluxcd.io", labels)
        or _argocd(signs)
        or _helm(labels, annotations)
        or _confighub(labels, annotations)
        or Owner("Native")
    )


def unit_of(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Reference | None:
    """The Unit that a workload already is in ConfigHub, whoever deploys it; None if it is none."""
    key = "confighub.com/UnitSlug"
    slug = labels.get(key) or annotations.get(key)
    space = annotations.get("confighub.com/SpaceName", "")
    marked = Reference("Unit", space, slug) if slug else None
    return _origin(annotations.get("confighub.com/origin", "")) or marked


def _origin(text: str) -> Reference | None:
    """The Unit in the JSON with which ConfigHub marks what it delivers; None if there is none."""
    try:
        origin = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    fields = origin if isinstance(origin, dict) else {}
    slug, space = fields.get("unitSlug"), fields.get("spaceSlug", "")
    if isinstance(slug, str) and slug and isinstance(space, str):
        return Reference("Unit", space, slug)
    return None


def _operator(controllers: Sequence[Mapping[str, str]]) -> Owner | None:
    """The operator's object whose controller created the workload, and would create it again."""
    for each in controllers:
        group = each.get("apiVersion", "").partition("/")[0]
        kind, name = each.get("kind"), each.get("name")
        if kind and name and group not in ("", *_OWN_GROUPS):
            return Owner("Operator", Reference(kind, "", name))
    return None


def _flux(kind: str, group: str, labels: Mapping[str, str]) -> Owner | None:
    name = labels.get(f"{group}/name")
    namespace = labels.get(f"{group}/namespace") or "flux-system"
    return Owner("Flux", Reference(kind, namespace, name)) if name else None


def _argocd(signs: Signs) -> Owner | None:
    """The Application in the tracking id, else in the label that older releases of Argo CD set.

    A tracking id of another object was copied together with the rest of its metadata; then the
    label was copied, too, and neither counts.
    """
    tracking_id = signs.annotations.get("argocd.argoproj.io/tracking-id", "")
    tracked = _TRACKING_ID.fullmatch(tracking_id)
    if tracked is None:
        return _application(signs.labels.get("argocd.argoproj.io/instance", ""))
    own = (f"apps/{signs.kind}", f"{signs.namespace}/{signs.name}")
    return _application(tracked[1]) if tracked.groups()[1:] == own else None


def _application(instance: str) -> Owner | None:
    # Argo CD writes <namespace>_<name> for an Application outside its own namespace,
    # and no Kubernetes name has an underscore.
    namespace, _, name = instance.rpartition("_")
    return Owner("ArgoCD", Reference("Application", namespace or "argocd", name)) if name else None


def _helm(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Owner | None:
    if labels.get("app.kubernetes.io/managed-by") != "Helm":
        return None
    release = annotations.get("meta.helm.sh/release-name")
    namespace = annotations.get("meta.helm.sh/release-namespace", "")
    return Owner("Helm", Reference("Release", namespace, release) if release else None)


def _confighub(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Owner | None:
    unit = unit_of(labels, annotations)
    return Owner("ConfigHub", unit) if unit else None
