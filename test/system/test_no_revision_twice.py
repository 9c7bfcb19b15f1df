"""What was lost, or cannot be read, is told; and its revision is never used again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from processes import Command
from system.faults import Strace
from system.folders import kept
from system.test_faults import program


@pytest.fixture
def newest(sessions: Path, quick: Command) -> Path:
    """The second snapshot of a session of two, which was ended."""
    quick("save", "scan", '{"a": 1}')
    quick("save", "review", '{"a": 2}')
    path = (sessions / "import-latest.json").resolve()
    quick("clear")
    return path


def session_in(path: Path) -> str:
    return str(json.loads(path.read_bytes())["session_id"])


def test_a_session_whose_newest_snapshot_cannot_be_read_is_not_resumed(
    newest: Path, sessions: Path, strace_works: None, tmp_path: Path
) -> None:
    strace = Strace(dict(os.environ), tmp_path / "strace.log")
    session, before = session_in(newest), kept(sessions)
    command = ["strace", "-qq", "-o", "/dev/null", "-P", str(newest), "-e", "trace=openat"]
    command += ["-e", "inject=openat:error=EIO", *program("resume", session)]

    from system.faults import run

    answer = run(command, strace.env)

    assert answer.code == 7
    assert str(newest) in answer.stderr
    assert kept(sessions) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("verb", ["resume", "save"])
def test_a_snapshot_of_another_user_is_not_passed_over(
    verb: str, newest: Path, sessions: Path, cli: Command
) -> None:
    session = session_in(newest)
    os.chown(newest, 1001, 1001)
    before = kept(sessions)

    words = [session] if verb == "resume" else ["scan", json.dumps({"session_id": session})]
    answer = cli(verb, *words)

    assert answer.code == 7
    assert f"{newest}: it belongs to user 1001" in answer.stderr
    assert kept(sessions) == before


def test_what_is_resumed_in_place_of_damage_is_reported_and_counts_on(
    newest: Path, cli: Command
) -> None:
    session = session_in(newest)
    newest.write_bytes(newest.read_bytes()[:60])

    answer = cli("resume", session)

    assert answer.code == 0
    assert f"{newest} is damaged" in answer.stderr
    assert "revision 1" in answer.stderr
    state = json.loads(cli("load").stdout)
    assert (state["a"], state["revision"]) == (1, 3)


def test_data_loaded_before_a_damage_takes_back_nothing_that_was_saved_after_it(
    sessions: Path, quick: Command
) -> None:
    quick("save", "scan", '{"a": 1}')
    quick("save", "review", '{"a": 2}')
    loaded = quick("load").stdout
    (sessions / "import-latest.json").resolve().write_text('{"x":')
    assert quick("save", "review", '{"b": "from another"}').code == 0

    answer = quick("save", "review", "-", stdin=loaded)

    assert answer.code == 6
    state = json.loads(quick("load").stdout)
    assert (state["b"], state["revision"]) == ("from another", 3)


@pytest.mark.parametrize("verb", ["clear", "new"])
def test_a_state_too_deep_to_be_kept_blocks_nobody(verb: str, sessions: Path, cli: Command) -> None:
    deep = '{"a":' * 100 + "1" + "}" * 100
    sessions.mkdir(parents=True)
    (sessions / "import-latest.json").write_text(deep)
    assert cli("save", "review").code == 2
    assert "nested over 64 levels deep" in cli("doctor").stdout.decode()

    assert cli(verb).code == 0

    assert cli("get-step").stdout == b"none\n"
    assert [path.read_text() for path in sessions.rglob("import-*.json")] == [deep]
    assert cli("save", "scan").code == 0
