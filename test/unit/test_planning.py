"""Which Units of an import are there already: told by labels, whatever their slugs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.confighub.entities import Unit
from session_cli.confighub.planning import (
    assign_slugs,
    candidate_slugs,
    leave_out_unclear,
    make_plan,
)
from session_cli.workflow.state import ImportState, Record
from session_cli.workflow.units import IDENTITY_LABELS, is_made_of, possible_slugs

UID, OTHER_UID = "uid-a", "uid-b"
API = {"namespace": "pay-prod", "kind": "Deployment", "name": "api", "owner": "Native"}
LABELS = dict(zip(IDENTITY_LABELS, ("pay-prod", "Deployment", "api", UID), strict=True))
WITHOUT_UID = {key: text for key, text in LABELS.items() if key != "cluster-uid"}
OTHER = {**LABELS, "namespace": "order-prod"}


def make_state(*records: dict[str, Any], uid: str | None = UID, **facts: Any) -> ImportState:
    chosen = list(records or [API])
    selections = {"app_space": "team", "selected_workloads": chosen}
    return ImportState({"cluster_uid": uid, "selections": selections, "confighub": facts})


Slugs = tuple[list[str], list[str], list[str]]


def outcome(state: ImportState, *found: Unit) -> Slugs:
    """The slugs of those that are there, to be created and unclear."""
    plan = make_plan(state, found)
    return (
        [unit.slug for unit in plan.existing],
        [unit.slug for unit in plan.missing],
        [each.unit.slug for each in plan.unclear],
    )


THERE: Slugs = (["api"], [], [])
NEW: Slugs = ([], ["api"], [])
LONGER: Slugs = ([], ["api-pay-prod"], [])
UNCLEAR: Slugs = ([], [], ["api"])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (LABELS, THERE),
        ({**LABELS, "app": "whatever"}, THERE),
        (OTHER, LONGER),
        ({**LABELS, "cluster-uid": OTHER_UID}, LONGER),
        ({**LABELS, "kind": "DaemonSet"}, LONGER),
        ({"namespace": "order-prod"}, LONGER),
        ({}, UNCLEAR),
        ({"app": "api"}, UNCLEAR),
        ({"namespace": "pay-prod"}, UNCLEAR),
        (WITHOUT_UID, UNCLEAR),
        (None, UNCLEAR),
    ],
    ids=str,
)
def test_a_unit_of_that_slug_is_ours_anothers_or_unclear_by_its_labels(
    labels: dict[str, str] | None, expected: object
) -> None:
    assert outcome(make_state(), Unit("api", labels)) == expected


def test_a_unit_is_found_by_its_labels_whatever_it_is_called() -> None:
    plan = make_plan(make_state(), [Unit("api", OTHER), Unit("renamed", LABELS)])

    assert [unit.slug for unit in plan.existing] == ["renamed"]
    assert assign_slugs(make_state(), plan) == [Record({**API, "unit": "renamed"})]


@pytest.mark.parametrize(
    ("labels", "uid", "facts", "expected"),
    [
        (None, UID, {"units_created": ["api"]}, THERE),
        (None, UID, {"units_pending": ["api"]}, UNCLEAR),
        (WITHOUT_UID, UID, {"units_created": ["api"]}, THERE),
        (LABELS, None, {"units_created": ["api"]}, THERE),
        (LABELS, None, {"units_pending": ["api"]}, THERE),
        (LABELS, None, {}, UNCLEAR),
        # recorded by a program that went by the slug
        ({}, UID, {"units_created": ["api"]}, UNCLEAR),
        (OTHER, UID, {"units_created": ["api"]}, LONGER),
    ],
)
def test_what_labels_leave_open_is_settled_by_what_the_session_recorded(
    labels: dict[str, str] | None, uid: str | None, facts: dict[str, Any], expected: object
) -> None:
    assert outcome(make_state(uid=uid, **facts), Unit("api", labels)) == expected


def test_a_name_that_was_decided_is_kept_while_nobody_else_has_it() -> None:
    state = make_state({**API, "unit": "api-pay-prod"})

    assert outcome(state) == LONGER
    assert outcome(state, Unit("api", OTHER)) == LONGER
    taken = outcome(state, Unit("api-pay-prod", OTHER))
    assert taken == NEW


def test_what_is_unclear_makes_way_or_is_left_out_as_the_person_says() -> None:
    state, found = make_state(API, {**API, "name": "db"}), [Unit("api", {})]

    renamed = assign_slugs(state, make_plan(state, found, rename_unclear=True))
    left = leave_out_unclear(state, make_plan(state, found))

    assert [record.unit_slug for record in renamed] == ["api-pay-prod", "db"]
    assert [record.unit_slug for record in left] == ["db"]


def test_each_slug_that_a_unit_of_ours_may_have_tells() -> None:
    slugs = candidate_slugs(make_state(units_created=["a"], units_pending=["b", 7]))

    assert {"a", "b", "api", "api-pay-prod", "api-pay-prod-deployment"} < slugs
    assert set(possible_slugs(Record(API), UID)) < slugs
    assert possible_slugs(Record(API), UID)[-1] != possible_slugs(Record(API), OTHER_UID)[-1]


texts = st.sampled_from(["", "a", "b"])
some_labels = st.fixed_dictionaries({}, optional=dict.fromkeys(IDENTITY_LABELS, texts))
SLUGS = possible_slugs(Record(API), UID)
found_units = st.lists(
    st.builds(
        Unit,
        st.sampled_from([*SLUGS, *(f"{slug}-2" for slug in SLUGS)]),
        st.none() | some_labels | st.sampled_from([LABELS, OTHER, WITHOUT_UID]),
    ),
    unique_by=lambda unit: unit.slug,
)
DB = {**API, "name": "db"}


@given(found_units, st.booleans(), st.booleans())
def test_no_unit_is_created_where_one_is_and_each_workload_has_one(
    found: list[Unit], rename_unclear: bool, is_known: bool
) -> None:
    state = make_state(API, DB, {**API, "namespace": "b"}, uid=UID if is_known else None)

    plan = make_plan(state, found, rename_unclear=rename_unclear)

    taken = {unit.slug for unit in found}
    wanted = [*plan.existing, *plan.missing, *(each.unit for each in plan.unclear)]
    assert len(wanted) == len({unit.slug for unit in wanted}) == 3
    assert not {unit.slug for unit in plan.missing} & taken
    assert {unit.slug for unit in plan.existing} <= taken
    assert not (rename_unclear and plan.unclear)
    for unit in plan.existing:
        [labels] = [each.labels for each in found if each.slug == unit.slug]
        assert is_made_of(labels or {}, unit.labels)
