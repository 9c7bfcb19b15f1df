"""What the bats plugin makes of bats files, seen through a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import bats_items

PLAIN = '@test "one" { true; }\n@test "two" { true; }\n'
FILES = {
    "healthy": PLAIN + "@test 'odd \"name\" (a|b) \\$x' { [[ $HOME == */home-* ]]; }\n",
    "mixed": PLAIN + '@test "bad" { false; }\n@test "left out" { skip "no moon"; }\n',
    "setup": "setup_file() { false; }\n" + PLAIN,
    "teardown": "teardown_file() { false; }\n" + PLAIN,
    "focused": "# bats test_tags=bats:focus\n" + PLAIN,
    "torn": '@test "one" { true\n',
}
OUTCOMES = {
    "healthy": "...",
    "mixed": "..Fs",
    "setup": "FF",
    "teardown": "FF",
    "focused": "FF",
    "torn": "F",
}


def test_each_test_of_a_bats_file_has_its_own_outcome(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.bats").write_text(text)

    output = run_pytest(tmp_path)

    assert dict(re.findall(r"^(\w+)\.bats ([.EFs]+)", output, re.MULTILINE)) == OUTCOMES, output


def test_only_the_selected_tests_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    (tmp_path / "some.bats").write_text(
        f'@test "a (one)" {{ :; }}\n@test "a two" {{ touch "{witness}"; }}\n'
    )

    assert "1 passed, 1 deselected in" in run_pytest(tmp_path, "-k", "one")
    assert not witness.exists()


def test_the_tests_of_a_file_are_one_run_also_where_others_run_beside_it(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    (tmp_path / "some.bats").write_text(f'setup_file() {{ echo >>"{witness}"; }}\n{PLAIN}')

    assert "2 passed in" in run_pytest(tmp_path, "-n", "2", "--dist", "loadgroup")
    assert witness.read_text() == "\n"


def test_a_failure_shows_what_bats_said(tmp_path: Path) -> None:
    (tmp_path / "bad.bats").write_text('@test "bad" {\n  echo why\n  false\n}\n')

    output = run_pytest(tmp_path)

    assert "bad.bats, line 3)" in output
    assert "# why" in output


def test_a_bats_file_without_tests_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "none.bats").write_text("# nothing yet\n")

    assert "no @test in it" in run_pytest(tmp_path)


def run_pytest(folder: Path, *options: str) -> str:
    """The output of pytest with the plugin and xdist alone, on the bats files in `folder`."""
    plugins = "-p bats_items -p xdist.plugin -p no:cacheprovider".split()
    command = [sys.executable, "-m", "pytest", *plugins]
    alone = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(Path(bats_items.__file__).parent),
    }
    done = subprocess.run(
        [*command, *options, str(folder)],
        cwd=folder,
        env={**os.environ, **alone},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.stdout
