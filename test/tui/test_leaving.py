"""Leaving an import at each of its steps, by every road, and coming back to the same place."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import runner
from tui import prepared
from tui.screen import Screen
from tui.world import World
from waiting import eventually

STEPS = "scan review select connect worker_connecting targets_waiting verify".split()
TITLES = {
    "scan": r"Scan cluster \(step 1 of 7\)",
    "review": r"Review workloads \(step 2 of 7\)",
    "select": r"Select App Space \(step 3 of 7\)",
    "connect": r"Connect to ConfigHub \(step 4 of 7\)",
    "worker_connecting": r"Worker connecting \(step 5 of 7\)",
    "targets_waiting": r"Waiting for targets \(step 6 of 7\)",
    "verify": r"Verify import \(step 7 of 7\)",
}
# where each step waits for the person, or for something that does not come
BLOCKS: dict[str, dict[str, Any]] = {
    "worker_connecting": {"conditions": [[0, "NotReady"]]},
    "targets_waiting": {"targets": None, "no_targets": True},
    "verify": {"faults": [{"match": ["unit", "list"], "nth": 2, "do": "hang"}]},
}
# what then stands on the screen
WAITING = {
    "select": "App Space: payment-team",
    "connect": r"\[Enter\] Create",
    "worker_connecting": "Waiting for the worker",
    "targets_waiting": r"Waiting for targets +\d+ s",
    "verify": "Verifying the import",
}
UNITS = ["payment-api", "payment-worker"]


def walk_to(step: str, world: World, screen: Screen) -> None:
    """Two workloads of payment-prod, by keys from the first step to this one."""
    screen.wait(TITLES["scan"])
    screen.wait(r"payment-prod +7 workloads")
    screen.press("down", "space")
    screen.wait(r"\[x\] payment-prod")
    if step == "scan":
        return
    screen.press("enter")
    screen.wait(r"7 chosen, 7 of 7")
    screen.wait(TITLES["review"])
    screen.press("a")
    screen.wait(r"0 chosen")
    mark_two(screen)
    if step == "review":
        return
    screen.press("enter")
    screen.wait(r"App Space: payment-team")
    screen.wait(TITLES["select"])
    if step == "select":
        return
    screen.press("enter")
    screen.wait(r"\[Enter\] Create")
    screen.wait(TITLES["connect"])
    if step == "connect":
        return
    screen.press("enter")
    screen.wait(TITLES[step])


def mark_two(screen: Screen) -> None:
    """The first and the last of payment-prod's workloads."""
    screen.press("space", *["down"] * 6, "space")
    screen.wait(r"2 chosen, 7 of 7")


@contextmanager
def at_step(step: str, world: World, **options: Any) -> Iterator[Screen]:
    """An import that waits at the step: in a session prepared for it, but for the first two."""
    if step in STEPS[:2]:
        with world.map_import("--new", **options) as screen:
            walk_to(step, world, screen)
            yield screen
        return
    if step in STEPS[4:]:
        prepared.fill(world)
    if step == "worker_connecting":
        # it is started, and so is ours
        prepared.delete(world, "worker", "dev")
    prepared.save(world, step)
    world.scenario(**{**prepared.FINE, **BLOCKS.get(step, {})})
    with world.map_import("--resume", **options) as screen:
        screen.wait(TITLES[step])
        screen.wait(WAITING[step])
        yield screen


def quit_by_key(screen: Screen) -> int:
    screen.press("q")
    return screen.finish()


def interrupt(screen: Screen) -> int:
    screen.press("ctrl-c")
    return screen.finish()


def terminate(screen: Screen) -> int:
    os.kill(screen.process.pid, signal.SIGTERM)
    return screen.finish()


def close_terminal(screen: Screen) -> int:
    # not pexpect's own way, which gives up after half a second
    screen.process.ptyproc.fileobj.close()
    eventually(lambda: not screen.process.isalive())
    return int(screen.process.exitstatus or -(screen.process.signalstatus or 0))


def kill(screen: Screen) -> int:
    os.kill(screen.process.pid, signal.SIGKILL)
    return screen.finish()


