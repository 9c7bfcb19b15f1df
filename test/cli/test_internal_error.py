"""An error that nobody foresaw: one line for the person, the traceback in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import copytree
from stat import S_IMODE

import pytest
from processes import Command, runner

from session_cli import internal_error

PACKAGE = Path(internal_error.__file__).parent
FAULT = """
def _fault(self):
    raise LookupError("no such thing\\n as token=ch_12ab34")

Latest.find = _fault
"""
LINE = "session-cli: internal error: LookupError: no such thing as token="


@pytest.fixture(params=[["get-step"], ["status"]], ids=["quick path", "Click"])
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> Command:
    """A verb of a program with a fault in it."""
    tree = tmp_path / "tree"
    copytree(PACKAGE, tree / "session_cli")
    with (tree / "session_cli" / "store" / "latest.py").open("a") as source:
        source.write(FAULT)
    start = f"import sys; sys.path.insert(0, {str(tree)!r}); import session_cli.quick as quick"
    return runner(sys.executable, "-c", f"{start}; sys.exit(quick.main())", *request.param)


def test_the_traceback_is_in_a_file_that_only_its_owner_reads(broken: Command, home: Path) -> None:
    answer = broken(umask=0)

    [log] = (home / ".confighub" / "logs").iterdir()
    assert answer.code == 1
    assert answer.stderr == f"{LINE}[hidden]; details in {log}\n"
    assert "Traceback" in log.read_text()
    assert "in _fault" in log.read_text()
    assert S_IMODE(log.stat().st_mode) == 0o600
    assert S_IMODE(log.parent.stat().st_mode) == 0o700


def test_no_credential_reaches_the_file(broken: Command, home: Path) -> None:
    broken()

    [log] = (home / ".confighub" / "logs").iterdir()
    assert "token=[hidden]" in log.read_text()
    assert "ch_12ab34" not in log.read_text()


def test_it_goes_where_the_logs_go(broken: Command, home: Path, tmp_path: Path) -> None:
    answer = broken(env={"CONFIGHUB_LOG_DIR": str(tmp_path / "logs")})

    [log] = (tmp_path / "logs").iterdir()
    assert str(log) in answer.stderr
    assert not (home / ".confighub" / "logs").exists()


@pytest.mark.parametrize("place", ["a file", "no home"])
def test_where_it_cannot_be_written_the_line_stands_alone(
    broken: Command, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").touch()
    environment = {
        "a file": {"CONFIGHUB_LOG_DIR": str(tmp_path / "file" / "logs")},
        "no home": {"HOME": None, "CONFIGHUB_SESSION_DIR": str(tmp_path / "sessions")},
    }

    answer = broken(env=environment[place])

    assert (answer.code, answer.stderr) == (1, f"{LINE}[hidden]\n")
