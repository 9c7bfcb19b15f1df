"""A step that failed: the session says so, until the step is tried again or left."""

from __future__ import annotations

from typing import Any

from tui import prepared
from tui.world import World
from waiting import eventually

TOKEN = "ch_12ab34cd"
WHY = f"Failed: HTTP 403: token={TOKEN} is not for you"


def fail_to_verify(world: World, **more: Any) -> None:
    """An import at step 7, which finds no Unit; the check before it does."""
    prepared.fill(world)
    prepared.save(world, "verify")
    fault = {"match": ["unit", "list"], "do": "fail", "stderr": WHY}
    world.scenario(**prepared.FINE, faults=[{**fault, **more}])


def test_without_a_terminal_it_stays_recorded_and_shown(world: World) -> None:
    fail_to_verify(world, nth=2)

    done = world.run("--resume", "--yes")

    assert done.code != 0
    error = world.state["error"]
    assert (error["step"], TOKEN in error["message"]) == ("verify", False)
    assert "HTTP 403: token=[hidden] is not for you" in error["message"]
    status = " ".join(world.run("--status").stdout.decode().replace("│", " ").split())
    assert f"Failed: {error['message']}" in status


def test_it_is_gone_once_the_step_is_tried_again(world: World) -> None:
    fail_to_verify(world, nth=2)
    with world.map_import("--resume") as screen:
        screen.wait("HTTP 403")
        eventually(lambda: world.state.get("error"))
        screen.press("r")
        screen.wait("2 units imported")
        assert "error" not in world.state
        screen.press("q")
        assert screen.finish() == 0


def test_it_is_gone_once_the_step_is_left_for_another(world: World) -> None:
    fail_to_verify(world, nth=2)
    with world.map_import("--resume") as screen:
        screen.wait("HTTP 403")
        eventually(lambda: world.state.get("error"))
        screen.press("b")
        screen.wait("step 4 of 7")
        eventually(lambda: world.state["step"] == "connect")
        assert "error" not in world.state
        screen.press("q")
        assert screen.finish() == 0


def test_whoever_leaves_at_it_leaves_it_recorded_until_it_is_resumed(world: World) -> None:
    fail_to_verify(world, nth=2)
    with world.map_import("--resume") as screen:
        screen.wait("HTTP 403")
        screen.press("q")
        assert screen.finish() == 0
    assert world.state["error"]["step"] == "verify"
    with world.map_import("--resume") as screen:
        screen.wait("2 units imported")
        assert "error" not in world.state


def test_that_it_cannot_be_recorded_is_no_further_failure(world: World) -> None:
    fail_to_verify(world, nth=2)
    with world.map_import("--resume") as screen:
        screen.wait("HTTP 403")
        error = eventually(lambda: world.state.get("error"))
        lock = world.sessions / ".lock"
        aside = lock.with_name("aside")
        lock.rename(aside)
        lock.mkdir()
        world.scenario(faults=[{"match": ["unit", "list"], "do": "fail", "stderr": "Failed: no"}])
        screen.press("r")
        screen.wait("! .*Failed: no|! no|: no$")
        assert "NOT SAVED" not in screen.text()
        lock.rmdir()
        aside.rename(lock)
        screen.press("q")
        assert screen.finish() == 0
        assert "EXIT" in screen.text()
    assert world.state["error"] == error
