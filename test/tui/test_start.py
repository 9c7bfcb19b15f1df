"""The scripts that start a screen: what they refuse, what they start, and how it ends.

They run in a copy of the tree, in which a few lines stand in for what draws the screens.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from processes import Answer, Command, runner
from tui.screen import Screen, in_terminal
from tui.test_leaving import close_terminal
from waiting import communicate, eventually

ROOT = Path(__file__).parents[2]
TELL = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "python": sys.executable, "path": os.environ["PATH"],
                  "main": __file__, "env": dict(os.environ)}))
"""
# puts the terminal into the state in which a screen has it
DRAW = r"""
import os, signal, sys, termios, time, tty
before = termios.tcgetattr(0)
def draw():
    tty.setraw(0)
    os.write(1, b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000hDRAWN")
def restore():
    os.write(1, b"\x1b[?2004l\x1b[?1000l\x1b[?25h\x1b[?1049l")
    termios.tcsetattr(0, termios.TCSADRAIN, before)
"""
LEAVE = r"""
def leave(number, frame):
    restore()
    os.write(1, b"LEFT BY %d" % number)
    os._exit(7)
for each in (1, 2, 3, 15):
    signal.signal(each, leave)
draw()
os.write(1, b" %d " % os.getpid())
while True:
    time.sleep(60)
"""


