"""No test can reach the home of the person who runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from processes import Command

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("entry", ["cli", "quick"])
def test_a_save_without_a_folder_lands_in_the_home_of_the_test(
    entry: str, sessions: Path, request: pytest.FixtureRequest
) -> None:
    run: Command = request.getfixturevalue(entry)
    assert not sessions.exists()

    answer = run("save", "scan")

    assert (answer.code, answer.stderr) == (0, "")
    assert (sessions / "import-latest.json").is_symlink()


@pytest.fixture(scope="module")
def home_of_the_module() -> Path:
    return Path(os.environ["HOME"])


def test_a_fixture_that_outlives_a_test_is_guarded_too(
    home_of_the_module: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert home_of_the_module.is_relative_to(tmp_path_factory.getbasetemp())


def test_the_real_home_and_its_settings_stay_untouched(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "sessions").mkdir(parents=True)
    settings = {
        "HOME": str(real),
        "CONFIGHUB_SESSION_DIR": str(real / "sessions"),
        "SESSION_CLI": str(real / "no-such-program"),
    }

    tests = run_pytest("test/unit/test_guard.py::" + SAVE, settings)

    assert tests.returncode == 0, tests.stdout
    assert "2 passed" in tests.stdout
    assert sorted(real.rglob("*")) == [real / "sessions"]


SAVE = test_a_save_without_a_folder_lands_in_the_home_of_the_test.__name__


def run_pytest(test: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
