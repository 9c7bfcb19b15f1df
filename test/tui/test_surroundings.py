"""Where a TUI is started from, and what happens around it while it is open."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from processes import runner
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import close_terminal
from tui.world import ATK, World
from waiting import eventually

from session_cli import __version__

LIST = r"payment-prod +7 workloads"
DEAF = 'trap "" {signals}; exec "$0" "$@"'
ROOT = ATK.parent.parent


# ignored signals


@pytest.mark.parametrize("signals", ["INT", "INT QUIT", "INT QUIT HUP"])
@pytest.mark.parametrize("where", ["a list", "a question", "work"])
def test_a_closed_terminal_ends_it_also_where_signals_are_ignored(
    world: World, signals: str, where: str
) -> None:
    if where == "a question":
        prepared.save(world, "select")
    if where == "work":
        world.server.faults["/apis/apps/v1"] = "hang"
    command = ["bash", "-c", DEAF.format(signals=signals), str(ATK / "map-import")]
    with Screen(command) as screen:
        screen.wait({"a question": "RESUME SESSION", "work": "Scanning"}.get(where, LIST))
        if where == "a list":
            screen.press("down", "space")
            screen.wait("1 chosen")

        assert close_terminal(screen) == 129

    if where == "a list":
        assert world.state["selections"]["namespaces"] == ["payment-prod"]


def test_ctrl_c_ends_it_where_a_test_run_ignores_it(tmp_path: Path) -> None:
    # the suite itself, as `nohup make test` would start it
    test = tmp_path / "test_it.py"
    test.write_text(
        "import signal, subprocess, sys\n"
        "SHOW = 'import signal; print([n.name for n in (1, 2, 3) if"
        " signal.getsignal(n) == signal.SIG_IGN])'\n"
        "def test_it():\n"
        "    show = SHOW.replace('(1, 2, 3)', 'map(signal.Signals, (1, 2, 3))')\n"
        "    assert subprocess.check_output([sys.executable, '-c', show]) == b'[]\\n'\n"
    )
    pytest_itself = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c"]
    command = [*pytest_itself, str(ROOT / "setup.cfg"), "--rootdir", str(ROOT)]
    plugin = ["-p", "conftest", "-n", "0", str(test)]
    done = runner("bash", "-c", DEAF.format(signals="INT QUIT HUP"), *command)(
        *plugin, env={"PYTHONPATH": str(ROOT / "test")}, cwd=tmp_path
    )
    assert done.code == 0, done


# where it is called from


def resume_command(world: World, cwd: Path, *command: str) -> str:
    """What the EXIT box says to type."""
    with Screen(["env", *command], cwd=str(cwd), columns=200) as screen:
        screen.wait("RESUME SESSION|" + LIST)
        screen.press("q")
        assert screen.finish() == 0
        told = re.search(r"│  +(\S.*--resume) *│", screen.text())
        assert told, screen.text()
        return told[1]


def test_exit_names_the_usual_path_where_that_is_it(world: World) -> None:
    told = resume_command(world, ROOT, str(ATK / "map-import"))
    assert told == "./test/atk/map-import --resume"


@pytest.mark.parametrize(
    "how", ["absolute", "relative", "by a link", "odd", "from PATH", "by bash"]
)
def test_what_exit_says_to_type_works_from_where_one_is(
    world: World, tmp_path: Path, how: str
) -> None:
    place = tmp_path / "a 'place'"
    place.mkdir()
    (place / "atk").symlink_to(ATK)
    (place / "import").symlink_to(ATK / "map-import")
    command = {
        "absolute": [str(ATK / "map-import")],
        "relative": ["atk/map-import"],
        "by a link": ["./import"],
        "odd": [str(place / "atk" / "map-import")],
        "from PATH": [f"PATH={ATK}:{os.environ['PATH']}", "map-import"],
        "by bash": ["bash", "import"],
    }[how]

    told = resume_command(world, place, *command)

    assert not told.startswith("./test/")
    with Screen(["bash", "-c", told], cwd=str(place)) as screen:
        screen.wait(LIST)
        screen.press("q")
        assert screen.finish() == 0


def test_a_path_that_is_longer_than_the_terminal_is_reported_in_one_line_too(
    world: World, tmp_path: Path
) -> None:
    place = tmp_path / ("long" * 30)
    place.mkdir()
    (place / "import").symlink_to(ATK / "map-import")
    with Screen(["env", str(place / "import")], cwd=str(place)) as screen:
        screen.wait(LIST)
        screen.press("q")
        assert screen.finish() == 0
    assert f"\r\n{place / 'import'} --resume\r\n" in screen.raw.decode()


# nothing that is under way lies in TMPDIR


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that is none: it was removed, and a file is in its way."""
    place = tmp_path / "temporary"
    place.write_text("in the way")
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def test_every_step_continues_though_there_is_no_place_for_temporary_files(
    world: World, nowhere: Path
) -> None:
    world.scenario(**prepared.FINE)
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("down", "space", "enter")
        screen.wait("7 chosen, 7 of 7")
        screen.press("space")
        screen.wait("6 chosen")
        eventually(lambda: len(world.state["selections"].get("selected_workloads", [])) == 6)
        screen.press("enter")
        screen.wait("App Space: payment-team")
        screen.press("enter")
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
        screen.wait("6 units imported")
        screen.press("q")
        assert screen.finish() == 0
        assert "NOT SAVED" not in screen.text()
        assert "No such file" not in screen.text()
    assert world.state["step"] == "complete"


