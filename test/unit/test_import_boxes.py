"""What the TUIs show beside the boxes of sessions: word for word, and well-formed for any state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from builders import make_state
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import wcswidth

from session_cli.confighub.entities import Unit
from session_cli.confighub.planning import make_plan
from session_cli.recheck.drift import Item
from session_cli.steps import TYPES
from session_cli.text import import_boxes
from session_cli.text.boxes import in_ascii
from session_cli.text.session_boxes import PANEL_WIDTH
from session_cli.workflow.state import ImportState

Golden = Callable[[str, str], None]
Screen = Callable[[int], str]

NOW = 1767976222.0  # 2026-01-09 16:30:22 UTC
TAB_WIDTH = 100


def record(namespace: str, name: str, owner: str = "Flux", **members: Any) -> dict[str, Any]:
    base = {"namespace": namespace, "kind": "Deployment", "name": name, "owner": owner}
    return {**base, "ready": 1, "desired": 1, **members}


SERVICES = "api worker web cache gateway ledger refunds audit reports mailer".split()
RECORDS = [
    *(record("payment-prod", f"payment-{name}") for name in SERVICES),
    record("order-prod", "order-api", "ArgoCD", ready=0),
    record("order-prod", "order-db", "Native", kind="StatefulSet"),
]
SCAN = {
    "scanned_at": "2026-01-09T14:30:22Z",
    "workloads_detected": len(RECORDS),
    "partial": ['daemonsets.apps is forbidden: User "dev" cannot list resource "daemonsets"'],
    "workloads": RECORDS,
}
FAILED = [{"unit": "payment-web", "why": "HTTP 400: invalid label"}]
FACTS = {**make_state()["confighub"], "units_failed": FAILED, "targets": ["dev-kind-atk"]}
CHOSEN = {"app_space": "payment-team", "selected_workloads": RECORDS[:10]}
STATE = ImportState(make_state(scan_result=SCAN, selections=CHOSEN, confighub=FACTS))
HOLDER = {"pid": 4711, "host": "laptop", "user": "alex", "since": "2026-01-09T14:45:33Z"}
TAKEN = make_plan(STATE, [Unit("payment-api", {}), Unit("payment-web", None)]).unclear
ITEMS = [
    Item("ok", "cluster kind-atk"),
    Item("changed", "kubectl is on kind-other now; this session stays with kind-atk"),
    Item("gone", "Deployment payment-prod/payment-web", "review"),
    Item("unknown", "ConfigHub: 'cub space list' timed out after 30 s"),
    Item("ok", "9 of 10 workloads"),
]

SCREENS: dict[str, tuple[int, Screen]] = {
    "tab-cluster": (TAB_WIDTH, lambda width: import_boxes.cluster_box(STATE, NOW, width)),
    "tab-confighub": (TAB_WIDTH, lambda width: import_boxes.confighub_tab(STATE, NOW, width)),
    "tab-confighub-none": (TAB_WIDTH, lambda width: import_boxes.confighub_tab(None, NOW, width)),
    "app-space": (PANEL_WIDTH, lambda width: import_boxes.app_space_box(STATE, width)),
    "connect": (PANEL_WIDTH, lambda width: import_boxes.connect_box(STATE, width)),
    "names-taken": (PANEL_WIDTH, lambda width: import_boxes.names_taken_box(TAKEN, width)),
    "open-elsewhere": (
        PANEL_WIDTH,
        lambda width: import_boxes.open_elsewhere_box(HOLDER, NOW, width),
    ),
    "drift": (PANEL_WIDTH, lambda width: import_boxes.drift_box(ITEMS, "review", False, width)),
    "drift-refused": (
        PANEL_WIDTH,
        lambda width: import_boxes.drift_box(ITEMS[1:2], "scan", True, width),
    ),
}


@pytest.mark.parametrize("width", [None, 60, 40], ids=["natural", "60", "40"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_reads_as_agreed(golden: Golden, name: str, width: int | None) -> None:
    natural, screen = SCREENS[name]

    golden(f"{name}-{width}" if width else name, screen(width or natural))


def test_a_cluster_that_was_not_scanned_is_not_called_empty() -> None:
    assert "Nothing was scanned yet." in import_boxes.cluster_box(ImportState({}), NOW, TAB_WIDTH)


def test_the_cluster_tab_tells_how_old_the_scan_is() -> None:
    assert "scanned 2 hours ago" in import_boxes.cluster_box(STATE, NOW, TAB_WIDTH)
    assert "scanned an unknown time ago" in import_boxes.cluster_box(STATE, 0.0, TAB_WIDTH)


def test_the_connection_is_shown_as_what_was_saved_with_its_age() -> None:
    tab = import_boxes.confighub_tab(STATE, NOW, TAB_WIDTH)
    alone = import_boxes.confighub_tab(None, NOW, TAB_WIDTH)

    assert "CONNECTION, saved 1 hour ago" in tab
    assert "CONNECTION, as it was saved" in import_boxes.confighub_tab(STATE, 0.0, TAB_WIDTH)
    assert "○ Worker: dev, connecting" in tab
    assert "ALL SET" not in tab
    assert "saved" not in alone
    assert "No previous session found." in alone
    assert "ALL SET" in import_boxes.confighub_tab(STATE.replace(step="complete"), NOW, TAB_WIDTH)


def test_beside_the_connection_stands_the_short_panel_of_the_spec_where_there_is_less_room() -> (
    None
):
    state = STATE.replace(log_file="~/.confighub/logs/tui-import-2026-01-09-143022.log")

    wide = import_boxes.confighub_tab(state, NOW, import_boxes.WIDE)
    narrow = import_boxes.confighub_tab(state, NOW, import_boxes.WIDE - 1)

    assert "[R] Resume session" in wide and "(2 hours ago)" in wide
    for line in ("Last session: 2h ago ", "Step: 5/7 ", "Log: ~/.confighub/logs/... "):
        assert f"│  {line}" in narrow
    assert "[R]esume    [N]ew    [V]iew log" in narrow


def test_what_is_too_long_for_a_box_is_counted() -> None:
    text = import_boxes.drift_box(
        [Item("gone", f"Unit {n}") for n in range(40)], "connect", False, 80
    )

    assert "and 24 more" in text
    assert "and 3 more" in import_boxes.app_space_box(STATE, 80)
    assert text.count("gone ") == 16


def test_of_many_items_those_that_do_not_hold_are_shown() -> None:
    items = [Item("ok", f"fine {n}") for n in range(30)] + [Item("gone", "Unit api", "connect")]

    text = import_boxes.drift_box(items, "connect", False, 80)

    assert "✗ gone     Unit api" in text
    assert "Resumes at: Connect to ConfigHub" in text


ALL = [screen for _, screen in SCREENS.values()]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
workloads = st.lists(
    st.builds(
        record,
        namespace=st.text(max_size=20),
        name=st.text(max_size=30),
        owner=st.sampled_from(["Flux", "Native", "Helm", "", "Someone"]),
        ready=anything,
        unit=anything,
        labels=anything,
    )
    | anything,
    max_size=4,
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "step": st.sampled_from([*TYPES["import"], "complete", "x"]) | anything,
        "updated_at": st.sampled_from(["2026-01-09T14:45:33Z", "soon"]) | anything,
        "cluster_context": anything,
        "scan_result": anything
        | st.fixed_dictionaries({"workloads": workloads, "partial": anything}),
        "selections": anything
        | st.fixed_dictionaries({"selected_workloads": workloads, "app_space": anything}),
        "confighub": anything
        | st.dictionaries(
            st.sampled_from([*FACTS, "units_failed"]), anything | st.lists(anything, max_size=3)
        ),
    },
)


@given(documents, st.dictionaries(st.sampled_from([*HOLDER]), anything), st.integers(40, 200))
@example({"confighub": {"units_failed": ["x", None, {"unit": 3}]}}, {}, 40)
@example({"confighub": {"units_failed": {"unit": "x"}, "targets": "ab"}}, {}, 79)
@example({"selections": {"selected_workloads": [{"namespace": [], "name": {}}]}}, {}, 200)
def test_any_document_makes_well_formed_boxes(
    document: dict[str, Any], holder: dict[str, Any], width: int
) -> None:
    state = ImportState(document)
    for text in (
        import_boxes.cluster_box(state, NOW, width),
        import_boxes.confighub_tab(state, NOW, width),
        import_boxes.app_space_box(state, width),
        import_boxes.connect_box(state, width),
        import_boxes.open_elsewhere_box(holder, NOW, width),
    ):
        lines = text.split("\n")
        assert {wcswidth(line) for line in lines} == {width}
        assert all(line[0] in "┌│└" and line[-1] in "┐│┘" for line in lines)
        assert not [char for char in text if not char.isprintable() and char != "\n"]
        assert {len(line) for line in in_ascii(text).split("\n")} == {width}


@given(
    st.lists(
        st.builds(Item, st.sampled_from(["ok", "changed", "gone", "unknown"]), st.text()),
        max_size=40,
    ),
    st.sampled_from([*TYPES["import"], "complete"]),
    st.booleans(),
    st.integers(40, 200),
)
def test_any_drift_makes_a_well_formed_box(
    items: list[Item], step: str, refused: bool, width: int
) -> None:
    text = import_boxes.drift_box(items, step, refused, width)

    assert {wcswidth(line) for line in text.split("\n")} == {width}
    assert "Resumes at" not in text if refused else "Resumes at" in text


@pytest.mark.parametrize(
    ("created", "said"),
    [
        ([], "Creates the App Space, unless it exists, and 3 Units, one for each workload;"),
        (["w0"], "Creates 2 more Units, one for each workload; nothing in the cluster changes."),
        (["w0", "w1", "w2"], "All of them exist already; nothing is created."),
        (["another"], "Creates the App Space, unless it exists, and 3 Units, one for each"),
    ],
)
def test_connect_says_what_create_does(created: list[str], said: str) -> None:
    records = [
        {"name": f"w{number}", "namespace": "n", "kind": "Deployment", "owner": "Native"}
        for number in range(3)
    ]
    chosen = {"app_space": "team", "selected_workloads": records}
    state = ImportState({"selections": chosen, "confighub": {"units_created": created}})

    assert said in import_boxes.connect_box(state, 100)
