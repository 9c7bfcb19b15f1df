"""Which of the Units of an import are in ConfigHub already, and what the others are called. Pure.

A Unit is ours by its labels and never by its slug: another cluster or namespace has an `api`, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from session_cli.confighub import inventory
from session_cli.workflow.choices import app_space_of, full_selection, units_in
from session_cli.workflow.state import Identity, Record, identity, selected_in
from session_cli.workflow.units import (
    Unit,
    is_made_of,
    made_of,
    names_workload,
    possible_slugs,
    units_for,
)


class Told(NamedTuple):
    """A Unit to be, and what is to be said of it."""

    unit: Unit
    why: str


class Plan(NamedTuple):
    """The wanted Units: those that are there, those to create, those that a person must settle.

    `renamed` are those to create that are not called as was thought.
    """

    there: list[Unit]
    missing: list[Unit]
    unclear: list[Told]
    renamed: list[Told]


def planned(
    state: Mapping[str, Any], found: Sequence[inventory.Unit], makes_way: bool = False
) -> Plan:
    """The plan for the session, where the Units `found` are in its App Space.

    With `makes_way` ours gets another name, too, where it is not told whose Unit has it.
    """
    wanted = units_in(state)
    ours = _ours(wanted, found, state)
    mine = set(ours.values())
    others = {each.slug: each for each in found if each.slug not in mine}
    kept = dict(ours)
    unclear: dict[Identity, str] = {}
    for unit in wanted:
        me, other = identity(unit.record), others.get(unit.slug)
        if me in ours:
            continue
        if other is None:
            kept[me] = unit.slug
        elif not makes_way and is_made_of(other.labels or {}, unit.labels) is None:
            kept[me] = unit.slug
            unclear[me] = _unclear_because(other)
    before = {identity(unit.record): unit.slug for unit in wanted}
    units = _with_slugs(state, kept, others)
    new = [unit for unit in units if identity(unit.record) not in ours]
    return Plan(
        [unit for unit in units if identity(unit.record) in ours],
        [unit for unit in new if identity(unit.record) not in unclear],
        [Told(u, unclear[identity(u.record)]) for u in new if identity(u.record) in unclear],
        [
            Told(unit, _renamed_because(before[identity(unit.record)], others))
            for unit in new
            if identity(unit.record) not in kept
        ],
    )


def named(state: Mapping[str, Any], plan: Plan) -> list[Record]:
    """The chosen workloads with the slugs of their Units; those that are unclear keep theirs."""
    slugs = {identity(unit.record): unit.slug for unit in (*plan.there, *plan.missing)}
    return [
        {**record, "unit": slugs[identity(record)]} if identity(record) in slugs else record
        for record in selected_in(state)
    ]


def without_unclear(state: Mapping[str, Any], plan: Plan) -> list[Record]:
    """The same without the workloads that are unclear: the person leaves them out."""
    unclear = {identity(each.unit.record) for each in plan.unclear}
    return [record for record in named(state, plan) if identity(record) not in unclear]


def _with_slugs(
    state: Mapping[str, Any], kept: Mapping[Identity, str], others: Mapping[str, inventory.Unit]
) -> list[Unit]:
    records, space = full_selection(state), app_space_of(state)
    return units_for(records, kept, space, _cluster_uid(state), others.keys())


def _cluster_uid(state: Mapping[str, Any]) -> str:
    uid = state.get("cluster_uid")
    return uid if isinstance(uid, str) else ""


def _ours(
    wanted: Sequence[Unit], found: Sequence[inventory.Unit], state: Mapping[str, Any]
) -> dict[Identity, str]:
    """The slugs of those wanted Units that are there."""
    created, pending = recorded(state, "units_created"), recorded(state, "units_pending")
    by_name: dict[tuple[str, str], list[inventory.Unit]] = {}
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
            ours[identity(unit.record)] = slug
            taken.add(slug)
    return ours


def _name(labels: Mapping[str, str]) -> tuple[str, str]:
    return labels.get("namespace", ""), labels.get("workload", "")


def _is_ours(
    found: inventory.Unit, unit: Unit, created: Collection[str], pending: Collection[str]
) -> bool:
    """Whether the found Unit is the wanted one; what labels leave open, our own records settle."""
    if found.labels is None:
        return found.slug in created
    is_same = is_made_of(found.labels, unit.labels)
    if is_same is None and names_workload(found.labels):
        return found.slug in created or found.slug in pending
    return bool(is_same)


def recorded(state: Mapping[str, Any], *keys: str) -> set[str]:
    """The slugs of the Units that this session has created, or was about to."""
    facts = state.get("confighub")
    listed = [facts.get(key) for key in keys] if isinstance(facts, dict) else []
    slugs = [slug for each in listed if isinstance(each, list) for slug in each]
    return {slug for slug in slugs if isinstance(slug, str)}


def failed_slugs(state: Mapping[str, Any]) -> list[str]:
    """The Units that could not be created."""
    facts = state.get("confighub")
    failed = facts.get("units_failed") if isinstance(facts, dict) else None
    listed = failed if isinstance(failed, list) else []
    slugs = [each.get("unit") for each in listed if isinstance(each, dict)]
    return [slug for slug in slugs if isinstance(slug, str)]


def _unclear_because(other: inventory.Unit) -> str:
    if other.labels is None:
        return f"a Unit {other.slug} is there already, and cub does not show what it was made of"
    if not names_workload(other.labels):
        return f"a Unit {other.slug} is there already, and no label says what it was made of"
    return (
        f"a Unit {other.slug} is there already, of {made_of(other.labels)} in a cluster that"
        " may be another"
    )


def _renamed_because(slug: str, others: Mapping[str, inventory.Unit]) -> str:
    other = others.get(slug)
    if not other or not names_workload(other.labels or {}):
        return f"{slug} is taken"
    return f"{slug} is {made_of(other.labels or {})}"


def telling_slugs(state: Mapping[str, Any]) -> set[str]:
    """The slugs that Units of this session may have in ConfigHub."""
    slugs = recorded(state, "units_created", "units_pending")
    for unit in units_in(state):
        slugs |= {unit.slug, *possible_slugs(unit.record, _cluster_uid(state))}
    return slugs