def test_what_was_not_saved_is_reported_though_there_is_no_place_to_keep_it(
    world: World, nowhere: Path
) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        world.sessions.chmod(0o500)
        if os.access(world.sessions, os.W_OK):
            # to root no folder is read-only; a sessions folder that is a file is in anybody's way
            world.sessions.chmod(0o700)
            world.sessions.rename(world.sessions.with_name("moved away"))
            world.sessions.write_text("in the way")
        screen.press("down", "space", "q")
        assert screen.finish() in (6, 7)
        assert "Session saved" not in screen.text()
        assert "No such file" not in screen.text()
        assert "Traceback" not in screen.text()


@pytest.mark.parametrize("name", ["map", "map-confighub"])
def test_a_map_shows_its_lists_though_there_is_no_place_for_temporary_files(
    world: World, nowhere: Path, name: str
) -> None:
    with world.screen(name) as screen:
        screen.wait(r"^> (Flux|acme-corp)")
        screen.press(*(["2"] if name == "map" else ["down", "enter"]))
        screen.wait(r"^> order-prod" if name == "map" else r"^>   - default")
        screen.press("/", "o", "enter")
        screen.wait("shown   /o")
        screen.press("q")
        assert screen.finish() == 0
        assert "NOT SAVED" not in screen.text()


# which one it is


@pytest.mark.parametrize("option", ["--version", "-V"])
@pytest.mark.parametrize("name", ["map-import", "map", "map-confighub"])
def test_each_says_the_version_of_its_tree(name: str, option: str) -> None:
    answer = runner(str(ATK / name))(option, env={"PATH": "/usr/bin:/bin", "HOME": None})

    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout.decode() == f"{name}, version {__version__}\n"


@pytest.mark.parametrize("options", [[], ["--once"]])
@pytest.mark.parametrize("name", ["map", "map-confighub"])
def test_without_what_it_needs_it_says_so_before_anything_is_drawn(
    name: str, options: list[str], tmp_path: Path, home: Path
) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "test" / "atk", clone / "test" / "atk")
    shutil.copytree(ROOT / "session_cli", clone / "session_cli")
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S "$@"\n')
    python.chmod(0o755)
    command = ["env", "-i", f"HOME={home}", "TERM=xterm", f"PATH={python.parent}:/usr/bin:/bin"]
    with Screen([*command, str(clone / "test" / "atk" / name), "--demo", *options]) as screen:
        assert screen.finish() == 127
        assert b"\x1b" not in screen.raw
        assert "not installed" in screen.words()
