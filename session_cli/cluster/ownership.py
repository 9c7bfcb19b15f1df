"""Who deploys a workload, told from its references, labels and annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OWNERS = ("Flux", "ArgoCD", "Helm", "ConfigHub", "Operator", "Native")
# the groups of Kubernetes' own workloads: what one of those owns is no operator's
_OWN_GROUPS = ("apps", "batch")
_TRACKING_ID = re.compile(r"([^:]+):([^:/]*/[^:/]+):([^:/]*/[^/]+)")


@dataclass(frozen=True)
class Reference:
    """The object that deploys a workload; for a Unit, `namespace` is its space.

    A namespace that the workload does not tell is "".
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
    """What a live workload says of itself, as far as it may tell who deploys it.

    `controllers` are those of its owner references that say so: a cluster has other ones, too.
    """

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    controllers: Sequence[Mapping[str, str]] = ()


def owner_of(signs: Signs) -> Owner:
    """Return the first owner that the workload names; an empty label names nobody."""
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
    """Return the Unit that a workload already is in ConfigHub, whoever deploys it."""
    key = "confighub.com/UnitSlug"
    slug = labels.get(key) or annotations.get(key)
    space = annotations.get("confighub.com/SpaceName", "")
    marked = Reference("Unit", space, slug) if slug else None
    return _origin(annotations.get("confighub.com/origin", "")) or marked


def _origin(text: str) -> Reference | None:
    """The Unit in the JSON by which ConfigHub marks what it delivers; None if it is none."""
    try:
        origin = json.loads(text)
    except (ValueError, RecursionError):
        return None
    fields = origin if isinstance(origin, dict) else {}
    slug, space = fields.get("unitSlug"), fields.get("spaceSlug", "")
    if isinstance(slug, str) and slug and isinstance(space, str):
        return Reference("Unit", space, slug)
    return None


def _operator(controllers: Sequence[Mapping[str, str]]) -> Owner | None:
    """The object whose controller made the workload, and would make it the same again."""
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
    """The Application of the tracking id, else of the label, which Argo CD may have left behind.

    The id of another object came along with a copy of its metadata, and so did the label.
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
