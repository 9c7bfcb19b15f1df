"""The seal of a folder: it says that nobody has changed a snapshot, or nothing at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from session_cli.store.folder import Folder

SECOND = 1_768_000_000 * 10**9


def sealed(folder: Path, moment: int) -> bool:
    """Whether a snapshot that was written at that time is sealed."""
    snapshot = folder / "import-2026-01-09-143022.json"
    snapshot.touch()
    os.utime(snapshot, ns=(moment, moment))
    Folder(str(folder), "import").seal(snapshot.name)
    seal = folder / ".import-seal"
    return seal.exists() and seal.stat().st_mtime_ns == moment


def test_a_seal_has_the_time_of_the_snapshot_to_the_nanosecond(tmp_path: Path) -> None:
    assert sealed(tmp_path, SECOND + 123_456_789)
    assert sealed(tmp_path, SECOND + 123_456_790)


@pytest.mark.parametrize("step", [10**6, 10**7, 10**9, 2 * 10**9])
def test_nothing_is_sealed_where_times_are_too_coarse_to_tell_an_edit(
    step: int, tmp_path: Path
) -> None:
    assert not sealed(tmp_path, SECOND - SECOND % step + step)
