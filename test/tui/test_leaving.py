"""Leaving an import at each of its steps, by every road, and coming back to the same place."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import runner
from tui import prepared
from tui.screen import Screen
from tui.world import World, command_line, drawer
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
    "scan": r"[12] chosen, 2 of 2",
    "review": r"[23] chosen, 7 of 7",
    "select": "App Space: payment-team",
    "connect": r"\[Enter\] Create",
    "worker_connecting": "Waiting for the worker",
    "targets_waiting": r"Waiting for targets +\d+ s",
    "verify": "Verifying the import",
}
UNITS = ["payment-api", "payment-worker"]


def walk_to(step: str, world: World, screen: Screen) -> None:
    """Two workloads of payment-prod, by keys from the first step to this one."""
    for each in STEPS[: STEPS.index(step) + 1][:4]:
        walk_on_to(each, screen)
    if step in STEPS[4:]:
        screen.press("enter")
        screen.wait(TITLES[step])


def walk_on_to(step: str, screen: Screen) -> None:
    """By keys, from the step before this one."""
    if step == "scan":
        screen.wait(TITLES["scan"])
        screen.wait(r"payment-prod +7 workloads")
        screen.press("down", "space")
        screen.wait(r"\[x\] payment-prod")
        return
    screen.press("enter")
    if step == "review":
        screen.wait(r"7 chosen, 7 of 7")
        screen.wait(TITLES["review"])
        screen.press("a")
        screen.wait(r"0 chosen")
        mark_two(screen)
    else:
        screen.wait(WAITING[step])
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
    prepared.save(world, step)
    with back_at_step(step, world, **options) as screen:
        yield screen


@contextmanager
def back_at_step(step: str, world: World, **options: Any) -> Iterator[Screen]:
    """The import that was left at the step, resumed, and waiting there again."""
    if step == "worker_connecting":
        # each waits for one that it has made and started
        world.stop_workers()
        prepared.delete(world, "worker", "dev")
    world.scenario(**{**prepared.FINE, **BLOCKS.get(step, {})})
    # which call of cub a fault is meant for is counted from here
    (world.cub_home / "counts.json").unlink(missing_ok=True)
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


def interrupt_the_drawer(screen: Screen) -> int:
    """An interrupt that only Python has got."""
    os.kill(drawer(screen.process.pid), signal.SIGINT)
    code = screen.finish()
    assert "Session saved." in screen.text()
    return code


# the last one leaves the most behind
ROADS: dict[str, tuple[Callable[[Screen], int], int, list[str]]] = {
    "q": (quit_by_key, 0, STEPS),
    "ctrl-c": (interrupt, 130, STEPS),
    "sigterm": (terminate, 143, STEPS),
    "closed": (close_terminal, 129, STEPS),
    "interrupt of Python alone": (interrupt_the_drawer, 130, ["review", "worker_connecting"]),
    "kill-9": (kill, -9, STEPS),
}
# what tells one leaving from another in a state document
OF_ONE_TIME = ["revision", "updated_at", "resumed_at", "log_file", "previous_log_file"]


def test_a_program_that_was_killed_is_reported_in_our_words(world: World) -> None:
    world.scenario(**BLOCKS["worker_connecting"])
    with world.map_import("--new", "--yes", "-n", "payment-prod", columns=200) as screen:
        screen.wait("worker_connecting: ")
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        os.kill(drawer(screen.process.pid), signal.SIGKILL)

        assert screen.finish() == 137
        killed = "map-import: it was killed by signal 9; what was saved before is kept"
        assert killed in screen.text()
        assert ".sh: line" not in screen.text()
    assert world.state["step"] == "worker_connecting"


def test_a_call_of_cub_that_was_killed_can_be_tried_again(world: World) -> None:
    with at_step("verify", world) as screen:
        (pid,) = eventually(lambda: running(world, "cub unit list"))
        os.kill(pid, signal.SIGKILL)
        screen.wait("! .*cub unit list.* was killed by signal 9")
        world.scenario(**prepared.FINE)
        screen.press("r")
        screen.wait("Complete — 2 units imported")
        screen.press("q")
        assert screen.finish() == 0


def running(world: World, words: str) -> list[int]:
    """The processes of this world whose command has these words."""
    return [pid for pid in world.processes() if words in command_line(pid)]


@contextmanager
def on_at_step(step: str, world: World) -> Iterator[Screen]:
    """The import that was left at the step before, resumed, and waiting at this one."""
    if step in STEPS[4:]:
        # it goes on by itself
        with back_at_step(step, world) as screen:
            yield screen
    else:
        with back_at_step(STEPS[STEPS.index(step) - 1], world) as screen:
            walk_on_to(step, screen)
            yield screen


@pytest.mark.parametrize(
    "steps",
    [["scan", "review"], ["select", "connect"], ["worker_connecting", "targets_waiting", "verify"]],
    ids=" ".join,
)
def test_an_import_continues_where_it_was_left(world: World, steps: list[str]) -> None:
    """By every road, one after the other: what one leaves is what the next one begins with.

    All leave the very same at a step, so that the way on after the last of them stands for all.
    """
    begin = at_step
    for step in steps:
        left = {}
        roads = {road: way for road, (*way, where) in ROADS.items() if step in where}
        for turn, (road, (leave, code)) in enumerate(roads.items()):
            with begin(step, world) as screen:
                if step in MARKED:
                    if turn:
                        mark_another(step, screen, turn)
                    if road == "kill-9":
                        # what is marked and not confirmed is saved within a second or two
                        are_saved(step, turn, world)
                if step == "worker_connecting":
                    is_started(world)

                assert leave(screen) == code, (step, road)
                if road not in ("closed", "kill-9"):
                    assert screen.echoes(), (step, road)

            left[road] = what_is_left(world, step, turn)
            assert left[road] == left["q"], (step, road)
            begin = back_at_step
        begin = on_at_step

    world.scenario(**prepared.FINE)
    with world.map_import("--resume") as screen:
        came_back_to(step, screen)
        if step in MARKED:
            screen.wait(rf"{len(MARKED[step][turn % 2])} chosen")
        else:
            finish(step, screen)

    # all the while
    assert world.scans == (steps[0] == "scan")
    if step not in MARKED:
        assert world.state["confighub"]["units_created"] == UNITS
        assert world.created() == (UNITS if step == "connect" else [])


def is_started(world: World) -> None:
    eventually(lambda: world.state["confighub"].get("worker_pid") in world.workers())


def what_is_left(world: World, step: str, turn: int) -> dict[str, Any]:
    """The state document without what is of one time only, and the marks of this turn."""
    state = {key: value for key, value in world.state.items() if key not in OF_ONE_TIME}
    assert state["step"] == step
    if step in MARKED:
        assert marks(world, step) == MARKED[step][turn % 2]
        del state["selections"]["namespaces" if step == "scan" else "selected_workloads"]
    if step == "worker_connecting":
        # it runs on, and the next time one is started again
        assert world.workers() == [state["confighub"].pop("worker_pid")]
    return state


# what is marked at first, and when one row more was marked
MARKED = {
    "scan": (["payment-prod"], ["order-prod", "payment-prod"]),
    "review": (UNITS, ["payment-api", "payment-cron", "payment-worker"]),
}


def mark_another(step: str, screen: Screen, turn: int) -> None:
    """Marks one row more, or takes that mark away again."""
    now, before = (MARKED[step][at % 2] for at in (turn, turn - 1))
    screen.wait(f"{len(before)} chosen")
    screen.press(*["up"] * 6, *(["down"] if step == "review" else []), "space")
    screen.wait(f"{len(now)} chosen")


def are_saved(step: str, turn: int, world: World) -> None:
    eventually(lambda: marks(world, step) == MARKED[step][turn % 2])


def marks(world: World, step: str) -> list[str]:
    """What is marked at the step, as it is saved."""
    selections = world.state.get("selections", {})
    if step == "scan":
        return sorted(selections.get("namespaces", []))
    return sorted(each["name"] for each in selections.get("selected_workloads", []))


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
        screen.wait(r"Step: Select App Space \(step 3 of 7\)")
        screen.wait(r"\[R\] Resume    \[N\] New session    \[D\] Delete & start new")
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


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another program saves meanwhile, and every save waits for it."""
    with (world.sessions / ".lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def waits_for_lock(pid: int) -> bool:
    """Whether a save of that process waits for its turn: then it has the lock open."""
    for path in Path(f"/proc/{pid}/fd").iterdir():
        # it may have been closed meanwhile
        with suppress(FileNotFoundError):
            if path.readlink().name == ".lock":
                return True
    return False


@pytest.mark.parametrize("again", [[], [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]], ids=len)
@pytest.mark.parametrize("what", ["what is marked", "the step"])
def test_a_signal_during_a_save_waits_for_it_and_says_what_became_of_it(
    world: World, what: str, again: list[signal.Signals]
) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        with locked(world):
            screen.press("down", "space", *(["enter"] if what == "the step" else []))
            eventually(lambda: waits_for_lock(drawer(screen.process.pid)))
            screen.press("ctrl-c")
            for number in again:
                os.kill(drawer(screen.process.pid), number)
                os.kill(screen.process.pid, number)
            assert waits_for_lock(drawer(screen.process.pid))
            assert "Session saved." not in screen.text()

        # the key may be read after the signals that follow it
        assert screen.finish() in ([129, 130, 143] if again else [130])
        assert screen.echoes()
        assert "Session saved." in screen.text()
    assert world.state["step"] == ("review" if what == "the step" else "scan")
    assert world.state["selections"]["namespaces"] == ["payment-prod"]


@pytest.mark.parametrize(
    ("signals", "codes"),
    [
        # which one is heeded first is nobody's to say, also where they gather while it stands still
        ([signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT], [130, 143]),
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
        screen.press("enter")
        assert screen.finish() == 6

    inside, _, after = screen.raw.decode().rpartition("\x1b[?1049l")
    assert "is damaged" not in inside
    assert "is damaged" in after


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


def test_a_worker_that_runs_on_is_reported_with_how_to_stop_it_where_its_process_id_is_one(
    world: World,
) -> None:
    with at_step("worker_connecting", world, rows=40) as screen:
        eventually(lambda: world.state["confighub"].get("worker_pid"))
        screen.press("q")

        assert screen.finish() == 0
        pid = world.state["confighub"]["worker_pid"]
        assert f"kill {pid}" in screen.text()

    latest = (world.sessions / "import-latest.json").resolve()
    for written in (f"{pid} 1", f"1,{pid}", f"+{pid}"):
        state = world.state
        confighub = {**state["confighub"], "worker_pid": written}
        latest.write_text(json.dumps({**state, "confighub": confighub}))

        answer = world.run("--resume", "--yes", env={"CONFIGHUB_WAIT_SECONDS": "0.1"})

        assert answer.code == 9, written
        assert "stop it with" not in answer.stderr, written