class Tree:
    """A copy of the tree, with a stand-in for the screens."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(
            ROOT / "session_cli",
            root / "session_cli",
            ignore=shutil.ignore_patterns("__pycache__", "tui", "atk"),
        )
        self.atk = root / "test" / "atk"
        shutil.copytree(ROOT / "test" / "atk", self.atk)
        (root / "session_cli" / "tui").mkdir()
        (root / "session_cli" / "atk").symlink_to("../test/atk")
        (root / ".venv" / "bin").mkdir(parents=True)
        for name in ("python", "python3"):
            (root / ".venv" / "bin" / name).symlink_to(sys.executable)
        self.stand_in(TELL)

    def stand_in(self, code: str) -> None:
        (self.root / "session_cli" / "tui" / "__main__.py").write_text(code)

    def script(self, name: str) -> Path:
        return self.atk / name

    def run(self, name: str) -> Command:
        return runner(str(self.script(name)))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "tree")


def told(answer: Answer) -> dict:
    assert (answer.code, answer.stderr) == (0, ""), answer
    return json.loads(answer.stdout)


PLACE = ["--dir", "{sessions}", "--file", "{sessions}/{type}-latest.json", "--called", "{called}"]


@pytest.mark.parametrize(
    ("name", "program", "given", "handed_on"),
    [
        ("map-import", "import", "", ""),
        ("map-import", "import", "--new --yes -n a -n=b --namespace=c --namespace d",
         "--new --yes --namespace a --namespace b --namespace c --namespace d"),
        ("map-import", "import", "--context=kind --app-space team --plain --resume",
         "--resume --plain --context kind --app-space team"),
        ("map-import", "import", "--status", "--status"),
        ("map", "map", "-n=a --context x --view=owners --once",
         "--once --context x --namespace a --view owners"),
        ("map-confighub", "confighub", "--plain --space=team --once",
         "--once --plain --space team"),
    ],
)  # fmt: skip
def test_the_flags_are_handed_on_in_one_form(
    tree: Tree, sessions: Path, name: str, program: str, given: str, handed_on: str
) -> None:
    facts = told(tree.run(name)(*given.split()))

    # an import that asks line by line is resumed so, too
    plain = " --plain" if program == "import" and "--plain" in given else ""
    called = f"{tree.script(name)}{plain}"
    place = [word.format(sessions=sessions, type=program, called=called) for word in PLACE]
    assert facts["argv"] == [program, *place, *handed_on.split()]
    assert facts["main"] == str(tree.root / "session_cli" / "tui" / "__main__.py")
    assert facts["env"]["CONFIGHUB_SESSION_TYPE"] == program


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("map-import", "--resume --new", "--resume and --new cannot be combined"),
        ("map-import", "--status --yes", "--status and --yes cannot be combined"),
        ("map-import", "--resume=yes", "unknown option --resume=yes"),
        ("map-import", "payment-prod", "unexpected argument 'payment-prod'"),
        ("map-import", "--namespace --app-space x", "--namespace requires a value"),
        ("map-import", "-n", "-n requires a value"),
        ("map", "--context=", "--context requires a value"),
        ("map", "--view rows", "unknown view 'rows'"),
        ("map", "--space x", "unknown option --space"),
        ("map-confighub", "--bogus", "unknown option --bogus"),
        ("map-confighub", "--space", "--space requires a value"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_started(
    tree: Tree, name: str, given: str, why: str
) -> None:
    answer = tree.run(name)(*given.split())

    assert answer == (2, b"", f"{name}: {why}; see '{name} --help'\n")


@pytest.mark.parametrize("name", ["map-import", "map", "map-confighub"])
def test_a_verb_that_starts_it_is_named_in_its_words(tree: Tree, name: str) -> None:
    verb = {"CONFIGHUB_CALLED_AS": f"session-cli {name}"}

    facts = told(tree.run(name)("--demo", env=verb))
    assert facts["argv"][facts["argv"].index("--called") + 1] == f"session-cli {name} --demo"
    assert "CONFIGHUB_CALLED_AS" not in facts["env"]
    assert tree.run(name)("-x", env=verb).stderr.endswith(f"; see 'session-cli {name} --help'\n")
    text = tree.run(name)("--help", env=verb).stdout.decode()
    assert text.startswith(f"Usage: session-cli {name} [")
    assert f"\n  session-cli {name} --" in text
    assert "test/atk" not in text


@pytest.mark.parametrize("called", ["", "session-cli {}"])
@pytest.mark.parametrize("name", ["map-import", "map", "map-confighub"])
def test_the_help_fits_a_terminal_of_80_columns(tree: Tree, name: str, called: str) -> None:
    answer = tree.run(name)("--help", env={"CONFIGHUB_CALLED_AS": called.format(name)})
    lines = answer.stdout.decode().splitlines()

    assert [line for line in lines if len(line) > 80] == []
    codes = lines[lines.index("Exit codes:") + 1 :]
    assert [line.split()[0] for line in codes][-3:] == ["129", "130", "143"]


def test_the_demo_has_a_place_of_its_own_and_asks_nobody_where_there_is_no_terminal(
    tree: Tree, home: Path
) -> None:
    facts = told(tree.run("map-import")("--demo"))

    demo = home / ".confighub" / "demo"
    assert facts["argv"][1:] == [
        *("--dir", str(demo / "sessions")),
        *("--file", str(demo / "sessions" / "import-latest.json")),
        *("--called", f"{tree.script('map-import')} --demo", "--yes", "--demo"),
    ]
    assert facts["env"]["DEMO_HOME"] == str(demo)
    assert facts["env"]["CONFIGHUB_LOG_DIR"] == str(demo / "logs")
    assert shutil.which("kubectl", path=facts["path"]) == str(tree.atk / "demo" / "kubectl")
    assert demo.stat().st_mode & 0o777 == 0o700


def test_the_demo_runs_on_the_python_of_the_screens(tree: Tree) -> None:
    # those of a person may be too old, or none
    facts = told(tree.run("map")("--demo", "--once", env={"PATH": "/nothing:/usr/bin:/bin"}))

    found = shutil.which("python3", path=facts["path"])
    assert found and Path(found).parent.samefile(tree.root / ".venv" / "bin")


def test_the_status_of_the_demo_writes_nothing(tree: Tree, home: Path) -> None:
    told(tree.run("map-import")("--demo", "--status"))

    assert list(home.iterdir()) == []


def test_another_session_cli_does_not_bring_another_tree(tree: Tree, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\nexit 99\n")
    other.chmod(0o755)

    facts = told(tree.run("map")(env={"SESSION_CLI": str(other)}))

    assert facts["main"].startswith(f"{tree.root}/")


def test_without_python_it_says_what_to_install(tree: Tree, tmp_path: Path) -> None:
    shutil.rmtree(tree.root / ".venv")
    programs = tmp_path / "programs"
    programs.mkdir()
    for program in ("bash", "readlink", "dirname"):
        (programs / program).symlink_to(shutil.which(program) or "")

    answer = tree.run("map")(env={"PATH": str(programs)})

    assert (answer.code, answer.stdout) == (127, b"")
    assert answer.stderr.startswith("session.sh: session-cli needs python3, version 3.10 or later")


def test_a_closed_descriptor_is_no_place_for_another_file(tree: Tree) -> None:
    tree.stand_in("import os\nos.fstat(0); os.fstat(1); os.fstat(2)\n")
    closed = ["bash", "-c", '"$0" <&- >&-', str(tree.script("map"))]

    done = subprocess.run(closed, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


# signals, the exit code, and the terminal


def test_the_exit_code_is_that_of_the_screen(tree: Tree) -> None:
    tree.stand_in("raise SystemExit(9)")
    assert tree.run("map")().code == 9


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "QUIT"])
@pytest.mark.parametrize("whom", ["the script", "both"])
def test_a_signal_is_handed_on_and_the_end_is_waited_for(tree: Tree, name: str, whom: str) -> None:
    number = getattr(signal, f"SIG{name}")
    tree.stand_in(
        f"import os, signal, sys, time\n"
        f"def leave(*_):\n"
        f"    signal.signal({number}, signal.SIG_IGN)\n"
        f"    time.sleep(0.3)\n"
        f"    os.write(1, b'saved')\n"
        f"    os._exit(7)\n"
        f"signal.signal({number}, leave)\n"
        f"os.write(1, b'ready')\n"
        f"time.sleep(60)\n"
    )
    with subprocess.Popen(
        [tree.script("map")], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stdout and run.stdout.read(5) == "ready"
        if whom == "both":
            os.killpg(run.pid, number)
        else:
            os.kill(run.pid, number)
        out, _ = communicate(run)

    assert (out, run.returncode) == ("saved", 7)


def test_a_signal_that_comes_before_anybody_is_there_to_take_it_is_handed_on(tree: Tree) -> None:
    tree.stand_in("import time; time.sleep(60)")
    start = tree.atk / "lib" / "start.sh"
    begin = "  # in the background, so that a trap runs at once"
    text = start.read_text()
    assert begin in text
    start.write_text(text.replace(begin, f"  kill -TERM $$\n{begin}"))

    assert tree.run("map")().code == 143


@pytest.mark.parametrize("how", ["KILL", "SEGV", "ABRT"])
def test_a_screen_that_was_killed_leaves_the_terminal_as_it_was(tree: Tree, how: str) -> None:
    tree.stand_in(DRAW + f"draw(); time.sleep(0.3); os.kill(os.getpid(), signal.SIG{how})")
    with Screen([str(tree.script("map"))]) as screen:
        code = 128 + getattr(signal, f"SIG{how}")
        assert screen.finish() == code
        assert screen.echoes()
        assert b"\x1b[?1049l\x1b[?25h" in screen.raw
        for mode in ("1000", "1006", "2004"):
            assert f"\x1b[?{mode}l".encode() in screen.raw
        assert screen.words().endswith(
            f"map: it was killed by signal {code - 128}; what was saved before is kept"
        )


def test_what_was_killed_without_a_screen_writes_no_escape_sequences(tree: Tree) -> None:
    tree.stand_in("import os; os.kill(os.getpid(), 9)")
    with Screen([str(tree.script("map"))]) as screen:
        assert screen.finish() == 137
        assert b"\x1b" not in screen.raw
    with_file = tree.run("map")()
    assert (with_file.code, with_file.stdout) == (137, b"")
    assert with_file.stderr == "map: it was killed by signal 9; what was saved before is kept\n"


def test_a_screen_that_ends_by_itself_is_not_cleaned_up_after(tree: Tree) -> None:
    tree.stand_in(DRAW + LEAVE.replace("_exit(7)", "_exit(143)"))
    with Screen([str(tree.script("map"))]) as screen:
        screen.wait(r"DRAWN (\d+)")
        screen.process.kill(signal.SIGTERM)
        assert screen.finish() == 143
        assert screen.raw.count(b"\x1b[?1049l") == 1
        assert "LEFT BY 15" in screen.text()
        assert screen.echoes()


def test_a_closed_terminal_is_waited_for(tree: Tree, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    tree.stand_in(
        DRAW
        + "def leave(*_):\n    time.sleep(0.3)\n"
        + f"    open({str(mark)!r}, 'w').write('saved')\n    os._exit(129)\n"
        + "signal.signal(1, leave)\ndraw()\ntime.sleep(60)\n"
    )
    with Screen([str(tree.script("map"))]) as screen:
        screen.wait("DRAWN")
        assert close_terminal(screen) == 129
    assert mark.read_text() == "saved"


SUSPEND = r"""
def leave(*_):
    restore()
    os._exit(0)
