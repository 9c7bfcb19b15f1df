"""Who deploys a workload, told from its labels and annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OWNERS = ("Flux", "ArgoCD", "Helm", "ConfigHub", "Native")


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


def owner_of(labels: Mapping[str, str], annotations: Mapping[str, str]) -> Owner:
    """Return the first owner that the workload names; an empty label names nobody."""
    tracking_id = annotations.get("argocd.argoproj.io/tracking-id", "")
    return (
        _flux("Kustomization", "kustomize.toolkit.fluxcd.io", labels)
        or _flux("HelmRelease", "helm.toolkit.fluxcd.io", labels)
        or _argocd(labels.get("argocd.argoproj.io/instance", ""))
        or _argocd(tracking_id.partition(":")[0])
        or _helm(labels, annotations)
        or _confighub(labels, annotations)
        or Owner("Native")
    )


def unit_slug_of(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    """Return the Unit that a workload already is in ConfigHub, whoever deploys it."""
    key = "confighub.com/UnitSlug"
    return labels.get(key) or annotations.get(key) or None


def _flux(kind: str, group: str, labels: Mapping[str, str]) -> Owner | None:
    name = labels.get(f"{group}/name")
    namespace = labels.get(f"{group}/namespace") or "flux-system"
    return Owner("Flux", Reference(kind, namespace, name)) if name else None


def _argocd(instance: str) -> Owner | None:
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
    slug = unit_slug_of(labels, annotations)
    space = annotations.get("confighub.com/SpaceName", "")
    return Owner("ConfigHub", Reference("Unit", space, slug)) if slug else None
