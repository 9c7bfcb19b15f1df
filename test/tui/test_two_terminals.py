"""One session and two terminals: the second is told, may take over, and nobody loses anything."""

from __future__ import annotations

import getpass
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from tui import prepared
from tui.screen import Screen, in_terminal
from tui.test_leaving import TITLES
from tui.world import ATK, World
from waiting import communicate, eventually


@pytest.fixture
def holder(world: World) -> Iterator[Screen]:
    """A terminal that has the session open, at the step where the App Space is chosen."""
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        yield screen


def holds(world: World, screen: Screen) -> int:
    """The process that has the session open, which is one of that terminal's."""
    record = world.sessions / ".lease" / world.state["session_id"]
    pid = int(json.loads(record.read_text())["pid"])
    assert pid in in_terminal(screen.process.pid)
    return pid


def opened(world: World, *arguments: str) -> Screen:
    """A second terminal on the same session, told who has it."""
    screen = world.map_import(*(arguments or ["--resume"]))
    screen.wait("─ OPEN ELSEWHERE ─")
    return screen


def test_whoever_else_comes_sees_who_holds_the_session_and_changes_nothing(
    world: World, holder: Screen
) -> None:
    before = prepared.snapshots(world)
    pid = holds(world, holder)

    with opened(world) as second:
        second.wait(r"CONFIGHUB MAP   kind-atk\n  ●●●○○○○  Import: open in another terminal")
        second.wait(f"process {pid} on {socket.gethostname()}")
        second.wait(rf"by {getpass.getuser()}, opened just now")
        second.wait(r"\[L\] Look    \[N\] New session    \[T\] Take over    \[Q\] Quit")
        second.press("q")
        assert second.finish() == 0
        assert "NOT SAVED" not in second.text()
    assert prepared.snapshots(world) == before

    # what somebody else holds is not deleted, and it says why
    with world.map_import() as second:
        second.wait("─ RESUME SESSION")
        second.press("d")
        second.wait(rf"─ OPEN ELSEWHERE ─[^┘]+process {pid} on")
        second.press("q")
        assert second.finish() == 0
    assert prepared.snapshots(world) == before

    # without a terminal it ends with 5
    for arguments in (["--yes", "--resume"], ["--yes", "--namespace", "payment-prod"]):
        answer = world.run(*arguments)

        assert (answer.code, answer.stdout) == (5, b"")
        assert answer.stderr.count("\n") == 1
        assert f"is open in process {pid} on" in answer.stderr
    assert prepared.snapshots(world) == before

    # and once it is left it is free
    holder.press("q")
    assert holder.finish() == 0
    with world.map_import("--resume") as second:
        second.wait("App Space: payment-team")


def test_who_only_looks_sees_where_it_is_and_changes_nothing(world: World, holder: Screen) -> None:
    before = prepared.snapshots(world)

    with opened(world) as second:
        second.press("l")
        second.wait(r"Step: +Select App Space \(step 3 of 7\)")
        assert prepared.snapshots(world) == before

        holder.press("enter")
        holder.wait(TITLES["connect"])
        second.press("enter")
        second.wait(r"Step: +Connect to ConfigHub \(step 4 of 7\)")
        second.press("q")
        assert second.finish() == 0
        assert "Session saved" not in second.text()

    holder.press("q")
    assert holder.finish() == 0


def test_the_first_learns_of_a_takeover_at_its_next_save_and_keeps_its_data(
    world: World, holder: Screen
) -> None:
    with opened(world) as second:
        second.press("t")
        second.wait("App Space: payment-team")
        taken = world.state

        holder.press("enter")
        assert holder.finish() == 6
        assert "─ TAKEN OVER ─" in holder.text()
        assert f"process {holds(world, second)} on" in holder.text()
        assert "To save them over what is there now:" in holder.words()
        assert "save select - <" in holder.words()
        assert world.state == taken

        kept = list((world.sessions / "conflicts").iterdir())
        assert [json.loads(path.read_text())["selections"]["app_space"] for path in kept] == [
            "payment-team"
        ]
        second.press("q")
        assert second.finish() == 0

    assert world.state["step"] == "select"


def test_an_import_that_is_taken_over_creates_nothing_more(world: World) -> None:
    prepared.fill(world, "unrelated")
    prepared.save(world, "connect")

    with world.map_import("--resume") as first:
        first.wait(r"\[Enter\] Create")
        with opened(world) as second:
            second.press("t")
            second.wait(r"\[Enter\] Create")
            first.press("enter")
            assert first.finish() == 6
            assert "─ TAKEN OVER ─" in first.text()

    assert world.created() == []


def test_n_starts_a_session_of_its_own_and_the_first_is_warned(
    world: World, holder: Screen
) -> None:
    old = world.state["session_id"]

    with opened(world) as second:
        second.press("n")
        second.wait(r"payment-prod +7 workloads")
        assert world.state["session_id"] != old

        holder.press("enter")
        assert holder.finish() == 6
        assert "─ TAKEN OVER ─" in holder.text()
        second.press("q")
        assert second.finish() == 0
        assert "Session saved" in second.text()

    assert (world.sessions / "archive" / f"{old}.json").exists()


