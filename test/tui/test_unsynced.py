"""A save that is there, though the disk did not say that it lasts, is taken for what it is."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import TITLES
from tui.world import World, drawer
from waiting import eventually

MAY_NOT_LAST = "saved, but it may not survive a power loss"


@contextmanager
def failing_sync(world: World, screen: Screen) -> Iterator[None]:
    """The last sync of the sessions folder fails, in every save meanwhile."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: no sync can be made to fail")
    inject = ["-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-P", str(world.sessions)]
    pid = str(drawer(screen.process.pid))
    command = ["strace", "-f", "-o", "/dev/null", *inject, "-p", pid]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr
        if "attached" not in (told := strace.stderr.readline()):
            pytest.skip(f"strace may not attach here: {told}")
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)
            strace.communicate()


def test_an_import_continues_and_says_so(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume", columns=140) as screen:
        screen.wait("App Space: payment-team")
        with failing_sync(world, screen):
            screen.press("enter")
            screen.wait(MAY_NOT_LAST)
            screen.wait(TITLES["connect"])
            eventually(lambda: world.state["step"] == "connect")
        screen.wait(r"\[Enter\] Create")
        # what comes after it is saved as ever, and says nothing of the kind
        screen.press("b")
        screen.wait("App Space: payment-team")
        screen.press("q")
        assert screen.finish() == 0
        assert "NOT SAVED" not in screen.text()
        assert "Session saved." in screen.text()
        assert MAY_NOT_LAST not in screen.text()
    assert world.state["step"] == "select"


def test_the_last_save_is_reported_at_the_end_too(world: World) -> None:
    with world.map_import("--new", columns=140) as screen:
        screen.wait(r"payment-prod +7 workloads")
        with failing_sync(world, screen):
            screen.press("down", "space", "q")
            assert screen.finish() == 0
        assert "Session saved." in screen.text()
        assert MAY_NOT_LAST in screen.text()
    assert world.state["selections"]["namespaces"] == ["payment-prod"]


def test_a_map_keeps_its_view_and_says_so(world: World) -> None:
    with world.screen("map", columns=140) as screen:
        screen.wait(r"^> Flux")
        eventually((world.sessions / "map-latest.json").exists)
        with failing_sync(world, screen):
            screen.press("2")
            screen.wait(MAY_NOT_LAST)
        screen.press("3", "q")
        assert screen.finish() == 0
        assert "NOT SAVED" not in screen.text()
