"""A pull, or an archive after a deletion elsewhere, is killed: the next one ends as it would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sync.conftest import People
from sync.homes import Home
from sync.proxy import Proxy
from sync.test_cloud_wins import Scene
from system.faults import Call, changes
from system.test_faults import FAULTS


def test_a_pull_that_is_killed_at_any_moment(
    laptop: Home, desktop: Home, people: People, tmp_path: Path, strace_works: None
) -> None:
    people.hand_to(desktop, laptop.save("scan"))
    laptop("sync")
    desktop.save("review")
    scene = Scene(laptop, laptop.raw(), {}, tmp_path)

    wrong = [
        f"{call}: {why}"
        for call in calls_of(scene)
        for why in whats_wrong(scene, call, {"scan", "review"}, "review")
    ]

    assert wrong == []
    assert laptop.conflicts() == {}


def test_an_archive_that_is_killed_at_any_moment(
    laptop: Home,
    desktop: Home,
    people: People,
    proxy: Proxy,
    tmp_path: Path,
    strace_works: None,
) -> None:
    state = laptop.save("scan")
    people.hand_to(desktop, state)
    laptop("sync")
    proxy.refuse()
    laptop.save("review")
    proxy.heal()
    desktop.do("delete", "--yes", state["session_id"])
    desktop.settle()
    scene = Scene(laptop, laptop.raw(), {}, tmp_path)

    wrong = [
        f"{call}: {why}"
        for call in calls_of(scene)
        for why in whats_wrong(scene, call, {"review", ""}, "")
    ]

    assert wrong == []
    assert list(laptop.conflicts().values()) == [scene.loser]


def calls_of(scene: Scene) -> list[Call]:
    trace, answer = scene.trace()
    assert answer.code in (0, 6), answer
    found = list(changes(trace, scene.laptop.sessions))
    assert len(found) > 10
    return found


def whats_wrong(scene: Scene, call: Call, steps: set[str], end: str) -> Iterator[str]:
    laptop = scene.laptop
    scene.set()
    scene.run_with(FAULTS["SIGKILL"], call)
    if scene.loser not in places(laptop):
        yield "what was saved is gone"
    step = json.loads(laptop("load").stdout or b"{}").get("step", "")
    if step not in steps:
        yield f"neither the old state nor the new: {step}"
    again = laptop("sync")
    if again.code not in (0, 6):
        yield f"it cannot be repeated: {again}"
    if laptop.load().get("step", "") != end:
        yield f"repeated, it comes to another end: {laptop.load()}, {again}"
    if scene.loser not in places(laptop):
        yield "what was saved is gone in the end"


def places(home: Home) -> list[bytes]:
    """Every state that stands here."""
    here = (home.snapshots(), home.archived(), home.conflicts())
    return [raw for found in here for raw in found.values()]