signal.signal(15, leave)
draw()
while True:
    key = os.read(0, 1)
    if key == b"\x1a":
        restore()
        os.kill(0, signal.SIGTSTP)
        draw()
        os.write(1, b" AGAIN")
    elif key == b"q":
        leave()
    else:
        os.write(1, b" <" + key + b">")
"""


def interactive(tree: Tree) -> Screen:
    """A shell at a terminal, which has jobs."""
    return Screen(
        ["bash", "--norc", "--noprofile", "-i"],
        env={"PS1": "at the shell$ ", "HISTFILE": "", "BASH_SILENCE_DEPRECATION_WARNING": "1"},
        cwd=str(tree.root),
    )


def states(shell: Screen) -> list[str]:
    """The states of the processes in the terminal, but for the shell's, that have not ended."""
    found = []
    for pid in in_terminal(shell.process.pid)[1:]:
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0])
    return [state for state in found if state != "Z"]


def test_ctrl_z_stops_both_and_fg_continues_both(tree: Tree) -> None:
    tree.stand_in(DRAW + SUSPEND)
    with interactive(tree) as shell:
        shell.wait("at the shell")
        shell.press("test/atk/map", "enter")
        shell.wait("DRAWN")
        for key in ("k", "l"):
            shell.press("\x1a")
            eventually(lambda: states(shell) == ["T", "T"])
            shell.press("fg", "enter")
            eventually(lambda: "T" not in states(shell))
            shell.press(key)
            shell.wait(f"AGAIN.* <{key}>")
        shell.press("q")
        eventually(lambda: states(shell) == [])
        shell.press("echo ended with $?", "enter")
        shell.wait("ended with 0")


