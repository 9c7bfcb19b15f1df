"""Workloads as the state document keeps them, so that a resumed import need not scan again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from session_cli.cluster.ownership import OWNERS, Owner, Reference
from session_cli.cluster.workloads import KINDS, Workload

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

Record = dict[str, Any]
Identity = tuple[str, str, str]
# (namespace, name)
Place = tuple[str, str]


def scan_result(
    workloads: Sequence[Workload],
    complaints: Sequence[str],
    paths: Mapping[tuple[str, str, str], str],
    scanned_at: str,
) -> Record:
    """What a scan adds to the state; `paths` by (kind, namespace, name) of the deploying object.

    null takes away what an earlier scan had and this one has not.
    """
    records = [_record(workload, _path_of(workload, paths)) for workload in workloads]
    return found(records) | {"scanned_at": scanned_at, "partial": list(complaints) or None}


def found(records: Sequence[Record]) -> Record:
    """The scanned workloads with what is counted of them, as the state has it."""
    counts: dict[str, int | None] = dict.fromkeys(OWNERS)
    return {
        "namespaces": sorted({record["namespace"] for record in records}),
        "workloads_detected": len(records),
        "owners": counts | Counter(record["owner"] for record in records),
        "workloads": list(records),
    }


def _path_of(workload: Workload, paths: Mapping[tuple[str, str, str], str]) -> str:
    ref = workload.owner.ref
    return paths.get((ref.kind, ref.namespace, ref.name), "") if ref else ""


def _record(workload: Workload, path: str) -> Record:
    record: Record = {
        "namespace": workload.namespace,
        "kind": workload.kind,
        "name": workload.name,
        "owner": workload.owner.name,
        "ready": workload.ready,
        "desired": workload.desired,
    }
    labels = {key: text for key, text in workload.labels.items() if key in TELLING_LABELS}
    optional = {**_against(workload), "path": path, "labels": labels}
    return record | {key: value for key, value in optional.items() if value}


def _against(workload: Workload) -> Record:
    """What speaks against making a Unit of the workload."""
    unit, owner = workload.unit, workload.owner
    maker = owner.ref if owner.name == "Operator" else None
    return {
        "unit": unit.name if unit else "",
        "unit_space": unit.namespace if unit else "",
        "made_by": f"{maker.kind} {maker.name}" if maker else "",
        "terminating": workload.is_terminating,
    }


def records_in(state: Mapping[str, Any]) -> list[Record]:
    """The scanned workloads of a state document, without whatever is no such record."""
    return [record for record in _listed(state, "scan_result", "workloads") if _is_record(record)]


def kindless_in(state: Mapping[str, Any]) -> list[Place]:
    """The chosen workloads of which neither the choice nor the scan tells the kind."""
    known = {(each["namespace"], each["name"]) for each in records_in(state)}
    chosen = _listed(state, "selections", "selected_workloads")
    places = [_place(each) for each in chosen if isinstance(each, dict) and "kind" not in each]
    return [place for place in places if place not in known]


def with_kinds(state: Mapping[str, Any], kinds: Mapping[Place, str]) -> Mapping[str, Any]:
    """The state with the kinds that its chosen workloads turned out to have."""
    if not kinds:
        return state
    chosen = [
        {**each, "kind": kinds[_place(each)]} if _place(each) in kinds else each
        for each in _listed(state, "selections", "selected_workloads")
        if isinstance(each, dict)
    ]
    return {**state, "selections": {**state["selections"], "selected_workloads": chosen}}


def _place(record: Record) -> Place:
    return str(record.get("namespace")), str(record.get("name"))


def selected_in(state: Mapping[str, Any]) -> list[Record]:
    """The workloads of a state document that the person chose.

    The draft's own states name no kind; it is then the one that the scan knows, else Deployment.
    """
    known = {(each["namespace"], each["name"]): each["kind"] for each in records_in(state)}
    chosen = []
    for record in _listed(state, "selections", "selected_workloads"):
        if isinstance(record, dict):
            kind = known.get(_place(record), "Deployment")
            record = {"kind": kind, "owner": "Native", **record}
            chosen += [record] if _is_record(record) else []
    return chosen


def identity(record: Record) -> Identity:
    """(namespace, kind, name): what makes a workload itself."""
    return record["namespace"], record["kind"], record["name"]


def workload_of(record: Record) -> Workload:
    """The workload that a record was made of, as far as naming it goes."""
    labels = record.get("labels")
    texts = labels.items() if isinstance(labels, dict) else ()
    return Workload(
        kind=record["kind"],
        namespace=record["namespace"],
        name=record["name"],
        owner=Owner(record["owner"]),
        unit=unit_in(record),
        ready=count(record.get("ready")),
        desired=count(record.get("desired")),
        labels={key: text for key, text in texts if isinstance(text, str)},
    )


def unit_in(record: Record) -> Reference | None:
    """The Unit that a scanned workload already is; a slug that is no text counts, too."""
    slug, space = record.get("unit"), record.get("unit_space")
    return Reference("Unit", space if isinstance(space, str) else "", str(slug)) if slug else None


def count(value: object) -> int:
    """A number of pods; 0 for what is none."""
    return value if type(value) is int and value >= 0 else 0


def _listed(state: Mapping[str, Any], part: str, key: str) -> list[Any]:
    inner = state.get(part)
    found = inner.get(key) if isinstance(inner, dict) else None
    return found if isinstance(found, list) else []


def _is_record(record: object) -> bool:
    if not isinstance(record, dict):
        return False
    texts = [record.get(key) for key in ("namespace", "kind", "name", "owner")]
    return all(isinstance(text, str) and text for text in texts) and record["kind"] in KINDS