ROADS: dict[str, tuple[Callable[[Screen], int], int]] = {
    "q": (quit_by_key, 0),
    "ctrl-c": (interrupt, 130),
    "sigterm": (terminate, 143),
    "closed": (close_terminal, 129),
    "kill-9": (kill, -9),
}


@pytest.mark.parametrize("step", ["review", "worker_connecting"])
def test_an_interrupt_that_bash_has_lost_is_heeded(world: World, step: str) -> None:
    """One in hundreds, at the end of a command substitution; then only the witness has got it."""
    with at_step(step, world) as screen:
        os.kill(witness(screen.process.pid), signal.SIGINT)

        assert screen.finish() == 130
        assert screen.echoes()
    assert world.state["step"] == step


def work(parent: int) -> int:
    """The process of session-cli that works for the program."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    running = [each for each in children if "session_cli" in command_line(each)]
    return int(running[0]) if running else 0


def command_line(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_an_interrupt_that_only_the_work_has_got_is_heeded(world: World) -> None:
    with at_step("worker_connecting", world) as screen:
        eventually(lambda: world.state["confighub"].get("worker_pid"))

        os.kill(work(screen.process.pid), signal.SIGINT)

        assert screen.finish() == 130
        assert "Session saved." in screen.text()
    assert world.state["step"] == "worker_connecting"


def test_work_that_was_killed_is_reported_in_our_words(world: World) -> None:
    world.scenario(**BLOCKS["worker_connecting"])
    with world.map_import("--new", "--yes", "-n", "payment-prod", columns=200) as screen:
        screen.wait("worker_connecting: ")
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        os.kill(work(screen.process.pid), signal.SIGKILL)

        assert screen.finish() == 1
        assert "map-import: the background process was killed by signal 9" in screen.text()
        assert "map-import: saved at step worker_connecting" in screen.text()
        assert ".sh: line" not in screen.text()


def test_work_that_was_killed_can_be_tried_again(world: World) -> None:
    with at_step("worker_connecting", world) as screen:
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        os.kill(work(screen.process.pid), signal.SIGKILL)
        screen.wait("! the background process was killed by signal 9")
        world.scenario(**prepared.FINE)
        screen.press("r")
        screen.wait("Complete — 2 units imported")
        screen.press("q")
        assert screen.finish() == 0


def witness(parent: int) -> int:
    """The child of the program that does nothing but die of an interrupt."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (pid,) = (each for each in children if Path(f"/proc/{each}/comm").read_text() == "cat\n")
    return int(pid)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("step", STEPS)
def test_an_import_continues_where_it_was_left(world: World, step: str, road: str) -> None:
    leave, code = ROADS[road]
    with at_step(step, world) as screen:
        if road == "kill-9" and step in ("scan", "review"):
            # what is marked and not confirmed is saved within a second or two
            eventually(lambda: "namespaces" in world.state.get("selections", {}))
            count = 2 if step == "review" else None
            eventually(
                lambda: (
                    count is None
                    or len(world.state["selections"].get("selected_workloads", [])) == count
                )
            )

        assert leave(screen) == code
        if road not in ("closed", "kill-9"):
            assert screen.echoes()

    assert world.state["step"] == step
    scans = world.scans
    world.scenario(**prepared.FINE)
    with world.map_import("--resume") as screen:
        came_back_to(step, screen)
        if step in ("scan", "review"):
            screen.wait(r"1 chosen" if step == "scan" else r"2 chosen")
        if step in STEPS[3:]:
            finish(step, screen)

    assert world.scans == scans
    if step in STEPS[3:]:
        assert world.state["confighub"]["units_created"] == UNITS
        assert world.created() == (UNITS if step == "connect" else [])


def test_all_steps_are_walked_by_keys_and_an_import_left_at_the_last_continues(
    world: World,
) -> None:
    world.scenario(**BLOCKS["verify"])
    with world.map_import("--new") as screen:
        walk_to("verify", world, screen)
        assert quit_by_key(screen) == 0
        assert screen.echoes()

    assert world.state["step"] == "verify"
    assert world.created() == UNITS
    scans = world.scans
    world.scenario()
    with world.map_import("--resume") as screen:
        came_back_to("verify", screen)
        finish("verify", screen)

    assert world.scans == scans == 1
    assert world.state["confighub"]["units_created"] == UNITS
    assert world.created() == UNITS


