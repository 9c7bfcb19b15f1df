"""The log of an import: each has a name of its own, and with it the session that it is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_cli import times
from session_cli.names import SUFFIX
from session_cli.tui.log import Log

NOW = 1767969022.0  # 2026-01-09 14:30:22 UTC
STAMP = "2026-01-09-143022"


@pytest.fixture(autouse=True)
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty sessions folder; it is always the same second."""
    monkeypatch.setattr(times, "now", lambda: NOW)
    monkeypatch.setenv("CONFIGHUB_LOG_DIR", str(tmp_path / "logs"))
    (tmp_path / "sessions" / "archive").mkdir(parents=True)
    return tmp_path / "sessions"


def begin(sessions: Path, deleted: str = "") -> Log:
    log = Log(str(sessions))
    log.begin(deleted)
    return log


def test_no_two_logs_have_one_name(sessions: Path) -> None:
    logs = [begin(sessions) for _ in range(3)]

    assert [log.stamp for log in logs] == [STAMP, f"{STAMP}-2", f"{STAMP}-3"]
    assert len({log.path for log in logs}) == 3


def test_a_stamp_is_no_other_sessions_in_the_archive_or_deleted_in_the_same_second(
    sessions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sessions / f"import-{STAMP}{SUFFIX}").touch()
    (sessions / "archive" / f"import-{STAMP}-2{SUFFIX}").touch()
    deleted = f"import-{STAMP}-3"

    assert begin(sessions, deleted).stamp == f"{STAMP}-4"
    # also where there is no log that could be in the way
    monkeypatch.setenv("CONFIGHUB_LOG_DIR", "/dev/null/logs")
    without = begin(sessions, deleted)
    assert (without.stamp, without.path) == (f"{STAMP}-4", None)
    assert without.problem == "no log: cannot create /dev/null/logs"
    assert begin(sessions).stamp == f"{STAMP}-3"


def test_the_path_begins_at_the_home_of_the_person(
    sessions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONFIGHUB_LOG_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert begin(sessions).short == f"~/.confighub/logs/tui-import-{STAMP}.log"
