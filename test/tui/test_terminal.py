"""The terminal after an import is as it was before, whichever road out was taken. In tmux."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import waiting
from tui.world import ATK, World
from waiting import eventually

MAP_IMPORT = shlex.quote(str(ATK / "map-import"))
# alternate screen, cursor, wrapping
FLAGS = "#{alternate_on} #{cursor_flag} #{wrap_flag}"
LIST = r"payment-prod +7 workloads"


class Shell:
    """An interactive shell in a tmux of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = 0
        # a short prompt that nothing else prints
        command = "env PS1='ready>' PS2= HISTFILE= bash --norc --noprofile"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", command)
        self.wait(r"^ready>$")

    def tmux(self, *words: str) -> str:
        # the path of a socket holds 107 bytes, so it is named from where it lies
        done = waiting.run(["tmux", "-S", "tmux", *words], cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return str(done.stdout, "utf-8")

    def screen(self) -> str:
        """What stands on the screen, its last lines without blanks."""
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def flags(self) -> str:
        return self.tmux("display-message", "-p", FLAGS).strip()

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.press("Enter")

    def wait(self, pattern: str) -> None:
        eventually(lambda: re.search(pattern, self.screen(), re.MULTILINE))

    def run(self, line: str) -> None:
        """Runs a command that ends by itself."""
        self.runs += 1
        self.type(f"clear; {line}; echo run {self.runs}")
        # by its number, for what another one printed may still stand there
        self.wait(rf"^run {self.runs}\nready>$")

    def note(self, name: str) -> str:
        """The settings of the terminal, as stty tells them."""
        self.run(f"stty -a >{shlex.quote(str(self.folder / name))}")
        return (self.folder / name).read_text()

    def child(self) -> int:
        """The process id of what runs in the shell."""
        pid = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True)
        return int(found.stdout.split()[0])


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Iterator[Shell]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed: nobody sees the alternate screen")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TMUX", raising=False)
        patch.setenv("LC_ALL", "C.UTF-8")
        made = Shell(tmp_path)
    yield made
    made.tmux("kill-server")


def open_list(shell: Shell) -> None:
    shell.type(f"clear; echo stood here before; {MAP_IMPORT} --new; echo done=$?")
    shell.wait(LIST)
    assert shell.flags() == "1 0 0"
    assert "stood here before" not in shell.screen()


def echoes(shell: Shell) -> bool:
    """Whether what is typed can be seen, and is taken by the shell."""
    shell.type("echo $((20 + 3))")
    shell.wait(r"^ready>echo \$\(\(20 \+ 3\)\)\n23$")
    return True


def end_input(shell: Shell) -> None:
    """Presses Ctrl-D where there is nothing to move in."""
    shell.press("Tab")
    shell.wait("CLUSTER ─")
    shell.press("C-d")


ROADS: dict[str, tuple[Callable[[Shell], None], int]] = {
    "q": (lambda shell: shell.press("q"), 0),
    "ctrl-c": (lambda shell: shell.press("C-c"), 130),
    "ctrl-d": (end_input, 0),
    "sigterm": (lambda shell: os.kill(shell.child(), signal.SIGTERM), 143),
}


@pytest.mark.parametrize("road", ROADS)
def test_what_stood_on_the_screen_is_there_again(shell: Shell, road: str) -> None:
    leave, code = ROADS[road]
    before = shell.note("before")

    open_list(shell)
    leave(shell)

    # an interactive shell drops the rest of the line after Ctrl-C
    shell.wait(r"^ready>$" if road == "ctrl-c" else rf"^done={code}\nready>$")
    assert shell.screen().startswith("stood here before\n┌─ EXIT ─")
    assert shell.flags() == "0 1 1"
    assert echoes(shell)
    assert shell.note("after") == before


@pytest.mark.parametrize(("state", "code"), [("", 3), ('{"version": "2.0"}', 4)])
def test_a_start_that_fails_leaves_the_terminal_alone(
    shell: Shell, world: World, state: str, code: int
) -> None:
    before = shell.note("before")
    if state:
        world.sessions.mkdir(parents=True, mode=0o700)
        (world.sessions / "import-latest.json").write_text(state)

    shell.type(f"clear; echo stood here before; {MAP_IMPORT} --resume; echo done=$?")

    shell.wait(rf"^done={code}\nready>$")
    assert shell.screen().startswith("stood here before\n")
    assert shell.flags() == "0 1 1"
    assert echoes(shell)
    assert shell.note("after") == before


@pytest.mark.parametrize("where", ["a list", "a scan"])
def test_ctrl_z_gives_the_shell_its_terminal_and_fg_continues(
    shell: Shell, world: World, where: str
) -> None:
    before = shell.note("before")
    if where == "a scan":
        world.server.faults["/apis/apps/v1"] = "hang"
        shell.type(f"clear; echo stood here before; {MAP_IMPORT} --new")
        shell.wait("Scanning the cluster")
    else:
        shell.type(f"clear; echo stood here before; {MAP_IMPORT} --new")
        shell.wait(LIST)

    shell.press("C-z")
    shell.wait(r"Stopped[^\n]*\n+ready>$")
    assert shell.screen().startswith("stood here before\n")
    assert shell.flags() == "0 1 1"
    assert shell.note("stopped") == before
    shell.type("fg")
    shell.wait(LIST if where == "a list" else "Scanning the cluster")
    assert shell.flags() == "1 0 0"
    shell.press("q")
    shell.wait(r"^ready>$")

    assert world.state["step"] == "scan"
    assert shell.flags() == "0 1 1"
    assert shell.note("after") == before


def test_ctrl_z_stops_nothing_where_nobody_could_continue_it(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("\x1a", "down", "space")
        screen.wait(r"\[x\] payment-prod")
        screen.press("q")
        assert screen.finish() == 0


def test_kill_9_leaves_nothing_that_reset_does_not_fix(shell: Shell) -> None:
    shell.run("reset")
    before = shell.note("before")
    open_list(shell)

    script = shell.child()
    drawer = subprocess.run(["pgrep", "-P", str(script)], capture_output=True, text=True)
    os.kill(script, signal.SIGKILL)
    shell.wait("Killed|done=137")
    # what it started ends with it, and says so where the prompt stands by then
    shell.wait(r"^│  Session saved\. You can resume later with:")
    eventually(lambda: not Path(f"/proc/{drawer.stdout.strip()}").exists())
    shell.run("reset")

    assert shell.flags().split()[1:] == ["1", "1"]
    assert echoes(shell)
    assert shell.note("after") == before
