"""A save that is there and may not survive a power loss is neither denied nor praised."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from processes import Answer, Command
from system.faults import Strace, counted
from system.test_faults import program

CANNOT = ("EINVAL", "ENOSYS", "EOPNOTSUPP", "EBADF", "EISDIR")
FAILED = ("EIO", "ENOSPC", "EDQUOT")


class Disk:
    """The sessions folder, in which one system call can fail: the last one on the folder itself."""

    def __init__(self, strace: Strace, sessions: Path) -> None:
        self.strace, self.sessions = strace, sessions
        # another folder, in which the same verb shows how many calls it makes
        self.twin = sessions.parent / "twin"

    def fail_last(self, name: str, fault: str, *verb: str) -> Answer:
        trace, _ = self.strace.record(program("--dir", str(self.twin), *verb), [name])
        calls = [call for call, _ in counted(trace, self.twin) if Path(call.path) == self.twin]
        last = calls[-1]._replace(path=str(self.sessions))
        return self.strace.run_with(f"error={fault}", last, program(*verb))


@pytest.fixture
def disk(tmp_path: Path, sessions: Path, quick: Command, strace_works: None) -> Disk:
    disk = Disk(Strace(dict(os.environ), tmp_path / "strace.log"), sessions)
    for folder in (disk.twin, sessions):
        assert quick("--dir", str(folder), "save", "scan").code == 0
    return disk


@pytest.mark.parametrize("fault", FAILED)
def test_a_save_whose_last_sync_failed_is_the_latest_and_says_so(
    fault: str, disk: Disk, sessions: Path, quick: Command
) -> None:
    answer = disk.fail_last("fsync", fault, "save", "review", "--if-revision", "1")

    assert answer.code == 10
    told = f"session-cli: saved, but it may not survive a power loss: {sessions}: "
    assert answer.stderr.startswith(told)
    assert answer.stderr.count("\n") == 1
    assert json.loads(quick("load").stdout)["revision"] == 2
    assert quick("save", "select", "--if-revision", "2").code == 0


@pytest.mark.parametrize("fault", CANNOT)
def test_a_file_system_that_cannot_sync_a_folder_is_no_failure(
    fault: str, disk: Disk, sessions: Path, quick: Command
) -> None:
    assert disk.fail_last("fsync", fault, "save", "review") == Answer(0, b"", "")
    assert json.loads(quick("load").stdout)["revision"] == 2


@pytest.mark.parametrize(("fault", "code"), [("EACCES", 0), ("EMFILE", 10), ("EIO", 10)])
def test_a_folder_that_cannot_be_opened_to_be_synced(
    fault: str, code: int, disk: Disk, sessions: Path, quick: Command
) -> None:
    answer = disk.fail_last("openat", fault, "save", "review")

    assert answer.code == code
    assert ("may not survive a power loss" in answer.stderr) == (code == 10)
    assert json.loads(quick("load").stdout)["revision"] == 2


def test_a_clear_whose_sync_failed_is_done_and_says_so(
    disk: Disk, sessions: Path, quick: Command
) -> None:
    answer = disk.fail_last("fsync", "EIO", "clear")

    assert answer.code == 10
    assert answer.stderr.startswith("session-cli: cleared, but a power loss may undo it: ")
    assert quick("get-step").stdout == b"none\n"


def test_a_copy_in_the_place_of_a_link_that_failed_is_not_taken_for_saved(
    disk: Disk, sessions: Path, quick: Command
) -> None:
    """Where there are no links the pointer is a plain file, the old one also when a save failed."""
    pointer = sessions / "import-latest.json"
    state = pointer.read_bytes()
    pointer.unlink()
    pointer.write_bytes(state)
    names = ["link", "linkat", "symlink", "symlinkat", "rename", "renameat"]

    answer = disk.strace.run_without(names, "EPERM", program("save", "review"))

    assert answer.code == 7
    assert json.loads(quick("load").stdout)["revision"] == 1
