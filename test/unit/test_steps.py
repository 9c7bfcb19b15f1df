"""Where a step stands among its type's steps, and which steps a move completes."""

from __future__ import annotations

import pytest

from session_cli import steps

IMPORT = ["scan", "review", "select", "connect", "worker_connecting", "targets_waiting", "verify"]


def test_an_import_has_seven_steps_in_order() -> None:
    assert list(steps.TYPES["import"]) == IMPORT
    assert [steps.progress("import", step) for step in IMPORT] == [(n, 7) for n in range(1, 8)]


def test_people_read_the_labels_of_the_steps() -> None:
    assert [steps.label("import", step) for step in [*IMPORT, "complete"]] == [
        "Scan cluster",
        "Review workloads",
        "Select App Space",
        "Connect to ConfigHub",
        "Worker connecting",
        "Waiting for targets",
        "Verify import",
        "Complete",
    ]


@pytest.mark.parametrize("type_", ["map", "confighub"])
def test_the_other_types_have_one_step(type_: str) -> None:
    assert steps.TYPES[type_] == {"view": "View"}
    assert steps.progress(type_, "view") == (1, 1)


def test_complete_comes_after_the_last_step() -> None:
    assert steps.position("import", "complete") == 7
    assert steps.progress("import", "complete") is None


@pytest.mark.parametrize(
    ("type_", "step"),
    [("import", "view"), ("map", "scan"), ("backup", "scan"), ("import", "SCAN"), ("import", "")],
)
def test_an_unknown_step_has_no_place_and_is_shown_as_it_is(type_: str, step: str) -> None:
    assert steps.position(type_, step) is None
    assert steps.progress(type_, step) is None
    assert steps.label(type_, step) == step


def test_a_session_without_a_step_has_no_place() -> None:
    assert steps.position("import", None) is None
    assert steps.progress("import", None) is None


@pytest.mark.parametrize(
    ("completed", "current", "new", "expected"),
    [
        pytest.param([], None, "scan", [], id="the first save completes nothing"),
        pytest.param([], "", "scan", [], id="an empty step was no step"),
        pytest.param([], "scan", "review", ["scan"], id="forward"),
        pytest.param(["scan"], "review", "review", ["scan"], id="saved again"),
        pytest.param(["scan"], "scan", "scan", ["scan"], id="saved again when already completed"),
        pytest.param(["scan"], "review", "verify", ["scan", "review"], id="forward over others"),
        pytest.param(["scan"], "scan", "review", ["scan"], id="never twice"),
        pytest.param(IMPORT[:-1], "verify", "complete", IMPORT, id="to the end"),
        pytest.param(["scan", "review"], "select", "review", ["scan"], id="back by one"),
        pytest.param(["scan", "review"], "select", "scan", [], id="back to the start"),
        pytest.param(IMPORT, "complete", "connect", IMPORT[:3], id="back from the end"),
        pytest.param(
            ["scan", "verify"], "select", "review", ["scan"], id="back takes later steps off too"
        ),
        pytest.param(
            ["scan", "lunch", "review"], "select", "scan", ["lunch"], id="back keeps unknown steps"
        ),
        pytest.param(["scan"], "review", "lunch", ["scan", "review"], id="on to an unknown step"),
        pytest.param(["scan"], "lunch", "scan", ["scan", "lunch"], id="from an unknown step"),
        pytest.param([], "lunch", "dinner", ["lunch"], id="between unknown steps"),
    ],
)
def test_a_move_completes_the_step_left_behind_and_a_move_back_undoes(
    completed: list[str], current: str | None, new: str, expected: list[str]
) -> None:
    before = list(completed)

    assert steps.completed_after("import", completed, current, new) == expected
    assert completed == before


def test_moves_in_an_unknown_type_complete_what_they_leave() -> None:
    assert steps.completed_after("backup", ["copy"], "check", "copy") == ["copy", "check"]
