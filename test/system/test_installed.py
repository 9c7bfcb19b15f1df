"""The product as people install it: plain `pip install .` in an environment of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from processes import Answer, Command, runner

from session_cli import __version__
from session_cli.cli import VERBS

ROOT = Path(__file__).parent.parent.parent
MADE = ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache")

# one environment for all tests of the file
pytestmark = pytest.mark.xdist_group("installed")


class Installation:
    """A checkout, and an environment in which it is installed as it stands."""

    def __init__(self, checkout: Path, environment: Path) -> None:
        self.checkout = checkout
        self.bin = environment / "bin"

    def pip(self, verb: str, *arguments: str) -> Answer:
        """The pip of the tests, at work there: one that is unpacked there takes twice as long."""
        return self.run(
            sys.executable, "-m", "pip", "--python", str(self.bin.parent), verb, *arguments
        )

    def run(self, program: str | Path, *arguments: str, **options: str | int) -> Answer:
        path = os.pathsep.join([str(self.bin), os.defpath])
        env = {"PATH": path, "VIRTUAL_ENV": str(self.bin.parent), "PYTHONPATH": None}
        env |= {name: value for name, value in options.items() if name.isupper()}
        further = {name: value for name, value in options.items() if not name.isupper()}
        return runner(str(program))(*arguments, env=env, cwd=self.checkout, **further)

    @property
    def package(self) -> Path:
        """The folder of session_cli in the environment."""
        [package] = self.bin.parent.glob("lib/*/site-packages/session_cli")
        return package

    @property
    def cli(self) -> Callable[..., Answer]:
        return lambda *arguments, **options: self.run(
            self.bin / "session-cli", *arguments, **options
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    copytree(ROOT, folder / "checkout", ignore=MADE)
    made = [sys.executable, "-m", "venv", "--without-pip", str(folder / "env")]
    subprocess.run(made, check=True)
    found = Installation(folder / "checkout", folder / "env")
    done = found.pip("install", "-q", ".")
    if done.code and "No matching distribution" in done.stderr:
        pytest.skip(f"NOT TESTED, for no package index can be reached: {done.stderr[-300:]}")
    assert done.code == 0, done.stderr
    return found


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_verb_has_its_help(installation: Installation, verb: str) -> None:
    answer = installation.cli(*verb.split(), "--help")

    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout.startswith(b"Usage: session-cli")


@pytest.mark.parametrize("group", ["render", "cluster", "confighub"])
def test_so_has_every_verb_below_a_group(installation: Installation, group: str) -> None:
    listed = installation.cli(group, "--help").stdout.decode().partition("Commands:\n")[2]
    verbs = [line.split()[0] for line in listed.splitlines() if line[2:3].strip()]

    assert verbs
    for verb in verbs:
        assert installation.cli(group, verb, "--help").code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_works(installation: Installation, shell: str) -> None:
    script = installation.cli(_SESSION_CLI_COMPLETE=f"{shell}_source")

    assert (script.code, script.stderr) == (0, "")
    assert b"_SESSION_CLI_COMPLETE" in script.stdout


def test_a_word_is_completed(installation: Installation) -> None:
    words = {"_SESSION_CLI_COMPLETE": "bash_complete", "COMP_WORDS": "session-cli confi"}

    assert installation.cli(**words, COMP_CWORD="1").stdout == b"plain,confighub\n"


def test_the_plumbing_works(installation: Installation) -> None:
    assert installation.cli("save", "scan", '{"cluster_context": "kind-atk"}').code == 0

    assert installation.cli("check").code in (0, 6, 8)
    assert installation.cli("start").stdout == b"ask\n"
    assert installation.cli("--type", "confighub", "confighub", "survey").code == 8


def test_the_programs_are_there_with_what_they_need_and_nothing_else(
    installation: Installation,
) -> None:
    atk = installation.package / "atk"
    files = {str(path.relative_to(atk)): path for path in atk.rglob("*") if path.is_file()}

    assert {name for name in files if "__pycache__" not in name} == {
        *("map-import", "map", "map-confighub", "lib/session.sh", "lib/start.sh"),
        *("demo/kubectl", "demo/cub", "demo/cub_call.py", "demo/cub_columns.py"),
        *("demo/cub_hub.py", "demo/cluster.json"),
    }
    assert {name for name, path in files.items() if os.access(path, os.X_OK)} == {
        *("map-import", "map", "map-confighub", "demo/kubectl", "demo/cub")
    }
    assert not any(path.is_symlink() for path in (atk, *files.values()))


@pytest.mark.parametrize("name", ["map-import", "map", "map-confighub"])
def test_a_program_names_itself_as_it_was_called(installation: Installation, name: str) -> None:
    text = installation.cli(name, "--help").stdout.decode()

    assert f"\n  session-cli {name} --" in text
    assert "test/atk" not in text
    assert installation.cli(name, "-V").stdout.decode() == f"{name}, version {__version__}\n"
    assert f"see 'session-cli {name} --help'" in installation.cli(name, "--bogus").stderr


def test_the_programs_of_the_demo_run(installation: Installation, home: Path) -> None:
    demo = installation.package / "atk" / "demo"
    path = f"{installation.bin}{os.pathsep}{os.defpath}"
    told = [
        runner(str(demo / name))(*words, env={"PATH": path, "DEMO_HOME": str(home)}).stdout
        for name, *words in (["kubectl", "version", "--client"], ["cub", "version"])
    ]

    assert told == [b"Client Version: v1.32.4\n", b"cub demo\n"]


def test_the_functions_beside_the_programs_find_what_is_installed(
    installation: Installation, home: Path
) -> None:
    script = 'source "$0" && session_save review && session_get_step && session_get step'
    shim = installation.package / "atk" / "lib" / "session.sh"

    answer = installation.run("bash", "-c", script, str(shim), PATH=os.defpath)

    assert (answer.code, answer.stdout, answer.stderr) == (0, b'review\n"review"\n', "")


def test_the_demo_runs_as_it_was_installed(installation: Installation, home: Path) -> None:
    answer = installation.cli("map-import", "--demo", "--yes")

    assert (answer.code, (home / ".confighub" / "demo").is_dir()) == (0, True), answer
    _end_worker(answer)


def test_the_demo_runs_from_the_checkout(installation: Installation, home: Path) -> None:
    script = installation.checkout / "test" / "atk" / "map-import"

    answer = installation.run(script, "--demo", "--yes")

    assert (answer.code, not (installation.checkout / ".venv").exists()) == (0, True), answer
    _end_worker(answer)


def _end_worker(answer: Answer) -> None:
    """The demo leaves one running, and says how it is ended."""
    told = re.search(r"kill (\d+)", answer.stdout.decode() + answer.stderr)
    if told:
        os.kill(int(told[1]), signal.SIGTERM)


def test_the_hub_says_what_it_lacks_where_it_was_not_asked_for(
    installation: Installation, tmp_path: Path
) -> None:
    """A plain `pip install` brings nothing of what only the hub imports."""
    answer = installation.run(installation.bin / "session-hub", "serve", "--data", str(tmp_path))

    assert answer.code == 127
    [line] = answer.stderr.splitlines()
    assert "uvicorn" in line
    assert "pip install '.[hub]'" in line


def test_pip_knows_whose_it_is(installation: Installation) -> None:
    shown = installation.pip("show", "-f", "session-cli")
    lines = shown.stdout.decode().splitlines()
    [metadata] = installation.bin.parent.glob("lib/*/site-packages/session_cli-*/METADATA")

    assert f"Version: {__version__}" in lines
    assert "Home-page: https://github.com/confighub/cub-scout" in lines
    assert "Author: ConfigHub" in lines
    assert any(line.startswith("License") and line.endswith(": MIT") for line in lines)
    assert any(line.strip().endswith("/LICENSE") for line in lines)
    assert "\nProvides-Extra: import\n" in metadata.read_text()


def test_the_version_is_that_of_the_checkout(installation: Installation, quick: Command) -> None:
    assert installation.cli("--version").stdout == quick("--version").stdout
