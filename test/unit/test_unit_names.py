"""What the Units of workloads are called, and the sentence that says why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.workflow.choices import marked_workloads
from session_cli.workflow.state import ImportState, Record
from session_cli.workflow.unit_names import UnitNames
from session_cli.workflow.units import units_in


def record(name: str, namespace: str = "shop", **members: Any) -> dict[str, Any]:
    base = {"namespace": namespace, "kind": "Deployment", "name": name, "owner": "Native"}
    return {**base, **members}


def scan(*records: dict[str, Any], chosen: list[dict[str, Any]] | None = None) -> ImportState:
    selections = {} if chosen is None else {"selected_workloads": chosen}
    return ImportState({"scan_result": {"workloads": list(records)}, "selections": selections})


def names(state: ImportState) -> list[str]:
    every = UnitNames(state)
    return [": ".join(every.name_of(each)) for each in state.records]


def test_a_unit_is_called_like_its_workload() -> None:
    assert names(scan(record("api"), record("My.Db"))) == [
        "api: the workload's name, which no other chosen workload has",
        "my-db: the workload's name in small letters, digits and hyphens,"
        " which no other chosen workload has",
    ]


def test_what_tells_namesakes_apart_is_added() -> None:
    two = [record("api", "a"), record("api", "b")]

    assert names(scan(*two)) == [
        "api-a: another chosen workload is called api, so the namespace is added",
        "api-b: another chosen workload is called api, so the namespace is added",
    ]
    assert names(scan(*two, record("api", "b", kind="DaemonSet")))[1:] == [
        "api-b-deployment: 2 other chosen workloads are called api,"
        " so namespace and kind are added",
        "api-b-daemonset: 2 other chosen workloads are called api, so namespace and kind are added",
    ]


def test_a_name_without_letters_gets_what_it_lacks() -> None:
    [name] = names(scan(record("\u65e5\u672c")))
    assert name == (
        "shop: its name has no letter or digit that ConfigHub accepts, so the namespace is added"
    )
    first, second = names(scan(record("\u65e5"), record("\u6771")))
    assert first.startswith("shop-deployment: its name has no letter")
    assert first.endswith("so namespace and kind are added")
    assert second.startswith("shop-deployment-")
    assert second.endswith("so namespace, kind and a checksum are added")


def test_a_name_given_once_is_kept() -> None:
    first, later = record("api", "a", unit="api"), record("api", "b")
    kept = record("web", unit="storefront")

    assert names(scan(record("api", "a"), later, record("web"), chosen=[first, later, kept])) == [
        "api: the workload's name, which it was given first",
        "api-b: another chosen workload is called api, so the namespace is added",
        "storefront: the name it was given before",
    ]


def test_a_name_that_another_unit_has_is_not_taken() -> None:
    other = record("web", unit="api")

    assert names(scan(record("web"), record("api"), chosen=[other, record("api")]))[1] == (
        "api-shop: another Unit is called api, so the namespace is added"
    )


def test_of_a_workload_that_is_not_chosen_the_name_to_expect_is_said() -> None:
    gone = record("api", "b", terminating=True)
    [_, name] = names(scan(record("api", "a"), gone))
    assert name == "api-b: another chosen workload is called api, so the namespace is added"

    [*_, name] = names(scan(record("api", "a"), record("api", "c"), gone))
    assert name == "api-b: 2 other chosen workloads are called api, so the namespace is added"

    long = record("api", "a", unit="api-a")
    [_, name] = names(scan(record("api", "a"), gone, chosen=[long]))
    assert name == "api: the workload's name, which no other Unit has"


workloads = st.lists(
    st.builds(
        record,
        name=st.sampled_from(["api", "API", "api-a", "a.b", "\u65e5", "x" * 140]),
        namespace=st.sampled_from(["a", "b", "a-deployment", "\u65e5"]),
        kind=st.sampled_from(["Deployment", "StatefulSet"]),
        unit=st.sampled_from([None, "api", "api-a", "a-b", "other"]),
    ),
    max_size=6,
    unique_by=lambda each: Record(each).identity,
)


@given(workloads, workloads)
def test_the_names_of_chosen_workloads_are_those_that_units_get(
    scanned: list[dict[str, Any]], chosen: list[dict[str, Any]]
) -> None:
    state = scan(*({**each, "unit": None} for each in scanned), chosen=chosen)
    every = UnitNames(state)

    for unit in units_in(state):
        assert every.name_of(unit.record).slug == unit.slug
        assert every.name_of(unit.record).why


@given(workloads)
def test_a_workload_that_is_not_chosen_never_takes_the_name_of_another(
    scanned: list[dict[str, Any]],
) -> None:
    records = [{**each, "unit": None} for each in scanned]
    state = scan(*records, chosen=records[::2])
    every = UnitNames(state)
    slugs = {unit.slug for unit in units_in(state)}

    for each, mark in marked_workloads(state):
        if mark != "x":
            assert every.name_of(each).slug not in slugs


@pytest.mark.parametrize("members", [{}, {"selections": 7, "scan_result": [1]}])
def test_in_a_state_without_workloads_nothing_is_taken(members: dict[str, Any]) -> None:
    assert UnitNames(ImportState(members)).name_of(Record(record("api"))).slug == "api"
