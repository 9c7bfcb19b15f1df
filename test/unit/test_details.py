"""The pane beside a list: what it says of a workload and of a namespace."""

from __future__ import annotations

from typing import Any

import pytest
from builders import make_record, make_scan
from hypothesis import given
from hypothesis import strategies as st

from session_cli.text.boxes import cells, in_ascii
from session_cli.text.details import ROWS_SHOWN, Details, Lines
from session_cli.text.lists import namespace_table, workload_table
from session_cli.words import plain
from session_cli.workflow.choices import workload_id
from session_cli.workflow.state import ImportState


def texts(lines: Lines) -> list[str]:
    return ["".join(text for _, text in line) for line in lines]


def of(state: ImportState, width: int = 60) -> list[str]:
    """The details of the first workload."""
    return texts(Details(state).of_workload(workload_id(state.records[0]), width))


def styles(lines: Lines) -> dict[str, str]:
    return {text: style for line in lines for style, text in line}


PAY = make_record(
    "payment-api",
    "payment-prod",
    owner="Flux",
    ready=2,
    desired=3,
    path="./apps/payment/prod",
    labels={"team": "core"},
)


def test_a_workload_with_its_owner_readiness_and_unit() -> None:
    assert of(make_scan(PAY)) == [
        "payment-api",
        "Deployment in namespace payment-prod",
        "",
        "owner   Flux",
        "        its labels name a Kustomization or a HelmRelease",
        "        path ./apps/payment/prod",
        "ready   2 of 3 pods: not ready",
        "Unit    payment-api",
        "        the workload's name, which no other chosen workload",
        "          has",
        "labels  app=payment",
        "        variant=prod",
        "        owner=Flux",
        "        team=core",
    ]


def test_the_styles_of_a_workload() -> None:
    lines = Details(make_scan(PAY)).of_workload("payment-prod/Deployment/payment-api", 60)
    shown = styles(lines)

    assert lines[0] == [("heading", "payment-api")]
    assert shown["Flux"] == "owner.flux"
    assert shown["2 of 3 pods: not ready"] == "warn"
    assert shown["path ./apps/payment/prod"] == "dim"
    assert shown["payment-api"] == "accent"
    assert (
        styles(Details(make_scan(make_record("api"))).of_workload("shop-prod/Deployment/api", 60))[
            "1 of 1 pod"
        ]
        == "ok"
    )


@pytest.mark.parametrize(
    ("members", "sign"),
    [
        ({"owner": "ArgoCD"}, "its tracking id or its label names an Application"),
        ({"owner": "Helm"}, "its label managed-by says Helm"),
        ({"owner": "Native"}, "nothing in its metadata names an owner"),
        ({"owner": "Operator"}, "the controller of another object made it"),
        ({"owner": "Operator", "made_by": "Prometheus k8s"}, "made by Prometheus k8s"),
    ],
)
def test_what_shows_whose_a_workload_is(members: dict[str, Any], sign: str) -> None:
    assert f"        {sign}" in of(make_scan(make_record("api", **members)))


def test_what_speaks_against_a_workload_is_said_at_the_end() -> None:
    made = make_scan(make_record("k8s", owner="Operator", made_by="Prometheus k8s"))
    going = make_scan(make_record("old", terminating=True))

    assert of(made)[-1] == "not chosen unless you do so: made by Prometheus k8s"
    assert of(going)[-1] == "not chosen unless you do so: terminating"


def test_a_workload_that_is_a_unit_already_has_no_other_one() -> None:
    lines = of(
        make_scan(make_record("api", owner="ArgoCD", unit="released", unit_space="web-prod"))
    )

    assert "Unit    released in web-prod" in lines
    assert "        already in ConfigHub" in lines
    assert lines[-1] == "cannot be chosen: already Unit released in web-prod"
    assert not any(line.startswith("labels") for line in lines)


def test_the_team_is_that_of_the_app_space_once_it_is_chosen() -> None:
    assert "        team=pay" in of(make_scan(make_record("api"), app_space="Pay Team"))
    assert not any("team=" in line for line in of(make_scan(make_record("api"))))


def test_a_namespace_with_its_owners_and_workloads_those_not_ready_first() -> None:
    state = make_scan(
        make_record("api", owner="Flux"),
        make_record("db", kind="StatefulSet", owner="Helm", ready=0),
        make_record("web-frontend", owner="Flux"),
        make_record("other", "pay"),
    )
    lines = Details(state).of_namespace("shop-prod", 60)

    assert texts(lines) == [
        "shop-prod",
        "3 workloads",
        "1 not ready",
        "",
        "Flux 2",
        "Helm 1",
        "",
        "\u25cb db            0/1  Helm",
        "\u25cf api           1/1  Flux",
        "\u25cf web-frontend  1/1  Flux",
    ]
    assert styles(lines)["\u25cb"] == styles(lines)["0/1"] == "warn"
    assert styles(lines)["\u25cf"] == "ok"
    assert styles(lines)["Flux 2"] == "owner.flux"
    assert in_ascii("\u25cf\u25cb") == "*o"


def test_of_very_many_workloads_the_first_are_shown() -> None:
    state = make_scan(*(make_record(f"w{number}") for number in range(ROWS_SHOWN + 5)))

    lines = texts(Details(state).of_namespace("shop-prod", 40))

    assert lines[-1] == "and 5 more"
    assert sum(line.startswith("\u25cf") for line in lines) == ROWS_SHOWN


def test_a_row_of_a_list_leads_to_its_details_whatever_it_is_called() -> None:
    state = make_scan(make_record("a\x1b[2J\tb", "caf\u00e9/x"))
    details = Details(state)

    [workload], [namespace] = workload_table(state).ids, namespace_table(state).ids

    assert texts(details.of_workload(workload, 60))[0] == r"a\x1b[2J\tb"
    assert texts(details.of_namespace(namespace, 60))[0] == r"caf\xe9/x"


def test_what_is_unknown_has_no_details() -> None:
    details = Details(make_scan(PAY))

    assert details.of_workload("gone", 40) == []
    assert details.of_namespace("gone", 40) == []


anything = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["\x1b]0;pwn\x07", "\x9b31m", "\u202eabc", "\u6f22\u5b57" * 30, "a" * 5000, "e\u0301" * 60]
)
hostile_records = st.builds(
    make_record,
    name=anything,
    namespace=anything,
    owner=anything | st.sampled_from(["Flux", "Operator"]),
    ready=st.integers(0, 10**17),
    unit=st.none() | anything,
    unit_space=anything,
    made_by=anything,
    path=anything,
    labels=st.dictionaries(st.sampled_from(["app", "env", "team"]), anything),
)


@given(st.lists(hostile_records, min_size=1, max_size=3), st.integers(20, 120))
def test_no_line_is_too_wide_or_holds_what_a_terminal_obeys(
    records: list[dict[str, Any]], width: int
) -> None:
    state = make_scan(*records)
    details = Details(state)

    for each in state.records:
        id_, namespace = workload_id(each), plain(each.namespace)
        for line in texts(
            [*details.of_workload(id_, width), *details.of_namespace(namespace, width)]
        ):
            assert cells(line) <= width
            assert line.isprintable() or line == ""
            assert "\u202e" not in line
