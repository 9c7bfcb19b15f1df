"""What the pane beside a list says of the row under the cursor: a workload, a namespace. Pure."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from session_cli.text.boxes import visible, wrap
from session_cli.text.columns import Fragment, Table
from session_cli.text.lists import objection_style, owner_style, readiness_style
from session_cli.words import counted, plain
from session_cli.workflow.choices import objection, workload_id
from session_cli.workflow.naming import slugify
from session_cli.workflow.state import ImportState, Record
from session_cli.workflow.unit_names import UnitNames
from session_cli.workflow.units import labels_for

Lines = list[list[Fragment]]

LABEL_WIDTH = 8
LONGEST_TEXT = 300
ROWS_SHOWN = 200
OWNERS_SHOWN = 8
LABELS_SHOWN = ("app", "variant", "owner", "team")

# how `cluster.ownership` recognises each
_SIGNS = {
    "Flux": "its labels name a Kustomization or a HelmRelease",
    "ArgoCD": "its tracking id or its label names an Application",
    "Helm": "its label managed-by says Helm",
    "ConfigHub": "its labels or annotations name a Unit",
    "Operator": "the controller of another object made it",
    "Native": "nothing in its metadata names an owner",
}


class Details:
    """The details of the workloads in a state.

    What all of them share is worked out once, when the first of them is asked for.
    """

    def __init__(self, state: ImportState) -> None:
        self._state = state

    @cached_property
    def _records(self) -> dict[str, Record]:
        return {workload_id(record): record for record in self._state.records}

    @cached_property
    def _names(self) -> UnitNames:
        return UnitNames(self._state)

    @cached_property
    def _namespaces(self) -> dict[str, _Namespace]:
        namespaces: dict[str, _Namespace] = {}
        for record in self._state.records:
            namespaces.setdefault(plain(record.namespace), _Namespace()).add(record)
        return namespaces

    def of_workload(self, id_: str, width: int) -> Lines:
        """The workload of that id in lines of at most `width` cells; none if there is none."""
        record = self._records.get(id_)
        if record is None:
            return []
        return [
            *_text("heading", record.name, width),
            *_text("", f"{record.kind} in namespace {record.namespace}", width),
            [],
            *_field("owner", _owner(record), width),
            *_field("ready", [_readiness(record)], width),
            *_field("Unit", self._unit(record), width),
            *_field("labels", self._labels(record), width),
            *_remark(record, width),
        ]

    def _unit(self, record: Record) -> list[Fragment]:
        if record.unit:
            space = f" in {record.unit_space}" if record.unit_space else ""
            return [("accent", f"{record.unit}{space}"), ("dim", "already in ConfigHub")]
        slug, why = self._names.name_of(record)
        return [("accent", slug), ("dim", why)]

    def _labels(self, record: Record) -> list[Fragment]:
        if record.unit:
            return []
        # the App Space names the team where no label does, and is not chosen in the first steps
        app_space = slugify(self._state.selections.app_space)
        labels = labels_for(record, app_space, self._state.cluster_uid or "")
        return [("", f"{key}={labels[key]}") for key in LABELS_SHOWN if key in labels]

    def of_namespace(self, id_: str, width: int) -> Lines:
        """The namespace of that id, its owners and workloads, those that are not ready first.

        Lines of at most `width` cells; none if the scan found no such namespace.
        """
        found = self._namespaces.get(id_)
        if found is None:
            return []
        return [
            *_text("heading", id_, width),
            *_text("", counted(found.count, "workload"), width),
            *(_text("warn", f"{len(found.waiting)} not ready", width) if found.waiting else []),
            [],
            *_owner_lines(found.owners, width),
            [],
            *_workload_lines(found, width),
        ]


class _Namespace:
    """The workloads of a namespace."""

    def __init__(self) -> None:
        self.owners: Counter[str] = Counter()
        self.waiting: list[Record] = []
        self.ready: list[Record] = []

    def add(self, record: Record) -> None:
        self.owners[record.owner] += 1
        (self.ready if record.is_ready else self.waiting).append(record)

    @property
    def count(self) -> int:
        return len(self.ready) + len(self.waiting)


def _owner(record: Record) -> list[Fragment]:
    sign = f"made by {record.made_by}" if record.made_by else _SIGNS.get(record.owner, "")
    facts = [sign, f"path {record.path}" if record.path else ""]
    return [(owner_style(record.owner), record.owner), *(("dim", each) for each in facts if each)]


def _readiness(record: Record) -> Fragment:
    pods = f"{record.ready} of {counted(record.desired, 'pod')}"
    return readiness_style(record), pods if record.is_ready else f"{pods}: not ready"


def _remark(record: Record, width: int) -> Lines:
    """Why the workload is not marked as chosen by default."""
    reason = objection(record)
    if not reason:
        return []
    consequence = "cannot be chosen" if record.unit else "not chosen unless you do so"
    return [[], *_text(objection_style(record), f"{consequence}: {reason}", width)]


def _owner_lines(owners: Counter[str], width: int) -> Lines:
    shown = [
        _text(owner_style(owner), f"{owner} {number}", width)[0]
        for owner, number in owners.most_common(OWNERS_SHOWN)
    ]
    return [*shown, *_more(len(owners) - len(shown), width)]


def _workload_lines(namespace: _Namespace, width: int) -> Lines:
    waiting = namespace.waiting[:ROWS_SHOWN]
    shown = waiting + namespace.ready[: ROWS_SHOWN - len(waiting)]
    table = Table(
        ("", "", ""),
        [workload_id(each) for each in shown],
        [(each.name, f"{each.ready}/{each.desired}", each.owner) for each in shown],
        lambda place: ("", readiness_style(shown[place]), owner_style(shown[place].owner)),
    )
    widths = table.fit(width - 2)
    lines = [
        [_dot(record), ("", " "), *table.line(place, widths)] for place, record in enumerate(shown)
    ]
    return [*lines, *_more(namespace.count - len(shown), width)]


def _dot(record: Record) -> Fragment:
    return readiness_style(record), "●" if record.is_ready else "○"


def _more(hidden: int, width: int) -> Lines:
    return _text("dim", f"and {hidden} more", width) if hidden > 0 else []


def _field(label: str, values: list[Fragment], width: int) -> Lines:
    """Values below each other, beside their label."""
    rows = [row for style, text in values for row in _text(style, text, width - LABEL_WIDTH)]
    return [
        [("dim", f"{label if not number else '':{LABEL_WIDTH}}"), *row]
        for number, row in enumerate(rows)
    ]


def _text(style: str, text: str, width: int) -> Lines:
    """A text in rows of at most `width` cells; the end of a very long one is left out."""
    shown = visible(text[: LONGEST_TEXT + 1])
    cut = shown if len(shown) <= LONGEST_TEXT else f"{shown[:LONGEST_TEXT]}.."
    return [[(style, row)] for row in wrap(cut, width)]
