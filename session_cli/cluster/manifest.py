"""The manifest of a workload, without what the server added to it."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from session_cli.cluster.objects import object_at

if TYPE_CHECKING:
    import yaml

SERVER_METADATA = (
    "managedFields",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "resourceVersion",
    "uid",
    "generation",
    "generateName",
    "selfLink",
    "ownerReferences",
    "finalizers",
)
SERVER_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
)
# Some YAML readers take `y` and `off` for booleans, and `1e3`, `0o17` and `12:30` for numbers. What
# starts with a letter and is not one of those words is a string to all of them.
_PLAIN = re.compile(r"[A-Za-z/][\w./-]*(?::[\w./-]+)*", re.ASCII)
_BOOLEANS_AND_NULL = frozenset("y n yes no on off true false null".split())


def clean(live: dict[str, Any]) -> dict[str, Any]:
    """A copy of `live` without its status and the server's bookkeeping in its metadata.

    Only members at those places are removed: an environment variable called `uid` stays.
    """
    manifest = copy.deepcopy(live)
    manifest.pop("status", None)
    metadata = object_at(manifest, "metadata")
    _remove(metadata, SERVER_METADATA)
    _remove(object_at(metadata, "annotations"), SERVER_ANNOTATIONS)
    if not metadata.get("annotations"):
        metadata.pop("annotations", None)
    pod = object_at(manifest, "spec", "template", "metadata")
    if pod.get("creationTimestamp", "") is None:
        del pod["creationTimestamp"]
    return manifest


def _remove(members: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        members.pop(key, None)


def as_yaml(manifest: dict[str, Any]) -> bytes:
    """`manifest` as YAML that readers of every YAML version read as the same strings."""
    import yaml

    return yaml.dump(
        manifest,
        Dumper=_dumper(),
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
        encoding="utf-8",
    )


@cache
def _dumper() -> type[yaml.SafeDumper]:
    import yaml

    class Quoting(yaml.SafeDumper):
        """Quotes every string that some reader could take for something else."""

    Quoting.add_representer(str, _scalar)
    return Quoting


def _scalar(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _BOOLEANS_AND_NULL
    if not is_plain:
        # kubectl reads an unpaired surrogate as U+FFFD, too
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if is_plain else '"')
