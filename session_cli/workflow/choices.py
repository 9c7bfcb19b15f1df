"""What a person can choose from, and the DATA that saves what they chose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from session_cli.errors import BadInput
from session_cli.words import plain
from session_cli.workflow.naming import slugify
from session_cli.workflow.state import Identity, ImportState, Record
from session_cli.workflow.units import unit_slugs, units_of

# the marks of a list to choose from
CHOSEN, NOT_CHOSEN, CANNOT_CHOOSE = "x", " ", "-"


def marked_workloads(state: ImportState) -> list[tuple[Record, str]]:
    """The workloads of the chosen namespaces, or of all while none is chosen, with their marks.

    Marked as chosen is what the person chose; before that, all but those with an objection.
    """
    namespaces = state.selections.namespaces
    chosen = {record.identity for record in state.chosen}
    reviewed = _reviewed_namespaces(state)
    return [
        (record, _mark(record, chosen, reviewed))
        for record in state.records
        if not namespaces or record.namespace in namespaces
    ]


def _mark(record: Record, chosen: set[Identity], reviewed: set[str]) -> str:
    if record.unit:
        return CANNOT_CHOOSE
    if record.identity in chosen:
        return CHOSEN
    return NOT_CHOSEN if record.namespace in reviewed or objection(record) else CHOSEN


def objection(record: Record) -> str:
    """Why a workload is not marked as chosen by default; "" when there is no reason."""
    if record.unit:
        space = f" in {record.unit_space}" if record.unit_space else ""
        return f"already Unit {record.unit}{space}"
    if record.is_terminating:
        return "terminating"
    return f"made by {record.made_by or 'an operator'}" if record.owner == "Operator" else ""


def _reviewed_namespaces(state: ImportState) -> set[str]:
    """The namespaces whose workloads the person was asked about, even if they chose none.

    A state that does not record it counts as reviewed in all of its namespaces.
    """
    if not state.selections.is_reviewed:
        return set()
    reviewed = state.selections.reviewed_namespaces
    return {record.namespace for record in state.records} if reviewed is None else reviewed


def workload_id(record: Record) -> str:
    """The id of a workload in a list."""
    return plain("/".join(record.identity))


def with_namespaces(state: ImportState, ids: Iterable[str]) -> dict[str, Any]:
    """DATA for the namespaces of those ids.

    The workloads chosen in them stay chosen; in a namespace that is new all will be. BadInput for
    an id that is not in the scan.
    """
    names = set(ids)
    known = [record.namespace for record in state.records]
    unknown = sorted(names - set(map(plain, known)))
    if unknown:
        raise BadInput(f"no workload was found in namespace {', '.join(unknown)}")
    kept = [record.members for record in state.chosen if plain(record.namespace) in names]
    chosen = list(dict.fromkeys(name for name in known if plain(name) in names))
    seen = _reviewed_namespaces(state)
    reviewed = [name for name in chosen if name in seen]
    return {
        "selections": {
            "namespaces": chosen,
            "reviewed_namespaces": reviewed or None,
            "selected_workloads": kept if reviewed else None,
        }
    }


def with_workloads(state: ImportState, ids: Iterable[str]) -> dict[str, Any]:
    """DATA for the workloads of those ids; those that have a Unit slug keep it.

    BadInput for an id that is not in the scan.
    """
    wanted = set(ids)
    unknown = sorted(wanted - {workload_id(record) for record in state.records})
    if unknown:
        raise BadInput(f"no workload was found that is called {', '.join(unknown)}")
    slugs = unit_slugs(state)
    chosen = [
        _selected(record, slugs.get(record.identity))
        for record in state.records
        if workload_id(record) in wanted and not record.unit
    ]
    namespaces = dict.fromkeys(record.namespace for record in state.records)
    only = state.selections.namespaces or namespaces.keys()
    reviewed = [name for name in namespaces if name in only]
    return {"selections": {"selected_workloads": chosen, "reviewed_namespaces": reviewed}}


def with_app_space(state: ImportState, name: str) -> dict[str, Any]:
    """DATA for the App Space of that name, and for the Units that go into it.

    BadInput when no slug can be made of the name.
    """
    slug = slugify(name)
    if not slug:
        raise BadInput(f"'{name}' has no letter or digit; an App Space is called like payment-team")
    chosen = [_selected(unit.record, unit.slug) for unit in units_of(state, slug)]
    return {"selections": {"app_space": slug, "selected_workloads": chosen}}


def _selected(record: Record, slug: str | None) -> dict[str, Any]:
    selected = {
        "namespace": record.namespace,
        "name": record.name,
        "owner": record.owner,
        "kind": record.kind,
    }
    return selected | ({"unit": slug} if slug else {})
