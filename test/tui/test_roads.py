"""Every road out of an import, at every step, with work under way and without.

The suite takes each road, each step and each kind of moment once or more; `make soak` all of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest
from small_disk import SmallDisk
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import (
    MARKED,
    STEPS,
    UNITS,
    at_step,
    close_terminal,
    walk_to,
)
from tui.world import World, drawer
from waiting import eventually

# starts the program as a job of a shell, which continues it when it was stopped and a line is typed
SHELL = 'set -m; "$0" "$@"; echo "the shell has it"; read -r _; fg >/dev/null'
MARKS = {"scan": ["order-prod", "payment-prod"], "review": ["payment-api", "payment-worker"]}


def press(*keys: str) -> Callable[[Screen], None]:
    return lambda screen: screen.press(*keys)


def send(number: signal.Signals) -> Callable[[Screen], None]:
    """To the script, as `kill` does."""
    return lambda screen: os.kill(screen.process.pid, number)


def send_drawer(number: signal.Signals) -> Callable[[Screen], None]:
    """To the Python that draws, and to nobody else."""
    return lambda screen: os.kill(drawer(screen.process.pid), number)


def send_all(*numbers: signal.Signals) -> Callable[[Screen], None]:
    def send(screen: Screen) -> None:
        for number in numbers:
            os.kill(screen.process.pid, number)

    return send


def stop_and_continue(screen: Screen) -> None:
    """Ctrl-Z, `fg`, and q."""
    screen.press("\x1a")
    screen.wait("the shell has it")
    assert screen.echoes()
    is_given_back(screen)
    screen.press("\r")
    screen.wait_without("the shell has it")
    screen.wait("CONFIGHUB MAP")
    screen.press("q")


class Road(NamedTuple):
    """A way out, and the exit codes that it may have."""

    leave: Callable[[Screen], None]
    codes: tuple[int, ...]
    # whether there still is a terminal, and somebody to say goodbye to it
    says: bool = True


ROADS = {
    "q": Road(press("q"), (0,)),
    "ctrl-c": Road(press("ctrl-c"), (130,)),
    "q and ctrl-c": Road(press("q", "ctrl-c"), (0, 130)),
    "sigterm": Road(send(signal.SIGTERM), (143,)),
    "sighup": Road(send(signal.SIGHUP), (129,)),
    "sigint to the script": Road(send(signal.SIGINT), (130,)),
    "sigint to the drawer": Road(send_drawer(signal.SIGINT), (130,)),
    "sigterm to the drawer": Road(send_drawer(signal.SIGTERM), (143,)),
    "many signals": Road(
        send_all(*[signal.SIGTERM, signal.SIGINT, signal.SIGHUP] * 3), (129, 130, 143)
    ),
    "end of input": Road(press("ctrl-d"), (0,)),
    "closed": Road(lambda screen: None, (129,), says=False),
    "killed script": Road(send(signal.SIGKILL), (-9,), says=False),
    "killed drawer": Road(send_drawer(signal.SIGKILL), (137,)),
    "full disk": Road(press("q"), (0, 7)),
    "ctrl-z": Road(stop_and_continue, (0,)),
}
Case = tuple[str, str, bool]


def cases() -> list[Case]:
    """Road, step, and whether there is work under way."""
    every = [
        (road, step, is_working)
        for road, step, is_working in product(ROADS, STEPS, (False, True))
        # in a list Ctrl-D moves
        if road != "end of input" or step not in MARKED or is_working
    ]
    if os.environ.get("SOAK_ROADS"):
        return every
    # those of which nothing is the same as in the one before
    chosen = {
        road: (road, STEPS[(at * 3) % len(STEPS)], at % 2 == 0) for at, road in enumerate(ROADS)
    }
    return [*chosen.values(), ("full disk", "review", False), ("ctrl-z", "scan", True)]


def name_of(case: Case) -> str:
    road, step, is_working = case
    return f"{road}-{step}-{'work' if is_working else 'idle'}"


@pytest.fixture
def small(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    disk = SmallDisk(world.sessions, "256k")
    world.sessions, world.inside = disk.seen, disk.inside
    yield disk
    disk.close()


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_a_road_out_saves_and_gives_the_terminal_back(
    world: World, case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, step, is_working = case
    road = ROADS[name]
    disk = request.getfixturevalue("small") if name == "full disk" else None
    if name == "ctrl-z":
        world.starter = ["bash", "-c", SHELL]
    is_marked = step in MARKED and not is_working
    with moment(step, is_working, world, monkeypatch) as screen:
        if disk:
            disk.fill()
        if is_marked:
            mark(step, screen)
            if name == "killed drawer":
                eventually(lambda: saved_marks(world, step) == MARKS[step])
        if name == "closed":
            code = close_terminal(screen)
        else:
            road.leave(screen)
            code = screen.finish()

        assert code in road.codes, screen.text()
        if road.says:
            is_given_back(screen)
            says_how_it_is(screen, name, is_lost=code == 7)
        if disk:
            assert code == 7 or not is_marked
            disk.free()
        # what the drawer started ends with it
        eventually(lambda: not world.left_over())
        assert world.state["step"] == step
        if is_marked and not disk:
            eventually(lambda: saved_marks(world, step) == MARKS[step])
        if step == "connect" and is_working:
            assert world.state["confighub"]["units_created"] == UNITS[:1]
            assert world.state["confighub"]["units_pending"] == UNITS[1:]


@contextmanager
def moment(
    step: str, is_working: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Screen]:
    """An import at the step, waiting for the person, or for what hangs."""
    if is_working and step in STEPS[:3]:
        with hanging_cluster(step, world) as screen:
            yield screen
    elif step in STEPS[:4]:
        with at_list_or_question(step, world) as screen:
            if is_working:
                create_with_a_hang(world, screen)
            yield screen
    else:
        if not is_working:
            monkeypatch.setenv("CONFIGHUB_WAIT_SECONDS", "0.3")
        if step == "verify" and not is_working:
            monkeypatch.setenv("CONFIGHUB_CALL_SECONDS", "3")
        with at_step(step, world, rows=40) as screen:
            if not is_working:
                screen.wait(r"\[R\] Try again")
            yield screen


@contextmanager
def at_list_or_question(step: str, world: World) -> Iterator[Screen]:
    if step in MARKED:
        with world.map_import("--new", rows=40) as screen:
            walk_to(step, world, screen)
            yield screen
    else:
        with at_step(step, world, rows=40) as screen:
            yield screen


@contextmanager
def hanging_cluster(step: str, world: World) -> Iterator[Screen]:
    """It is scanned, or asked what has changed since."""
    if step != "scan":
        prepared.save(world, step)
    world.server.faults["/api"] = "hang"
    with world.map_import("--new" if step == "scan" else "--resume", rows=40) as screen:
        screen.wait("Scanning the cluster" if step == "scan" else "Checking the cluster")
        eventually(lambda: world.server.requests)
        yield screen


def create_with_a_hang(world: World, screen: Screen) -> None:
    """The second Unit never comes to its end."""
    world.scenario(faults=[{"match": ["unit", "create"], "nth": 2, "do": "hang"}])
    screen.press("enter")
    screen.wait("Unit payment-api created")
    eventually(lambda: len(world.created()) == 2)
    eventually(lambda: world.state["confighub"].get("units_created") == UNITS[:1])


def mark(step: str, screen: Screen) -> None:
    """One row more or less, a moment before the person leaves."""
    if step == "scan":
        screen.press("up", "space")
        screen.wait(r"2 chosen")
    else:
        screen.wait(r"2 chosen")
        screen.press("space", "space")
        screen.wait(r"2 chosen")


def saved_marks(world: World, step: str) -> list[str]:
    selections = world.state.get("selections", {})
    if step == "scan":
        return sorted(selections.get("namespaces", []))
    return sorted(each["name"] for each in selections.get("selected_workloads", []))


def is_given_back(screen: Screen) -> None:
    """The terminal is as a shell wants it."""
    assert screen.echoes()
    assert not screen.screen.cursor.hidden
    for mode in (1049, 1000, 1006, 2004):
        on, off = (screen.raw.rfind(f"\x1b[?{mode}{end}".encode()) for end in "hl")
        assert on < off or on == off == -1, mode


def says_how_it_is(screen: Screen, name: str, is_lost: bool) -> None:
    text = screen.text()
    if name == "killed drawer":
        assert "map-import: it was killed by signal 9; what was saved before is kept" in text
    else:
        assert ("Session saved." in text) != is_lost, text
        assert ("NOT SAVED" in text) == is_lost, text
    assert "Traceback" not in screen.raw.decode(errors="replace")


@pytest.mark.parametrize("again", [[], [signal.SIGTERM, signal.SIGINT]], ids=len)
def test_what_work_has_not_saved_yet_is_saved_on_the_way_out(
    world: World, again: list[signal.Signals]
) -> None:
    with world.map_import("--new", rows=40) as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("down", "space", "enter")
        screen.wait("7 chosen, 7 of 7")
        screen.press("enter")
        screen.wait("App Space: payment-team")
        screen.press("enter")
        screen.wait(r"\[Enter\] Create")
        world.scenario(faults=[{"match": ["unit", "create"], "nth": 4, "do": "hang"}])
        screen.press("enter")
        # it saves once a second, and those before the one that hangs come in less than that
        eventually(lambda: len(world.created()) == 4)
        screen.press("q")
        for number in again:
            os.kill(drawer(screen.process.pid), number)

        assert screen.finish() in ((0, 143, 130) if again else (0,))
        assert "Session saved." in screen.text()
        is_given_back(screen)
    assert world.state["confighub"]["units_created"] == world.created()[:3]
    assert not world.left_over()
