"""The verbs that run a terminal program: what they hand on to it, and what they refuse."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest
from processes import Answer, Command

PROGRAMS = ["map-import", "map", "map-confighub"]
# in the place of bash: tells how it was run
TELL = f"""#!{sys.executable} -IS
import json, os, signal, sys
print(json.dumps({{
    "argv": sys.argv[1:],
    "env": {{name: value for name, value in os.environ.items() if name.startswith("CONFIGHUB_")}},
}}))
"""


@pytest.fixture
def bash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for bash."""
    program = tmp_path / "bin" / "bash"
    program.parent.mkdir()
    program.write_text(TELL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'nothing'}:{program.parent}:{os.environ['PATH']}")


def told(answer: Answer) -> dict:
    assert (answer.code, answer.stderr) == (0, ""), answer
    return json.loads(answer.stdout)


@pytest.mark.usefixtures("bash")
@pytest.mark.parametrize("words", [[], ["--help"], ["-V"], ["--yes", "-n", "a b", "x", "--json"]])
@pytest.mark.parametrize("name", PROGRAMS)
def test_everything_behind_the_verb_is_for_the_program(
    cli: Command, quick: Command, tmp_path: Path, name: str, words: list[str]
) -> None:
    for run, places in ((cli, []), (quick, []), (cli, ["--dir", str(tmp_path)])):
        facts = told(run(*places, name, *words))

        script, *handed_on = facts["argv"]
        assert Path(script).samefile(Path(__file__).parents[2] / "test" / "atk" / name)
        assert handed_on == words


@pytest.mark.usefixtures("bash")
def test_the_sessions_that_were_asked_for_are_those_of_the_program(
    cli: Command, tmp_path: Path
) -> None:
    folder, pointer = str(tmp_path / "my sessions"), str(tmp_path / "latest")
    of_others = {"CONFIGHUB_SESSION_FILE": "/elsewhere"}

    plain = told(cli("map", env=of_others))
    there = told(cli("--dir", folder, "map", env=of_others))
    both = told(cli("--dir", folder, "--file", pointer, "map-import"))

    assert plain["env"] == {**of_others, "CONFIGHUB_CALLED_AS": "session-cli map"}
    assert there["env"] == {
        "CONFIGHUB_SESSION_DIR": folder,
        "CONFIGHUB_CALLED_AS": f"session-cli --dir '{folder}' map",
    }
    assert both["env"]["CONFIGHUB_SESSION_FILE"] == pointer
    assert both["env"]["CONFIGHUB_CALLED_AS"].endswith(f" --file {pointer} map-import")


def test_a_program_ends_as_others_do_where_nobody_reads_it(cli: Command, tmp_path: Path) -> None:
    program = tmp_path / "bash"
    program.write_text("#!/bin/sh\nexec grep SigIgn /proc/self/status\n")
    program.chmod(0o755)

    ignored = cli("map", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}).stdout.split()[1]

    assert int(ignored, 16) & 1 << signal.SIGPIPE - 1 == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--type", "map", "map"], "--type does not go with map, which has a type of its own"),
        (["--file", "f", "map"], "--file does not go with map; set the folder with --dir"),
    ],
)
def test_what_makes_no_sense_for_a_program_is_refused(
    cli: Command, words: list[str], why: str
) -> None:
    assert cli(*words) == (2, b"", f"session-cli: {why}; see 'session-cli map --help'\n")


def test_without_bash_it_says_so(cli: Command, tmp_path: Path) -> None:
    answer = cli("map", env={"PATH": str(tmp_path)})

    assert answer == (127, b"", "session-cli: map needs bash, which is not on PATH\n")


@pytest.mark.parametrize("word", ["maps", "map-imprt"])
def test_what_only_begins_like_a_program_is_none(cli: Command, word: str) -> None:
    answer = cli(word)

    assert answer.code == 2
    assert f"no such verb '{word}'; did you mean map" in answer.stderr
