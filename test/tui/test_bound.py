"""What a terminal does, it does to the session it has, and to no other that came meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from processes import Command
from tui import prepared
from tui.test_leaving import TITLES, locked, waits_for_lock
from tui.world import ATK, World, drawer
from waiting import communicate, eventually


@pytest.mark.parametrize(
    "verb",
    [
        ["resume", "{latest}", "--if-revision", "9"],
        ["new", "--session", "import-2020-01-01-000000"],
        ["confighub", "worker", "--log", "/dev/null", "--session", "import-2020-01-01-000000"],
        ["confighub", "create", "--if-revision", "9"],
        ["confighub", "verify", "--session", "import-2020-01-01-000000"],
    ],
    ids=lambda verb: " ".join(verb[:2]),
)
def test_a_verb_that_is_meant_for_another_session_does_nothing(
    world: World, cli: Command, verb: list[str]
) -> None:
    latest = prepared.save(world, "worker_connecting")["session_id"]
    prepared.fill(world)
    before = prepared.snapshots(world)
    answer = cli(*[word.format(latest=latest) for word in verb])

    assert answer.code == 6
    assert answer.stderr.startswith("session-cli: not done: ")
    assert len(answer.stderr.splitlines()) == 1
    assert prepared.snapshots(world) == before
    assert world.calls() == []


def test_yes_refuses_what_the_session_there_is_not_about(world: World) -> None:
    prepared.save(world, "connect")
    prepared.fill(world)
    before = prepared.snapshots(world)

    namespace = world.run("--yes", "--namespace", "order-prod")
    space = world.run("--yes", "--namespace", "payment-prod", "--app-space", "order-team")

    assert (namespace.code, space.code) == (6, 6)
    assert "imports the namespaces payment-prod; start another with --new" in namespace.stderr
    assert "imports into App Space payment-team; start another with --new" in space.stderr
    # also by a name that no App Space can have
    space = world.run("--resume", "--yes", "--app-space", "!!!")
    assert space.code == 6
    assert "imports into App Space payment-team; start another with --new" in space.stderr
    assert prepared.snapshots(world) == before
    assert world.calls() == []
    assert world.yes().code == 0


def test_yes_creates_nothing_where_somebody_else_is_logged_in(world: World) -> None:
    prepared.save(world, "worker_connecting")
    prepared.fill(world, org="other-corp")

    answer = world.run("--yes", "--resume")

    assert answer.code == 6
    assert "changed  organization: " in answer.stdout.decode()
    assert "cub is logged in as another user or organization" in answer.stderr
    assert world.created() == []
    assert world.calls("space", "create") == []


def test_a_signal_during_a_save_waits_for_it_and_loses_nothing(world: World) -> None:
    world.server.faults["/api"] = "hang"
    with subprocess.Popen(
        [str(ATK / "map-import"), "--yes", "--namespace", "payment-prod"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        eventually(lambda: world.server.requests)
        assert world.state["revision"] == 1
        with locked(world):
            world.server.faults.clear()
            eventually(lambda: waits_for_lock(drawer(run.pid)))
            for _ in range(3):
                os.kill(run.pid, signal.SIGTERM)
            assert waits_for_lock(drawer(run.pid))
        _, errors = communicate(run)

    assert run.returncode == 143
    assert "not saved" not in errors.lower()
    assert world.state["revision"] == 2
    assert world.state["scan_result"]["workloads_detected"] == 12
    assert not (world.sessions / "conflicts").exists()


def test_who_lost_the_session_is_warned_at_the_next_save_without_pressing_a_key(
    world: World,
) -> None:
    with world.map_import("--new") as first:
        first.wait(r"\[ \] order-prod")
        with world.map_import("--resume") as second:
            second.wait("─ OPEN ELSEWHERE ─")
            second.press("t")
            second.wait(TITLES["scan"])
            holder = drawer(second.process.pid)
            first.press("space")
            assert first.finish() == 6

        assert "─ TAKEN OVER ─" in first.text()
        assert f"process {holder} on " in first.text()
        assert str(world.sessions / "conflicts") in first.text().replace("\n", "")
    assert len(list((world.sessions / "conflicts").iterdir())) == 1


def test_a_stdout_that_takes_nothing_does_not_end_an_import(world: World) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [str(ATK / "map-import"), "--yes", "--namespace", "payment-prod"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
        )

    assert done.returncode == 0
    assert world.state["step"] == "complete"


@pytest.mark.parametrize("script", ["map-import", "map", "map-confighub"])
def test_it_starts_through_a_link_with_cdpath_and_with_functions_of_the_environment(
    world: World, tmp_path: Path, script: str
) -> None:
    link = tmp_path / "a link"
    link.symlink_to(ATK / script)
    functions = 'cd() { builtin cd "$@" && echo in; }; log() { :; }; export -f cd log'
    environment = {**os.environ, "CDPATH": ".:/tmp"}

    done = subprocess.run(
        ["bash", "-c", f'{functions}; exec "$0" --help', str(link)],
        env=environment,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: {script} ")


def test_what_a_killed_run_left_is_in_nobodys_way(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    prepared.fill(world)
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        os.kill(drawer(screen.process.pid), signal.SIGKILL)
        assert screen.finish() == 137
    assert not list(temporary.iterdir())
    assert world.run("--yes", "--resume", "--namespace", "payment-prod").code == 0
    assert not list(temporary.iterdir())
