"""The Units of chosen workloads: one slug each that lasts, and labels that cub takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_cli.workflow.state import Identity, Record
from session_cli.workflow.units import Unit, units_for

SLUG = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAME = "app.kubernetes.io/name"


def make_record(
    name: str = "api", namespace: str = "shop-prod", kind: str = "Deployment", **members: Any
) -> Record:
    base = {"namespace": namespace, "kind": kind, "name": name, "owner": "Native"}
    return Record({**base, **members})


def identity(record: Record) -> Identity:
    return record.identity


def slugs_of(*records: Record) -> list[str]:
    return [unit.slug for unit in units_for(records, {}, "shop-team")]


@pytest.mark.parametrize(
    ("records", "slugs"),
    [
        pytest.param([make_record("api"), make_record("db")], ["api", "db"], id="plain names"),
        pytest.param(
            [make_record("api", "a"), make_record("db"), make_record("api", "b")],
            ["api-a", "db", "api-b"],
            id="one name in two namespaces",
        ),
        pytest.param(
            [make_record("api", "a"), make_record("api", "a", "DaemonSet")],
            ["api-a-deployment", "api-a-daemonset"],
            id="one name of two kinds",
        ),
        pytest.param([make_record("my.api"), make_record("my--api")], None, id="alike as slugs"),
        pytest.param([make_record("日本"), make_record("東京")], None, id="no letter at all"),
        pytest.param([make_record("x" * 250), make_record("x" * 249)], None, id="too long"),
        pytest.param([make_record(f"{'x' * 127}-y")], ["x" * 127], id="cut at a hyphen"),
        pytest.param(
            [make_record("api-a"), make_record("api", "a"), make_record("api", "b")],
            None,
            id="a name like another's with its namespace",
        ),
    ],
)
def test_each_workload_has_a_slug_of_its_own(
    records: list[Record], slugs: list[str] | None
) -> None:
    told = slugs_of(*records)

    assert len(set(told)) == len(records)
    assert all(SLUG.fullmatch(slug) and len(slug) <= 128 for slug in told)
    assert slugs is None or told == slugs
    assert slugs_of(*records) == told


names = st.one_of(
    st.sampled_from(["api", "API", "api-a", "api-a-deployment", "a.b", "", "-", "日", "x" * 200]),
    st.text(min_size=1, max_size=140),
)
records = st.builds(
    make_record,
    name=names.filter(bool),
    namespace=st.sampled_from(["a", "b", "a-deployment", "deployment", "日", "n" * 63]),
    kind=st.sampled_from(["Deployment", "StatefulSet", "DaemonSet"]),
)
distinct = st.lists(records, max_size=8, unique_by=identity)


def slugs_given(units: list[Unit]) -> dict[Any, str]:
    return {identity(unit.record): unit.slug for unit in units}


@given(distinct)
@example([make_record("api", "a"), make_record("api-a", "b"), make_record("api", "c")])
def test_slugs_are_unique_and_valid_whatever_the_names(chosen: list[Record]) -> None:
    units = units_for(chosen, {}, "shop-team")

    slugs = [unit.slug for unit in units]
    assert len(set(slugs)) == len(slugs)
    for slug in slugs:
        assert SLUG.fullmatch(slug), slug
        assert len(slug) <= 128
    assert [unit.record for unit in units] == chosen
    assert units_for(chosen, {}, "shop-team") == units


@given(distinct, st.data())
def test_a_slug_once_given_stays_when_others_come_or_go(
    every: list[Record], data: st.DataObject
) -> None:
    some = data.draw(st.lists(st.sampled_from(every), unique_by=identity)) if every else []
    given_slugs = slugs_given(units_for(some, {}, "shop-team"))

    later = slugs_given(units_for(every, given_slugs, "shop-team"))
    fewer = slugs_given(units_for(some[:1], given_slugs, "shop-team"))

    assert {key: later[key] for key in given_slugs} == given_slugs
    assert len(set(later.values())) == len(later)
    assert all(fewer[key] == given_slugs[key] for key in fewer)


def test_a_workload_that_comes_later_makes_way_for_the_slugs_given_before() -> None:
    first, later = make_record("api", "a"), make_record("api", "b")
    gone = make_record("db", "a")

    units = units_for([first, later, make_record("db", "b")], {identity(first): "api"}, "t")
    beside = units_for([make_record("db", "b")], {identity(gone): "db"}, "t")

    assert [unit.slug for unit in units] == ["api", "api-b", "db"]
    assert [unit.slug for unit in beside] == ["db-b"]


def labels_of(app_space: str = "shop-team", **members: Any) -> dict[str, str]:
    [unit] = units_for([make_record(**members)], {}, app_space)
    return unit.labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, {"app": "shop", "variant": "prod", "team": "shop"}),
        ({NAME: "order", "env": "qa"}, {"app": "order", "variant": "qa"}),
        (
            {"region": "eu", "tier": "web", "team": "blue"},
            {"region": "eu", "tier": "web", "team": "blue"},
        ),
        (
            {"topology.kubernetes.io/region": "us", "region": "eu"}
            | {"app.kubernetes.io/component": "db", "tier": "web"},
            {"region": "us", "tier": "db"},
        ),
        ({"app.kubernetes.io/part-of": "green"}, {"team": "green"}),
    ],
    ids=str,
)
def test_the_labels_tell_what_a_unit_was_made_of(
    labels: dict[str, str], expected: dict[str, str]
) -> None:
    told = labels_of(labels=labels)

    assert told | expected == told
    assert (told["owner"], told["namespace"], told["kind"]) == ("Native", "shop-prod", "Deployment")


def test_a_path_tells_the_variant_before_anything_else() -> None:
    assert labels_of(path="apps/staging")["variant"] == "staging"
    assert "variant" not in labels_of(namespace="shop")


hostile = st.text(st.one_of(st.sampled_from(",=-_./ ab"), st.characters()), max_size=12)


@given(
    st.dictionaries(
        st.sampled_from(
            [NAME, "app", "env", "region", "tier", "team", "app.kubernetes.io/part-of"]
        ),
        hostile,
    ),
    hostile.filter(bool),
    hostile.filter(bool),
)
@example({"team": ",", "region": "--", "tier": "a,b=c"}, ",=", "=")
def test_no_label_is_empty_or_taken_apart_by_cub(
    labels: dict[str, str], namespace: str, owner: str
) -> None:
    told = labels_of(labels=labels, namespace=namespace, owner=owner)

    for key, text in told.items():
        assert key
        assert text
        assert not set(text) & set(",="), text
