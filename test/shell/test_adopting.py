"""docs/adopting.md, done to a script: it saves, survives a kill, goes on, and is else as it was."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner
from waiting import eventually

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "adopting.md").read_text("utf-8")
SCRIPT = (Path(__file__).parent / "atk_style.bash").read_text("utf-8")
OPTIONS = ["set -uo pipefail", "set -euo pipefail"]
KUBECTL = """#!/bin/sh
case "$*" in
  "config current-context") echo kind-atk ;;
  *"-n order-prod"*) echo deployment.apps/order-api; echo deployment.apps/order-worker ;;
  *"-n payment-prod"*) echo deployment.apps/payment-api; echo deployment.apps/payment-worker ;;
esac
echo "kubectl $*" >>calls
"""
# a Unit called as in the file `hold` is never finished
CUB = """#!/bin/sh
echo "cub $*" >>calls
[ "$2" != create ] || [ "$5" != "$(cat hold 2>/dev/null)" ] || exec cat never
"""


def block(language: str, having: str = "") -> str:
    """The one block of code in the document that has `having` in it."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    (only,) = [text for text in found if having in text]
    return only


def adopted(script: str) -> str:
    """The script with the changes that the document shows, and nothing else."""
    for hunk in block("diff").split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert script.count(before) == 1, before
        script = script.replace(before, after)
    return script


