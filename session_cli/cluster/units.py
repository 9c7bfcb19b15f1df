"""The Units that workloads become in ConfigHub: one each, with a slug and labels of its own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from session_cli.cluster.naming import SLUG_LIMIT, app_of, slugify, variant_of
from session_cli.cluster.records import Identity, Record, identity, workload_of
from session_cli.cluster.workloads import Workload

# the labels that tell the workload of a Unit from any other, also from its like in another cluster
IDENTITY_LABELS = ("namespace", "kind", "workload", "cluster-uid")


class Unit(NamedTuple):
    """A Unit to be: its slug, its labels, and the record of the workload that it is made of."""

    slug: str
    labels: dict[str, str]
    record: Record


def units_for(
    records: Sequence[Record], given: Mapping[Identity, str], app_space: str, cluster_uid: str = ""
) -> list[Unit]:
    """The Units of the chosen workloads in their order; `given` are slugs from an earlier time.

    Of workloads with one name, each has its namespace in the slug, and its kind if need be.
    """
    slugs = _slugs([record for record in records if identity(record) not in given], given)
    return [
        Unit(
            given.get(identity(record)) or next(slugs),
            _labels(record, app_space, cluster_uid),
            record,
        )
        for record in records
    ]


def _slugs(records: Sequence[Record], given: Mapping[Identity, str]) -> Iterator[str]:
    taken = set(given.values())
    names = Counter(slugify(record["name"]) for record in records)
    pairs = Counter(_slug_with_namespace(record) for record in records)
    for record in records:
        slug = slugify(record["name"])
        if names[slug] > 1 or slug in taken:
            slug = _slug_with_namespace(record)
            if pairs[slug] > 1:
                slug = slugify(f"{slug}-{record['kind']}")
        if not slug or slug in taken:
            slug = _numbered(slug, record)
        taken.add(slug)
        yield slug


def _slug_with_namespace(record: Record) -> str:
    return slugify(f"{record['name']}-{record['namespace']}")


def _numbered(slug: str, record: Record) -> str:
    """A slug that no other record has, told by what makes the workload itself."""
    digest = hashlib.sha256("/".join(identity(record)).encode()).hexdigest()[:8]
    return f"{slug[: SLUG_LIMIT - 9].rstrip('-') or 'unit'}-{digest}"


def _labels(record: Record, app_space: str, cluster_uid: str) -> dict[str, str]:
    """The labels of a Unit; none that is empty, for ConfigHub refuses those."""
    workload = workload_of(record)
    path = record.get("path")
    labels = workload.labels
    told = {
        "app": app_of(workload),
        "variant": variant_of(workload, path if isinstance(path, str) else ""),
        "owner": record["owner"],
        "namespace": record["namespace"],
        "kind": record["kind"],
        "workload": record["name"],
        "cluster-uid": cluster_uid,
        "region": labels.get("topology.kubernetes.io/region") or labels.get("region"),
        "tier": labels.get("app.kubernetes.io/component") or labels.get("tier"),
        "team": _team(workload, app_space),
    }
    # cub takes a label apart at `,` and `=`
    labelled = {
        key: text.replace(",", "-").replace("=", "-").strip("-_./ ")
        for key, text in told.items()
        if text
    }
    return {key: text for key, text in labelled.items() if text}


def _team(workload: Workload, app_space: str) -> str:
    labels = workload.labels
    told = labels.get("team") or labels.get("app.kubernetes.io/part-of")
    return told or app_space.removesuffix("-team")
