"""What a terminal is shown: straight at every size and in either locale, plain where it must be."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyte
import pytest
import waiting
from guard import SCRIPTS
from processes import Answer, runner
from tui import prepared
from tui.cluster_objects import make_workload
from tui.screen import Screen
from tui.world import ATK, World
from waiting import eventually

SIZES = [(60, 24), (80, 24), (120, 40), (200, 50)]
LOCALES = ["C.UTF-8", "C"]
# room beside the terminal, in which one sees what would be wider than it
BESIDE = 60
CORNERS = {"C.UTF-8": ("┌│└├", "┐│┘┤", "└"), "C": ("+|", "+|", "+")}
STYLE = re.compile(rb"\x1b\[([0-9;]*)m")
TITLE = re.compile(rb"\x1b\]2;([^\x07]*)\x07")
LEFT_SCREEN = b"\x1b[?1049l"


def settled(screen: Screen, pattern: str) -> list[str]:
    """The lines of the screen once it matches the pattern and nothing more is drawn."""
    screen.wait(pattern)
    seen = -1
    while seen != len(screen.raw):
        seen = len(screen.raw)
        screen._read(0.1)
    return [line.rstrip() for line in screen.screen.display]


def wide(screen: Screen, columns: int, rows: int) -> Screen:
    screen.screen.resize(rows, columns + BESIDE)
    return screen


def afterwards(screen: Screen, columns: int, rows: int) -> list[str]:
    """What stands in the terminal that the program gave back."""
    screen.finish()
    left = pyte.Screen(columns + BESIDE, rows)
    pyte.ByteStream(left).feed(screen.raw.rpartition(LEFT_SCREEN)[2])
    return [line.rstrip() for line in left.display]


def check_straight(lines: list[str], columns: int, locale: str) -> None:
    """No line is too wide, and every box is whole, with its walls in one column."""
    text = "\n".join(lines)
    assert max(map(len, lines)) <= columns, text
    if locale == "C":
        assert text.isascii(), text
    left, right, corner = CORNERS[locale]
    framed = [line for line in lines if line[:1] and line[0] in left]
    assert len({len(line) for line in framed}) < 2, text
    assert all(line[-1] in right for line in framed), text
    assert not framed or framed[-1][0] == corner, text


def save(step: str, data: dict[str, Any]) -> None:
    answer = runner(str(SCRIPTS / "session-cli"))(
        "save", step, "-", stdin=json.dumps(data).encode()
    )
    assert answer.code == 0, answer


class AtEverySize:
    """A terminal that has each of the sizes in turn, and what is in it looked at in each."""

    def __init__(self, screen: Screen, locale: str) -> None:
        self.screen, self.locale = screen, locale
        # it begins with the first of them
        self.sizes = SIZES

    def look(self, pattern: str) -> Iterator[list[str]]:
        """The lines at each of the sizes, the one that it has now first."""
        for turn, (columns, rows) in enumerate(self.sizes):
            if turn:
                drawn = len(self.screen.raw)
                wide(self.screen, columns, rows)
                self.screen.process.setwinsize(rows, columns)
                # no key of ours, so that it is drawn at once and not within a second
                self.screen.press("z")
                eventually(lambda drawn=drawn: self._is_drawn_after(drawn))
            lines = settled(self.screen, pattern)
            check_straight([*lines, *self._look_at_rest(lines)], columns, self.locale)
            yield lines
        self.sizes = self.sizes[::-1]

    def _look_at_rest(self, lines: list[str]) -> list[str]:
        """What is higher than the terminal can be moved in, up to its end."""
        if not any("[Up Down] More" in line for line in lines):
            return []
        rest = self._press("G")
        self._press("g")
        return rest

    def _press(self, key: str) -> list[str]:
        drawn = len(self.screen.raw)
        self.screen.press(key)
        eventually(lambda: self._is_drawn_after(drawn))
        return settled(self.screen, "")

    def _is_drawn_after(self, drawn: int) -> bool:
        self.screen._read(0.05)
        return len(self.screen.raw) > drawn


@contextmanager
def at_every_size(world: World, locale: str, *arguments: str) -> Iterator[AtEverySize]:
    columns, rows = SIZES[0]
    size = {"columns": columns, "rows": rows, "env": {"LC_ALL": locale}}
    with world.map_import(*arguments, **size) as screen:
        wide(screen, columns, rows)
        yield AtEverySize(screen, locale)
        assert locale != "C" or screen.raw.isascii()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_screen_of_an_import_is_straight(world: World, locale: str) -> None:
    with at_every_size(world, locale) as sizes:
        screen = sizes.screen
        # namespaces
        for lines in sizes.look(r"payment-prod +7 workloads"):
            assert "[Q] Quit" in "\n".join(lines[-3:])
        screen.press("down", "space", "enter")
        # workloads, the App Space
        assert list(sizes.look("7 chosen, 7 of 7"))
        screen.press("enter")
        assert list(sizes.look(r"\[E\] Edit"))
        # the tabs
        screen.press("tab")
        assert list(sizes.look("12 workloads in 2 namespaces"))
        screen.press("tab")
        for lines in sizes.look(r"Not connected yet"):
            assert "Not synced to ConfigHub (offline)" in "\n".join(lines)
        screen.press("tab", "enter")
        assert list(sizes.look(r"\[Enter\] Create"))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_screen_of_a_complete_import_is_straight(world: World, locale: str) -> None:
    prepared.fill(world, "payment-api")
    prepared.save(world, "complete", confighub={"units_created": ["payment-api"]})
    with at_every_size(world, locale, "--resume") as sizes:
        assert list(sizes.look("1 unit imported"))
        sizes.screen.press("tab", "tab")
        assert list(sizes.look("CONNECTION, saved"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_what_is_asked_and_said_around_an_import_is_straight(
    world: World, columns: int, rows: int, locale: str
) -> None:
    prepared.save(world, "verify")
    frames = {}
    with world.map_import(columns=columns, rows=rows, env={"LC_ALL": locale}) as screen:
        wide(screen, columns, rows)
        frames["RESUME SESSION?"] = settled(screen, "RESUME SESSION")
        screen.press("r")
        frames["SINCE YOU LEFT"] = settled(screen, "gone +App Space payment-team")
        screen.press("q")
        frames["EXIT"] = afterwards(screen, columns, rows)
        assert "Session saved." in frames["EXIT"][2]

    for name, lines in frames.items():
        print(name)
        check_straight(lines, columns, locale)
    assert locale != "C" or screen.raw.isascii()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", ["none", "not synced", "synced", "complete"])
def test_the_panel_is_straight_in_each_of_its_states(state: str, locale: str, home: Path) -> None:
    if state != "none":
        save("complete" if state == "complete" else "review", {"log_file": "~/x/" + 30 * "long "})
    synced = ["--synced-at", "2026-01-09T14:45:00Z"] if state == "synced" else []
    for columns, _ in SIZES:
        for box in (["panel", *synced], ["tab", "confighub"]):
            answer = runner(str(SCRIPTS / "session-cli"))(
                "render", *box, "--width", str(columns), env={"LC_ALL": locale}
            )
            lines = answer.stdout.decode().splitlines()
            check_straight(lines, columns, locale)
            assert "SESSION STATE" in "\n".join(lines)


def test_a_list_and_a_box_are_drawn_anew_for_another_size(world: World) -> None:
    with world.map_import("--new") as screen:
        for columns, rows in [(120, 40), (60, 24)]:
            screen.wait(r"payment-prod +7 workloads")
            screen.resize(columns, rows)
            wide(screen, columns, rows)
            # the keys stand at the bottom
            lines = settled(screen, rf"\A(.*\n){{{rows - 1}}} .*\[\?\] Keys")
            check_straight(lines, columns, "C.UTF-8")
        screen.press("a", "enter")
        screen.wait("11 chosen|12 chosen")
        screen.press("enter")
        for columns, rows in [(60, 24), (120, 40), (60, 24)]:
            screen.resize(columns, rows)
            wide(screen, columns, rows)
            lines = settled(screen, rf"^┌─ APP SPACE ─+┐$(?<=^.{{{min(columns, 66)}}})")
            check_straight(lines, columns, "C.UTF-8")


def styles(raw: bytes) -> set[int]:
    """Which styles and colours were asked for."""
    return {int(each or 0) for told in STYLE.findall(raw) for each in told.split(b";")}


RESET, BOLD, UNDERLINE, REVERSE = 0, 1, 4, 7
NO_COLORS = {RESET, BOLD, UNDERLINE, REVERSE}


def walk_in_colors(world: World, **env: str) -> Screen:
    """Through a list and a tab."""
    with world.map_import("--new", env=env) as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("space", "tab")
        screen.wait("CLUSTER")
        screen.press("q")
        screen.finish()
    return screen


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "vt100"}], ids=str)
def test_without_colours_the_cursor_is_still_seen(world: World, env: dict[str, str]) -> None:
    found = styles(walk_in_colors(world, **env).raw)
    assert found <= NO_COLORS
    assert {BOLD, REVERSE} <= found


def color_of(screen: Screen, text: str) -> str:
    """The colour of the first character of a text on the screen."""
    row = next(at for at, line in enumerate(screen.screen.display) if text in line)
    return str(screen.screen.buffer[row][screen.screen.display[row].index(text)].fg)


@pytest.mark.parametrize(
    ("term", "flux"),
    [
        ("xterm-256color", "008787"),
        ("screen-256color", "008787"),
        # terminfo knows neither
        ("xterm-kitty", "008787"),
        ("no-such-terminal", "cyan"),
        ("linux", "cyan"),
    ],
)
def test_every_owner_has_a_colour_of_its_own(world: World, term: str, flux: str) -> None:
    with world.map_import("--new", env={"TERM": term}) as screen:
        screen.wait(r"payment-prod +7 workloads")
        assert color_of(screen, "Flux 7") == flux
        # the row under the cursor is of one colour
        assert color_of(screen, "ArgoCD 3") == "default"
        screen.press("down")
        screen.wait("^> .*payment-prod")
        colors = {color_of(screen, text) for text in ("ArgoCD 3", "Flux 1", "1 not ready")}
        assert len(colors) == 3, colors
        assert color_of(screen, "order-prod") == "default"
        screen.press("q")
        assert screen.finish() == 0


def test_the_row_under_the_cursor_is_reverse_over_its_whole_width(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        for row in ("order-prod", "payment-prod"):
            lit = [
                "".join(screen.screen.buffer[at][column].data for column in range(80))
                for at in range(24)
                if all(screen.screen.buffer[at][column].reverse for column in range(80))
            ]
            assert len(lit) == 1
            assert lit[0].startswith(f"> [ ] {row} ")
            screen.press("down")
            screen.wait(r"^> \[ \] payment-prod")


# the locale as it was set, if it was: (settings, whether it speaks UTF-8)
SETTINGS = [
    ([], False),
    (["LANG=C"], False),
    (["LANG=en_US.ISO-8859-1"], False),
    (["LANG=C.UTF-8", "LC_CTYPE=de_DE.ISO-8859-1"], False),
    (["LANG=C.UTF-8", "LC_ALL=POSIX"], False),
    (["LANG=C.UTF-8", "LC_CTYPE=C"], False),
    (["LC_ALL=xx_YY.UTF-8", "LANG=C.UTF-8"], False),
    (["LANG=xx_YY.UTF-8"], False),
    (["LANG=C.UTF-8"], True),
    (["LANG=C", "LC_CTYPE=C.UTF-8"], True),
    (["LC_ALL=", "LC_CTYPE=", "LANG=C.UTF-8"], True),
]


@pytest.mark.parametrize(("settings", "utf_8"), SETTINGS, ids=lambda each: str(each))
def test_one_locale_rules_all_that_is_drawn(world: World, settings: list[str], utf_8: bool) -> None:
    kept = {name: os.environ[name] for name in ("HOME", *world.environment)}
    command = ["env", "-i", "TERM=xterm", *(f"{name}={kept[name]}" for name in kept), *settings]
    save("select", prepared.state(world, "select"))
    with Screen([*command, str(ATK / "map-import")]) as screen:
        wide(screen, 80, 24)
        frames = [settled(screen, "RESUME SESSION")]
        screen.press("r")
        frames.append(settled(screen, r"\[E\] Edit"))
        assert ("  ●●●○○○○  " if utf_8 else "  ***oooo  ") in screen.text()
        screen.press("tab")
        frames.append(settled(screen, "CLUSTER"))
        screen.press("tab")
        frames.append(settled(screen, "SESSION STATE"))
        screen.press("q")
        frames.append(afterwards(screen, 80, 24))

    for lines in frames:
        check_straight(lines, 80, "C.UTF-8" if utf_8 else "C")
        assert any(line[:1] in ("┌" if utf_8 else "+") for line in lines if line), lines
    assert screen.raw.isascii() != utf_8


# without a terminal


def told_what_to_do(answer: Answer) -> bool:
    return answer.code == 2 and "--yes" in answer.stderr and answer.stderr.count("\n") == 1


def test_without_a_terminal_it_says_where_the_session_is_and_reads_no_key(world: World) -> None:
    save("review", {"cluster_context": "kind-atk"})
    reader, writer = os.pipe()
    os.write(writer, b"rrrqqq")

    done = waiting.run([ATK / "map-import"], stdin=reader)

    assert told_what_to_do(Answer(done.returncode, done.stdout, done.stderr.decode()))
    assert os.read(reader, 100) == b"rrrqqq"
    assert b"Step:" in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    assert world.state["revision"] == 1
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("stdin", ["</dev/null", "<&-"])
def test_a_terminal_without_an_input_ends_by_itself(world: World, stdin: str) -> None:
    with Screen(["bash", "-c", f'exec "{ATK}/map-import" {stdin}']) as screen:
        assert screen.finish() == 2
        assert "--yes" in screen.text()
        assert LEFT_SCREEN not in screen.raw


def test_a_dumb_terminal_gets_plain_text(world: World) -> None:
    with world.map_import("--new", env={"TERM": "dumb"}) as screen:
        assert screen.finish() == 2
        assert b"\x1b" not in screen.raw


@pytest.mark.parametrize("where", ["tab", "work", "field"])
def test_ctrl_d_leaves_and_saves(world: World, where: str) -> None:
    if where == "work":
        world.server.faults["/apis/apps/v1"] = "hang"
    with world.map_import("--new") as screen:
        screen.wait("Scanning the cluster" if where == "work" else r"payment-prod +7 workloads")
        if where == "tab":
            screen.press("tab")
            screen.wait("CLUSTER")
        elif where == "field":
            screen.press("/", "pay")
            screen.wait_typed("/pay")
        screen.press("ctrl-d")
        assert screen.finish() == 0
        assert "Session saved." in screen.text()


def test_keys_typed_ahead_are_taken_and_not_shown(world: World) -> None:
    save("select", {"cluster_context": "kind-atk"})
    with world.map_import() as screen:
        screen.press("x", "Q")
        assert screen.finish() == 0
        assert b"RESUME SESSION?" in screen.raw
        assert not re.search(r"^ *x?Q", screen.text(), re.MULTILINE)


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp\u2066\n\r漢字"


@pytest.mark.parametrize("locale", LOCALES)
def test_hostile_names_do_not_act_on_the_terminal(world: World, locale: str) -> None:
    world.server.objects += [
        make_workload("payment-prod", f"evil{EVIL}"),
        make_workload(f"evil{EVIL}", "web", **{"app.kubernetes.io/instance": EVIL}),
    ]
    context = f"kind{EVIL}"
    world.server.kubeconfig(world.kubeconfig, context)
    world.scenario(
        user=f"user{EVIL}",
        org=f"org{EVIL}",
        faults=[{"match": ["unit", "create"], "do": "fail", "stderr": f"Failed: {EVIL}"}],
    )
    with world.map_import(env={"LC_ALL": locale}, columns=100) as screen:
        screen.wait(r"payment-prod +8 workloads")
        screen.press("a", "enter")
        screen.wait("10 chosen|14 chosen")
        screen.press("enter")
        screen.wait("App Space: ")
        screen.press("tab")
        screen.wait("CLUSTER")
        screen.press("tab")
        screen.wait("SESSION STATE")
        screen.press("tab", "enter")
        screen.wait(r"Logged in as\s")
        screen.press("enter")
        screen.wait(r"\[R\] Try again")
        screen.press("tab", "tab")
        screen.wait("SESSION STATE")
        screen.press("q")
        screen.finish()
    with world.map_import(env={"LC_ALL": locale}, columns=100) as again:
        again.wait("RESUME SESSION")
        again.press("r")
        again.wait(r"\[Q\] Quit|\[Enter\] Create|q quit")
        again.press("q")
        again.finish()

    raw = screen.raw + again.raw
    titles = TITLE.findall(raw)
    assert titles
    ours = re.compile(rb"import \d/7 [A-Za-z ]+(: needs you)?")
    assert all(map(ours.fullmatch, titles)), titles
    assert b"\x1b]" not in TITLE.sub(b"", raw)
    # what stands before the escape in each of them
    assert b"owned\x07" not in raw
    assert b"[2J\x1b]" not in raw
    text = raw.decode("utf-8")
    assert not re.search("[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert locale != "C" or text.isascii()


def test_a_locale_that_is_not_installed_is_no_matter(world: World) -> None:
    world.scenario(login="none")
    env = {"LC_ALL": "xx_YY.UTF-8"}
    answer = world.yes(env=env)

    # bash itself says it once, before anything of ours is read
    told = [line for line in answer.stderr.splitlines() if "setlocale" in line]
    assert [line for line in told if "map-import" in line] == []
    with world.map_import("--new", env=env) as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("tab")
        screen.wait(r"\+- CLUSTER -")
        assert b"setlocale" not in screen.raw.partition(b"\x1b[?1049h")[2]
