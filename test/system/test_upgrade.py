"""What 0.1.0 has left goes on: its folders at every step, its leases, and it beside us.

`upgrade/` holds `~/.confighub/demo` as `map-import --demo --yes` of 0.1.0 left it: killed
at each step, complete, with a Unit that could not be created, and archived by `new`; and that
program itself, as a wheel.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner
from system.folders import clock, kept

HERE = Path(__file__).parent / "upgrade"
ROOT = Path(__file__).parents[2]
STEPS = "scan review select connect worker_connecting targets_waiting verify complete".split()
LEFT = [*STEPS, "failed"]
# within the hour in which the folders were left: 2026-11-29T03:00:00Z
NOW = clock(1795921200)
WHEEL = HERE / "session_cli-0.1.0-py3-none-any.whl"
RUN_OLD = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from session_cli.__main__ import main
sys.exit(main())
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The command lines of session-cli 0.1.0 and of ours."""
    # unpacked, it is compiled only once
    folder = tmp_path_factory.mktemp("0.1.0")
    with zipfile.ZipFile(WHEEL) as wheel:
        wheel.extractall(folder)
    return {
        "old": [sys.executable, "-c", RUN_OLD, str(folder)],
        "new": [str(SCRIPTS / "session-cli")],
    }


@pytest.fixture
def old(versions: dict[str, list[str]]) -> Command:
    """Runs session-cli 0.1.0."""
    return runner(*versions["old"])


@pytest.fixture
def left(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The sessions folder that was left so, in the place of the demo's."""
    demo = home / ".confighub" / "demo"
    demo.parent.mkdir()
    with tarfile.open(HERE / "folders-0.1.0.tar.gz") as folders:
        members = [each for each in folders if each.name.startswith(f"./{request.param}")]
        folders.extractall(home, members)
    (home / request.param).rename(demo)
    monkeypatch.setenv("CONFIGHUB_SESSION_DIR", str(demo / "sessions"))
    for name, value in NOW.items():
        monkeypatch.setenv(name, value)
    yield demo / "sessions"
    # which ends the demo's worker, if one was started
    shutil.rmtree(demo)


def each(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("left", names, indirect=True)


@each(*LEFT)
def test_reading_what_was_left_answers_the_same_and_changes_nothing(
    left: Path, old: Command, quick: Command, cli: Command
) -> None:
    state = (left / "import-latest.json").read_bytes()
    before = kept(left)

    for verb in ("load", "get-step", "exists"):
        assert quick(verb) == old(verb)
    assert quick("load").stdout == state
    for verb in (["list", "--json"], ["status", "--json"], ["history", "--json"]):
        assert json.loads(cli(*verb).stdout) == json.loads(old(*verb).stdout)
    assert cli("doctor").code == 0, cli("doctor").stdout
    assert kept(left) == before


@each(*LEFT)
def test_the_functions_read_what_was_left(left: Path) -> None:
    script = 'source "$0"; session_exists && session_get_step && session_load'

    answer = runner("bash", "-c", script, str(ROOT / "test/atk/lib/session.sh"))()

    state = (left / "import-latest.json").read_bytes()
    step = json.loads(state)["step"].encode()
    assert answer == Answer(0, step + b"\n" + state, "")


@each(*LEFT)
def test_a_save_continues_with_what_was_left(left: Path, quick: Command) -> None:
    was = json.loads((left / "import-latest.json").read_bytes())
    before = kept(left)

    assert quick("save", was["step"], '{"note": 1}') == Answer(0, b"", "")

    state = json.loads((left / "import-latest.json").read_bytes())
    changed = {"revision", "updated_at", "note"}
    assert {key: state[key] for key in state.keys() - changed} == {
        key: was[key] for key in was.keys() - changed
    }
    assert state["revision"] == was["revision"] + 1
    pruned = state["revision"] % 8 == 0
    after = kept(left)
    assert pruned or all(after[name] == before[name] for name in before if "latest" not in name)


@each("archived")
def test_what_was_archived_comes_back(left: Path, cli: Command) -> None:
    (session,) = json.loads(cli("list", "--all", "--json").stdout)
    assert session["archived"]

    assert cli("resume", session["session_id"]).code == 0

    assert cli("get-step").stdout == b"complete\n"
    assert json.loads(cli("load").stdout)["session_id"] == session["session_id"]


@each(*STEPS, "failed")
def test_an_import_that_was_left_is_completed(left: Path) -> None:
    was = json.loads((left / "import-latest.json").read_bytes())

    namespaces = [f"--namespace={name}" for name in ("order-prod", "payment-prod")]
    resume = runner(str(ROOT / "test/atk/map-import"), "--demo", "--yes", "--resume")

    answer = resume(*(namespaces if was["step"] == "scan" else []))

    assert answer.code == 0, answer.stderr
    state = json.loads((left / "import-latest.json").read_bytes())
    assert (state["step"], state["session_id"]) == ("complete", was["session_id"])
    hub = json.loads((left.parent / "confighub.json").read_text())
    units = hub["spaces"][state["selections"]["app_space"]]["units"]
    chosen = state["selections"]["selected_workloads"]
    assert len(units) == len(chosen) == len(state["confighub"]["units_created"])


@contextmanager
def holding(run: list[str], folder: Path) -> Iterator[None]:
    """Somebody else's process that holds the latest session, as a terminal program does."""
    script = 'exec 9>>"$0" && "$@" lease --fd 9 && echo held && read -r _'
    command = ["bash", "-c", script, str(folder / "mine"), *run]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


@each("review")
@pytest.mark.parametrize(("holds", "wants"), [("old", "new"), ("new", "old")], ids=["old", "new"])
def test_a_lease_is_respected_by_the_other_version(
    holds: str, wants: str, versions: dict[str, list[str]], left: Path, tmp_path: Path
) -> None:
    holder, other = versions[holds], versions[wants]
    snapshots = set(left.glob("import-*"))
    take = 'exec 9>>"$0" && "$@" lease --fd 9'
    with holding(holder, tmp_path):
        refused = runner("bash", "-c", take, str(tmp_path / "other"), *other)()
        assert refused.code == 5
        assert re.search(r"is open in process \d+ on ", refused.stderr)
        assert runner(*other)("delete", "--yes").code == 5
        assert set(left.glob("import-*")) == snapshots

    assert runner("bash", "-c", take, str(tmp_path / "other"), *other)().code == 0
