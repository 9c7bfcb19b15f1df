"""What must not be: endless tries, answers without end, questions about what has changed since."""

from __future__ import annotations

import json
import os
import stat

import pytest
from tui import prepared
from tui.screen import Screen
from tui.world import ATK, World


def program(world: World, name: str, script: str) -> None:
    """What is found in PATH under that name from now on."""
    path = world.bin / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_session_that_cannot_be_held_is_not_saved_and_nothing_is_tried_for_ever(
    world: World,
) -> None:
    (world.sessions).mkdir(parents=True, mode=0o700)
    (world.sessions / ".lease").touch()

    with world.map_import() as screen:
        screen.wait("NOT SAVED")
        screen.press("q")
        assert screen.finish() == 7

    assert len(list(world.logs.glob("tui-import-*"))) == 1
    answer = world.yes("--new")
    assert answer.code == 7
    assert "meanwhile" not in answer.stderr


def test_a_new_import_that_cannot_begin_after_a_complete_one_says_so(world: World) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    prepared.fill(world)
    prepared.save(world, "complete")
    with world.map_import() as screen:
        screen.wait("Complete")
        world.sessions.chmod(0o500)
        screen.press("i")
        screen.wait("NOT SAVED")
        world.sessions.chmod(0o700)


def test_a_program_that_prints_without_end_is_stopped(world: World) -> None:
    program(
        world, "kubectl", 'case "$*" in *--minify*) exit 1;; config*) echo kind-atk;; esac; yes'
    )

    answer = world.yes("--new")

    assert answer.code == 8
    assert "printed more than" in answer.stderr


def test_nobody_is_taken_over_whom_the_box_does_not_name(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import() as first, world.map_import() as second, world.map_import() as third:
        for screen in first, second, third:
            screen.wait("RESUME SESSION")
        first.press("r")
        first.wait(r"\[E\] Edit")
        for screen in second, third:
            screen.press("r")
            holder = screen.wait(r"process \d+ on")
        third.press("t")
        third.wait(r"\[E\] Edit")

        second.press("t")

        # the box names the third one now
        second.wait_without(holder[0])
        second.wait(r"process \d+ on")
        third.press("q")
        assert third.finish() == 0


def test_the_list_of_map_has_room_under_a_long_name(world: World) -> None:
    config = json.loads(world.kubeconfig.read_text())
    name = "arn:aws:eks:eu-central-1:123456789012:cluster/" + "platform-" * 20
    config["contexts"] = [{**each, "name": name} for each in config["contexts"]]
    world.kubeconfig.write_text(json.dumps({**config, "current-context": name}))

    with Screen([str(ATK / "map")], columns=40, rows=10) as screen:
        screen.wait(r"^> Flux")


def test_no_lease_is_left_behind(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait(r"\[E\] Edit")
        screen.press("q")
        assert screen.finish() == 0

    assert not list((world.sessions / ".lease").glob("tui-*"))


def test_status_that_cannot_be_printed_fails(world: World) -> None:
    with open("/dev/full", "wb") as full:
        answer = world.run("--status", stdout=full)

    assert answer.code == 1
    assert "cannot write the answer" in answer.stderr