class Place:
    """A folder with a script, a kubectl and a cub in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        os.mkfifo(folder / "never")
        for name, text in (("kubectl", KUBECTL), ("cub", CUB)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.path = f"{self.bin}:{os.environ['PATH']}"

    def write(self, script: str) -> None:
        (self.folder / "script").write_text(script)

    @property
    def command(self) -> dict[str, Any]:
        """How the script is run."""
        words = ["bash", "script", "--space", "orders", "order-prod", "payment-prod"]
        return {"args": words, "cwd": self.folder, "env": {**os.environ, "PATH": self.path}}

    def run(self) -> Answer:
        command = self.command
        return runner(*command.pop("args"))(**command)

    def kill_at(self, unit: str) -> None:
        """Runs the script, and kills all of it while it creates the Unit."""
        (self.folder / "hold").write_text(unit)
        process = subprocess.Popen(
            **self.command, start_new_session=True, stdout=subprocess.DEVNULL
        )
        eventually(lambda: self.created()[-1:] == [unit])
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        (self.folder / "hold").unlink()

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def created(self) -> list[str]:
        return [call.split()[5] for call in self.calls() if call.startswith("cub unit create")]

    def log(self) -> list[str]:
        """What the script logged, without the times."""
        lines = (self.folder / "import.log").read_text().splitlines()
        return [line.partition("] ")[2] for line in lines]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    if not shutil.which("jq"):
        pytest.skip("jq is not installed: the script needs it")
    return Place(tmp_path)


def install(place: Place, script: str) -> str:
    return script


def clone(place: Place, script: str) -> str:
    """A clone in which nothing is installed, and a PATH on which nothing of ours is."""
    library = place.folder / "clone" / "test" / "atk" / "lib"
    library.mkdir(parents=True)
    shutil.copy(ROOT / "test" / "atk" / "lib" / "session.sh", library)
    (place.folder / "clone" / "session_cli").symlink_to(ROOT / "session_cli")
    (place.bin / "python3").symlink_to(os.path.realpath(sys.executable))
    place.path = f"{place.bin}:/usr/local/bin:/usr/bin:/bin"
    assert shutil.which("session-cli", path=place.path) is None
    line = block("bash", "path/to").replace("path/to/session-cli", str(place.folder / "clone"))
    installed = 'source "$(session-cli shim)" || exit\n'
    assert script.count(installed) == 1
    return script.replace(installed, line)


WAYS: dict[str, Callable[[Place, str], str]] = {"installed": install, "a clone": clone}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_a_script_that_took_it_up_saves_and_continues_after_a_kill(
    place: Place, sessions: Path, way: str, options: str
) -> None:
    place.write(WAYS[way](place, adopted(SCRIPT).replace(OPTIONS[0], options)))

    place.kill_at("payment-worker")

    state = json.loads((sessions / "import-latest.json").read_bytes())
    assert state["step"] == "connect"
    assert state["cluster_context"] == "kind-atk"
    assert state["imported"] == {"order-prod": True}
    before = len(place.calls())
    done = place.run()
    assert done == Answer(0, b"[ok] payment-prod\n", "")
    calls = place.calls()[before:]
    assert not [call for call in calls if "-A" in call or "order-prod" in call]
    assert place.created()[-2:] == ["payment-api", "payment-worker"]
    # it is complete, and the next run begins anew
    assert not (sessions / "import-latest.json").exists()
    assert place.run().stdout == b"[ok] order-prod\n[ok] payment-prod\n"


def test_a_folder_of_its_own_leaves_the_sessions_of_others_alone(
    place: Place, home: Path, sessions: Path
) -> None:
    first = 'source "$(session-cli shim)" || exit\n'
    place.write(adopted(SCRIPT).replace(first, first + block("bash", "SESSION_DIR=")))

    assert place.run().code == 0

    assert list((home / ".confighub" / "sessions-nightly").glob("import-2*.json"))
    assert not sessions.exists()


@pytest.mark.parametrize("options", OPTIONS)
def test_else_the_script_does_what_it_did(place: Place, options: str) -> None:
    versions = [text.replace(OPTIONS[0], options) for text in (SCRIPT, adopted(SCRIPT))]
    told = []
    for version in versions:
        place.write(version)
        told.append((place.run(), place.log(), place.created()))
        for name in ("import.log", "calls"):
            (place.folder / name).unlink()
    assert told[0] == told[1]

    own = "declare -f log status_icon usage; declare -p SPACE LOG_FILE VERBOSE NAMESPACES; set +o\n"
    shown = []
    for version in versions:
        place.write(version.replace('main "$@"\n', own))
        shown.append(place.run())
    assert shown[0] == shown[1]
    assert b"status_icon" in shown[0].stdout


def test_a_state_that_cannot_be_saved_ends_the_script_before_more_is_done(
    place: Place, home: Path
) -> None:
    place.write(adopted(SCRIPT))
    (home / ".confighub").write_text("in the way")

    done = place.run()

    assert done.code == 7
    assert "not saved" in done.stderr
    assert place.created() == []


@pytest.mark.parametrize("missing", ["jq", "the state"])
def test_nothing_is_imported_again_where_nobody_can_say_what_was(
    place: Place, sessions: Path, missing: str
) -> None:
    place.write(adopted(SCRIPT))
    place.kill_at("payment-worker")
    before = place.created()
    if missing == "jq":
        place.path = without_jq(place)
    else:
        # its type is another one: no damage, and not to be read as this one
        (sessions / "import-latest.json").unlink()
        (sessions / "import-latest.json").symlink_to("map-2026-01-09-143022.json")

    done = place.run()

    assert done.code == (127 if missing == "jq" else 6)
    assert ("jq" if missing == "jq" else "of type map") in done.stderr
    assert place.created() == before


def without_jq(place: Place) -> str:
    """A PATH with all that the script and the functions need, but for jq."""
    tools = place.folder / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "cat", "date", "grep", "readlink"):
        (tools / name).symlink_to(str(shutil.which(name)))
    path = f"{place.bin}:{SCRIPTS}:{tools}"
    assert shutil.which("jq", path=path) is None
    return path


def test_with_the_installation_it_continues_without_jq(place: Place) -> None:
    line = next(line for line in block("diff").splitlines() if "jq -r" in line)[1:].strip()
    place.write(adopted(SCRIPT).replace(line, block("bash", "session_get").strip()))
    place.path = without_jq(place)

    place.kill_at("payment-worker")
    before = place.created()

    assert place.run() == Answer(0, b"[ok] payment-prod\n", "")
    assert place.created() == [*before, "payment-api", "payment-worker"]


def play(place: Place, *lines: str) -> Answer:
    place.write("\n".join(['source "$(session-cli shim)"', "set -uo pipefail", *lines]))
    return place.run()


def test_a_bound_save_is_refused_when_somebody_else_saved(place: Place, cli: Command) -> None:
    *load, save = block("bash", "--if-revision").splitlines()
    cli("save", "scan")

    done = play(place, *load, save)
    refused = play(place, *load, "session-cli save connect", save)

    assert done.code == 0
    assert cli("get", "approved").stdout == b"true\n"
    assert refused.code == 6
    assert "conflicts/" in refused.stderr


def test_who_loads_once_and_saves_twice_takes_the_revision_out(place: Place, cli: Command) -> None:
    load = block("bash", "--if-revision").splitlines()[0]
    twice = block("bash", "del(.revision)")
    cli("save", "scan")

    assert play(place, block("bash", "session_load |")).code == 0
    assert play(place, load, twice).code == 0
    assert cli("get", "[approved, checked]").stdout.split() == [b"[", b"true,", b"true", b"]"]
    assert play(place, load, twice.replace(" | del(.revision)", "")).code == 6


def test_the_entry_for_the_product_is_one_item_of_a_list() -> None:
    entry = block("markdown")
    assert entry.startswith("- [ ] **TUI session state persistence**")
    assert re.findall(r"Phase (\d) \((P\d)\)", entry) == [("1", "P2"), ("2", "P3"), ("3", "P4")]
