"""Ctrl-Z in a screen: the shell gets its terminal back as it was, `fg` draws all again. In tmux."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tui.screen import Screen
from tui.test_terminal import Shell
from waiting import eventually

PROGRAM = """
import asyncio, signal, sys, threading, time
from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, Layout, Window
from session_cli.tui.terminal import close_quietly, make_input, make_output, suspend

keys = KeyBindings()
typed = []

@keys.add("<any>")
def _(event):
    typed.append(event.data)

@keys.add("c-z")
def _(event):
    event.app.create_background_task(suspend(event.app))

@keys.add("q")
def _(event):
    event.app.exit()

input_, output = make_input(), make_output()
# the signal must stop us whichever thread it reaches
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
text = FormattedTextControl(lambda: "a screen of its own: " + "".join(typed))
app = Application(Layout(Window(text)), key_bindings=keys, full_screen=True,
                  input=input_, output=output)
app.ttimeoutlen = 1.0

def heed_stop():
    stop = lambda: app.create_background_task(suspend(app))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTSTP, stop)

try:
    app.run(heed_stop, handle_sigint=False)
except EOFError:
    sys.exit(5)
finally:
    close_quietly(input_, output)
"""
STARTS = {
    "alone": "{}",
    # as the programs of ours are started: by a shell that waits, in the same process group
    "in the background of its group": "bash -c '{} <&0 & wait $!'",
}


@pytest.fixture
def program(tmp_path: Path) -> str:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(file))}"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed: nobody sees the alternate screen")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TMUX", raising=False)
        patch.setenv("LC_ALL", "C.UTF-8")
        made = Shell(tmp_path)
    yield made
    made.tmux("kill-server")


@pytest.mark.parametrize("start", STARTS)
def test_ctrl_z_gives_the_shell_its_terminal_and_fg_draws_all_again(
    shell: Shell, program: str, start: str
) -> None:
    before = shell.note("before")
    shell.type(f"clear; echo stood here before; {STARTS[start].format(program)}")
    shell.wait("^a screen of its own: *$")
    assert shell.flags().startswith("1 ")
    shell.press("a")
    shell.wait("^a screen of its own: a$")

    for turn in ("b", "c"):
        shell.press("C-z")
        shell.wait(r"Stopped[^>]*\nready>$")
        assert shell.screen().startswith("stood here before\n")
        assert shell.flags() == "0 1 1"
        assert shell.note("stopped") == before
        shell.type("clear; echo stood here before; fg")
        shell.wait("^a screen of its own: a")
        assert shell.flags().startswith("1 ")
        shell.press(turn)
        shell.wait(f"^a screen of its own: a.*{turn}$")
    shell.press("q")
    shell.wait(r"^ready>$")

    assert shell.flags() == "0 1 1"
    assert shell.note("after") == before


def test_so_does_a_stop_that_somebody_sends(shell: Shell, program: str) -> None:
    shell.type(f"clear; echo stood here before; {program}")
    shell.wait("^a screen of its own: *$")

    for _ in range(2):
        os.kill(shell.child(), signal.SIGTSTP)
        shell.wait(r"Stopped[^>]*\nready>$")
        assert shell.screen().startswith("stood here before\n")
        assert shell.flags() == "0 1 1"
        shell.type("clear; echo stood here before; fg")
        shell.wait("^a screen of its own: *$")
    shell.press("q")
    shell.wait(r"^ready>$")


def test_ctrl_z_stops_nothing_where_nobody_could_continue_it(program: str) -> None:
    with Screen(["/bin/sh", "-c", f"exec {program}"]) as screen:
        screen.wait("^a screen of its own:$")
        screen.press("\x1a", "b")
        screen.wait("^a screen of its own: b$")
        screen.press("q")
        assert screen.finish() == 0
        assert screen.echoes()


def test_a_terminal_that_goes_away_ends_the_program(program: str, tmp_path: Path) -> None:
    code = tmp_path / "code"
    # whose terminal goes away is hung up on, too; here only the end of the input counts
    command = f"trap '' HUP; {program}; echo $? >{shlex.quote(str(code))}"
    with Screen(["/bin/sh", "-c", command]) as screen:
        screen.wait("^a screen of its own:$")
        screen.process.close(force=False)
        eventually(lambda: code.exists() and code.read_text())
    assert code.read_text() == "5\n"
