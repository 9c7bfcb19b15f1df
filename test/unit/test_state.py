"""A scanned workload on its way through the state document: it is named the same afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from builders import make_state
from hypothesis import given
from hypothesis import strategies as st
from tui.cluster_objects import make_cluster

from session_cli.cluster.ownership import Owner, Reference
from session_cli.cluster.workloads import Workload, workloads_in
from session_cli.confighub.hub_state import (
    Contents,
    HubSpace,
    HubState,
    HubTarget,
    HubUnit,
    HubWorker,
)
from session_cli.workflow.members import Members
from session_cli.workflow.naming import app_of, suggest_app_space, variant_of
from session_cli.workflow.scan import NAMING_LABELS, scan_result, workload_of
from session_cli.workflow.state import (
    HubFacts,
    ImportState,
    Record,
    Scan,
    Selections,
)
from session_cli.workflow.units import units_for

WHEN = "2026-01-09T14:30:22Z"
NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
FLUX = Owner("Flux", Reference("Kustomization", "flux-system", "apps"))
ARGO = Owner("ArgoCD", Reference("Application", "argocd", "shop"))


def make_workload(
    namespace: str = "shop", owner: Owner = FLUX, unit: Reference | None = None, **labels: str
) -> Workload:
    return Workload(
        kind="StatefulSet",
        namespace=namespace,
        name="cart",
        owner=owner,
        unit=unit,
        ready=1,
        desired=2,
        labels=labels,
    )


def saved(
    *workloads: Workload, paths: dict[tuple[str, str, str], str] | None = None
) -> ImportState:
    """The state as it is read again after the scan was saved."""
    document = {"scan_result": scan_result(workloads, [], paths or {}, WHEN)}
    return ImportState(json.loads(json.dumps(document)))


@pytest.mark.parametrize(
    ("workload", "path", "app", "variant"),
    [
        pytest.param(make_workload("shop-dev", env="qa"), "apps/Production", "shop", "prod"),
        pytest.param(make_workload(owner=ARGO), "envs/staging/shop", "shop", "staging"),
        pytest.param(make_workload(**{NAME: "pay", INSTANCE: "pay-uat"}), "", "pay", "uat"),
        pytest.param(make_workload(**{INSTANCE: "shop-testing"}), "", "shop", "test"),
        pytest.param(make_workload(environment="Staging"), "", "shop", "staging"),
        pytest.param(make_workload(env="production"), "", "shop", "prod"),
        pytest.param(make_workload("shop-stage"), "", "shop", "staging"),
        pytest.param(make_workload("dev-shop"), "", "shop", "dev"),
        pytest.param(make_workload("shop-dev", app="order"), "", "order", "dev"),
        pytest.param(make_workload("default"), "", "cart", None),
    ],
)
def test_a_workload_that_was_saved_is_named_as_the_live_one(
    workload: Workload, path: str, app: str, variant: str | None
) -> None:
    ref = workload.owner.ref
    assert ref
    state = saved(workload, paths={(ref.kind, ref.namespace, ref.name): path})
    [record] = state.records

    again = workload_of(record)

    assert (app_of(again), variant_of(again, record.path)) == (app, variant)
    assert (app_of(again), variant_of(again, path)) == (
        app_of(workload),
        variant_of(workload, path),
    )
    [unit] = units_for([record], {}, "any-team")
    assert unit.labels["app"] == app
    assert unit.labels.get("variant") == variant


def test_a_path_belongs_to_the_object_that_deploys_by_kind_and_namespace() -> None:
    paths = {
        ("Kustomization", "flux-system", "apps"): "clusters/prod",
        ("Kustomization", "other", "apps"): "clusters/dev",
        ("Application", "flux-system", "apps"): "clusters/qa",
    }
    helm = Owner("Helm", Reference("Release", "flux-system", "apps"))

    state = saved(make_workload(), make_workload(owner=helm), make_workload(owner=Owner("Native")))
    with_paths = scan_result(
        [make_workload(), make_workload(owner=helm), make_workload(owner=Owner("Native"))],
        [],
        paths,
        WHEN,
    )

    assert all("path" not in record.members for record in state.records)
    assert [each.get("path") for each in with_paths["workloads"]] == ["clusters/prod", None, None]


telling = st.dictionaries(
    st.sampled_from(sorted(NAMING_LABELS)),
    st.sampled_from(["", "shop", "shop-prod", "prod", "eu", "Staging", "cart"]),
)
workloads = st.builds(
    Workload,
    kind=st.sampled_from(["Deployment", "StatefulSet", "DaemonSet"]),
    namespace=st.sampled_from(["shop", "shop-prod", "dev-shop", "default", "cart"]),
    name=st.sampled_from(["cart", "shop", "db"]),
    owner=st.sampled_from([FLUX, ARGO, Owner("Native")]),
    unit=st.sampled_from([None, Reference("Unit", "", "cart"), Reference("Unit", "team", "cart")]),
    ready=st.integers(0, 3),
    desired=st.integers(0, 3),
    labels=telling,
)


@given(st.lists(workloads, max_size=6))
def test_every_naming_rule_survives_the_document(live: list[Workload]) -> None:
    again = [workload_of(record) for record in saved(*live).records]

    for one, other in zip(live, again, strict=True):
        assert (app_of(other), variant_of(other)) == (app_of(one), variant_of(one))
        assert (other.namespace, other.kind, other.name) == (one.namespace, one.kind, one.name)
        assert (other.ready, other.desired) == (one.ready, one.desired)
        assert (other.owner.name, other.unit) == (one.owner.name, one.unit)
    assert suggest_app_space(again) == suggest_app_space(live)


def test_a_scan_tells_what_was_found_and_takes_away_what_an_earlier_one_had() -> None:
    found = workloads_in({"kind": "List", "items": make_cluster(10, 2)})

    result = scan_result(found, ["daemonsets.apps is forbidden"], {}, WHEN)
    none = scan_result([], [], {}, WHEN)

    assert result["workloads_detected"] == len(result["workloads"]) == 10
    assert result["namespaces"] == sorted({each.namespace for each in found})
    assert sum(filter(None, result["owners"].values())) == 10
    assert (result["partial"], result["scanned_at"]) == (["daemonsets.apps is forbidden"], WHEN)
    # null removes from a merged document
    assert none["owners"].keys() == result["owners"].keys()
    assert {none["partial"], *none["owners"].values()} == {None}
    assert (none["workloads_detected"], none["workloads"], none["namespaces"]) == (0, [], [])


def test_a_record_has_what_speaks_against_a_unit_and_nothing_where_nothing_does() -> None:
    operator = Owner("Operator", Reference("Prometheus", "", "k8s"))
    unit = Reference("Unit", "web-prod", "released")
    plain = make_workload(owner=ARGO)

    def more(workload: Workload) -> dict[str, Any]:
        [record] = saved(workload).records
        known = saved(plain).records[0].members.keys() - {"owner"}
        return {key: value for key, value in record.members.items() if key not in known}

    assert more(plain) == {"owner": "ArgoCD"}
    assert more(make_workload(owner=operator)) == {"owner": "Operator", "made_by": "Prometheus k8s"}
    assert more(make_workload(owner=ARGO, unit=unit)) == {
        "owner": "ArgoCD",
        "unit": "released",
        "unit_space": "web-prod",
    }
    assert more(replace(plain, is_terminating=True)) == {"owner": "ArgoCD", "terminating": True}


def test_labels_that_name_nothing_are_not_kept() -> None:
    [record] = saved(make_workload(app="shop", checksum="abc", unrelated="x" * 60)).records

    assert record.members["labels"] == {"app": "shop"}
    assert "labels" not in saved(make_workload(unrelated="x")).records[0].members


def test_the_choice_in_a_state_of_the_draft_is_understood() -> None:
    state = ImportState(make_state())
    assert [each.kind for each in state.chosen] == ["Deployment"] * 2
    assert [each.owner for each in state.chosen] == ["Flux"] * 2

    known = {
        "namespace": "payment-prod",
        "kind": "DaemonSet",
        "name": "payment-api",
        "owner": "Flux",
    }
    scanned = state.replace(scan_result={**state.scan.members, "workloads": [known]})
    assert [each.kind for each in scanned.chosen] == ["DaemonSet", "Deployment"]


GOOD = {"namespace": "a", "kind": "Deployment", "name": "b", "owner": "Native"}
HOSTILE = [
    None,
    7,
    "text",
    [],
    {},
    {**GOOD, "namespace": ""},
    {**GOOD, "namespace": []},
    {**GOOD, "name": {}},
    {**GOOD, "name": None},
    {**GOOD, "kind": "Pod"},
    {**GOOD, "kind": ["Deployment"]},
    {**GOOD, "owner": 3},
]


@pytest.mark.parametrize("bad", HOSTILE, ids=str)
def test_what_is_no_workload_is_passed_over(bad: object) -> None:
    state = ImportState(
        {
            "scan_result": {"workloads": [bad, GOOD]},
            "selections": {"selected_workloads": [bad, GOOD]},
        }
    )

    assert state.records == [Record(GOOD)]
    assert state.chosen == [Record(GOOD)]


@pytest.mark.parametrize("part", [None, 3, [], "x", {"workloads": 3}, {"selected_workloads": {}}])
def test_a_document_without_workloads_has_none(part: object) -> None:
    state = ImportState({"scan_result": part, "selections": part})

    assert (state.records, state.chosen) == ([], [])


@pytest.mark.parametrize(
    "odd",
    [
        {"ready": True, "desired": -1},
        {"ready": "2", "desired": 1.5},
        {"labels": ["app"], "unit": 7, "path": 3},
        {"labels": {"app": {"x": 1}, "env": None}},
    ],
    ids=str,
)
def test_odd_members_of_a_record_count_as_absent(odd: dict[str, Any]) -> None:
    workload = workload_of(Record({**GOOD, **odd}))

    assert (workload.ready, workload.desired, dict(workload.labels)) == (0, 0, {})
    [unit] = units_for([Record({**GOOD, **odd})], {}, "x-team")
    assert unit.labels["app"] == "a"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
VIEWS: list[type[Members]] = [ImportState, Scan, Selections, HubFacts, Record, HubState]
VIEWS += [Contents, HubSpace, HubUnit, HubWorker, HubTarget]


def properties_of(view: type[Members]) -> dict[str, Any]:
    """The properties of a view, each with the type that it promises."""
    found = {name: getattr(view, name) for name in dir(view)}
    return {
        name: get_type_hints(each.fget if isinstance(each, property) else each.func)["return"]
        for name, each in found.items()
        if isinstance(each, (property, cached_property))
    }


KEYS = sorted({name for view in VIEWS for name in properties_of(view)} | {"scan_result"})
damaged = st.recursive(
    anything | st.lists(anything, max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=8,
)


def is_of(value: object, promised: Any) -> bool:
    """Whether the value is of the type, and so are the items in it."""
    if get_origin(promised) is UnionType:
        return any(is_of(value, each) for each in get_args(promised))
    if get_origin(promised) is tuple:
        return all(map(is_of, value, get_args(promised)))  # type: ignore[call-overload]
    if get_origin(promised) in (list, set):
        return type(value) is get_origin(promised) and all(
            is_of(each, get_args(promised)[0])
            for each in value  # type: ignore[attr-defined]
        )
    return type(value) is (get_origin(promised) or promised)


@given(st.dictionaries(st.sampled_from(KEYS), damaged) | anything)
def test_whatever_the_file_holds_each_property_is_of_its_type(document: object) -> None:
    for view in VIEWS:
        read = view(document)
        for name, promised in properties_of(view).items():
            assert is_of(getattr(read, name), promised), (view, name)


@pytest.mark.parametrize(
    ("error", "message", "is_there"),
    [
        ({"message": "no answer", "step": "verify"}, "no answer", True),
        ({"message": "no answer", "step": "connect"}, "", True),
        ({"message": 3, "step": "verify"}, "", True),
        ("no answer", "", True),
        (None, "", False),
    ],
)
def test_why_a_step_has_failed_is_known_while_the_session_is_at_it(
    error: object, message: str, is_there: bool
) -> None:
    state = ImportState({"step": "verify", "error": error})

    assert (state.error, state.has_error) == (message, is_there)
