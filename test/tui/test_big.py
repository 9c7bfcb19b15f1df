"""A large cluster, through the real kubectl: nothing is long without a sign of life."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
from processes import Command
from tui.cluster_objects import make_cluster
from tui.screen import Screen
from tui.world import ATK, World

from session_cli.text.lists import namespace_table, workload_table
from session_cli.tui.choice import Choice
from session_cli.workflow.state import ImportState

Given, Result = TypeVar("Given"), TypeVar("Result")
WORKLOADS, NAMESPACES = 5000, 300
# four fifths of them: the others are ConfigHub's own
CHOSEN = WORKLOADS * 4 // 5
STILL_SECONDS = 1.5


class Watched(Screen):
    """A screen that knows when it changed, in seconds of a machine that has nothing else to do.

    While more programs want to run than there are processors, its clock goes slower by as much.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.looked_at = time.monotonic()
        self.clock = 0.0
        self.changes = [0.0]
        super().__init__(*arguments, **options)

    def _read(self, seconds: float) -> bool:
        seen = len(self.raw)
        goes_on = super()._read(seconds)
        self._tick()
        if len(self.raw) > seen:
            self.changes.append(self.clock)
        return goes_on

    def _tick(self) -> None:
        now = time.monotonic()
        self.clock += (now - self.looked_at) / max(1.0, running() / (os.cpu_count() or 1))
        self.looked_at = now

    @contextmanager
    def busy(self, name: str) -> Iterator[None]:
        """While this lasts the screen is never still for long."""
        self._tick()
        self.changes = began, *_ = [self.clock]
        yield
        self._tick()
        still = max(then - now for now, then in pairwise([*self.changes, self.clock]))
        print(f"{name}: {self.clock - began:.2f} s, still for {still:.2f} s")
        assert still < STILL_SECONDS, f"{name}: still for {still:.1f} s"


def running() -> int:
    """How many threads run on this machine or want to, but for the one that asks."""
    return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]) - 1


@pytest.fixture
def big(world: World) -> World:
    world.server.objects[:] = make_cluster(WORKLOADS, NAMESPACES)
    return world


def test_a_large_cluster_is_imported_with_a_sign_of_life_all_the_time(big: World) -> None:
    with Watched([str(ATK / "map-import"), "--new"], columns=100) as screen:
        with screen.busy("starting and scanning"):
            screen.wait("0 chosen, 300 of 300 shown")
        with screen.busy("choosing all namespaces"):
            screen.press("a")
            screen.wait("300 chosen")
        with screen.busy("saving them and reading the workloads"):
            screen.press("enter")
            screen.wait(f"{CHOSEN} chosen, 5000 of 5000 shown")
        with screen.busy("choosing none and all"):
            screen.press("a")
            screen.wait(" 0 chosen, 5000 of 5000 shown")
            screen.press("a")
            screen.wait(f"{CHOSEN} chosen, 5000 of 5000 shown")
        with screen.busy("filtering"):
            screen.press("/", *"app-001")
            screen.wait("17 of 5000 shown   /app-001")
            screen.press("escape")
            screen.wait("5000 of 5000 shown$")
        with screen.busy("moving to the end"):
            screen.press("\x1b[F")
            screen.wait(r"^> .*app-299")
        with screen.busy("saving the workloads"):
            screen.press("enter")
            screen.wait(r"\[E\] Edit")
        assert f"{CHOSEN} Units, one for each workload" in screen.text()
        with screen.busy("leaving"):
            screen.press("q")
            assert screen.finish() == 0

    state = big.state
    assert state["step"] == "select"
    assert state["scan_result"]["workloads_detected"] == WORKLOADS
    assert len(state["scan_result"]["workloads"]) == WORKLOADS
    assert len(state["selections"]["namespaces"]) == NAMESPACES
    selected = state["selections"]["selected_workloads"]
    assert len({(each["namespace"], each["kind"], each["name"]) for each in selected}) == CHOSEN

    with Watched([str(ATK / "map-import"), "--resume"], columns=100) as screen:
        with screen.busy("looking at what still holds"):
            screen.wait(r"\[E\] Edit")
        with screen.busy("naming the Units"):
            screen.press("enter")
            screen.wait(r"\[Enter\] Create")
        screen.press("q")
        assert screen.finish() == 0

    slugs = [each["unit"] for each in big.state["selections"]["selected_workloads"]]
    assert len(set(slugs)) == CHOSEN


def test_the_lists_of_a_large_cluster_take_no_second(big: World, cli: Command) -> None:
    scanned = json.loads(cli("cluster", "scan").stdout)
    namespaces = scanned["scan_result"]["namespaces"]
    state = ImportState({**scanned, "selections": {"namespaces": namespaces}})

    for table, count in [(namespace_table, NAMESPACES), (workload_table, WORKLOADS)]:
        took, choice = min(
            (timed(lambda make: Choice(make(state)), table) for _ in range(3)),
            key=lambda timing: timing[0],
        )
        print(f"{table.__name__}: {took:.2f} s")
        assert len(choice.shown) == count
        assert took < 1
        took, _ = timed(choice.set_filter, "prod 1")
        print(f"its filter: {took:.3f} s")
        assert took < 0.25


def timed(run: Callable[[Given], Result], given: Given) -> tuple[float, Result]:
    """How long the result took of a processor's time."""
    began = time.process_time()
    result = run(given)
    return time.process_time() - began, result
