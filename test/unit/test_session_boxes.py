"""The boxes people see: word for word for known sessions, well-formed for any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from builders import make_state
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import wcswidth

from session_cli import times
from session_cli.sync.status import SyncFacts
from session_cli.text import session_boxes
from session_cli.workflow.state import ImportState

Golden = Callable[[str, str], None]
Box = Callable[[int | None], str]

NOW = 1767976222.0  # 2026-01-09 16:30:22 UTC, two hours after the session began
UPLOADED_AT = NOW - 105 * 60


def synced(at: float) -> SyncFacts:
    return SyncFacts("synced", "clean", "", at)


LOG_FILE = "~/.confighub/logs/tui-import-2026-01-09-143022.log"


def session(**changes: Any) -> ImportState:
    identity = {"session_id": "import-2026-01-09-143022", "revision": 5, "log_file": LOG_FILE}
    return ImportState(make_state(**{**identity, **changes}))


FRESH = session(updated_at="2026-01-09T14:30:22Z")
MANY_UNITS = {"units_created": ["a", "b", "c", "d", "e"]}
FOUND = session(confighub=MANY_UNITS)
REVIEWING = session(step="review", selections={}, confighub={})
COMPLETE = session(step="complete", updated_at="2026-01-09T15:00:00Z", confighub=MANY_UNITS)
FOREIGN = session(
    cluster_context="東京-本番-クラスタ-" + "🚢" * 20,
    step="Überprüfung der Cafe\u0301-Knoten 검토",
    log_file="~/ログ/セッション/" + "とても長い名前" * 6 + ".log",
)
HOSTILE = session(
    cluster_context="\x1b[2J\x9b]0;owned\x07kind\r\nStep: Verify\t\u202eevil\u2066\u200b\u2028\x7f",
    step="review\x00\ufeff\U000e0041\ue000\ud800\ufe0f\u3164",
    log_file="/tmp/" + "x" * 45 + " Step: Verify import (step 7 of 7)",
)


@pytest.mark.parametrize("width", [None, 40, 200], ids=["natural", "narrow", "wide"])
@pytest.mark.parametrize(
    ("name", "box"),
    [
        ("resume-prompt", lambda width: session_boxes.resume_box(FRESH, NOW, width)),
        ("exit", session_boxes.exit_box),
        (
            "not-saved",
            lambda width: session_boxes.not_saved_box("the disk is full: ~/.confighub", width),
        ),
        ("panel-none", lambda width: session_boxes.panel_box(None, NOW, width)),
        (
            "panel-synced",
            lambda width: session_boxes.panel_box(FOUND, NOW, width, synced(UPLOADED_AT)),
        ),
        ("panel-not-synced", lambda width: session_boxes.panel_box(REVIEWING, NOW, width)),
        (
            "panel-complete",
            lambda width: session_boxes.panel_box(COMPLETE, NOW, width, synced(NOW - 5400)),
        ),
        ("status", lambda width: session_boxes.status_box(FOUND, NOW, width)),
    ],
)
def test_a_box_reads_as_agreed(golden: Golden, name: str, box: Box, width: int | None) -> None:
    golden(f"{name}-{width}" if width else name, box(width))


@pytest.mark.parametrize("width", [None, 40], ids=["natural", "narrow"])
@pytest.mark.parametrize(("name", "state"), [("foreign", FOREIGN), ("hostile", HOSTILE)])
def test_unusual_values_are_shown_whole_and_harmless(
    golden: Golden, name: str, state: ImportState, width: int | None
) -> None:
    boxes = [
        session_boxes.resume_box(state, NOW, width),
        session_boxes.panel_box(state, NOW, width),
        session_boxes.status_box(state, NOW, width),
    ]

    golden(f"{name}-{width}" if width else name, "\n".join(boxes))


def test_the_resume_prompt_is_the_one_in_the_specification() -> None:
    assert session_boxes.resume_box(FRESH, NOW) == (
        "┌─ RESUME SESSION? ─────────────────────────────────────────┐\n"
        "│                                                           │\n"
        "│  Found previous session from 2 hours ago:                 │\n"
        "│                                                           │\n"
        "│  Cluster: kind-atk                                        │\n"
        "│  Step: Worker connecting (step 5 of 7)                    │\n"
        "│  Workloads: 2 selected, 2 imported                        │\n"
        "│                                                           │\n"
        "│  [R] Resume    [N] New session    [D] Delete & start new  │\n"
        "│                                                           │\n"
        "└───────────────────────────────────────────────────────────┘"
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"updated_at": times.utc(NOW - times.DAY)}, None, id="24 hours"),
        pytest.param({"updated_at": times.utc(NOW - times.DAY - 1)}, "over 24 hours", id="over"),
        pytest.param(
            {"updated_at": "2026-01-01T00:00:00Z", "resumed_at": times.utc(NOW - 60)},
            None,
            id="resumed since",
        ),
        pytest.param({"updated_at": times.utc(NOW + 1)}, "age is unknown", id="future"),
        pytest.param({"updated_at": "soon"}, "age is unknown", id="no time"),
        pytest.param({"updated_at": None}, "age is unknown", id="absent"),
    ],
)
def test_the_resume_prompt_warns_of_a_session_that_may_be_stale(
    changes: dict[str, Any], expected: str | None
) -> None:
    prompt = session_boxes.resume_box(session(**changes), NOW)

    assert ("session may be stale" in prompt) == (expected is not None)
    assert (expected or "") in prompt


@pytest.mark.parametrize(
    ("parts", "in_prompt", "in_panel"),
    [
        pytest.param({}, "none yet", "none yet", id="not scanned"),
        pytest.param({"detected": 12}, "12 detected", "12 detected", id="scanned"),
        pytest.param({"detected": 12, "selected": 2}, "2 selected", "12 detected", id="selected"),
        pytest.param(
            {"detected": 12, "selected": 2, "imported": 1},
            "2 selected, 1 imported",
            "12 detected, 1 imported",
            id="imported",
        ),
    ],
)
def test_workloads_are_counted_as_far_as_the_import_has_come(
    parts: dict[str, int], in_prompt: str, in_panel: str
) -> None:
    state = session(
        scan_result={"workloads_detected": parts.get("detected")},
        selections={"selected_workloads": [{}] * parts.get("selected", 0)},
        confighub={"units_created": [""] * parts.get("imported", 0)},
    )

    assert f"Workloads: {in_prompt}  " in session_boxes.resume_box(state, NOW)
    assert f"Workloads: {in_panel}  " in session_boxes.panel_box(state, NOW)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([], "✓ Complete  "),
        (["a"], "✓ Complete — 1 unit imported  "),
        (["a", "b"], "✓ Complete — 2 units imported  "),
    ],
)
def test_a_complete_import_says_how_much_it_imported(units: list[str], expected: str) -> None:
    assert expected in session_boxes.panel_box(
        COMPLETE.replace(confighub={"units_created": units}), NOW
    )


def test_a_complete_import_says_that_it_is_kept_here_as_long_as_no_hub_has_it() -> None:
    for told in (session_boxes.panel_box(COMPLETE, NOW), session_boxes.status_box(COMPLETE, NOW)):
        assert "kept on this machine" in told
        assert "ynced" not in told
    assert "kept on this machine" not in session_boxes.panel_box(COMPLETE, NOW, sync=synced(NOW))


def test_an_unfinished_import_is_shown_as_not_synced() -> None:
    told = session_boxes.panel_box(COMPLETE.replace(step="review"), NOW)
    assert "○ Not synced to ConfigHub (offline)" in told
    assert "kept on this machine" not in told


LINES = {
    ("synced", "clean", ""): "✓ Session synced",
    ("saved here", "local_ahead", ""): "○ Saved here, will sync",
    ("saved here", "leased", "open on pc"): "○ Saved here, will sync: open on pc",
    ("saved here", "not_sent", "begun before"): "○ Saved here: begun before",
    ("offline", "unreachable", "refused"): "○ Not synced to ConfigHub (offline)",
    ("sign in", "signed_out", ""): "! Sign in to sync",
    ("needs you", "refused", "too large"): "! Needs you: too large",
}


@pytest.mark.parametrize(("known", "line"), LINES.items(), ids=[key[1] for key in LINES])
def test_each_state_of_sync_has_its_line(known: tuple[str, str, str], line: str) -> None:
    sync = SyncFacts(*known, UPLOADED_AT)

    panel = session_boxes.panel_box(REVIEWING, NOW, sync=sync)
    boxes = [
        panel,
        session_boxes.status_box(REVIEWING, NOW, sync=sync),
        session_boxes.exit_box(sync=sync),
    ]

    assert [f"│  {line}  " in text for text in boxes] == [True] * 3
    assert "│  Last upload to ConfigHub: 2026-01-09 14:45 (1 hour ago)  " in panel
    complete = session_boxes.panel_box(COMPLETE, NOW, sync=sync)
    shown = "Last upload: 2026-01-09 14:45 ✓" if known[0] == "synced" else line
    assert f"│  {shown}  " in complete
    assert "kept on this machine" not in complete
    assert "kept on this machine" not in session_boxes.status_box(COMPLETE, NOW, sync=sync)


def test_what_was_never_uploaded_has_no_time_of_an_upload() -> None:
    sync = SyncFacts("saved here", "local_ahead", "", None)

    assert "upload" not in session_boxes.panel_box(REVIEWING, NOW, sync=sync)
    assert "upload" not in session_boxes.status_box(REVIEWING, NOW, sync=sync)


@pytest.mark.parametrize("step", ["review", "complete"])
def test_without_a_log_file_there_is_no_log_to_view(step: str) -> None:
    state = ImportState(make_state(step=step))

    assert "Log file" not in session_boxes.panel_box(state, NOW) + session_boxes.status_box(
        state, NOW
    )
    assert "[V]" not in session_boxes.panel_box(state, NOW)


def test_an_unknown_step_is_shown_as_it_is() -> None:
    state = session(step="lunch")

    assert "Step: lunch  " in session_boxes.resume_box(state, NOW)
    assert "Step: lunch  " in session_boxes.panel_box(state, NOW)


def test_a_time_in_the_future_has_no_age() -> None:
    panel = session_boxes.panel_box(session(created_at="2027-01-01T00:00:00Z"), NOW)

    assert "Last session: 2027-01-01 00:00 (an unknown time ago)" in panel


@pytest.mark.parametrize(("asked", "drawn"), [(1, 40), (39, 40), (201, 200), (10**9, 200)])
def test_a_width_out_of_range_gives_the_nearest_one(asked: int, drawn: int) -> None:
    assert {len(line) for line in session_boxes.exit_box(asked).splitlines()} == {drawn}


def test_a_long_value_cannot_pose_as_a_line_of_its_own() -> None:
    state = session(cluster_context="x" * 45 + " Step: Verify import (step 7 of 7)")

    lines = session_boxes.resume_box(state, NOW).splitlines()

    assert [line for line in lines if line.startswith("│  Step:")] == [
        "│  Step: Worker connecting (step 5 of 7)                    │"
    ]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.sampled_from("a \u0301\u200d\ufe0f👍\U0001f3fd🇩🇪東한ᄒ\u1161क\u094dष\x1b\n\u202e"))
    | st.datetimes().map(lambda moment: moment.isoformat() + "Z")
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
COUNTED = st.dictionaries(
    st.sampled_from(["workloads_detected", "selected_workloads", "units_created"]), VALUES
)
STEPS = st.sampled_from(["scan", "verify", "complete", "view"])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["session_id", "cluster_context", "log_file", "revision", "type"], VALUES),
        **dict.fromkeys(["created_at", "updated_at", "resumed_at"], VALUES),
        **dict.fromkeys(["scan_result", "selections", "confighub"], VALUES | COUNTED),
        "step": STEPS | VALUES,
    },
)
EPOCHS = st.floats(0, 253402300799)


@example({}, NOW, 40, None, "a " + "x" * 99)
@example({"cluster_context": "🌀\u094d"}, NOW, 40, None, "")
@given(DOCUMENTS, EPOCHS, st.integers(40, 200), st.none() | EPOCHS, st.text())
def test_any_document_at_any_width_fills_its_box_and_nothing_else(
    document: dict[str, Any], now: float, width: int | None, at: float | None, reason: str
) -> None:
    state = ImportState(document)
    sync = SyncFacts("needs you" if len(reason) % 2 else "synced", "", reason, at)
    boxes = [
        session_boxes.resume_box(state, now, width),
        session_boxes.panel_box(state, now, width, sync),
        session_boxes.status_box(state, now, width, sync),
        session_boxes.exit_box(width, reason, sync),
        session_boxes.not_saved_box(reason, width),
    ]

    for line in "\n".join(boxes).split("\n"):
        assert line.isprintable(), ascii(line)
        assert wcswidth(line) == width, ascii(line)


@given(st.text(st.sampled_from("ab -/é東🚢\u0301"), max_size=300), st.integers(40, 200))
def test_no_part_of_a_value_is_lost(value: str, width: int | None) -> None:
    shown = "".join(line[1:-1] for line in session_boxes.not_saved_box(value, width).split("\n"))

    assert value.replace(" ", "") in shown.replace(" ", "")


@pytest.mark.parametrize("count", [10**5000, -1, True, 1.5, "12", None, {}], ids=type)
def test_what_is_no_count_counts_nothing(count: object) -> None:
    state = session(scan_result={"workloads_detected": count}, revision=count, confighub=[])

    assert "Workloads: none yet  " in session_boxes.panel_box(state, NOW)
    assert "Revision:    unknown  " in session_boxes.status_box(state, NOW)


@pytest.mark.parametrize("value", ["x", "\u0301", "東", "x "], ids=ascii)
def test_a_huge_value_takes_no_more_rows_than_it_needs(value: str) -> None:
    lines = session_boxes.resume_box(session(cluster_context=value * 50_000), NOW).splitlines()

    assert {wcswidth(line) for line in lines} == {61}
    assert max(map(len, lines)) < 61 * 5
    assert len(lines) < 2_100
