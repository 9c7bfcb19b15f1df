"""Programs that have the terminal to themselves: the pager with the log, and cub's login."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import running
from tui.world import World, drawer
from waiting import eventually

SPACE = "App Space: payment-team"
CREATE = r"\[Enter\] Create"


def in_the_log(screen: Screen) -> None:
    screen.wait(SPACE)
    screen.press("v")
    screen.wait("ConfigHub Import TUI")
    screen.wait(r"\(END\)")


def waits_for_key(world: World) -> bool:
    """Whether the pager sleeps."""
    stat = [Path(f"/proc/{pid}/stat").read_text() for pid in running(world, "less -- ")]
    return [each.rpartition(") ")[2][0] for each in stat] == ["S"]


@pytest.mark.parametrize("key", ["ctrl-c", "q"])
def test_the_log_is_left_for_the_screen_and_nothing_else(world: World, key: str) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        for _ in range(3):
            in_the_log(screen)
            # an interrupt that comes before it waits for a key is heeded at the next key only
            eventually(lambda: waits_for_key(world))
            screen.press(key)
            screen.wait(SPACE)
        screen.press("enter")
        screen.wait(CREATE)
        screen.press("q")
        assert screen.finish() == 0
        assert screen.echoes()
        assert "Session saved." in screen.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_the_import_ends_the_pager_too(world: World, number: signal.Signals) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        in_the_log(screen)
        os.kill(screen.process.pid, number)
        assert screen.finish() == 128 + number
        assert screen.echoes()
        assert "Session saved." in screen.text()
        assert not world.left_over()


@contextmanager
def at_expired_login(world: World, do: str) -> Iterator[Screen]:
    """The login has expired; `do` is what a login then does."""
    login = {"match": ["auth", "login"], "do": do, "text": "logged in"}
    world.scenario(**prepared.FINE, login="expired", faults=[login])
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait(SPACE)
        screen.press("enter")
        screen.wait(r"\[L\] Log in")
        yield screen


def test_an_import_continues_with_a_new_login(world: World) -> None:
    with at_expired_login(world, "text") as screen:
        # the login itself knows of nothing that has expired
        world.scenario(
            **prepared.FINE,
            faults=[{"match": ["auth", "login"], "do": "text", "text": "logged in"}],
        )
        screen.press("l")
        screen.wait(CREATE)
        assert world.calls("auth", "login")
        screen.press("q")
        assert screen.finish() == 0


def test_ctrl_c_ends_a_login_that_hangs_and_comes_back_to_the_question(world: World) -> None:
    with at_expired_login(world, "hang") as screen:
        for _ in range(3):
            screen.press("l")
            eventually(lambda: running(world, "cub auth login"))
            screen.wait_without("Log in")
            screen.press("ctrl-c")
            eventually(lambda: not running(world, "cub auth login"))
            screen.wait(r"\[L\] Log in")
        screen.press("q")
        assert screen.finish() == 0
        assert screen.echoes()
        assert "Session saved." in screen.text()


@pytest.mark.parametrize("is_deaf", [False, True])
def test_whoever_ends_the_import_ends_a_login_that_hangs(world: World, is_deaf: bool) -> None:
    with at_expired_login(world, "hang-deaf" if is_deaf else "hang") as screen:
        screen.press("l")
        eventually(lambda: running(world, "cub auth login"))
        screen.wait_without("Log in")
        os.kill(drawer(screen.process.pid), signal.SIGTERM)
        assert screen.finish() == 143
        assert screen.echoes()
        assert "Session saved." in screen.text()
        assert not world.left_over()