def came_back_to(step: str, screen: Screen) -> None:
    if step in STEPS[:4]:
        screen.wait(TITLES[step])
    else:
        # these go on by themselves
        screen.wait(r"step [5-7] of 7|complete")


def finish(step: str, screen: Screen) -> None:
    if step == "connect":
        screen.wait(r"\[Enter\] Create")
        screen.press("enter")
    screen.wait("Complete — 2 units imported")
    screen.press("q")
    assert screen.finish() == 0


def test_a_bare_start_asks_and_continues(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait(WAITING["select"])
        quit_by_key(screen)
        assert "Session saved. You can resume later with:" in screen.text()
        assert "./test/atk/map-import --resume" in screen.text()

    with world.map_import() as screen:
        screen.wait(r"┌─ RESUME SESSION\? ─")
        assert "Step: Select App Space (step 3 of 7)" in screen.text()
        assert "[R] Resume    [N] New session    [D] Delete & start new" in screen.text()
        screen.press("R")
        screen.wait(TITLES["select"])
        screen.wait("App Space: payment-team")

    assert world.scans == 0


def test_a_unit_that_was_created_but_not_recorded_is_adopted(world: World) -> None:
    with at_step("connect", world) as screen:
        world.scenario(faults=[{"match": ["unit", "create"], "nth": 2, "do": "die-after"}])
        screen.press("enter")
        eventually(lambda: len(world.created()) == 2)
        eventually(lambda: world.state["confighub"].get("units_created") == UNITS[:1])
        eventually(lambda: UNITS[1] in (world.cub_home / "confighub.json").read_text())
        kill(screen)

    assert world.state["confighub"]["units_pending"] == UNITS[1:]
    world.scenario(**prepared.FINE)
    with world.map_import("--resume") as screen:
        finish("connect", screen)

    assert world.state["confighub"]["units_created"] == UNITS
    assert world.created() == UNITS


def test_ctrl_c_in_the_middle_of_work_leaves_the_terminal_as_it_was(world: World) -> None:
    with at_step("connect", world) as screen:
        # the second one never comes to its end
        world.scenario(faults=[{"match": ["unit", "create"], "nth": 2, "do": "hang"}])
        screen.press("enter")
        screen.wait("Unit payment-api created")

        assert interrupt(screen) == 130
        assert screen.echoes()
        assert "Session saved." in screen.text()


def slow(tmp_path: Path, *words: str) -> dict[str, str]:
    """An executable in place of session-cli that ends one verb when it may."""
    script = tmp_path / "slow session-cli"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *"{" ".join(words)}"*)\n'
        '  touch "$0.begun"; until [ -e "$0.may-end" ]; do sleep 0.1; done ;;\nesac\n'
        f'exec {shlex.quote(str(SCRIPTS / "session-cli"))} "$@"\n'
    )
    script.chmod(0o755)
    return {"SESSION_CLI": str(script)}


@pytest.mark.parametrize("verb", ["cluster rows workloads", "cluster choose namespaces"])
def test_a_signal_in_the_middle_of_a_short_command_ends_with_a_word_too(
    world: World, tmp_path: Path, verb: str
) -> None:
    with world.map_import("--new", env=slow(tmp_path, *verb.split())) as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("down", "space", "enter")
        eventually((tmp_path / "slow session-cli.begun").exists)
        screen.press("ctrl-c")
        (tmp_path / "slow session-cli.may-end").touch()

        assert screen.finish() == 130
        assert screen.echoes()
        assert "Session saved." in screen.text()


@pytest.mark.parametrize(
    ("signals", "codes"),
    [
        # while it stands still they gather, and bash heeds the lowest number first
        ([signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT], [130]),
        # it may look after any of them: which one it heeds first is nobody's to say
        ([signal.SIGTERM, signal.SIGINT, signal.SIGTERM], [130, 143]),
    ],
    ids=["gathered", "in turn"],
)
def test_two_signals_at_once_give_the_terminal_back(
    world: World, signals: list[signal.Signals], codes: list[int]
) -> None:
    world.server.faults["/api"] = "hang"
    with world.map_import("--new") as screen:
        screen.wait("Scanning the cluster")
        for number in signals:
            os.kill(screen.process.pid, number)

        assert screen.finish() in codes
        assert screen.echoes()
        assert screen.raw.count(b"\x1b[?1049h") == screen.raw.count(b"\x1b[?1049l")
        assert "Session saved." in screen.text()


