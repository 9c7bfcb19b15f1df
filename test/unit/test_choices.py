"""What a person chooses from, and what is saved of the choice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from builders import make_record
from hypothesis import given
from hypothesis import strategies as st

from session_cli.errors import BadInput
from session_cli.text.columns import Table
from session_cli.text.lists import (
    left_out_lines,
    namespace_table,
    owner_table,
    readiness_table,
    workload_table,
)
from session_cli.words import plain
from session_cli.workflow.choices import with_app_space, with_namespaces, with_workloads
from session_cli.workflow.state import ImportState
from session_cli.workflow.units import app_space_of, units_in

API, DB = make_record("api"), make_record("db", kind="StatefulSet", owner="Helm", ready=0)
PAY = make_record("api", "pay-dev", owner="Flux")
DONE = make_record("done", "pay-dev", owner="ConfigHub", unit="pay-done")
MADE = make_record(
    "prometheus-k8s",
    "monitoring",
    kind="StatefulSet",
    owner="Operator",
    made_by="Prometheus k8s",
)
GOING = make_record("going", "pay-dev", terminating=True)
RELEASED = make_record("api", "web", owner="ArgoCD", unit="released", unit_space="web-prod")


def make_scan(*records: dict[str, Any], **selections: Any) -> ImportState:
    return ImportState(
        {
            "scan_result": {"workloads": list(records) or [API, DB, PAY, DONE]},
            "selections": selections,
        }
    )


def after(state: ImportState, data: dict[str, Any]) -> ImportState:
    """The state once `data` is saved, as far as selections go."""
    merged = {**state.selections.members, **data["selections"]}
    return state.replace(selections={k: v for k, v in merged.items() if v is not None})


def marks(table: Table) -> str:
    return "".join(table.marks)


def remarks(table: Table) -> list[str]:
    """The last cell of each row."""
    return [cells[-1] for cells in table.cells]


def lines(table: Table, width: int | None = None) -> list[str]:
    widths = table.fit(width)
    return ["".join(text for _, text in table.line(place, widths)) for place in range(len(table))]


def test_a_chosen_namespace_that_the_scan_did_not_find_has_no_row() -> None:
    table = namespace_table(make_scan(namespaces=["pay-dev", "gone"]))

    assert table.ids == ["shop-prod", "pay-dev"]
    assert marks(table) == " x"


def test_workloads_are_chosen_beforehand_and_those_that_are_units_cannot_be() -> None:
    table = workload_table(make_scan())

    assert marks(table) == "xxx-"
    assert remarks(table) == ["", "not ready", "", "already Unit pay-done"]


def test_what_something_speaks_against_is_not_chosen_beforehand_and_says_why() -> None:
    table = workload_table(make_scan(API, MADE, GOING, RELEASED))

    assert marks(table) == "x  -"
    assert remarks(table) == [
        "",
        "made by Prometheus k8s",
        "terminating",
        "already Unit released in web-prod",
    ]


def test_what_something_speaks_against_is_chosen_when_a_person_does_so() -> None:
    state = make_scan(API, MADE, GOING, RELEASED)

    state = after(state, with_workloads(state, workload_table(state).ids))

    assert marks(workload_table(state)) == "xxx-"
    assert left_out_lines(state) == [
        "Deployment web/api is left out: already Unit released in web-prod"
    ]


def test_an_earlier_choice_stays_whatever_a_new_scan_tells_of_it() -> None:
    older = {key: MADE[key] for key in ("namespace", "kind", "name")} | {"owner": "Native"}

    state = make_scan(API, MADE, GOING, selected_workloads=[older, API])

    assert marks(workload_table(state)) == "xx "
    assert [unit.slug for unit in units_in(state)] == ["prometheus-k8s", "api"]
    assert left_out_lines(state) == ["Deployment pay-dev/going is left out: terminating"]


def test_a_namespace_that_comes_in_later_brings_only_what_nothing_speaks_against() -> None:
    state = make_scan(API, PAY, GOING, MADE, namespaces=["shop-prod"])
    state = after(state, with_workloads(state, ["shop-prod/Deployment/api"]))

    state = after(state, with_namespaces(state, ["shop-prod", "pay-dev", "monitoring"]))

    assert marks(workload_table(state)) == "xx  "


def test_what_is_left_out_is_listed_in_a_line_each() -> None:
    hostile = make_record("a\x1b[2J", "web", unit="b\n\x9b1m", unit_space="\u202e")
    state = make_scan(
        API, make_record("old", "pay-dev", owner="Operator"), MADE, GOING, RELEASED, hostile
    )

    assert left_out_lines(state) == [
        "Deployment pay-dev/old is left out: made by an operator",
        "StatefulSet monitoring/prometheus-k8s is left out: made by Prometheus k8s",
        "Deployment pay-dev/going is left out: terminating",
        "Deployment web/api is left out: already Unit released in web-prod",
        r"Deployment web/a\x1b[2J is left out: already Unit b\n\x9b1m in \u202e",
    ]
    only = make_scan(MADE, GOING, namespaces=["pay-dev"])
    assert left_out_lines(only) == ["Deployment pay-dev/going is left out: terminating"]
    assert left_out_lines(make_scan(API, namespaces=["shop-prod"], selected_workloads=[])) == []


def test_why_a_workload_is_not_chosen_is_seen_on_a_narrow_screen() -> None:
    long = make_record(
        "kube-prometheus-stack-prometheus-node-exporter", "identity-prod", owner="Flux"
    )
    state = make_scan(API, MADE, GOING, RELEASED, long)

    for room, has_kind in ((74, True), (54, False)):
        rows = lines(workload_table(state), room)

        assert max(map(len, rows)) <= room
        assert "  made by Prom" in rows[1]
        assert "  terminating" in rows[2]
        assert "  already Unit " in rows[3]
        assert ("StatefulSet" in rows[1]) is has_kind
        # no other row has less room for it
        assert "  Deployment  " in rows[0]
        assert "1/1" in rows[0]


def test_a_view_of_the_cluster_tells_it_too() -> None:
    assert remarks(readiness_table(make_scan(API, MADE, GOING, DONE))) == [
        "",
        "made by Prometheus k8s",
        "terminating",
        "already Unit pay-done",
    ]


def test_workloads_are_those_of_the_chosen_namespaces_with_the_earlier_choice_marked() -> None:
    chosen = make_scan(namespaces=["shop-prod"], selected_workloads=[API])

    assert workload_table(chosen).ids == [
        "shop-prod/Deployment/api",
        "shop-prod/StatefulSet/db",
    ]
    assert marks(workload_table(chosen)) == "x "
    assert marks(workload_table(make_scan(namespaces=["shop-prod"]))) == "xx"


def test_nothing_is_left_out_of_nothing() -> None:
    assert left_out_lines(ImportState({})) == []


TABLES = [namespace_table, workload_table, owner_table, readiness_table]
texts = st.text(min_size=1, max_size=50)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
hostile_records = st.builds(
    make_record,
    name=texts,
    namespace=texts,
    owner=texts,
    ready=anything,
    desired=anything,
    unit=anything,
    unit_space=anything,
    made_by=anything,
    terminating=anything,
    labels=anything,
    path=anything,
)


@given(st.lists(hostile_records, max_size=4), st.lists(texts | anything, max_size=2), st.booleans())
def test_rows_are_plain_ascii_whatever_the_cluster_says(
    records: list[dict[str, Any]], namespaces: list[object], chosen: bool
) -> None:
    selected = records if chosen else None
    state = make_scan(API, *records, namespaces=namespaces, selected_workloads=selected)

    tables = [make(state) for make in TABLES]
    shown = [line for table in tables for line in lines(table)] + left_out_lines(state)
    for text in (*shown, *(id_ for table in tables for id_ in table.ids)):
        assert text.isascii()
        assert text.isprintable(), text
    assert {mark for table in tables for mark in table.marks} <= {"x", "-", " "}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b~", "a b~"),
        ("a\tb\n", "a\\tb\\n"),
        ("\x1b[2J\x7f", "\\x1b[2J\\x7f"),
        ("café", "caf\\xe9"),
        ("\u202e\ud800", "\\u202e\\ud800"),
    ],
)
def test_what_is_not_ascii_is_spelt_out(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_choosing_namespaces_saves_them_in_their_order_and_keeps_what_was_chosen_in_them() -> None:
    state = make_scan(selected_workloads=[API, PAY], namespaces=["shop-prod", "pay-dev"])

    both = with_namespaces(state, ["pay-dev", "shop-prod", "pay-dev"])
    one = with_namespaces(state, ["pay-dev"])
    none = with_namespaces(state, [])

    assert both["selections"]["namespaces"] == ["shop-prod", "pay-dev"]
    assert both["selections"]["selected_workloads"] == [API, PAY]
    assert one["selections"]["namespaces"] == ["pay-dev"]
    assert one["selections"]["selected_workloads"] == [PAY]
    # null takes it away, so that all of the next list is chosen beforehand
    assert none["selections"]["selected_workloads"] is None
    assert marks(workload_table(after(state, none))) == "xxx-"


def test_all_of_a_namespace_that_comes_in_later_is_chosen_beforehand() -> None:
    state = make_scan(namespaces=["shop-prod"])
    state = after(state, with_workloads(state, ["shop-prod/Deployment/api"]))
    assert marks(workload_table(state)) == "x "

    state = after(state, with_namespaces(state, ["shop-prod", "pay-dev"]))

    assert marks(workload_table(state)) == "x x-"


def test_a_namespace_of_which_nothing_was_chosen_stays_so() -> None:
    state = make_scan(namespaces=["shop-prod"])
    state = after(state, with_workloads(state, []))

    state = after(state, with_namespaces(state, ["shop-prod"]))

    assert marks(workload_table(state)) == "  "


def test_a_namespace_without_workloads_cannot_be_chosen() -> None:
    with pytest.raises(BadInput, match="no workload was found in namespace gone, lost"):
        with_namespaces(make_scan(), ["lost", "shop-prod", "gone"])


def test_choosing_workloads_saves_what_a_resumed_import_needs_of_them() -> None:
    data = with_workloads(make_scan(), ["pay-dev/Deployment/api", "shop-prod/StatefulSet/db"])

    # in the order of the scan, in the members that the specification has, and the kind
    assert data == {
        "selections": {
            "selected_workloads": [
                {"namespace": "shop-prod", "name": "db", "owner": "Helm", "kind": "StatefulSet"},
                {"namespace": "pay-dev", "name": "api", "owner": "Flux", "kind": "Deployment"},
            ],
            "reviewed_namespaces": ["shop-prod", "pay-dev"],
        }
    }


def test_a_workload_that_is_a_unit_already_is_not_chosen() -> None:
    data = with_workloads(make_scan(), ["pay-dev/Deployment/done", "pay-dev/Deployment/api"])

    assert [each["name"] for each in data["selections"]["selected_workloads"]] == ["api"]


def test_a_workload_that_the_scan_does_not_know_cannot_be_chosen() -> None:
    with pytest.raises(BadInput, match="pay-dev/Deployment/typo"):
        with_workloads(make_scan(), ["pay-dev/Deployment/api", "pay-dev/Deployment/typo"])


def test_a_slug_lasts_through_a_new_choice_and_a_new_app_space() -> None:
    state = make_scan()
    state = after(state, with_workloads(state, ["shop-prod/Deployment/api"]))
    state = after(state, with_app_space(state, "Shop Team"))
    assert state.selections.members["app_space"] == "shop-team"
    assert [each["unit"] for each in state.selections.members["selected_workloads"]] == ["api"]

    state = after(state, with_workloads(state, workload_table(make_scan()).ids))
    state = after(state, with_app_space(state, "other"))

    slugs = [each["unit"] for each in state.selections.members["selected_workloads"]]
    assert slugs == ["api", "db", "api-pay-dev"]
    assert [unit.slug for unit in units_in(state)] == slugs
    assert {unit.labels["team"] for unit in units_in(state)} == {"other"}


@pytest.mark.parametrize("bad", ["", "...", "日本", 7, None, ["a"], "Not A Slug"])
def test_a_slug_in_the_state_that_is_none_is_made_anew(bad: object) -> None:
    state = make_scan(selected_workloads=[{**API, "unit": bad}])

    assert [unit.slug for unit in units_in(state)] == ["api"]


@pytest.mark.parametrize(
    ("said", "space"),
    [
        ("payment-team", "payment-team"),
        ("Payment Team", "payment-team"),
        ("", "shop-team"),
        ("日本", "shop-team"),
        (None, "shop-team"),
        ({"a": 1}, "shop-team"),
    ],
    ids=str,
)
def test_the_app_space_is_the_one_chosen_else_the_one_suggested(said: object, space: str) -> None:
    assert app_space_of(make_scan(selected_workloads=[API, DB], app_space=said)) == space


@pytest.mark.parametrize("name", ["", "...", "日本"])
def test_a_name_that_makes_no_slug_is_no_app_space(name: str) -> None:
    with pytest.raises(BadInput, match="no letter or digit"):
        with_app_space(make_scan(), name)


@given(st.dictionaries(st.sampled_from(["scan_result", "selections"]), anything))
def test_any_document_can_be_asked(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    state = ImportState(document)

    assert app_space_of(state)
    assert [*units_in(state), *left_out_lines(state)] == []
    assert all(len(make(state)) == 0 for make in TABLES)
    assert with_workloads(state, [])["selections"]["selected_workloads"] == []
    assert document == before


def test_what_tells_rows_apart_is_the_last_to_give_way() -> None:
    scan = make_scan(
        make_record("payment-api", "payment-prod", kind="StatefulSet", owner="ConfigHub"),
        make_record("payment-api", "payment-staging", kind="StatefulSet", owner="ConfigHub"),
        make_record("prometheus-kube-state-metrics-exporter", "monitoring"),
    )

    for rows in (lines(workload_table(scan), 74), lines(readiness_table(scan), 74)):
        assert max(map(len, rows)) <= 74
        assert len(set(rows)) == 3
        assert "payment-prod" in rows[0]
        assert "payment-staging" in rows[1]


def test_on_a_narrow_screen_what_tells_rows_apart_is_all_that_is_left() -> None:
    names = ("cert-manager-cainjector", "cert-manager-webhook")
    scan = make_scan(*(make_record(name, "cert-manager", owner="Helm") for name in names))

    for room, is_whole in ((58, True), (38, False)):
        rows = lines(readiness_table(scan), room)

        assert len(set(rows)) == 2
        assert all(row.startswith("  1/1") and len(row) <= room for row in rows)
        assert all(("Helm" in row) is is_whole for row in rows)
