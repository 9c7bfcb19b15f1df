"""Decides which Units of an import already exist, and what the others are called. Pure.

A Unit is ours by its labels and never by its slug: another cluster or namespace has an `api`, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from session_cli.confighub import entities
from session_cli.workflow.state import Identity, ImportState, Record
from session_cli.workflow.units import (
    Unit,
    app_space_of,
    full_selection,
    is_made_of,
    made_of,
    names_workload,
    possible_slugs,
    units_for,
    units_in,
)


class Explained(NamedTuple):
    """A wanted Unit, and why it is unclear or renamed."""

    unit: Unit
    why: str


class Plan(NamedTuple):
    """The wanted Units: those that exist, those to create, those about which a person must decide.

    `renamed` are those to create whose slug is not the one that was shown before.
    """

    existing: list[Unit]
    missing: list[Unit]
    unclear: list[Explained]
    renamed: list[Explained]


def make_plan(
    state: ImportState, found: Sequence[entities.Unit], *, rename_unclear: bool = False
) -> Plan:
    """The plan for the session, given the Units `found` in its App Space.

    With `rename_unclear`, ours gets another name even where the Unit that has it may be ours.
    """
    wanted = units_in(state)
    ours = _find_ours(wanted, found, state)
    mine = set(ours.values())
    others = {each.slug: each for each in found if each.slug not in mine}
    unclear = {} if rename_unclear else _find_unclear(wanted, ours, others)
    before = {unit.record.identity: unit.slug for unit in wanted}
    free = {me: slug for me, slug in before.items() if me in unclear or slug not in others}
    kept = {**free, **ours}
    units = _name_units(state, kept, others)
    new = [unit for unit in units if unit.record.identity not in ours]
    return Plan(
        existing=[unit for unit in units if unit.record.identity in ours],
        missing=[unit for unit in new if unit.record.identity not in unclear],
        unclear=[
            Explained(unit, unclear[unit.record.identity])
            for unit in new
            if unit.record.identity in unclear
        ],
        renamed=[
            Explained(unit, _explain_renamed(before[unit.record.identity], others))
            for unit in new
            if unit.record.identity not in kept
        ],
    )


def assign_slugs(state: ImportState, plan: Plan) -> list[Record]:
    """The chosen workloads with the slugs of their Units; unclear ones stay as they are."""
    slugs = {unit.record.identity: unit.slug for unit in (*plan.existing, *plan.missing)}
    return [
        record.replace(unit=slugs[record.identity]) if record.identity in slugs else record
        for record in state.chosen
    ]


def leave_out_unclear(state: ImportState, plan: Plan) -> list[Record]:
    """The chosen workloads with the slugs of their Units, without the unclear ones.

    The person decided to leave those out.
    """
    unclear = {each.unit.record.identity for each in plan.unclear}
    return [record for record in assign_slugs(state, plan) if record.identity not in unclear]


def _name_units(
    state: ImportState, kept: Mapping[Identity, str], others: Mapping[str, entities.Unit]
) -> list[Unit]:
    records, space = full_selection(state), app_space_of(state)
    return units_for(records, kept, space, state.cluster_uid or "", others.keys())


def _find_ours(
    wanted: Sequence[Unit], found: Sequence[entities.Unit], state: ImportState
) -> dict[Identity, str]:
    """The slugs of those wanted Units that exist."""
    created, pending = set(state.confighub.units_created), set(state.confighub.units_pending)
    by_name: dict[tuple[str, str], list[entities.Unit]] = {}
    for each in found:
        by_name.setdefault(_name(each.labels or {}), []).append(each)
    unseen = {each.slug: each for each in found if each.labels is None}
    ours: dict[Identity, str] = {}
    taken: set[str] = set()
    for unit in wanted:
        candidates = [*by_name.get(_name(unit.labels), ())]
        candidates += [unseen[unit.slug]] if unit.slug in unseen else []
        mine = [each.slug for each in candidates if _is_ours(each, unit, created, pending)]
        free = [slug for slug in mine if slug not in taken]
        if free:
            slug = min(free, key=lambda slug: (slug != unit.slug, slug))
            ours[unit.record.identity] = slug
            taken.add(slug)
    return ours


def _find_unclear(
    wanted: Sequence[Unit], ours: Mapping[Identity, str], others: Mapping[str, entities.Unit]
) -> dict[Identity, str]:
    """The wanted Units whose slug belongs to a Unit that may be theirs, each with the reason."""
    unclear = {}
    for unit in wanted:
        me, other = unit.record.identity, others.get(unit.slug)
        if me not in ours and other and is_made_of(other.labels or {}, unit.labels) is None:
            unclear[me] = _explain_unclear(other)
    return unclear


def _name(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("namespace", ""), labels.get("workload", "")


def _is_ours(
    found: entities.Unit, unit: Unit, created: Collection[str], pending: Collection[str]
) -> bool:
    """Whether the found Unit is the wanted one; where its labels do not say, our records do."""
    if found.labels is None:
        return found.slug in created
    is_same = is_made_of(found.labels, unit.labels)
    if is_same is None and names_workload(found.labels):
        return found.slug in created or found.slug in pending
    return bool(is_same)


def failed_slugs(state: ImportState) -> list[str]:
    """The Units that could not be created."""
    return [each.unit for each in state.confighub.units_failed if each.unit]


def _explain_unclear(other: entities.Unit) -> str:
    if other.labels is None:
        return f"a Unit {other.slug} already exists, and cub does not show for which workload"
    if not names_workload(other.labels):
        return f"a Unit {other.slug} already exists, and its labels do not say for which workload"
    return (
        f"a Unit {other.slug} already exists, for {made_of(other.labels)} in a cluster that"
        " may be another one"
    )


def _explain_renamed(slug: str, others: Mapping[str, entities.Unit]) -> str:
    other = others.get(slug)
    if not other or not names_workload(other.labels or {}):
        return f"the name {slug} is taken"
    return f"the name {slug} is taken by {made_of(other.labels or {})}"


def candidate_slugs(state: ImportState) -> set[str]:
    """The slugs that Units of this session may have in ConfigHub."""
    slugs = {*state.confighub.units_created, *state.confighub.units_pending}
    for unit in units_in(state):
        slugs |= {unit.slug, *possible_slugs(unit.record, state.cluster_uid or "")}
    return slugs