def test_ctrl_z_during_cooked_work_stops_both(tree: Tree) -> None:
    tree.stand_in(
        "import os, time\n"
        "print('WORKS', os.getpid(), flush=True)\n"
        "input()\nprint('CONTINUED', flush=True)\n"
    )
    with interactive(tree) as shell:
        shell.wait("at the shell")
        shell.press("test/atk/map; echo ended with $?", "enter")
        pid = int(shell.wait(r"^WORKS (\d+)")[1])
        shell.press("\x1a")
        shell.wait("Stopped")
        eventually(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "T")
        shell.press("fg", "enter")
        eventually(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] != "T")
        shell.press("enter")
        shell.wait("CONTINUED")
        shell.wait("at the shell")


def test_ctrl_c_does_not_end_the_script_before_the_screen(tree: Tree) -> None:
    tree.stand_in(
        "import os, signal, time\n"
        "def leave(*_):\n"
        "    signal.signal(2, signal.SIG_IGN)\n"
        "    time.sleep(0.5); os.write(1, b'SAVED'); os._exit(130)\n"
        "signal.signal(2, leave)\nos.write(1, b'WORKS')\ntime.sleep(60)\n"
    )
    with interactive(tree) as shell:
        shell.wait("at the shell")
        shell.press("test/atk/map; echo ended with $?", "enter")
        shell.wait("^WORKS")
        shell.press("ctrl-c")
        shell.wait(r"SAVEDended with 130")


def test_python_begins_with_all_signals_as_they_were(tree: Tree) -> None:
    tree.stand_in(
        "import signal\nprint([n for n in (1, 2, 3, 15) if signal.getsignal(n) == signal.SIG_IGN])"
    )
    assert tree.run("map")().stdout == b"[]\n"
    deaf = runner("bash", "-c", 'trap "" INT; exec "$0"', str(tree.script("map")))
    assert deaf().stdout == b"[2]\n"


def test_after_the_script_was_killed_the_shell_has_its_terminal_back(tree: Tree) -> None:
    """The screen itself is not told; it can see that it has another parent."""
    tree.stand_in(
        DRAW
        + "draw()\nparent = os.getppid()\nos.write(1, b' %d ' % parent)\n"
        + "while os.getppid() == parent:\n    time.sleep(0.1)\nrestore()\n"
    )
    with interactive(tree) as shell:
        shell.wait("at the shell")
        shell.press("test/atk/map", "enter")
        os.kill(int(shell.wait(r"DRAWN (\d+)")[1]), signal.SIGKILL)
        shell.wait("Killed")
        eventually(lambda: states(shell) == [])
        shell.press("echo us''able", "enter")
        shell.wait("^usable")


# as the environment would have it otherwise


@pytest.mark.parametrize("name", ["map-import", "map", "map-confighub"])
def test_it_starts_through_a_link_with_cdpath_functions_and_noclobber(
    tree: Tree, tmp_path: Path, name: str
) -> None:
    link = tmp_path / "a link"
    link.symlink_to(tree.script(name))
    names = "cd kill stty wait take usage session_init mkdir readlink dirname"
    functions = "; ".join(f"{each}() {{ echo in the way; }}" for each in names.split())
    command = f'{functions}; export -f {names}; set -C; export SHELLOPTS; exec "$0" --once --demo'

    done = subprocess.run(
        ["bash", "-c", command if name != "map-import" else command.replace("--once ", ""), link],
        env={**os.environ, "CDPATH": ".:/tmp"},
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["main"].startswith(f"{tree.root}/")


def test_a_locale_that_is_not_installed_becomes_c(tree: Tree) -> None:
    answer = tree.run("map")(env={"LC_ALL": "xx_YY.UTF-8"})

    assert json.loads(answer.stdout)["env"]["LC_ALL"] == "C"


def test_it_is_found_in_the_package_as_well(tree: Tree) -> None:
    packed = tree.root / "session_cli" / "atk" / "map"

    facts = told(runner(str(packed))())

    assert Path(facts["main"]).samefile(tree.root / "session_cli" / "tui" / "__main__.py")
