"""Turns scanned workloads into the records of a state document, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from session_cli.cluster.ownership import OWNERS, Owner, Reference
from session_cli.cluster.workloads import Workload
from session_cli.workflow.state import Record

# the labels that naming uses; no others are kept
NAMING_LABELS = frozenset(
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
    """The member `scan_result`; `paths` by (kind, namespace, name) of the deploying object.

    In DATA, null removes what an earlier scan saved.
    """
    records = [_record(workload, _path_of(workload, paths)) for workload in workloads]
    return counted_result(records) | {
        "scanned_at": scanned_at,
        "partial": list(complaints) or None,
    }


def counted_result(records: Sequence[Record]) -> dict[str, Any]:
    """The member `scan_result` for these records, with the counts of them."""
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
    labels = {key: text for key, text in workload.labels.items() if key in NAMING_LABELS}
    optional = {**_objections(workload), "path": path, "labels": labels}
    return Record(members | {key: value for key, value in optional.items() if value})


def _objections(workload: Workload) -> dict[str, Any]:
    """Why the workload should not become a Unit; empty values when there is no reason."""
    unit, owner = workload.unit, workload.owner
    maker = owner.ref if owner.name == "Operator" else None
    return {
        "unit": unit.name if unit else "",
        "unit_space": unit.namespace if unit else "",
        "made_by": f"{maker.kind} {maker.name}" if maker else "",
        "terminating": workload.is_terminating,
    }


def workload_of(record: Record) -> Workload:
    """The workload of a record, with what naming it needs; its owner has no object."""
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
