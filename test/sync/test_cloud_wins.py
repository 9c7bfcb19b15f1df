"""The hub's state takes the place of ours: ours stands aside on the disk before anything moves."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import Answer
from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy
from sync.test_states import copy_of, diverge
from system.faults import CHANGING, Call, Strace, changes, counted, touching
from system.test_faults import FAULTS

from session_cli import quick

ORDER = [*CHANGING, "read"]


class Scene:
    """A laptop that has diverged, which can be set again and again; the hub is not changed by it.

    The sessions folder itself stays, for a device is known by it.
    """

    def __init__(self, laptop: Home, loser: bytes, theirs: dict[str, Any], scratch: Path) -> None:
        self.laptop, self.loser, self.theirs = laptop, loser, theirs
        self.original = scratch / "original"
        shutil.copytree(laptop.sessions, self.original, symlinks=True)
        environment = {**os.environ, **laptop.environment()}
        env = {name: value for name, value in environment.items() if value is not None}
        self.strace = Strace(env, scratch / "strace.log")

    def set(self) -> None:
        """As it was when both had saved."""
        for path in self.laptop.sessions.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        shutil.copytree(self.original, self.laptop.sessions, symlinks=True, dirs_exist_ok=True)

    def trace(self) -> tuple[list[str], Answer]:
        """What `sync` changes."""
        return self.strace.record_fork(quick.main, ["sync"])

    def run_with(self, fault: str, call: Call) -> Answer:
        """What `sync` answers that meets the fault."""
        return self.strace.fork_with(fault, call, quick.main, ["sync"])


@pytest.fixture
def scene(
    laptop: Home, desktop: Home, proxy: Proxy, tmp_path: Path, strace_works: None, people: People
) -> Scene:
    _, theirs, loser = diverge(laptop, desktop, proxy, people)
    return Scene(laptop, loser, theirs, tmp_path)


# the copy, on the disk and read back; a note of what is under way; the new snapshot, and the
# pointer to it; only then does the old one go; the sidecar comes last, and may be lost
STEPS = """
    mkdir conflicts, fsync ., write .new-copy, fsync .new-copy, rename COPY, fsync conflicts,
    read COPY,
    rename .import-receiving, fsync .,
    write .new-snapshot, fsync .new-snapshot, link import-2026-01-09-143025-2.json, fsync .,
    rename import-latest.json, fsync .,
    mkdir SNAPSHOTS, fsync conflicts, link SNAPSHOTS/import-2026-01-09-143025.json,
    fsync SNAPSHOTS, unlink import-2026-01-09-143025.json, unlink .import-receiving, fsync .,
    write .new-SIDECAR, rename SIDECAR"""
STEP_CALLS = ("mkdir", "write", "fsync", "link", "rename", "unlink")


def test_each_step_is_on_the_disk_before_the_next_one_relies_on_it(scene: Scene) -> None:
    trace, answer = scene.strace.record_fork(quick.main, ["sync"], ORDER)
    assert answer.code == 6, answer
    (copy,) = [path for path in scene.laptop.conflicts() if "/" not in path]

    said = ", ".join(steps(trace, scene.laptop.sessions, copy))

    expected = " ".join(STEPS.split())
    assert expected in said, said
    rest = said.partition(expected)[2].split(", ")[1:]
    assert all(step.split()[1].startswith(".sync/") for step in rest), rest


def steps(trace: list[str], sessions: Path, copy: str) -> Iterator[str]:
    """What is done to files, by names that do not change from one run to the next."""
    names = {
        f"conflicts/{copy}": "COPY",
        f"conflicts/{copy.rpartition('.')[0].rpartition('.')[0]}": "SNAPSHOTS",
    }
    written = False
    for name, _, paths in touching(trace, sessions):
        path = str(Path(paths[-1]).relative_to(sessions))
        for long, short in names.items():
            path = path.replace(long, short)
        path = re.sub(r"^\.sync/(\.new-)?[0-9a-f-]{36}\.json$", r"\1SIDECAR", path)
        written = written or (name, path) == ("rename", "COPY")
        is_swept = name == "unlink" and path.startswith(".new-")
        is_read_back = written and (name, path) == ("read", "COPY")
        if (name in STEP_CALLS and not is_swept and path != ".lock") or is_read_back:
            yield f"{name} {path}"


def test_killed_at_any_moment_it_leaves_both(scene: Scene) -> None:
    wrong = [
        f"{call}: {why}" for call in calls_of(scene) for why in whats_wrong(scene, "SIGKILL", call)
    ]

    assert wrong == []


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC"])
def test_a_disk_that_fails_at_any_moment_leaves_both(scene: Scene, fault: str) -> None:
    wrong = [
        f"{call}: {why}" for call in calls_of(scene) for why in whats_wrong(scene, fault, call)
    ]

    assert wrong == []


def calls_of(scene: Scene) -> list[Call]:
    """The calls that change something, in a run that meets nothing."""
    trace, answer = scene.trace()
    assert answer.code == 6, answer
    found = list(changes(trace, scene.laptop.sessions))
    assert len(found) > 10
    scene.set()
    return found


def whats_wrong(scene: Scene, fault: str, call: Call) -> Iterator[str]:
    laptop = scene.laptop
    scene.set()
    before = laptop.snapshots()
    answer = scene.run_with(FAULTS[fault], call)
    if fault != "SIGKILL":
        if answer.code == 0:
            yield f"it claims that all is well: {answer}"
        if "Traceback" in answer.stderr or "internal error" in answer.stderr:
            yield f"it should say so in words: {answer}"
    places = [*laptop.snapshots().values(), *laptop.conflicts().values()]
    if scene.loser not in places:
        yield "the loser is gone"
    if lost := set(before.values()) - {*places, *laptop.archived().values()}:
        yield f"{len(lost)} snapshots are gone"
    load = laptop("load")
    step = json.loads(load.stdout or b"{}").get("step")
    if step not in ("select", "review"):
        yield f"neither the old state nor the new: {step}: {load}"
    again = laptop("sync")
    if again.code != 6:
        yield f"repeated, it does not say that something was replaced: {again}"
    if laptop.load()["step"] != "review":
        yield f"repeated, it comes to another end: {laptop.load()['step']}, {again}"
    copies = [raw for path, raw in laptop.conflicts().items() if "/" not in path]
    if scene.loser not in copies:
        yield "no copy of the loser is kept under its own name"
    if len(copies) != 1:
        yield f"{len(copies)} copies"


def test_recovery_never_brings_the_loser_back(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    diverge(laptop, desktop, proxy, people)
    assert laptop("sync").code == 6

    latest = laptop.sessions / os.readlink(laptop.sessions / "import-latest.json")
    latest.write_bytes(latest.read_bytes()[:100])

    answer = laptop("load")
    assert json.loads(answer.stdout)["step"] != "select"
    laptop.save("connect")
    assert json.loads(laptop.raw()).get("selections") is None


def test_a_script_that_saves_in_between_is_not_lost(scene: Scene) -> None:
    """It saves after the hub was asked and before the lock was taken: that save stands aside."""
    laptop = scene.laptop
    program = [str(SCRIPTS / "session-cli"), "sync"]
    trace, _ = scene.strace.record(program)
    scene.set()
    (lock, *_) = [
        call for call, _ in counted(trace, laptop.sessions) if Path(call.path).name == ".lock"
    ]
    saved: list[bytes] = []

    def save() -> None:
        laptop.save_only("verify")
        saved.append(laptop.raw())

    scene.strace.run_around(lock._replace(nth=lock.nth), save, program)

    assert saved[0] in [*laptop.conflicts().values(), *laptop.snapshots().values()]
    laptop("sync")
    assert saved[0] in laptop.conflicts().values() or laptop.raw() == saved[0]


def test_what_only_the_loser_knew_is_shown(
    laptop: Home, desktop: Home, proxy: Proxy, people: People
) -> None:
    mine, theirs, raw = diverge(laptop, desktop, proxy, people)
    laptop("sync")

    (entry,) = json.loads(laptop.do("conflicts", "--json"))

    assert entry["file"] == str(laptop.sessions / "conflicts" / copy_of(laptop, raw))
    assert (entry["kind"], entry["session_id"]) == ("session", mine["session_id"])
    assert entry["only_in_copy"] == ["selections"]
    for side, state in (("copy", mine), ("current", theirs)):
        assert entry[side]["step"] == state["step"]
        assert entry[side]["user"] == people.name("alex")
        assert entry[side]["device"] == socket.gethostname()
