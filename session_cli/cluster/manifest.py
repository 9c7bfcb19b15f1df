"""The manifest of a workload, as somebody would have written it."""

from __future__ import annotations

import copy
from typing import Any

SERVER_METADATA = (
    "managedFields",
    "creationTimestamp",
    "resourceVersion",
    "uid",
    "generation",
    "selfLink",
    "ownerReferences",
)
SERVER_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
)


def cleaned(live: dict[str, Any]) -> dict[str, Any]:
    """`live` without what the server added to it: its status and its bookkeeping in metadata.

    Only those members go, by their place: a variable that is called `uid` stays.
    """
    manifest = copy.deepcopy(live)
    manifest.pop("status", None)
    metadata = manifest.get("metadata")
    if isinstance(metadata, dict):
        _without(metadata, SERVER_METADATA)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            _without(annotations, SERVER_ANNOTATIONS)
        if not annotations:
            metadata.pop("annotations", None)
    spec = manifest.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    pod = template.get("metadata") if isinstance(template, dict) else None
    if isinstance(pod, dict) and pod.get("creationTimestamp", "") is None:
        del pod["creationTimestamp"]
    return manifest


def _without(members: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        members.pop(key, None)
