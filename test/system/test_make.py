"""What `make` does on a machine that has nothing yet, or where nothing may be written."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import copy, copytree, ignore_patterns, rmtree, which

import pytest
from processes import Answer, runner

ROOT = Path(__file__).parent.parent.parent
MADE = ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache")
NOBODY = 65534


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH without Python, without our tools, of a root that has apt-get; it notes its calls."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for tool in ("make", "bash", "sh", "env"):
        (folder / tool).symlink_to(str(which(tool)))
    for name, line in {"id": "echo 0", "apt-get": f'echo "$*" >>{tmp_path}/calls'}.items():
        (folder / name).write_text(f"#!{which('sh')}\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


def apt_calls(bare: Path) -> str:
    calls = bare.parent / "calls"
    return calls.read_text() if calls.exists() else ""


def make(folder: Path, *arguments: str, **options: object) -> Answer:
    return runner("make", "-C", str(folder), *arguments)(**options)


def test_nothing_is_installed_before_there_is_a_python_to_test_with(
    bare: Path, tmp_path: Path
) -> None:
    copytree(ROOT, tmp_path / "checkout", ignore=MADE)

    answer = make(tmp_path / "checkout", "test", env={"PATH": str(bare)})

    assert answer.code != 0
    assert "Python 3.10 or later is needed, and 'python3' is not there" in answer.stderr
    assert apt_calls(bare) == ""


def test_what_apt_installs_is_reported_with_what_it_is_for(bare: Path) -> None:
    answer = runner("bash", str(ROOT / "test" / "tools.sh"))(env={"PATH": str(bare)})

    told = answer.stdout.decode().splitlines()
    assert (answer.code, answer.stderr) == (0, "")
    assert (
        "jq is not installed, and needed for the comparison with the original jq functions" in told
    )
    assert "apt-get installs jq strace kubernetes-client tmux" in told
    # this apt-get brought nothing
    assert "tmux is not installed: skipping the tests of the alternate screen" in told
    assert "install -y -qq --no-install-recommends jq strace" in apt_calls(bare)


def test_nothing_is_reported_where_all_tools_are(bare: Path) -> None:
    for tool in ("jq", "strace", "kubectl", "tmux"):
        (bare / tool).symlink_to(str(which("env")))

    answer = runner("bash", str(ROOT / "test" / "tools.sh"))(env={"PATH": str(bare)})

    assert answer == (0, b"", "")
    assert apt_calls(bare) == ""


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A checkout in which its user may write nothing; others can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="read-only-"))
    copy(ROOT / "Makefile", folder)
    copy(ROOT / "setup.cfg", folder)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    rmtree(folder)


@pytest.mark.parametrize("target", ["demo", "install", "test"])
def test_a_read_only_checkout_is_reported_with_the_way_out(read_only: Path, target: str) -> None:
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}

    answer = make(read_only, target, **other)

    assert answer.code != 0
    assert f"{read_only} is read-only for you" in answer.stderr
    assert f"cp -R '{read_only}' ~/session-cli && cd ~/session-cli" in answer.stderr
    assert "Permission denied" not in answer.stderr


def test_the_demo_is_set_up_with_one_call_of_pip_and_no_build(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    copytree(ROOT, folder, ignore=MADE)

    answer = make(folder, f"PYTHON={sys.executable}", ".venv/.demo")

    if "No matching distribution" in answer.stderr:
        pytest.skip(f"NOT TESTED, for no package index can be reached: {answer.stderr[-300:]}")
    assert (answer.code, answer.stderr) == (0, "")
    assert "fetching what session-cli imports, once" in answer.stdout.decode()
    assert not list((folder / ".venv" / "bin").glob("pip*"))
    assert not list(folder.glob("*.egg-info"))
    source = str(folder / "session_cli" / "__main__.py")
    for verb in (["--help"], ["check", "--help"], ["list", "--json"]):
        assert runner(str(folder / ".venv" / "bin" / "python"), "-I", source)(*verb).code == 0


@pytest.mark.parametrize(("code", "made"), [(0, 0), (129, 0), (130, 0), (143, 0), (8, 2)], ids=str)
def test_a_demo_that_was_left_is_no_error_of_make(tmp_path: Path, code: int, made: int) -> None:
    copy(ROOT / "Makefile", tmp_path)
    copy(ROOT / "setup.cfg", tmp_path)
    program = tmp_path / "test" / "atk" / "map-import"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nexit {code}\n")
    program.chmod(0o755)

    # what it needs is there
    answer = make(tmp_path, "--assume-old=.venv/.demo", "PYTHON=true", "demo")

    assert (answer.code, "Error" in answer.stderr) == (made, made != 0)
