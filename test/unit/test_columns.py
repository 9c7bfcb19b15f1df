"""Tables: columns that narrow and are left out until a row fits, and what their cells look like."""

from __future__ import annotations

from typing import Any

import pytest
from builders import make_record, make_scan
from hypothesis import given
from hypothesis import strategies as st

from session_cli.text.columns import Fragment, Lines, Table
from session_cli.text.lists import (
    namespace_table,
    owner_table,
    readiness_table,
    workload_table,
)
from session_cli.workflow.state import ImportState

TABLES = [namespace_table, workload_table, owner_table, readiness_table]


API, DB = make_record("api"), make_record("db", kind="StatefulSet", owner="Helm", ready=0)
PAY = make_record("api", "pay-dev", owner="Flux")
DONE = make_record("done", "pay-dev", owner="ConfigHub", unit="pay-done")
MADE = make_record("prometheus-k8s", "monitoring", owner="Operator", made_by="Prometheus k8s")


def text_of(fragments: list[Fragment]) -> str:
    return "".join(text for _, text in fragments)


def lines(table: Table, width: int | None = None) -> list[str]:
    widths = table.fit(width)
    return [text_of(table.line(place, widths)) for place in range(len(table))]


def heading(table: Table, width: int | None = None) -> str:
    return text_of(table.heading(table.fit(width)))


def styles(table: Table, place: int, width: int | None = None) -> dict[str, str]:
    """The style of each text in a row."""
    return {text: style for style, text in table.line(place, table.fit(width)) if text.strip()}


def test_workloads_stand_in_columns_below_their_headings() -> None:
    table = workload_table(make_scan(API, DB, DONE))

    assert heading(table) == "NAMESPACE  WORKLOAD  KIND         OWNER      READY"
    assert lines(table) == [
        "shop-prod  api       Deployment   Native     1/1",
        "shop-prod  db        StatefulSet  Helm       0/1    not ready",
        "pay-dev    done      Deployment   ConfigHub  1/1    already Unit pay-done",
    ]
    assert table.ids[1] == "shop-prod/StatefulSet/db"
    assert table.marks == ["x", "x", "-"]


def test_a_very_long_name_loses_its_middle_before_any_kind_and_owner_is_cut() -> None:
    long = make_record("kube-prometheus-stack-kube-state-metrics", "monitoring", kind="StatefulSet")
    table = readiness_table(make_scan(long, DONE, MADE))

    row, other, _ = lines(table, 74)

    assert row == "  1/1  monitoring  kube-prometheus..-state-metrics  StatefulSet  Native"
    assert other.endswith("  Deployment   ConfigHub")
    # what is said of a row is whole, or not there
    assert "made by Prometheus k8s" in lines(table, 110)[2]


def test_namespaces_tell_what_is_in_them() -> None:
    table = namespace_table(make_scan(API, DB, PAY, namespaces=["pay-dev"]))

    assert heading(table) == "NAMESPACE               OWNERS"
    assert lines(table) == [
        "shop-prod  2 workloads  Native 1, Helm 1  1 not ready",
        "pay-dev    1 workload   Flux 1",
    ]
    assert table.marks == [" ", "x"]


def test_the_owner_that_deploys_most_comes_first() -> None:
    table = owner_table(make_scan(PAY, API, DB | {"owner": "Native"}))

    assert lines(table) == [
        "Native  ####################  2 workloads  1 namespace  1 not ready",
        "Flux    ##########            1 workload   1 namespace",
    ]


def test_of_nothing_there_is_an_empty_table() -> None:
    for table in (make(ImportState({})) for make in TABLES):
        assert len(table) == 0
        assert heading(table, 80) == ""


def test_a_row_says_by_its_styles_what_it_is() -> None:
    table = workload_table(make_scan(API, DB, DONE, MADE))

    assert styles(table, 0) == {
        "shop-prod": "",
        "api": "",
        "Deployment": "dim",
        "Native": "owner.native",
        "1/1": "ok",
    }
    assert styles(table, 1)["0/1"] == styles(table, 1)["not ready"] == "warn"
    assert styles(table, 2)["already Unit pay-done"] == "dim"
    assert styles(table, 3)["made by Prometheus k8s"] == "warn"
    assert styles(table, 3)["Operator"] == "owner.other"
    assert styles(readiness_table(make_scan(DB)), 0)["! 0/1"] == "warn"
    assert {style for style, text in table.heading(table.fit(None)) if text.strip()} == {"heading"}


