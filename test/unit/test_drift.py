"""What of a saved session still holds: a table of what was saved and what is seen now."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_cli.cluster.ownership import OWNERS as OWNERS_KNOWN
from session_cli.confighub.connection import Connection
from session_cli.confighub.entities import Target, Unit, Worker
from session_cli.recheck.drift import Cluster, ConfigHub, Drift, compare, is_past
from session_cli.steps import COMPLETE, TYPES
from session_cli.workflow.state import ImportState

UID, OTHER_UID = "uid-of-kube-system", "uid-of-another"
API = {"namespace": "pay", "kind": "Deployment", "name": "api", "owner": "Flux", "unit": "api"}
DB = {"namespace": "pay", "kind": "StatefulSet", "name": "db", "owner": "Native", "unit": "db"}
OWNERS = {("pay", "Deployment", "api"): "Flux", ("pay", "StatefulSet", "db"): "Native"}
LOGIN = Connection("me@acme.com", "acme", "org_1", "https://hub")
SEEN = Cluster("kind-atk", "kind-atk", UID, OWNERS)
READY = [Worker("dev", "Ready", "")]
TARGETS = [Target("dev-kind-atk", "kind-atk", "Kubernetes")]
HELD = {"cluster-uid": UID, "namespace": "pay"}
API_UNIT = Unit("api", {**HELD, "kind": "Deployment", "workload": "api"})
DB_UNIT = Unit("db", {**HELD, "kind": "StatefulSet", "workload": "db"})
HUB = ConfigHub(LOGIN, ["pay-team"], [API_UNIT, DB_UNIT], READY, TARGETS)
FINE = [
    "ok cluster kind-atk",
    "ok 2 of 2 workloads",
    "ok login me@acme.com",
    "ok App Space pay-team",
    "ok 2 of 2 Units",
    "ok worker dev",
    "ok target for kind-atk",
]


def make_state(step: str = "verify", **changes: Any) -> dict[str, Any]:
    records = [{key: each[key] for key in each if key != "unit"} for each in (API, DB)]
    return {
        "step": step,
        "cluster_context": "kind-atk",
        "cluster_uid": UID,
        "scan_result": {"workloads": records, "workloads_detected": 2},
        "selections": {"app_space": "pay-team", "selected_workloads": [API, DB]},
        "confighub": {
            "user": "me@acme.com",
            "org": "acme",
            "org_id": "org_1",
            "units_created": ["api", "db"],
            "worker_slug": "dev",
        },
        **changes,
    }


def told(found: Drift) -> list[str]:
    return [f"{item.verdict} {item.words}" for item in found.items]


def test_of_a_session_that_holds_everything_is_ok_and_nothing_is_to_be_saved() -> None:
    found = compare(ImportState(make_state()), SEEN, HUB)

    assert told(found) == FINE
    assert (found.step, found.refused, found.data) == ("verify", False, {})


class Case(NamedTuple):
    """What is seen, and what comes of it beside the items that are fine."""

    item: str
    step: str
    seen: Cluster = SEEN
    hub: ConfigHub = HUB
    refused: bool = False
    data: Mapping[str, Any] = MappingProxyType({})


def problem(**changes: Any) -> ConfigHub:
    return HUB._replace(problem="cub timed out", **changes)


CASES = {
    "another cluster under the same context name": Case(
        "changed cluster kind-atk: another cluster answers as kind-atk",
        "verify",
        seen=SEEN._replace(uid=OTHER_UID),
        refused=True,
    ),
    "kubectl moved to another context": Case(
        "changed kubectl is on kind-other now; this session stays with kind-atk",
        "verify",
        seen=SEEN._replace(current_context="kind-other"),
    ),
    "kubectl has no current context": Case(
        "ok cluster kind-atk", "verify", seen=SEEN._replace(current_context="")
    ),
    "the context was renamed": Case(
        "changed cluster kind-atk is called kind-new now",
        # its target is for the old name
        "targets_waiting",
        seen=SEEN._replace(context="kind-new", current_context="kind-new"),
        data={"cluster_context": "kind-new"},
    ),
    "the cluster does not answer": Case(
        "unknown cluster kind-atk: refused",
        "verify",
        seen=Cluster("kind-atk", "kind-atk", None, None, "refused"),
    ),
    "a workload is gone": Case(
        "gone StatefulSet pay/db",
        "review",
        seen=SEEN._replace(owners={("pay", "Deployment", "api"): "Flux"}),
        data={
            "selections": {"selected_workloads": [API]},
            "scan_result": {
                "workloads": [{k: v for k, v in API.items() if k != "unit"}],
                "workloads_detected": 1,
                "namespaces": ["pay"],
                "owners": {**dict.fromkeys(OWNERS_KNOWN), "Flux": 1},
            },
        },
    ),
    "a workload has another owner": Case(
        "changed StatefulSet pay/db belongs to Helm now, not Native",
        "review",
        seen=SEEN._replace(owners={**OWNERS, ("pay", "StatefulSet", "db"): "Helm"}),
        data={
            "selections": {"selected_workloads": [API, {**DB, "owner": "Helm"}]},
            "scan_result": {
                "workloads": [
                    {k: v for k, v in API.items() if k != "unit"},
                    {k: v for k, v in DB.items() if k != "unit"} | {"owner": "Helm"},
                ],
                "workloads_detected": 2,
                "namespaces": ["pay"],
                "owners": {**dict.fromkeys(OWNERS_KNOWN), "Flux": 1, "Helm": 1},
            },
        },
    ),
    "ConfigHub delivers a Unit of the session by now": Case(
        "ok 2 of 2 workloads",
        "verify",
        seen=SEEN._replace(owners={**OWNERS, ("pay", "StatefulSet", "db"): "ConfigHub"}),
    ),
    "the workloads cannot be asked": Case(
        "unknown 2 workloads: forbidden",
        "verify",
        seen=SEEN._replace(owners=None, problem="forbidden"),
    ),
    "the login expired": Case(
        "gone login: log in with 'cub auth login'",
        "connect",
        hub=ConfigHub(None, None, None, None, None, "log in with 'cub auth login'", expired=True),
    ),
    "ConfigHub does not answer": Case(
        "unknown ConfigHub: cub timed out",
        "verify",
        hub=ConfigHub(None, None, None, None, None, "cub timed out"),
    ),
    "another user": Case(
        "changed user: you@acme.com now, not me@acme.com",
        "connect",
        hub=HUB._replace(login=LOGIN._replace(user="you@acme.com")),
    ),
    "another organization": Case(
        "changed organization: evil now, not acme",
        "connect",
        hub=HUB._replace(login=LOGIN._replace(org="evil", org_id="org_2")),
    ),
    "another organization of the same name": Case(
        "changed organization: org_2 now, not org_1",
        "connect",
        hub=HUB._replace(login=LOGIN._replace(org_id="org_2")),
    ),
    "the organization was renamed": Case(
        "changed organization: acme-inc now, not acme",
        "connect",
        hub=HUB._replace(login=LOGIN._replace(org="acme-inc")),
    ),
    "the App Space is gone": Case(
        "gone App Space pay-team",
        "connect",
        hub=HUB._replace(spaces=["other"], units=[], workers=[], targets=[]),
        data={"confighub": {"units_created": []}},
    ),
    "the spaces cannot be asked": Case(
        "unknown App Space pay-team: cub timed out", "verify", hub=problem(spaces=None)
    ),
    "a Unit is gone": Case(
        "gone Unit db",
        "connect",
        hub=HUB._replace(units=[API_UNIT, Unit("somebody-elses", {})]),
        data={"confighub": {"units_created": ["api"]}},
    ),
    "a Unit of that name without our labels": Case(
        "changed Unit db does not belong to this session",
        "connect",
        hub=HUB._replace(units=[API_UNIT, Unit("db", {"app": "db"})]),
        data={"confighub": {"units_created": ["api"]}},
    ),
    "a Unit of that name from another cluster": Case(
        "changed Unit db does not belong to this session",
        "connect",
        hub=HUB._replace(
            units=[API_UNIT, DB_UNIT._replace(labels={**DB_UNIT.labels, "cluster-uid": OTHER_UID})]
        ),
        data={"confighub": {"units_created": ["api"]}},
    ),
    "a Unit whose labels cannot be seen": Case(
        "ok 2 of 2 Units", "verify", hub=HUB._replace(units=[API_UNIT, Unit("db", None)])
    ),
    "the Units cannot be asked": Case(
        "unknown 2 Units: cub timed out", "verify", hub=problem(units=None)
    ),
    "the worker is gone": Case(
        "gone worker dev", "worker_connecting", hub=HUB._replace(workers=[])
    ),
    "another worker is there": Case(
        "gone worker dev",
        "worker_connecting",
        hub=HUB._replace(workers=[Worker("prod", "Ready", "")]),
    ),
    "the worker lost its connection": Case(
        "changed worker dev is Unresponsive",
        "worker_connecting",
        hub=HUB._replace(workers=[Worker("dev", "Unresponsive", "")]),
    ),
    "the worker cannot be asked": Case(
        "unknown worker dev: cub timed out", "verify", hub=problem(workers=None)
    ),
    "the targets are gone": Case(
        "gone target for kind-atk", "targets_waiting", hub=HUB._replace(targets=[])
    ),
    "the targets are of another cluster": Case(
        "gone target for kind-atk",
        "targets_waiting",
        hub=HUB._replace(targets=[Target("dev-kind-atk", "kind-other", "Kubernetes")]),
    ),
    "the targets cannot be asked": Case(
        "unknown targets: cub timed out", "verify", hub=problem(targets=None)
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_no_longer_holds_is_reported_and_sets_the_step_back(case: Case) -> None:
    state = make_state()
    before = copy.deepcopy(state)

    found = compare(ImportState(state), case.seen, case.hub)

    assert case.item in told(found)
    assert (found.step, found.refused) == (case.step, case.refused)
    assert found.data == case.data
    assert state == before


def test_nothing_is_asked_of_another_cluster_and_nothing_saved_of_it() -> None:
    seen = SEEN._replace(uid=OTHER_UID, owners={})

    found = compare(ImportState(make_state()), seen, HUB._replace(units=[]))

    assert told(found) == ["changed cluster kind-atk: another cluster answers as kind-atk"]
    assert (found.step, found.refused, found.data) == ("verify", True, {})


def test_a_unit_that_was_created_and_not_recorded_is_found() -> None:
    state = make_state("connect")
    state["confighub"]["units_created"] = ["api"]

    found = compare(ImportState(state), SEEN, HUB)

    assert "ok Unit db was created, but that was not saved" in told(found)
    assert (found.step, found.data) == ("connect", {"confighub": {"units_created": ["api", "db"]}})


def test_the_step_goes_back_to_the_first_that_is_broken() -> None:
    seen = SEEN._replace(owners={("pay", "Deployment", "api"): "Flux"})
    hub = HUB._replace(units=[API_UNIT], workers=[], targets=[])

    found = compare(ImportState(make_state(COMPLETE)), seen, hub)

    assert [item.breaks for item in found.items if item.breaks] == [
        "review",
        "connect",
        "worker_connecting",
        "targets_waiting",
    ]
    assert found.step == "review"


@pytest.mark.parametrize(
    ("step", "items"),
    [
        ("scan", FINE[:2]),
        ("select", FINE[:2]),
        ("worker_connecting", FINE[:5]),
        ("targets_waiting", FINE[:6]),
        ("verify", FINE),
        (COMPLETE, FINE),
    ],
)
def test_only_what_the_session_has_come_to_is_asked(step: str, items: list[str]) -> None:
    state = make_state(step)
    hub = HUB
    if step in ("scan", "select"):
        state["confighub"] = {}

    assert told(compare(ImportState(state), SEEN, hub if len(items) > 2 else None)) == items


@pytest.mark.parametrize("step", ["review", "select", "connect"])
def test_a_broken_later_step_never_sets_the_session_forward(step: str) -> None:
    expired = ConfigHub(None, None, None, None, None, "expired", expired=True)

    assert compare(ImportState(make_state(step)), SEEN, expired).step == step


def test_a_state_of_the_draft_learns_which_cluster_it_belongs_to() -> None:
    state = make_state("review")
    del state["cluster_uid"]

    assert compare(ImportState(state), SEEN, None).data == {"cluster_uid": UID}


def test_a_state_of_the_draft_is_not_moved_to_a_cluster_that_may_be_another() -> None:
    state = make_state("review")
    del state["cluster_uid"]
    seen = SEEN._replace(context="prod", current_context="prod")

    found = compare(ImportState(state), seen, None)

    assert (found.refused, found.data) == (True, {})
    assert told(found) == [
        "changed cluster kind-atk: cannot confirm that context prod is the same cluster"
    ]


@pytest.mark.parametrize(
    ("step", "than", "expected"),
    [
        ("connect", "connect", False),
        ("worker_connecting", "connect", True),
        (COMPLETE, "verify", True),
        ("nonsense", "scan", False),
        (None, "scan", False),
        (["scan"], "scan", False),
    ],
)
def test_a_session_is_past_the_steps_before_its_own(step: Any, than: str, expected: bool) -> None:
    assert is_past(ImportState({"step": step}), than) == expected


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "dev", "api", "a b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)
parts = st.sampled_from(
    "user org org_id units_created worker_slug app_space selected_workloads workloads".split()
)


@given(
    st.dictionaries(
        st.sampled_from(["step", "cluster_context", "cluster_uid", "scan_result", "selections"])
        | st.just("confighub"),
        anything | st.dictionaries(parts, anything),
    ),
    st.sampled_from([*TYPES["import"], COMPLETE]),
    st.sampled_from([SEEN, *(case.seen for case in CASES.values())]),
    st.sampled_from([None, *(case.hub for case in CASES.values())]),
)
def test_any_state_is_answered_with_a_step_to_continue_at(
    changes: dict[str, Any], step: str, seen: Cluster, hub: ConfigHub | None
) -> None:
    found = compare(ImportState(make_state(step) | changes), seen, hub)

    assert found.step in [*TYPES["import"], COMPLETE]
    assert isinstance(found.data, dict)
