"""`list` and `history` answer the same with and without Click."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Command, runner
from system.folders import BEGIN, DAY, clock, point, write_snapshot

THROUGH_CLICK = "import sys; from session_cli.cli import main; sys.exit(main())"
SESSION = "import-2026-01-09-143022"


def nothing(_: Path) -> None:
    """Nobody ever saved here."""


def sessions_of_all_kinds(sessions: Path) -> None:
    """Another hand's times, a name that is no ASCII, damage, the archive."""
    write_snapshot(sessions / "archive", BEGIN - DAY, cluster_context="gone")
    write_snapshot(sessions, BEGIN, cluster_context="kind-ätk 集群")
    write_snapshot(sessions, BEGIN + 60, SESSION, updated_at="2026-01-09T16:00:00+01:00")
    (sessions / "import-2026-01-09-150000.json").write_text("{")
    point(sessions, write_snapshot(sessions, BEGIN + 120, SESSION, revision=2), SESSION)


def only_archived(sessions: Path) -> None:
    write_snapshot(sessions / "archive", BEGIN)


def a_file(sessions: Path) -> None:
    sessions.parent.mkdir()
    sessions.write_text("no folder")


@pytest.mark.parametrize("words", ["list", "list --all", "history", f"history {SESSION}"])
@pytest.mark.parametrize("left", [nothing, sessions_of_all_kinds, only_archived, a_file])
def test_a_list_is_the_same_on_both_roads(
    left: Callable[[Path], None], words: str, sessions: Path, cli: Command
) -> None:
    left(sessions)
    through_click = runner(sys.executable, "-c", THROUGH_CLICK)

    for locale in ({"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}):
        environment = {**clock(BEGIN + 3600), **locale}
        answer = cli(*words.split(), env=environment)
        assert answer == through_click(*words.split(), env=environment)
    assert answer.stdout or answer.stderr