def test_kill_9_frees_the_session_at_once_also_while_its_worker_lives_on(world: World) -> None:
    prepared.fill(world, conditions=[[0, "NotReady"]])
    prepared.delete(world, "worker", "dev")
    prepared.save(world, "worker_connecting")

    with world.map_import("--resume") as first:
        first.wait("worker dev started")
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        os.kill(holds(world, first), signal.SIGKILL)
        assert first.finish() == 128 + signal.SIGKILL

        with world.map_import("--resume") as second:
            second.wait("Waiting for the worker")
            assert b"OPEN ELSEWHERE" not in second.raw
            assert world.workers() == [world.state["confighub"]["worker_pid"]]
            assert len(world.calls("worker", "run")) == 1
            second.press("q")
            assert second.finish() == 0


def test_kill_9_of_the_script_alone_ends_the_import_that_it_started(world: World) -> None:
    prepared.save(world, "select")
    # a shell with jobs, as a person has one, to which the terminal goes back
    command = f"set -m; {quote(str(ATK / 'map-import'))} --resume; echo back; read -r _"

    with Screen(["bash", "-c", command]) as screen:
        screen.wait("App Space: payment-team")
        pid = holds(world, screen)
        script = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(script, signal.SIGKILL)
        screen.wait("back")

        eventually(lambda: not Path(f"/proc/{pid}").exists())
        assert "exited at step select, exit code 129" in world.newest_log()
    with world.map_import("--resume") as again:
        again.wait("App Space: payment-team")


def test_two_that_begin_in_the_same_second_have_a_session_and_a_log_each(world: World) -> None:
    world.server.faults["/api/v1/namespaces"] = "hang"

    with world.map_import("--new") as first, world.map_import("--new") as second:
        for screen in (first, second):
            # whoever came first may have had its session archived by the other, and is told
            screen.wait("Scanning the cluster|another import was started|TAKEN OVER|NOT SAVED")
        logs = sorted(world.logs.glob("tui-import-*.log"))
        assert len(logs) >= 2
        sessions = {log.read_text().partition("Session: ")[2].partition("\n")[0] for log in logs}
        assert len(sessions) == len(logs)


def test_of_two_that_begin_at_once_the_second_leaves_the_first_alone(world: World) -> None:
    world.scenario(**prepared.FINE)
    command = [str(ATK / "map-import"), "--yes", "--namespace", "payment-prod"]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [communicate(each) for each in both]

    codes = sorted(each.returncode for each in both)
    assert codes[0] == 0, said
    # held by the first, or begun by it just now
    assert codes[1] in (5, 6), said
    assert "archived" not in "".join(error for _, error in said)
    assert len(world.created()) == len(set(world.created()))


def test_a_takeover_counts_before_drift_was_checked(world: World) -> None:
    with world.map_import("--new") as first:
        first.wait(r"\[ \] order-prod")
        world.server.faults["/api"] = "hang"
        with opened(world) as second:
            second.press("t")
            second.wait("Checking the cluster and ConfigHub")

            first.press("space")
            assert first.finish() == 6
            assert "─ TAKEN OVER ─" in first.text()


# a script of a person's own, which holds a session by the shell functions

HELD_BY_SHELL = """
source {library}
session_lease {option} || exit
session_load >/dev/null
echo held
read -r _
session_save select '{{"selections": {{"app_space": "theirs"}}}}' \\
  --session {session} --if-revision {revision}
"""


@contextmanager
def shell_that_holds(world: World, option: str = "") -> Iterator[subprocess.Popen[str]]:
    """A shell that has the session; at the next line that it reads it saves, and ends so."""
    state = world.state
    script = HELD_BY_SHELL.format(
        library=quote(str(ATK / "lib" / "session.sh")),
        option=option,
        session=state["session_id"],
        revision=state["revision"],
    )
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    with subprocess.Popen(["bash", "-c", script], text=True, **pipes) as shell:
        yield shell
        shell.kill()


def says(shell: subprocess.Popen[str]) -> str:
    assert shell.stdout
    return shell.stdout.readline().rstrip()


def test_what_a_shell_holds_is_open_elsewhere_until_it_is_taken_over(world: World) -> None:
    prepared.save(world, "select")
    with shell_that_holds(world) as shell:
        assert says(shell) == "held"
        answer = world.run("--resume", "--yes")
        assert answer.code == 5
        assert f"is open in process {shell.pid} on" in answer.stderr

        with opened(world) as screen:
            screen.wait(f"process {shell.pid} on")
            screen.press("t")
            screen.wait("App Space: payment-team")

            _, errors = communicate(shell, "\n")
            assert shell.returncode == 6
            assert "not saved: " in errors and " kept in " in errors
            assert world.state["selections"]["app_space"] == "payment-team"
            screen.press("q")
            assert screen.finish() == 0


def test_a_shell_learns_who_holds_a_session_and_may_take_it_over(
    world: World, holder: Screen
) -> None:
    with shell_that_holds(world) as shell:
        _, errors = communicate(shell)
        assert shell.returncode == 5
        assert f"is open in process {holds(world, holder)} on" in errors

    with shell_that_holds(world, "--take-over") as shell:
        assert says(shell) == "held"
        communicate(shell, "\n")
        assert shell.returncode == 0

        holder.press("enter")
        assert holder.finish() == 6
        assert "─ TAKEN OVER ─" in holder.text()
    assert world.state["selections"]["app_space"] == "theirs"