def test_ctrl_backslash_is_a_key_like_any_other(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("\x1c", "down", "space")
        screen.wait(r"\[x\] payment-prod")
        screen.press("enter", "\x1c", "\x1c")
        screen.wait(r"7 chosen, 7 of 7")
        screen.press("q")
        assert screen.finish() == 0


@pytest.mark.parametrize("how", ["clear", "new", "delete", "removed"])
def test_a_session_that_was_taken_away_is_not_said_to_be_saved(world: World, how: str) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        session = world.state["session_id"]
        if how == "delete":
            # by hand, for session-cli refuses to delete what is open
            (world.sessions / "import-latest.json").unlink()
        elif how == "removed":
            shutil.rmtree(world.sessions)
        else:
            assert runner(str(SCRIPTS / "session-cli"))(how).code == 0
        screen.press("down", "space", "q")

        assert screen.finish() == 6
        assert "Session saved" not in screen.text()
        resume = f"session-cli resume {session}"
        assert ("This session no longer exists" if how == "removed" else resume) in screen.text()


def test_what_another_program_saved_is_not_blamed_on_ourselves(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        assert runner(str(SCRIPTS / "session-cli"))("save", "scan", '{"x": 1}').code == 0
        screen.press("down", "space", "enter")

        assert screen.finish() == 6
        assert "Another program saved this session meanwhile" in screen.text()
        assert f"process {screen.process.pid}" not in screen.text()
    assert world.state["x"] == 1


def test_what_is_complained_of_comes_when_the_screen_was_left(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        (world.sessions / "import-latest.json").write_text("{")
        screen.press("v")
        screen.wait("Press Enter to continue")
        screen.press("enter")
        screen.wait_without("Press Enter to continue")
        screen.press("q")
        screen.finish()

    inside, _, after = screen.raw.decode().rpartition("\x1b[?1049l")
    assert "is damaged" not in inside
    assert "is damaged" in after


def test_a_worker_that_runs_on_is_reported_with_how_to_stop_it(world: World) -> None:
    with at_step("worker_connecting", world, rows=40) as screen:
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        screen.press("q")

        assert screen.finish() == 0
        assert f"kill {world.state['confighub']['worker_pid']}" in screen.text()


@pytest.mark.parametrize("how", ["clear", "new"])
def test_a_session_that_another_took_the_place_of_is_reported_with_its_id(
    world: World, how: str
) -> None:
    cli = runner(str(SCRIPTS / "session-cli"))
    session = prepared.save(world, "select")["session_id"]
    with world.map_import("--resume", columns=120) as screen:
        screen.wait("App Space: payment-team")
        assert cli(how).code == 0
        assert cli("save", "scan", "{}").code == 0
        screen.press("q")

        assert screen.finish() == 6
        assert "Session saved" not in screen.text()
        assert f"session-cli resume {session}" in screen.text()


def test_a_session_of_which_nothing_is_left_is_called_gone(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        for path in world.sessions.glob("import-2*.json"):
            path.write_text("{")
        screen.press("q")

        assert screen.finish() == 6
        assert "Session saved" not in screen.text()
        assert "This session no longer exists; no intact snapshot is left" in screen.text()


@pytest.mark.parametrize("written", ["{} 1", "1,{}", "+{}"])
def test_only_a_process_id_is_printed_to_be_killed(world: World, written: str) -> None:
    with at_step("worker_connecting", world) as screen:
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        screen.press("q")
        screen.finish()
    pid = written.format(world.state["confighub"]["worker_pid"])
    latest = (world.sessions / "import-latest.json").resolve()
    state = world.state
    latest.write_text(json.dumps({**state, "confighub": {**state["confighub"], "worker_pid": pid}}))

    answer = world.run("--resume", "--yes", env={"CONFIGHUB_WAIT_SECONDS": "1"})

    assert answer.code == 9
    assert "stop it with" not in answer.stderr
