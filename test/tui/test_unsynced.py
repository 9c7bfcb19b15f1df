"""A save that is there, though the disk did not say that it lasts, is taken for what it is."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from guard import SCRIPTS
from tui import prepared
from tui.test_leaving import TITLES
from tui.world import World
from waiting import eventually

MAY_NOT_LAST = "saved, but it may not survive a power loss"
# where the flag lies, the last sync of the folder fails in the next save
WRAPPER = """#!/bin/sh
cli={cli}
case "$*" in *--if-revision*" -- "*)
  if [ -e {flag} ]; then
    rm {flag}
    exec strace -qq -f -o /dev/null -P {folder} -e trace=fsync -e inject=fsync:error=EIO "$cli" "$@"
  fi ;;
esac
exec "$cli" "$@"
"""


@pytest.fixture
def flag(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if not shutil.which("strace"):
        pytest.skip("strace is not installed: no sync can be made to fail")
    flag, wrapper = tmp_path / "flag", tmp_path / "session-cli"
    named = {"cli": SCRIPTS / "session-cli", "flag": flag, "folder": world.sessions}
    quoted = {name: shlex.quote(str(path)) for name, path in named.items()}
    wrapper.write_text(WRAPPER.format(**quoted))
    wrapper.chmod(0o755)
    monkeypatch.setenv("SESSION_CLI", str(wrapper))
    return flag


def test_an_import_continues_and_says_so(world: World, flag: Path) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume", columns=140) as screen:
        screen.wait("App Space: payment-team")
        flag.touch()
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


def test_the_last_save_is_reported_at_the_end_too(world: World, flag: Path) -> None:
    with world.map_import("--new", columns=140) as screen:
        screen.wait(r"payment-prod +7 workloads")
        flag.touch()
        screen.press("down", "space", "q")
        assert screen.finish() == 0
        assert "Session saved." in screen.text()
        assert MAY_NOT_LAST in screen.text()
    assert world.state["selections"]["namespaces"] == ["payment-prod"]


def test_a_map_keeps_its_view_and_says_so(world: World, flag: Path) -> None:
    with world.screen("map", columns=140) as screen:
        screen.wait(r"^> Flux")
        eventually((world.sessions / "map-latest.json").exists)
        flag.touch()
        screen.press("2")
        screen.wait(MAY_NOT_LAST)
        screen.press("3", "q")
        assert screen.finish() == 0
        assert "NOT SAVED" not in screen.text()
