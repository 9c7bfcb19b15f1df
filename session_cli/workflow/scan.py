"""Scanned workloads on their way into the state document, so that a resumed import has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from session_cli.cluster.ownership import OWNERS, Owner, Reference
from session_cli.cluster.workloads import Workload
from session_cli.workflow.state import Record

# the labels that naming goes by; the others are not kept
TELLING_LABELS = frozenset(
    (
        "app",
        "app.kubernetes.io/component",
        "app.kubernetes.io/instance",
        "app.kubernetes.io/name",
        "app.kubernetes.io/part-of",
        "env",
        "environment",
        "region",
        "team",
        "tier",
        "topology.kubernetes.io/region",
    )
)


def scan_result(
    workloads: Sequence[Workload],
    complaints: Sequence[str],
    paths: Mapping[tuple[str, str, str], str],
    scanned_at: str,
) -> dict[str, Any]:
    """What a scan adds to the state; `paths` by (kind, namespace, name) of the deploying object.

    null takes away what an earlier scan had and this one has not.
    """
    records = [_record(workload, _path_of(workload, paths)) for workload in workloads]
    return counted_result(records) | {
        "scanned_at": scanned_at,
        "partial": list(complaints) or None,
    }


def counted_result(records: Sequence[Record]) -> dict[str, Any]:
    """The scanned workloads with what is counted of them, as the state has it."""
    counts: dict[str, int | None] = dict.fromkeys(OWNERS)
    return {
        "namespaces": sorted({record.namespace for record in records}),
        "workloads_detected": len(records),
        "owners": counts | Counter(record.owner for record in records),
        "workloads": [record.members for record in records],
    }


def _path_of(workload: Workload, paths: Mapping[tuple[str, str, str], str]) -> str:
    ref = workload.owner.ref
    return paths.get((ref.kind, ref.namespace, ref.name), "") if ref else ""


def _record(workload: Workload, path: str) -> Record:
    members: dict[str, Any] = {
        "namespace": workload.namespace,
        "kind": workload.kind,
        "name": workload.name,
        "owner": workload.owner.name,
        "ready": workload.ready,
        "desired": workload.desired,
    }
    labels = {key: text for key, text in workload.labels.items() if key in TELLING_LABELS}
    optional = {**_objections(workload), "path": path, "labels": labels}
    return Record(members | {key: value for key, value in optional.items() if value})


def _objections(workload: Workload) -> dict[str, Any]:
    """What speaks against making a Unit of the workload."""
    unit, owner = workload.unit, workload.owner
    maker = owner.ref if owner.name == "Operator" else None
    return {
        "unit": unit.name if unit else "",
        "unit_space": unit.namespace if unit else "",
        "made_by": f"{maker.kind} {maker.name}" if maker else "",
        "terminating": workload.is_terminating,
    }


def workload_of(record: Record) -> Workload:
    """The workload that a record was made of, as far as naming it goes."""
    return Workload(
        kind=record.kind,
        namespace=record.namespace,
        name=record.name,
        owner=Owner(record.owner),
        unit=Reference("Unit", record.unit_space, record.unit) if record.unit else None,
        ready=record.ready,
        desired=record.desired,
        labels=record.labels,
    )
