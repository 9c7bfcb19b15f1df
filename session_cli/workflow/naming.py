"""What to call a workload in ConfigHub: its app, its variant, its App Space and its slug."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from session_cli.cluster.workloads import SKIPPED_NAMESPACES, Workload

SLUG_LIMIT = 128

_VARIANTS = {
    "prod": "prod",
    "production": "prod",
    "staging": "staging",
    "stage": "staging",
    "stg": "stg",
    "dev": "dev",
    "development": "dev",
    "test": "test",
    "testing": "test",
    "qa": "qa",
    "uat": "uat",
    "sit": "sit",
    "demo": "demo",
    "sandbox": "sandbox",
    "preview": "preview",
    "canary": "canary",
}
_SYSTEM_NAMESPACES = SKIPPED_NAMESPACES | {"default", "cert-manager", "ingress-nginx"}


def app_of(workload: Workload) -> str:
    """The app by label, else by namespace, else the workload's own name."""
    labels = workload.labels
    return (
        labels.get("app.kubernetes.io/name")
        or labels.get("app")
        or _app_and_variant(workload.namespace)[0]
        or workload.name
    )


def variant_of(workload: Workload, path: str = "") -> str | None:
    """The variant (prod, staging, ...); None when there is no sign of one.

    `path` is the `spec.path` of the workload's Kustomization, or the `spec.source.path` of its
    Application; it is the surest sign and wins.
    """
    labels = workload.labels
    variant = (
        _variant_in_path(path)
        or _variant_in_instance(labels)
        or labels.get("environment")
        or labels.get("env")
        or _app_and_variant(workload.namespace)[1]
    ).lower()
    return _VARIANTS.get(variant, variant) or None


def suggest_app_space(workloads: Sequence[Workload]) -> str:
    """The slug of the App Space to suggest for `workloads`, the same in every run.

    The app that most of them share names it; of apps that are equally frequent, the first by
    alphabet. Without one, the namespace of the first workload does.
    """
    apps = ((app_of(workload), workload.name) for workload in workloads)
    counts = Counter(slugify(app) for app, name in apps if app != name)
    del counts[""]
    if counts:
        return slugify(min(counts, key=lambda app: (-counts[app], app)) + "-team")
    first = _app_and_variant(workloads[0].namespace)[0] if workloads else ""
    return slugify(f"{slugify(first) or 'imported'}-team")


def slugify(text: str) -> str:
    """`text` as a ConfigHub slug; "" when it has no letter or digit of ASCII."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return slug[:SLUG_LIMIT].rstrip("-")


def _variant_in_path(path: str) -> str:
    segments = path.lower().split("/")
    return next((segment for segment in segments if segment in _VARIANTS), "")


def _variant_in_instance(labels: Mapping[str, str]) -> str:
    instance = labels.get("app.kubernetes.io/instance", "").lower()
    app = labels.get("app.kubernetes.io/name", "").lower()
    if instance.startswith(f"{app}-"):
        return instance[len(app) + 1 :]
    head, _, last = instance.rpartition("-")
    return last if head and last in _VARIANTS else ""


def _app_and_variant(namespace: str) -> tuple[str, str]:
    if namespace in _SYSTEM_NAMESPACES or namespace.startswith("local-path-"):
        return "", ""
    head, _, last = namespace.rpartition("-")
    if head and last in _VARIANTS:
        return head, last
    first, _, tail = namespace.partition("-")
    if tail and first in _VARIANTS:
        return tail, first
    return namespace, ""