def test_the_owners_of_a_namespace_have_their_colours_also_where_they_are_cut() -> None:
    table = namespace_table(make_scan(API, DB, make_record("web", owner="\x1b[2J,")))

    whole, cut = styles(table, 0), styles(table, 0, 50)

    assert whole["Native 1"] == "owner.native"
    assert whole["Helm 1"] == "owner.helm"
    assert whole["\\x1b[2J, 1"] == "owner.other"
    assert lines(table, 50) == ["shop-prod  3 workloads  Native 1, H..  1 not ready"]
    assert cut["Native 1"] == "owner.native"
    assert cut["H.."] == "owner.helm"


def columns_left(table: Table) -> list[tuple[str, ...]]:
    """Which columns are shown as it narrows, each set of them once."""
    seen: list[tuple[str, ...]] = []
    for width in range(200, 19, -1):
        widths = table.fit(width)
        shown = tuple(
            name or "remark" for name, each in zip(table.headings, widths, strict=True) if each
        )
        if shown not in seen:
            seen.append(shown)
    return seen


def test_the_least_telling_column_goes_first_as_it_narrows() -> None:
    long = make_record(
        "kube-state-metrics-exporter", "payment-production", kind="StatefulSet", ready=0
    )

    assert columns_left(workload_table(make_scan(long))) == [
        ("NAMESPACE", "WORKLOAD", "KIND", "OWNER", "READY", "remark"),
        ("NAMESPACE", "WORKLOAD", "KIND", "OWNER", "READY"),
        ("NAMESPACE", "WORKLOAD", "KIND", "READY"),
        ("NAMESPACE", "WORKLOAD", "KIND"),
        ("NAMESPACE", "WORKLOAD"),
    ]


NOTED = make_record("released", "shop-prod", owner="ConfigHub", unit="released", unit_space="shop")


def test_a_remark_takes_no_room_from_the_rows_that_have_none() -> None:
    table = workload_table(make_scan(API, NOTED))

    whole = "shop-prod  api       Deployment  Native     1/1"
    assert {lines(table, width)[0] for width in range(49, 90)} == {whole}


def test_why_a_workload_is_not_marked_covers_what_tells_less() -> None:
    table = workload_table(make_scan(API, NOTED))

    for width, row in (
        (90, "shop-prod  released  Deployment  ConfigHub  1/1    already Unit released in shop"),
        (70, "shop-prod  released  Deployment  ConfigHub  1/1    already Unit rele.."),
        (60, "shop-prod  released  Deployment  ConfigHub  already Unit r.."),
        (49, "shop-prod  released  Deployment  already Unit r.."),
        (40, "shop-prod  released  already Unit re.."),
    ):
        assert lines(table, width)[1] == row


def test_what_is_no_objection_covers_nothing() -> None:
    table = workload_table(make_scan(DB, NOTED))

    assert lines(table, 66)[0] == "shop-prod  db        StatefulSet  Helm       0/1    not ready"
    assert lines(table, 60)[0] == "shop-prod  db        StatefulSet  Helm       0/1"


def test_namesakes_of_two_kinds_keep_their_kinds() -> None:
    kinds = ("Deployment", "StatefulSet")
    table = workload_table(
        make_scan(*(make_record("api", kind=k, terminating=True) for k in kinds))
    )

    for width in range(34, 120):
        assert len(set(lines(table, width))) == 2, width


@pytest.mark.parametrize("width", [*range(60, 120)])
@pytest.mark.parametrize("make", [workload_table, readiness_table])
def test_a_screen_has_whole_kinds_and_readiness(make: Any, width: int) -> None:
    long = make_record("ingress-nginx-defaultbackend", "storefront-prod", kind="StatefulSet")
    table = make(make_scan(API, DB, DONE, MADE, long))

    for place, row in enumerate(lines(table, width)):
        record = [API, DB, DONE, MADE, long][place]
        assert record["kind"] in row or record in (DONE, MADE)
        assert f"{record['ready']}/{record['desired']}" in row or record in (DONE, MADE)
    assert len(set(lines(table, width))) == 5


def test_the_owners_are_whole_where_nothing_stands_beside_them() -> None:
    every = [make_record(f"w{each}", owner=each) for each in ("Flux", "Helm", "ArgoCD", "Native")]
    table = namespace_table(make_scan(*every, PAY | {"ready": 0}))

    assert lines(table, 64) == [
        "shop-prod  4 workloads  Flux 1, Helm 1, ArgoCD 1, Native 1",
        "pay-dev    1 workload   Flux 1                       1 not ready",
    ]


