"""What the scan found as lists: by namespace, by owner, by workload. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from session_cli.text.columns import Style, Table
from session_cli.words import counted, plain
from session_cli.workflow.choices import (
    CHOSEN,
    NOT_CHOSEN,
    marked_workloads,
    objection,
    workload_id,
)
from session_cli.workflow.state import ImportState, Record

BAR_WIDTH = 20
# the owners that have a colour of their own
STYLED_OWNERS = frozenset(("Flux", "ArgoCD", "Helm", "ConfigHub", "Native"))
# which cells of a workload's row these are
KIND, OWNER, READY = 2, 3, 4


def _cells(record: Record) -> tuple[str, ...]:
    return (
        record.namespace,
        record.name,
        record.kind,
        record.owner,
        _readiness(record),
        objection(record) or ("" if record.is_ready else "not ready"),
    )


def left_out_lines(state: ImportState) -> list[str]:
    """A line for each workload that is left out because of an objection, with that objection."""
    left = [
        record for record, mark in marked_workloads(state) if mark != CHOSEN and objection(record)
    ]
    return [
        plain(f"{each.kind} {each.namespace}/{each.name} is left out: {objection(each)}")
        for each in left
    ]


def _readiness(record: Record) -> str:
    return f"{record.ready}/{record.desired}"


def namespace_table(state: ImportState) -> Table:
    """A row for each namespace: its workloads, their owners, how many are not ready."""
    chosen = state.selections.namespaces
    groups = _group_by(state.records, lambda record: record.namespace)
    counts = [Counter(record.owner for record in group).most_common() for group in groups.values()]
    return Table(
        ("NAMESPACE", "", "OWNERS", ""),
        list(groups),
        [
            (name, counted(len(group), "workload"), _list_owners(owners), _waiting(group))
            for (name, group), owners in zip(groups.items(), counts, strict=True)
        ],
        lambda place: ("", "", _owners_styles(counts[place]), "warn"),
        [CHOSEN if name in chosen else NOT_CHOSEN for name in groups],
        keys=(0, 1),
        kept=(3,),
    )


def _list_owners(owners: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{owner} {number}" for owner, number in owners)


def _owners_styles(owners: Sequence[tuple[str, int]]) -> Style:
    """The styles of what `_list_owners` makes of the same."""
    styles = [(len(plain(f"{owner} {number}")), owner_style(owner)) for owner, number in owners]
    return [each for pair in styles for each in (pair, (len(", "), ""))]


def _waiting(group: Sequence[Record]) -> str:
    waiting = sum(not record.is_ready for record in group)
    return f"{waiting} not ready" if waiting else ""


def workload_table(state: ImportState) -> Table:
    """A row for each workload to choose from, with its mark."""
    marked = marked_workloads(state)
    records = [record for record, _ in marked]
    return Table(
        ("NAMESPACE", "WORKLOAD", "KIND", "OWNER", "READY", ""),
        [workload_id(record) for record in records],
        [_cells(record) for record in records],
        lambda place: _workload_styles(records[place]),
        [mark for _, mark in marked],
        keys=(0, 1),
        kept=(KIND, READY),
        has_notes=True,
        covered_in=_covered_in(records),
    )


def _covered_in(records: Sequence[Record]) -> Callable[[int], tuple[int, ...]]:
    """Which cells of a row the objection covers; the kind tells namesakes apart."""
    names = Counter((record.namespace, record.name) for record in records)

    def covered(place: int) -> tuple[int, ...]:
        record = records[place]
        if not objection(record):
            return ()
        is_namesake = names[record.namespace, record.name] > 1
        return (READY, OWNER) if is_namesake else (READY, OWNER, KIND)

    return covered


def _workload_styles(record: Record) -> tuple[Style, ...]:
    return (
        "",
        "",
        "dim",
        owner_style(record.owner),
        readiness_style(record),
        objection_style(record),
    )


def readiness_table(state: ImportState) -> Table:
    """A row for each workload; its readiness comes first, to be seen on a narrow screen, too."""
    records = state.records
    return Table(
        ("READY", "NAMESPACE", "WORKLOAD", "KIND", "OWNER", ""),
        [workload_id(record) for record in records],
        [
            (
                f"{' ' if each.is_ready else '!'} {_readiness(each)}",
                each.namespace,
                each.name,
                each.kind,
                each.owner,
                objection(each),
            )
            for each in records
        ],
        lambda place: _readiness_styles(records[place]),
        keys=(1, 2),
        has_notes=True,
    )


def _readiness_styles(record: Record) -> tuple[Style, ...]:
    namespace, name, kind, owner, ready, remark = _workload_styles(record)
    return ready, namespace, name, kind, owner, remark


def owner_table(state: ImportState) -> Table:
    """A row for each owner, with what it deploys; the one that deploys most comes first."""
    groups = _group_by(state.records, lambda record: record.owner)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    owners = [owner for owner, _ in ordered]
    most = max(map(len, groups.values()), default=0)
    return Table(
        ("OWNER", "", "", "", ""),
        owners,
        [
            (
                owner,
                "#" * max(1, round(BAR_WIDTH * len(group) / most)),
                counted(len(group), "workload"),
                counted(len({record.namespace for record in group}), "namespace"),
                _waiting(group),
            )
            for owner, group in ordered
        ],
        lambda place: (*[owner_style(owners[place])] * 2, "", "", "warn"),
        kept=(4,),
        whole=(1,),
    )


def owner_style(owner: str) -> str:
    """The style of an owner, also of one that is not among ours."""
    return f"owner.{owner.lower()}" if owner in STYLED_OWNERS else "owner.other"


def readiness_style(record: Record) -> str:
    return "ok" if record.is_ready else "warn"


def objection_style(record: Record) -> str:
    """The style of an objection: being a Unit already is none that calls for attention."""
    return "dim" if record.unit else "warn"


def _group_by(records: Iterable[Record], key: Callable[[Record], str]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(key(record), []).append(record)
    return groups
