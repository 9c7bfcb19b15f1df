"""A save that is bound to its session never lands in another one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Answer, Command
from system.conftest import Look
from system.folders import BEGIN, clock, kept

SESSION = "import-2026-01-09-143022"
OTHER = "import-2026-01-08-091544"
DATA = {"selections": {"app_space": "payment-team"}}


@pytest.fixture
def at_revision_two(quick: Command) -> None:
    quick("save", "scan", env=clock(BEGIN))
    quick("save", "review", env=clock(BEGIN + 60))


def refused(answer: Answer) -> bool:
    """Whether it said in one line that somebody else's work stands in the way."""
    one_line = answer.stderr.startswith("session-cli: not saved: ")
    return answer.code == 6 and one_line and answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "binding",
    [
        ["--session", SESSION],
        ["--if-revision", "2"],
        ["--session", SESSION, "--if-revision", "2"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("entry", ["quick", "cli"])
def test_a_bound_save_goes_through_where_it_belongs(
    entry: str, binding: list[str], at_revision_two: None, request: pytest.FixtureRequest
) -> None:
    command: Command = request.getfixturevalue(entry)

    assert command("save", *binding, "select", json.dumps(DATA)) == Answer(0, b"", "")

    state = json.loads(command("load").stdout)
    assert (state["session_id"], state["revision"], state["step"]) == (SESSION, 3, "select")


@pytest.mark.parametrize(
    "binding",
    [
        ["--session", OTHER],
        ["--session", ""],
        ["--if-revision", "1"],
        ["--if-revision", "3"],
        ["--session", SESSION, "--if-revision", "1"],
        ["--session", OTHER, "--if-revision", "2"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("entry", ["quick", "cli"])
def test_a_save_bound_to_something_else_is_refused_and_its_data_kept(
    entry: str,
    binding: list[str],
    at_revision_two: None,
    sessions: Path,
    look: Callable[[], Look],
    request: pytest.FixtureRequest,
) -> None:
    command: Command = request.getfixturevalue(entry)
    before, files = look(), kept(sessions)

    answer = command("save", *binding, "select", json.dumps(DATA))

    assert refused(answer)
    assert look() == before
    (conflict,) = (sessions / "conflicts").iterdir()
    assert json.loads(conflict.read_bytes()) == DATA
    assert str(conflict) in answer.stderr
    assert kept(sessions).keys() - files.keys() == {"conflicts", f"conflicts/{conflict.name}"}


def test_a_refused_save_without_data_leaves_nothing(
    at_revision_two: None, sessions: Path, quick: Command
) -> None:
    files = kept(sessions)

    assert refused(quick("save", "--session", OTHER, "select"))
    assert kept(sessions) == files


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"step": "scan", "session_id": SESSION}, id="with an id"),
        pytest.param({"step": "scan", "confighub": {"token": "abc123"}}, id="without an id"),
    ],
)
def test_a_save_that_is_refused_leaves_a_plain_file_as_it_was(
    state: dict[str, object], sessions: Path, quick: Command
) -> None:
    sessions.mkdir(parents=True, mode=0o700)
    (sessions / "import-latest.json").write_text(json.dumps(state))
    files = kept(sessions)

    answer = quick("save", "select", json.dumps({**DATA, "session_id": OTHER}))

    assert refused(answer)
    (conflict,) = (sessions / "conflicts").iterdir()
    assert json.loads(conflict.read_bytes()) == DATA
    assert kept(sessions).keys() - files.keys() == {"conflicts", f"conflicts/{conflict.name}"}
    assert kept(sessions)["import-latest.json"] == files["import-latest.json"]


@pytest.mark.parametrize("end", [["clear"], ["new"], ["delete", "--yes"]], ids=" ".join)
def test_a_save_bound_to_a_session_that_has_ended_does_not_begin_another(
    end: list[str], at_revision_two: None, cli: Command, look: Callable[[], Look]
) -> None:
    assert cli(*end).code == 0

    assert refused(cli("save", "--session", SESSION, "select", json.dumps(DATA)))
    assert refused(cli("save", "--if-revision", "2", "select"))
    assert look() == Look(1, b"", b"none\n")


def test_a_save_bound_to_no_revision_yet_begins_a_session_once(quick: Command) -> None:
    assert quick("save", "--if-revision", "0", "scan").code == 0

    assert refused(quick("save", "--if-revision", "0", "scan"))


def test_of_two_programs_that_loaded_the_same_revision_the_second_to_save_is_refused(
    at_revision_two: None, sessions: Path, quick: Command
) -> None:
    bound = ["save", "--session", SESSION, "--if-revision", "2"]

    first = quick(*bound, "select", '{"by": "first"}')
    second = quick(*bound, "connect", '{"by": "second"}')

    assert first.code == 0
    assert refused(second)
    assert "revision 3, not 2" in second.stderr
    state = json.loads(quick("load").stdout)
    assert (state["by"], state["step"]) == ("first", "select")
    assert [path.read_bytes() for path in (sessions / "conflicts").iterdir()] == [
        b'{\n  "by": "second"\n}\n'
    ]


def test_data_that_names_another_session_is_refused(
    at_revision_two: None, sessions: Path, quick: Command, look: Callable[[], Look]
) -> None:
    before = look()

    answer = quick("save", "select", json.dumps({"session_id": OTHER, **DATA}))

    assert refused(answer)
    assert OTHER in answer.stderr
    assert look() == before
    (conflict,) = (sessions / "conflicts").iterdir()
    assert json.loads(conflict.read_bytes()) == DATA


def test_data_loaded_before_somebody_else_saved_takes_nothing_back(
    at_revision_two: None, sessions: Path, quick: Command, look: Callable[[], Look]
) -> None:
    stale = json.loads(quick("load").stdout)
    assert quick("save", "select", json.dumps(DATA)).code == 0
    before = look()

    for _ in range(2):
        answer = quick("save", "review", "-", stdin=json.dumps({**stale, "note": "a"}).encode())

        assert refused(answer)
        assert "revision 2" in answer.stderr
        assert "at 3 by now" in answer.stderr
        assert look() == before
    (conflict,) = (sessions / "conflicts").iterdir()
    assert json.loads(conflict.read_bytes()) == {"steps_completed": ["scan"], "note": "a"}


def test_nor_does_it_after_the_session_was_cleared(
    at_revision_two: None, quick: Command, look: Callable[[], Look]
) -> None:
    stale = quick("load").stdout
    assert quick("save", "select", json.dumps(DATA)).code == 0
    assert quick("clear").code == 0

    assert refused(quick("save", "review", "-", stdin=stale))
    assert look() == Look(1, b"", b"none\n")


@pytest.mark.parametrize("elsewhere", [False, True], ids=["usual folder", "another folder"])
def test_the_command_in_the_message_saves_what_was_refused(
    elsewhere: bool, tmp_path: Path, home: Path, cli: Command
) -> None:
    place = ["--dir", str(tmp_path / "it's ours")] if elsewhere else []
    assert cli(*place, "save", "scan").code == 0
    answer = cli(*place, "save", "--if-revision", "7", "select", json.dumps(DATA))
    assert refused(answer)

    command = answer.stderr.rstrip("\n").partition("; to save it anyway: ")[2]
    path = f"{SCRIPTS}:{os.environ['PATH']}"
    done = subprocess.run(["bash", "-c", command], env={**os.environ, "PATH": path}, check=False)

    assert done.returncode == 0
    state = json.loads(cli(*place, "load").stdout)
    assert (state["step"], state["selections"]) == ("select", DATA["selections"])


@pytest.mark.parametrize(
    "data",
    [{"revision": 1}, {"session_id": SESSION, "revision": 9}, {"session_id": SESSION}],
    ids=["no id", "a larger revision", "no revision"],
)
def test_data_that_does_not_say_to_be_older_is_merged(
    data: dict[str, object], at_revision_two: None, quick: Command
) -> None:
    answer = quick("save", "select", json.dumps({**data, **DATA}))

    ignored = "session-cli: ignored in DATA: revision (only session-cli sets these)\n"
    assert answer == Answer(0, b"", ignored if "revision" in data else "")
    state = json.loads(quick("load").stdout)
    assert (state["revision"], state["selections"]) == (3, DATA["selections"])


def test_a_state_of_a_deleted_session_is_not_saved_into_the_next_of_that_second(
    quick: Command, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSION_CLI_NOW", "1767969022")
    quick("save", "scan", '{"who": "first"}')
    loaded = quick("load").stdout
    assert cli("delete", "--yes").code == 0
    quick("save", "scan", '{"who": "second"}')

    answer = quick("save", "review", "-", stdin=loaded)

    assert refused(answer)
    assert f"another session that was also called {SESSION}" in answer.stderr
    assert json.loads(quick("load").stdout)["who"] == "second"


def test_a_state_that_was_loaded_can_be_saved_back_in_a_pipeline(
    at_revision_two: None, quick: Command
) -> None:
    loaded = json.loads(quick("load").stdout)

    answer = quick("save", "select", "-", stdin=json.dumps({**loaded, **DATA}).encode())

    assert answer == Answer(0, b"", "")
    state = json.loads(quick("load").stdout)
    assert (state["session_id"], state["revision"]) == (SESSION, 3)
    assert state["selections"] == DATA["selections"]


def test_every_refused_save_keeps_data_of_its_own(
    at_revision_two: None, sessions: Path, quick: Command
) -> None:
    for number in range(3):
        assert refused(quick("save", "--session", OTHER, "select", f'{{"n": {number}}}'))

    kept_data = [json.loads(path.read_bytes()) for path in (sessions / "conflicts").iterdir()]
    assert sorted(data["n"] for data in kept_data) == [0, 1, 2]


def test_data_kept_from_a_refused_save_holds_no_credentials(
    at_revision_two: None, sessions: Path, quick: Command
) -> None:
    quick("save", "--session", OTHER, "select", '{"n": 1, "confighub": {"token": "abc123"}}')

    (conflict,) = (sessions / "conflicts").iterdir()
    assert json.loads(conflict.read_bytes()) == {"n": 1, "confighub": {}}
