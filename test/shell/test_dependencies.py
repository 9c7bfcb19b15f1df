"""A checkout under an interpreter that lacks what the further verbs need, or has it too old."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Answer, Command, runner

from session_cli import __version__, dependencies

ROOT = Path(__file__).parents[2]
CLICK = ["get a", "status", "list", "steps", "shim", "--help", "save --help", "load --json"]
SIX = "session_init; session_save scan '{}'; session_exists && session_load | head -n 1"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the Click of Debian 12 and nothing else, as pip installs it."""
    venv = tmp_path_factory.mktemp("old") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python3*/site-packages")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target"]
    done = subprocess.run([*pip, packages, "click==8.1.3"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip cannot install click 8.1.3 here: {done.stderr.strip()}")
    return venv


@pytest.fixture
def clone(tmp_path: Path, old: Path) -> Path:
    """A checkout whose own .venv is the old one."""
    folder = tmp_path / "my clone"
    (folder / "test").mkdir(parents=True)
    for name in ("session_cli", "test/atk"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "setup.cfg", folder)
    (folder / ".venv").symlink_to(old)
    return folder


def on_path(tmp_path: Path, version: str, command: str) -> str:
    """A PATH with a session-cli that says it is of `version`, else runs `command`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "session-cli"
    script.write_text(
        f'#!/bin/sh\n[ "$1" != --version ] || {{ echo "session-cli, version {version}"; exit; }}\n'
        f'{command} "$@"\n'
    )
    script.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def call(clone: Path, line: str, path: str = "/usr/bin:/bin", **options: bytes) -> Answer:
    """A line of bash after session.sh was sourced."""
    shim = clone / "test" / "atk" / "lib" / "session.sh"
    bash = runner("bash", "-c", f'source "$1"; {line}', "call", str(shim))
    return bash(env={"PATH": path}, **options)


def by_path(clone: Path, path: str = "/usr/bin:/bin") -> Command:
    """The source of the checkout run by its own interpreter."""
    main = clone / "session_cli" / "__main__.py"
    run = runner(str(clone / ".venv/bin/python"), "-I", "-S", str(main))
    return lambda *words: run(*words, env={"PATH": path})


def test_the_six_verbs_work_without(clone: Path) -> None:
    assert call(clone, f"{SIX}; session_get_step; session_clear") == (0, b"{\nscan\n", "")


@pytest.mark.parametrize("words", CLICK)
def test_what_needs_more_says_what_and_how_to_get_it(words: str, clone: Path) -> None:
    answer = by_path(clone)(*words.split())

    assert (answer.code, answer.stdout) == (127, b"")
    assert answer.stderr.count("\n") == 1
    assert "click 8.1.3 in place of 8.2, no jmespath" in answer.stderr
    assert answer.stderr.endswith(f"make -C '{clone}' clean install\n")


def test_without_a_venv_of_its_own_there_is_nothing_to_clean(clone: Path, old: Path) -> None:
    (clone / ".venv").unlink()
    main = str(clone / "session_cli" / "__main__.py")
    python = str(old / "bin" / "python")

    answer = runner(python, "-I", main)("status", env={"PATH": "/usr/bin:/bin"})

    assert answer.code == 127
    assert answer.stderr.endswith(f"make -C '{clone}' install\n")


def test_an_installed_session_cli_of_the_same_version_stands_in(
    clone: Path, tmp_path: Path, sessions: Path
) -> None:
    path = on_path(tmp_path, __version__, f"exec '{SCRIPTS}/session-cli'")

    saved = call(clone, "session_save scan '{\"a\": [1, 2]}'; session_get a --lines", path)
    absent = call(clone, "session_get b", path)
    piped = call(clone, 'session_cluster scan; session_get "length(a)"', path, stdin=b"{}")

    assert (saved.code, saved.stdout) == (0, b"1\n2\n")
    assert absent.code == 1
    assert b"2\n" in piped.stdout
    assert list(sessions.glob("import-2*.json"))
    assert by_path(clone, path)("save", "--help").stdout.startswith(b"Usage: session-cli save")


@pytest.mark.parametrize("version", ["0.0.1", "", f"{__version__}.1"])
def test_one_of_another_version_does_not(version: str, clone: Path, tmp_path: Path) -> None:
    path = on_path(tmp_path, version, "echo astray")

    answer = call(clone, "session_list", path)

    assert (answer.code, answer.stdout) == (127, b"")
    assert answer.stderr.count("\n") == 1


def test_one_that_lacks_the_same_is_asked_once(clone: Path, tmp_path: Path) -> None:
    main = f"exec '{clone}/.venv/bin/python' '{clone}/session_cli/__main__.py'"

    answer = call(clone, "session_status", on_path(tmp_path, __version__, main))

    assert (answer.code, answer.stdout) == (127, b"")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("program", ["map --demo --once", "map-import --demo --yes"])
def test_a_tui_ends_with_the_same_sentence(program: str, clone: Path) -> None:
    name, *words = program.split()

    answer = runner(str(clone / "test/atk" / name))(*words, env={"PATH": "/usr/bin:/bin"})

    assert answer.code == 127
    assert answer.stderr.count("\n") == 1
    assert "click 8.1.3 in place of 8.2" in answer.stderr


def test_what_is_installed_here_is_enough() -> None:
    assert dependencies.find_missing() == []
