"""The log of an import is at the hub once it is complete or has failed; without a hub it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from hub.running import SESSIONS, RunningHub
from processes import runner
from tui import prepared
from tui.world import World

session_cli = runner(str(SCRIPTS / "session-cli"))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One hub for the module."""
    running = RunningHub(tmp_path_factory.mktemp("hub") / "store").start()
    yield running
    running.stop()


@pytest.fixture
def token(hub: RunningHub, world: World) -> str:
    """Of a person who is signed in in this world."""
    token = hub.add_person(f"alex-{world.home.parent.name}-{world.home.name}"[-40:].strip("-"))
    answer = session_cli("login", hub.url, "--token", "-", stdin=f"{token}\n".encode())
    assert answer.code == 0, answer
    return token


def listed(hub: RunningHub, token: str, unique: str) -> list[dict[str, Any]]:
    """The logs of a session that the hub has."""
    answer = hub.ask("GET", f"{SESSIONS}/{unique}/logs", None, token)
    items: list[dict[str, Any]] = answer.json()["items"] if answer.status == 200 else []
    return items


def test_a_complete_import_has_its_log_at_the_hub(
    world: World, hub: RunningHub, token: str
) -> None:
    world.scenario(**prepared.FINE)
    assert world.yes().code == 0
    unique = world.state["id"]
    assert session_cli("sync").code == 0
    (log,) = listed(hub, token, unique)
    path = Path(world.state["log_file"].replace("~", str(world.home)))
    assert (log["name"], log["result"]) == (path.name, "complete")
    there = hub.ask("GET", f"{SESSIONS}/{unique}/logs/{path.name}", None, token).body.decode()
    assert f"Session: {world.state['session_id']}" in there
    assert "CREATING UNITS" in there
    assert path.read_text().startswith(there)


def test_a_failed_import_has_its_log_at_the_hub_and_says_why(
    world: World, hub: RunningHub, token: str
) -> None:
    prepared.fill(world)
    prepared.save(world, "verify")
    why = "Failed: HTTP 403: token=ch_12ab34cd is not for you"
    fault = {"match": ["unit", "list"], "do": "fail", "stderr": why, "nth": 2}
    world.scenario(**prepared.FINE, faults=[fault])
    assert world.run("--resume", "--yes").code != 0
    unique = world.state["id"]
    assert session_cli("sync").code == 0
    (log,) = listed(hub, token, unique)
    assert log["result"] == "error"
    there = hub.ask("GET", f"{SESSIONS}/{unique}/logs/{log['name']}", None, token).body
    assert b"HTTP 403: token=[hidden] is not for you" in there
    assert b"ch_12ab34cd" not in there
    shown = hub.ask("GET", f"{SESSIONS}/{unique}", None, token).json()
    assert shown["status"] == "error"


def test_without_a_sign_in_nothing_is_noted(world: World) -> None:
    world.scenario(**prepared.FINE)
    assert world.yes().code == 0
    assert not (world.sessions / ".sync").exists()
