"""One live bash that sources session.sh and goes on using it; the files are judged here."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from processes import Command
from pytest_shell.shell import LocalBashSession

SHIM = Path(__file__).parent.parent / "atk" / "lib" / "session.sh"
STEPS = ["scan", "review", "select", "connect", "worker_connecting", "targets_waiting", "verify"]


@pytest.fixture
def shell(bash: LocalBashSession) -> LocalBashSession:
    bash.send(f"source {quote(str(SHIM))}")
    return bash


def read(sessions: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((sessions / "import-latest.json").read_text("utf-8"))
    return state


def test_an_import_step_by_step_is_one_session_with_a_snapshot_of_each(
    shell: LocalBashSession, sessions: Path
) -> None:
    for number, step in enumerate(STEPS):
        shell.send(f'session_save {step} \'{{"notes": {{"{step}": {number}}}}}\'')
        assert shell.send("session_get_step").strip() == step

    state = read(sessions)
    snapshots = sorted(sessions.glob("import-2*.json"), key=lambda path: path.stat().st_mtime_ns)
    assert (state["step"], state["steps_completed"]) == ("verify", STEPS[:-1])
    assert state["revision"] == len(snapshots) == len(STEPS)
    assert [json.loads(path.read_text())["step"] for path in snapshots] == STEPS
    assert state["notes"] == {step: number for number, step in enumerate(STEPS)}
    assert state["session_id"] == snapshots[0].stem


def test_the_shell_sees_at_once_what_others_save_and_clear(
    shell: LocalBashSession, sessions: Path, cli: Command
) -> None:
    shell.send("session_save scan")
    assert shell.send("session_get_step").strip() == "scan"

    cli("save", "review", '{"by": "another"}')
    assert shell.send("session_get_step").strip() == "review"
    assert json.loads(shell.send("session_load")) == read(sessions)

    cli("clear")
    assert shell.send("session_get_step").strip() == "none"
    assert shell.send("session_load").strip() == ""


def test_a_save_at_the_prompt_leaves_the_lines_typed_ahead(
    shell: LocalBashSession, sessions: Path
) -> None:
    shell.send_nowait("session-cli save scan")
    shell.send_nowait("session-cli save review '{}'")

    assert shell.send("echo typed ahead").strip() == "typed ahead"
    assert read(sessions)["step"] == "review"
