"""The end of an import: what is left to do can be read and copied."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.world import World

SLUGS = [f"payment-{name}-{number:02}" for number in range(20) for name in ("api", "worker")]


def command_in(lines: list[str]) -> list[str]:
    """The words of the set-target command, as a shell would take them from the screen."""
    text = "\n".join(line.rstrip() for line in lines)
    found = re.search(r"cub unit set-target(?:.*\\\n)*.*", text)
    assert found, text
    return shlex.split(found[0].replace("\\\n", " "))


def units_of(words: list[str]) -> list[str]:
    values = [words[at + 1] for at, word in enumerate(words) if word == "--unit"]
    return ",".join(values).split(",")


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("units", [prepared.UNITS, SLUGS[:9]], ids=["two", "nine"])
def test_the_command_that_is_left_can_be_copied_whole(
    world: World, units: list[str], columns: int
) -> None:
    prepared.fill(world, *units)
    facts = {"user": "user@example.com", "org": "acme-corp", "org_id": "org_01DEMO"}
    target = prepared.target()["Target"]["Slug"]
    done = {**facts, "units_created": units, "worker_slug": "dev", "targets": [target]}
    prepared.save(world, "complete", confighub=done, selections={"app_space": "payment-team"})
    with world.map_import("--resume", columns=columns, rows=50) as screen:
        screen.wait(r"imported")
        screen.wait("cub unit set-target")
        assert "…" not in screen.text()
        words = command_in(list(screen.screen.display))
        assert words[:4] == ["cub", "unit", "set-target", target]
        assert words[4:6] == ["--space", "payment-team"]
        assert units_of(words) == units
        screen.press("q")
        assert screen.finish() == 0


def test_it_is_printed_whole_at_the_end_too(world: World) -> None:
    units = [f"payment-{number}" for number in range(7)]
    places = {unit: (world.server.uid, f"payment-prod/{unit}") for unit in units}
    world.server.objects = [make_workload("payment-prod", unit) for unit in units]
    prepared.imported(world, "payment-team", places)
    world.scenario(**prepared.FINE)
    facts = {"units_created": units, "worker_slug": "dev"}
    paths = [place for _, place in places.values()]
    saved = prepared.chosen(world.server.uid, "payment-team", *paths, **facts)
    prepared.save(world, "targets_waiting", **saved)

    done = world.run("--resume", "--yes")

    assert (done.code, done.stderr) == (0, "")
    told = done.stdout.decode().partition("set the target of the Units:\n")[2]
    assert world.state["confighub"]["units_created"] == units
    assert units_of(command_in(told.splitlines())) == units
    assert max(map(len, told.splitlines())) <= 80
    assert "kept on this machine" in done.stdout.decode()


def test_a_complete_import_on_one_machine_is_kept_there(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete")
    with world.map_import("--resume") as screen:
        screen.wait("2 units imported")
        screen.wait("kept on this machine")
        assert "Not synced" not in screen.text()
        screen.press("q")
        assert screen.finish() == 0
    status = world.run("--status").stdout.decode()
    assert "SESSION STATUS" in status
    assert "kept on this machine" in status


SIX = [f"payment-{name}" for name in "api gateway postgresql reconciler worker fraud-check".split()]


@pytest.fixture
def worker() -> Iterator[int]:
    """A process that looks like a worker."""
    line = [sys.executable, "-c", "import time; time.sleep(300)", "worker", "run", "dev"]
    with subprocess.Popen(line) as process:
        yield process.pid
        process.kill()


@pytest.mark.parametrize(("rows", "fits"), [(24, True), (16, False)])
def test_what_is_left_fits_a_screen_or_says_that_there_is_more(
    world: World, worker: int, rows: int, fits: bool
) -> None:
    prepared.fill(world, *SIX)
    target = prepared.target()["Target"]["Slug"]
    done = {"units_created": SIX, "worker_slug": "dev", "targets": [target], "worker_pid": worker}
    prepared.save(world, "complete", confighub=done, selections={"app_space": "payment-team"})
    with world.map_import("--resume", rows=rows) as screen:
        screen.wait("6 units imported")
        assert (f"    kill {worker}" in screen.text()) == fits
        assert ("[Up Down] More" in screen.text()) != fits
        screen.press("end")
        screen.wait(f"    kill {worker}$")
        screen.press("q")
        assert screen.finish() == 0