def test_readiness_goes_only_where_nothing_fits_beside_the_names() -> None:
    long = make_record("kube-state-metrics-exporter", "payment-production", ready=0)

    left = columns_left(readiness_table(make_scan(long)))

    assert left[-2:] == [("READY", "NAMESPACE", "WORKLOAD"), ("NAMESPACE", "WORKLOAD")]


def test_how_many_are_not_ready_is_seen_longer_than_whose_they_are() -> None:
    every = [make_record(f"w{each}", owner=each) for each in ("Flux", "Helm", "ArgoCD", "Native")]

    table = namespace_table(make_scan(*every, DB))

    assert lines(table, 50) == ["shop-prod  5 workloads  Helm 2, Flu..  1 not ready"]
    assert lines(table, 40) == ["shop-prod  5 workloads  1 not ready"]
    assert lines(table, 24) == ["shop-prod  5 workloads"]


def test_a_bar_is_shown_whole_or_not_at_all() -> None:
    table = owner_table(make_scan(API, PAY, DB | {"owner": "Native"}))

    assert lines(table, 67)[0] == (
        "Native  ####################  2 workloads  1 namespace  1 not ready"
    )
    assert lines(table, 66)[0] == "Native  2 workloads  1 namespace  1 not ready"


def test_rows_stay_distinct_as_long_as_that_can_be() -> None:
    names = [f"payment-api-{each}" for each in ("blue", "green")]
    table = workload_table(make_scan(*(make_record(name, "payment-production") for name in names)))

    for width in range(37, 200):
        assert len(set(lines(table, width))) == 2


texts = st.text(min_size=1, max_size=60)
hostile_records = st.builds(
    make_record,
    name=texts,
    namespace=texts,
    owner=texts | st.sampled_from(["Flux", "Operator"]),
    ready=st.integers(0, 10**12),
    unit=st.none() | texts,
    made_by=texts,
    terminating=st.booleans(),
)


@given(st.lists(hostile_records, min_size=1, max_size=4))
def test_no_row_is_wider_than_its_width_or_holds_what_a_terminal_obeys(
    records: list[dict[str, Any]],
) -> None:
    for table in (make(make_scan(*records)) for make in TABLES):
        for width in range(20, 201):
            for row in (heading(table, width), *lines(table, width)):
                assert len(row) <= width
                assert row.isascii()
                assert row.isprintable() or row == ""
        assert all(id_.isascii() and id_.isprintable() for id_ in table.ids)


def is_whole_or_cut(shown: str, cell: str) -> bool:
    """Whether this is the cell, or its start and its end with `..` between them."""
    return shown == cell or any(
        cell.startswith(shown[:at]) and cell.endswith(shown[at + 2 :])
        for at in range(len(shown) - 1)
        if shown.startswith("..", at)
    )


@given(st.lists(hostile_records, min_size=1, max_size=4), st.integers(20, 200))
def test_cells_start_below_their_headings(records: list[dict[str, Any]], width: int) -> None:
    table = workload_table(make_scan(*records))
    widths = table.fit(width)
    start = 0

    for column, each in enumerate(widths):
        if each:
            for place, row in enumerate(lines(table, width)):
                cell = table.cells[place][column]
                if table.headings[column] in ("KIND", "OWNER", "READY", ""):
                    # a remark may cover it, and so may the last cell go on
                    continue
                assert is_whole_or_cut(row[start : start + each].rstrip(), cell.rstrip())
            start += each + 2


def test_names_that_begin_alike_do_not_look_alike() -> None:
    names = [f"kube-prometheus-stack-of-the-platform-{end}" for end in ("web", "api")]
    table = workload_table(
        make_scan(*(make_record(name, "monitoring", owner="Flux") for name in names))
    )

    first, second = lines(table, 44)

    assert first != second


@pytest.mark.parametrize("width", [80, None])
def test_a_filter_finds_what_is_cut_and_the_id(width: int | None) -> None:
    table = workload_table(make_scan(make_record("A" * 60, "Web", owner="Flux")))

    table.fit(width)

    assert "a" * 60 in table.words(0)
    assert "web/deployment/" in table.words(0)


def test_a_line_without_columns_loses_what_pads_it_before_its_end() -> None:
    rows = Lines(["worker"], [[("dim", "  Worker  "), ("", "dev        "), ("ok", "ready")]])

    def drawn(width: int | None) -> str:
        return "".join(text for _, text in rows.line(0, rows.fit(width)))

    assert drawn(None) == drawn(80) == "  Worker  dev        ready"
    assert drawn(20) == "  Worker  dev  ready"
    assert drawn(15) == "  Worker  dev.."
    assert rows.line(0, rows.fit(20))[-1] == ("ok", "ready")
    assert "dev        ready" in rows.words(0)
