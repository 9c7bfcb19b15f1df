"""What every test gets: a guarded home, and `session-cli` as a real process."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from guard import SCRIPTS, guarded
from processes import Command, runner

# what of signals a run under nohup, or in the background of a script, ignores
DEAF = "TESTS_DEAF_TO"

pytest_plugins = ["bats_items"]

# a machine that has other things to do takes as long as it takes; the suite says the same twice,
# and `make soak` looks for examples that it does not have
ON_ANY_MACHINE = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], database=None
)
hypothesis.settings.register_profile("suite", ON_ANY_MACHINE, derandomize=True)
hypothesis.settings.register_profile("soak", ON_ANY_MACHINE, max_examples=2000)
hypothesis.settings.load_profile("suite")

ROOT = Path(__file__).parent.parent

# pytest-shell imports `pipes`, which Python 3.13 no longer has, for this one function
pipes = ModuleType("pipes")
pipes.quote = shlex.quote  # type: ignore[attr-defined]
sys.modules["pipes"] = pipes


def start_others_with_all_signals() -> None:
    """What is ignored is inherited by all that is tested; a handler that does nothing is not.

    The workers of a parallel run are started with all signals, too, and told what to be deaf to.
    """
    deaf = set(os.environ.get(DEAF, "").split())
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if number.name in deaf or signal.getsignal(number) == signal.SIG_IGN:
            deaf.add(number.name)
            signal.signal(number, lambda *_: None)
    os.environ[DEAF] = " ".join(deaf)


start_others_with_all_signals()


def pytest_xdist_auto_num_workers() -> int:
    """How many `-n auto` are: two a processor, for the tests of the TUIs wait half of the time."""
    return 2 * (os.cpu_count() or 1)


def guard(patch: pytest.MonkeyPatch, home: Path) -> None:
    environment = guarded(dict(os.environ), home)
    for name in os.environ.keys() - environment.keys():
        patch.delenv(name)
    for name, value in environment.items():
        patch.setenv(name, value)


@pytest.fixture(scope="session", autouse=True)
def no_real_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The guard for fixtures that outlive a test."""
    with pytest.MonkeyPatch.context() as patch:
        guard(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guard: a fresh HOME for each test, and no setting of the person who runs it."""
    folder = tmp_path_factory.mktemp("home")
    guard(monkeypatch, folder)
    return folder


@pytest.fixture
def sessions(home: Path) -> Path:
    """The sessions folder that every verb uses when it is told no other; not made yet."""
    return home / ".confighub" / "sessions"


@pytest.fixture
def cli() -> Command:
    """Runs the installed `session-cli`: `cli("save", "scan", "-", stdin=b"{}")`."""
    return runner(str(SCRIPTS / "session-cli"))


@pytest.fixture
def quick() -> Command:
    """Runs the source with nothing installed and no `site`, as the shim does."""
    # what measures the coverage is started by `site`
    alone = ["-I"] if "COVERAGE_PROCESS_START" in os.environ else ["-I", "-S"]
    return runner(sys.executable, *alone, str(ROOT / "session_cli" / "__main__.py"))
