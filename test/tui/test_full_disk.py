"""A disk that fills up while an import goes on: told, survived, and gone on with. On a tmpfs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, runner
from small_disk import SmallDisk
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import TITLES, UNITS, walk_to
from tui.world import ATK, World
from waiting import eventually


@pytest.fixture
def disk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    # what is not saved is kept here, and not on the small disk
    (tmp_path / "a place").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "a place"))
    made = SmallDisk(world.sessions, "256k")
    world.sessions = made.seen
    yield made
    made.close()


def files(disk: SmallDisk) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in disk.seen.glob("import-2*.json")}


def map_import(disk: SmallDisk, *arguments: str, **options: Any) -> Screen:
    return Screen([*disk.inside, str(ATK / "map-import"), *arguments], **options)


def run(disk: SmallDisk, command: str) -> Answer:
    return runner(*disk.inside, "bash", "-c", command)()


def told_not_saved(screen: Screen) -> None:
    """Sees that the terminal that was given back says so, and not that all is well."""
    assert screen.finish() == 7
    text = screen.text()
    assert "NOT SAVED" in text
    assert "Session saved" not in text
    assert "No space left on device" in screen.words()


# the step that follows, and what is then on the screen
NEXT = {
    "scan": ("review", r"7 chosen, 7 of 7"),
    "review": ("select", r"App Space: payment-team"),
    "select": ("connect", r"\[Enter\] Create"),
    "connect": ("worker_connecting", TITLES["worker_connecting"]),
}


def fill_after_marks(step: str, world: World, disk: SmallDisk) -> None:
    """Fills the disk when what was marked is saved, and only the step itself is not."""
    count = 2 if step == "review" else None
    if step in ("scan", "review"):
        eventually(lambda: "namespaces" in world.state.get("selections", {}))
        eventually(
            lambda: not count or len(world.state["selections"].get("selected_workloads", [])) == 2
        )
    disk.fill()


def test_every_step_is_saved_once_there_is_space_again(world: World, disk: SmallDisk) -> None:
    world.scenario(conditions=[[0, "NotReady"]])
    with map_import(disk, "--new") as screen:
        walk_to("scan", world, screen)
        for step, (next_step, shown) in NEXT.items():
            fill_after_marks("" if step == "review" else step, world, disk)
            before = files(disk)

            screen.press("enter")
            screen.wait("NOT SAVED")
            screen.press("T")
            screen.wait("NOT SAVED, tried again at ")
            screen.wait_words("No space left on device")
            assert files(disk) == before
            assert world.state["step"] == step
            disk.free()
            screen.press("T")

            screen.wait(shown)
            screen.wait_without("NOT SAVED")
            assert world.state["step"] == next_step
        screen.press("q")
        assert screen.finish() == 0
        assert "Session saved" in screen.text()


@pytest.mark.parametrize("step", NEXT)
def test_what_was_not_saved_is_kept_in_a_file_and_the_command_that_saves_it_is_printed(
    world: World, disk: SmallDisk, step: str
) -> None:
    next_step, shown = NEXT[step]
    with map_import(disk, "--new", columns=200, rows=50) as screen:
        walk_to(step, world, screen)
        fill_after_marks(step, world, disk)
        before = files(disk)
        screen.press("enter")
        screen.wait("NOT SAVED")
        screen.press("q")

        told_not_saved(screen)

    assert files(disk) == before
    assert world.state["step"] == step
    disk.free()
    # as it was written, however the screen broke it
    command = re.search(rb"to save them:\r\n +(\S*session-cli save .*?)\r\n", screen.raw)
    assert command, screen.text()
    done = run(disk, command[1].decode())
    assert done == Answer(0, b"", "")
    # the App Space, and the intent to create, are saved at the step that they belong to
    saved = step if step in ("select", "connect") else next_step
    assert world.state["step"] == saved
    with map_import(disk, "--resume") as screen:
        screen.wait(TITLES[saved])
        screen.wait(shown if saved == next_step else r"App Space: payment-team")


def test_units_that_were_created_on_a_full_disk_are_adopted(world: World, disk: SmallDisk) -> None:
    slow = {"match": ["unit", "create"], "nth": 2, "do": "slow", "seconds": 1.5}
    world.scenario(faults=[slow])
    with map_import(disk, "--new", columns=200, rows=50) as screen:
        walk_to("connect", world, screen)
        screen.press("enter")
        eventually(lambda: len(world.created()) == 2)
        eventually(lambda: world.state["confighub"].get("units_created") == UNITS[:1])
        disk.fill()
        screen.wait("NOT SAVED")
        screen.press("q")
        told_not_saved(screen)

    assert world.state["confighub"]["units_created"] == UNITS[:1]
    disk.free()
    with map_import(disk, "--resume") as screen:
        screen.wait(r"Unit payment-worker was created, but that was not saved|\[Enter\] Create")
        eventually(lambda: world.state["confighub"]["units_created"] == UNITS)
        screen.press("q")
        assert screen.finish() == 0
    assert world.created() == UNITS


# no place at all to save to


def test_a_home_that_is_read_only_is_reported_before_anything_is_done(
    world: World, disk: SmallDisk
) -> None:
    assert run(disk, f"mount -o remount,bind,ro {disk.folder}").code == 0
    with map_import(disk, "--new") as screen:
        screen.wait("NOT SAVED ─")
        screen.wait_words("Read-only file system")
        screen.press("q")
        assert screen.finish() == 7
        assert "Session saved" not in screen.text()
    assert world.scans == 0


@pytest.mark.parametrize("setting", ["-uHOME", "HOME=", "HOME=relative"])
def test_without_a_home_it_says_what_is_missing(world: World, setting: str) -> None:
    with Screen(["env", setting, str(ATK / "map-import"), "--new"]) as screen:
        assert screen.finish() == 7, screen.text()
        assert "HOME" in screen.text()
        assert b"\x1b[?1049h" not in screen.raw


def test_try_again_continues_with_the_work_that_could_not_be_saved(
    world: World, disk: SmallDisk
) -> None:
    slow = {"match": ["unit", "create"], "nth": 1, "do": "slow", "seconds": 1.5}
    world.scenario(**prepared.FINE, faults=[slow])
    with map_import(disk, "--new", columns=200, rows=50) as screen:
        walk_to("connect", world, screen)
        screen.press("enter")
        eventually(lambda: len(world.calls("unit", "create")) == 1)
        disk.fill()
        screen.wait("NOT SAVED")
        disk.free()
        screen.press("T")

        screen.wait("✓ Complete — 2 units imported")
        screen.press("q")
        assert screen.finish() == 0
    assert world.state["confighub"]["units_created"] == UNITS
    # the second one may have been asked for when the work was stopped, and not yet created
    assert world.created().count(UNITS[0]) == 1


def test_try_again_holds_the_session_before_it_continues(world: World, disk: SmallDisk) -> None:
    data = json.dumps(prepared.state(world, "select"))
    assert run(disk, f"session-cli save select {shlex.quote(data)}").code == 0
    disk.fill()
    with map_import(disk, "--resume") as first:
        first.wait("NOT SAVED")
        disk.free()
        first.press("T")
        first.wait("App Space: payment-team")

        with map_import(disk, "--resume") as second:
            second.wait("─ OPEN ELSEWHERE ─")


def test_line_by_line_it_is_said_at_once_and_asked_before_anything_is_lost(
    world: World, disk: SmallDisk
) -> None:
    with map_import(disk, "--plain", "--new", rows=200, env={"TERM": "dumb"}) as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.wait(r"\n>\Z")
        disk.fill()
        screen.press("1\r")
        # above a prompt that is there again, without anything being asked
        screen.wait(r"NOT SAVED: [^>]*No space left on device[^>]*\n>\Z")
        screen.press("\r")
        screen.wait("This session could not be saved:")
        # what is typed before the question stands there does not answer it
        screen.wait(r"\[Q\] Quit +\[\?\] Keys[^>]*\n>\Z")
        screen.press("x\r")
        screen.wait(r"Type T, Q or \?\.")
        disk.free()
        screen.press("try\r")
        screen.wait(TITLES["review"])
        screen.press("q\r")
        assert screen.finish() == 0
    assert b"\x1b" not in screen.raw
    assert world.state["step"] == "review"
