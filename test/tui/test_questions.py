"""What is asked once more before it is done: to delete a session, to put one aside."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from guard import SCRIPTS
from processes import runner
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import TITLES
from tui.world import World
from waiting import eventually

LIST = r"payment-prod +7 workloads"
DELETE = r"\[Y\] Delete    \[B\] Back"
NEW = r"\[Y\] New session    \[B\] Back"
CLI = runner(str(SCRIPTS / "session-cli"))


def back(screen: Screen, to: str) -> None:
    """Thinks better of it, and waits until nothing of the question is on the screen any more."""
    screen.press("b")
    screen.wait(to)
    screen.wait_without(r"\[B\] Back")


def at_the_prompt(world: World) -> Screen:
    screen = world.map_import()
    screen.wait("RESUME SESSION")
    return screen


# to delete


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("connect", "at step 4, 2 workloads chosen"),
        ("worker_connecting", "at step 5, 2 Units in ConfigHub"),
    ],
)
def test_d_asks_with_what_is_at_stake_and_deletes_on_y_alone(
    world: World, step: str, told: str
) -> None:
    session = prepared.save(world, step)["session_id"]
    before = prepared.snapshots(world)

    with at_the_prompt(world) as screen:
        screen.press("d")
        screen.wait_words(f"Delete {session} ({told})?")
        screen.wait(DELETE)
        # nothing but y means it
        screen.press("d", "enter", "r", "n", "space")
        back(screen, "RESUME SESSION")
        assert prepared.snapshots(world) == before
        screen.press("d")
        screen.wait(DELETE)
        screen.press("Y")
        screen.wait(LIST)
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["session_id"] != session
    # by what is in them: a file may have the name of one that was deleted in the same second
    kept = [json.loads(path.read_bytes()) for path in world.sessions.rglob("*.json")]
    assert session not in [each["session_id"] for each in kept]


@pytest.mark.parametrize("key", ["b", "escape"])
def test_who_thinks_better_of_it_is_back_at_the_prompt(world: World, key: str) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with at_the_prompt(world) as screen:
        screen.press("d")
        screen.wait(DELETE)
        screen.press(key)
        screen.wait("RESUME SESSION")
        screen.press("r")
        screen.wait(TITLES["select"])
        assert set(before) <= set(prepared.snapshots(world))
        screen.press("q")
        assert screen.finish() == 0


@pytest.mark.parametrize("keys", [["q"], ["ctrl-c"], ["n", "q"], ["d", "q"]])
def test_who_leaves_at_a_question_reads_how_to_come_back(world: World, keys: list[str]) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with at_the_prompt(world) as screen:
        for key in keys[:-1]:
            screen.press(key)
            screen.wait(r"\[Y\]")
        screen.press(keys[-1])
        assert screen.finish() == (130 if keys == ["ctrl-c"] else 0)
        assert "Session saved. You can resume later with:" in screen.text()
        assert "./test/atk/map-import --resume" in screen.text()
    assert prepared.snapshots(world) == before


def test_dy_in_one_go_deletes_nothing(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with at_the_prompt(world) as screen:
        screen.press("dyyy")
        screen.wait(DELETE)
        assert prepared.snapshots(world) == before
        screen.press("q")
        assert screen.finish() == 0
    assert prepared.snapshots(world) == before


@pytest.mark.parametrize("how", ["save", "new"])
def test_what_changed_since_it_was_asked_about_is_not_deleted(world: World, how: str) -> None:
    session = prepared.save(world, "select")["session_id"]
    with at_the_prompt(world) as screen:
        screen.press("d")
        screen.wait(DELETE)
        if how == "new":
            assert CLI("new").code == 0
        assert CLI("save", "review", '{"x": 1}').code == 0
        screen.press("y")
        # it is told, and asked about again
        screen.wait_words("another import was started or resumed meanwhile")
        screen.wait("RESUME SESSION")
        assert world.state["x"] == 1
        screen.press("q")
        assert screen.finish() == 0
    assert list(world.sessions.rglob(f"{session}.json"))


def test_what_changed_before_it_was_asked_about_is_asked_about_anew(world: World) -> None:
    prepared.save(world, "select")
    with at_the_prompt(world) as screen:
        assert CLI("save", "connect", "{}").code == 0
        screen.press("d")
        screen.wait_words("another import was started or resumed meanwhile")
        screen.wait("step 4 of 7")
        screen.press("d")
        screen.wait_words("at step 4, 2 workloads chosen)?")
        screen.press("q")
        assert screen.finish() == 0


def test_what_is_opened_while_it_is_asked_is_not_deleted(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with at_the_prompt(world) as screen:
        screen.press("d")
        screen.wait(DELETE)
        with world.map_import("--resume") as other:
            other.wait("App Space: payment-team")
            screen.press("y")
            screen.wait("OPEN ELSEWHERE|resumed meanwhile")
            assert set(before) <= set(prepared.snapshots(world))
            screen.press("q")
            assert screen.finish() == 0
            other.press("q")
            assert other.finish() == 0


def test_a_state_that_makes_no_sense_can_be_deleted_anyway(world: World) -> None:
    prepared.save(world, "select", confighub={"units_created": 7}, selections="none")
    with at_the_prompt(world) as screen:
        screen.press("d")
        screen.wait(DELETE)
        screen.press("y")
        screen.wait(LIST)
        screen.press("q")
        assert screen.finish() == 0


# to put aside


def is_put_aside(world: World, screen: Screen, session: str) -> None:
    """A new session was begun, and it is told how to come back to the one before."""
    # the command has a line of its own
    screen.wait(rf"^ +session-cli resume {session}$")
    screen.wait(LIST)
    assert world.state["session_id"] != session
    archived = (world.sessions / "archive").glob("*.json")
    assert session in [json.loads(path.read_text())["session_id"] for path in archived]


def can_be_come_back_to(world: World, session: str) -> None:
    assert CLI("resume", session).code == 0
    assert world.state["session_id"] == session


def test_n_at_the_prompt_asks_and_says_how_to_come_back(world: World) -> None:
    session = prepared.save(world, "select")["session_id"]
    with at_the_prompt(world) as screen:
        screen.press("n")
        screen.wait_words(f"{session} (at step 3, 2 workloads chosen).")
        screen.wait(NEW)
        back(screen, "RESUME SESSION")
        screen.press("n")
        screen.wait(NEW)
        screen.press("y")
        is_put_aside(world, screen, session)
        screen.press("q")
        assert screen.finish() == 0
    can_be_come_back_to(world, session)


def test_a_new_session_asked_for_in_a_tab_asks_and_says_how_to_come_back(world: World) -> None:
    """From either tab and by either key, each time in the session that the one before has begun."""
    sessions = [prepared.save(world, "select")["session_id"]]
    at_stake = "at step 3, 2 workloads chosen"
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        for tab, key in itertools.product(["CLUSTER ─", "SESSION STATE ─"], ["n", "i"]):
            screen.press("tab")
            screen.wait("CLUSTER ─")
            if tab != "CLUSTER ─":
                screen.press("tab")
                screen.wait(tab)
            screen.press(key)
            screen.wait_words(f"{sessions[-1]} ({at_stake}).")
            back(screen, tab)
            assert world.state["session_id"] == sessions[-1]
            screen.press(key)
            screen.wait(NEW)
            screen.press("y")
            is_put_aside(world, screen, sessions[-1])
            sessions.append(world.state["session_id"])
            screen.press("space")
            screen.wait(r"1 chosen, 2 of 2")
            at_stake = "at step 1, 1 namespace chosen"
        screen.press("q")
        assert screen.finish() == 0
    for session in sessions[:-1]:
        can_be_come_back_to(world, session)


def has_another(world: World, session: str) -> bool:
    try:
        return bool(world.state["session_id"] != session)
    except FileNotFoundError:
        # between the two there is none
        return False


def test_where_nothing_was_chosen_nothing_is_asked(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        session = world.state["session_id"]
        screen.press("tab")
        screen.wait("CLUSTER ─")
        screen.press("n")
        eventually(lambda: has_another(world, session))
        screen.wait(LIST)
        assert b"This archives" not in screen.raw
        screen.press("q")
        assert screen.finish() == 0


def test_what_was_marked_and_not_confirmed_counts_as_chosen(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("space", "tab")
        screen.wait("CLUSTER ─")
        screen.press("i")
        screen.wait_words("(at step 1, 1 namespace chosen).")
        screen.press("q")
        assert screen.finish() == 0
        assert "Session saved." in screen.text()


@pytest.mark.parametrize("arguments", [["--new"], ["--new", "--yes", "-n", "payment-prod"]])
def test_the_flags_never_ask(world: World, arguments: list[str]) -> None:
    session: Any = prepared.save(world, "worker_connecting")["session_id"]
    world.scenario(login="none")
    with world.map_import(*arguments) as screen:
        if "--yes" in arguments:
            assert screen.finish() == 8
        else:
            screen.wait(LIST)
        assert b"This archives" not in screen.raw
    assert world.state["session_id"] != session
