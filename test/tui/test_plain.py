"""map-import --plain: asked line by line, for screen readers and terminals that show no screens."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.screen import Screen
from tui.test_leaving import TITLES
from tui.world import World
from waiting import eventually

FRAMES = "┌┐└┘┬┴├┤─│█"
PROMPT = r"\n> ?\Z"
LIST = r"^ *\d+\. \[ \] payment-prod +7 workloads"
# of a screen that is so high all that was said can be read
ROWS = 400


def begin(world: World, *arguments: str, **options: Any) -> Screen:
    env = {"TERM": "dumb", **options.pop("env", {})}
    return world.map_import("--plain", *arguments, env=env, rows=ROWS, **options)


def answer(screen: Screen, line: str, told: str) -> str:
    """Types the line at the prompt; all that is said to it, up to the next prompt."""
    screen.wait(PROMPT)
    before = len(screen.text())
    screen.press(f"{line}\r")
    screen.wait(rf"\A[\s\S]{{{before}}}[\s\S]*(?:{told})[\s\S]*{PROMPT}")
    return screen.text()[before:]


def said(screen: Screen) -> str:
    """All that was written; it can be read aloud, and nothing moves."""
    assert b"\x1b" not in screen.raw
    text = screen.raw.decode()
    assert not set(text) & set(FRAMES), text
    assert not re.search(r"\r(?!\r*\n)|[^\S\r\n\t ]|\x08", text), text
    return text.replace("\r", "")


@pytest.mark.parametrize("term", ["dumb", "", "xterm-256color"])
def test_a_whole_import_by_lines(world: World, term: str) -> None:
    world.scenario(**prepared.FINE)
    with begin(world, "--new", env={"TERM": term}) as screen:
        screen.wait(LIST)
        assert "1 chosen" in answer(screen, "2", "chosen")
        assert "[x] payment-prod" in answer(screen, "l", "of 2 shown")
        answer(screen, "", TITLES["review"])
        assert "5 chosen" in answer(screen, "1, 3", "chosen")
        answer(screen, "", TITLES["select"])
        answer(screen, "E", r"^App Space \(.*\)\. Now it is: payment-team$")
        assert "App Space: big-team" in answer(screen, "Big Team", "its name in ConfigHub is")
        assert "Organization: " in answer(screen, "confirm", TITLES["connect"])
        told = answer(screen, "create", "Complete — 5 units imported")
        screen.press("q\r")
        assert screen.finish() == 0

    assert len(re.findall(r"^Unit [a-z-]+ created$", told, re.MULTILINE)) == 5
    assert world.state["step"] == "complete"
    assert world.state["selections"]["app_space"] == "big-team"
    # once each, in the order of what happens
    whole = said(screen)
    steps = re.findall(r"\(step (\d) of 7\)", whole.partition("SESSION STATUS")[0])
    assert steps == [*"1234567"]
    assert whole.index("Scanning the cluster ...") < whole.index("12 workloads in 2 namespaces")
    assert "SESSION STATUS" in whole.rpartition("q\n")[2]


def test_who_leaves_in_the_middle_continues_there(world: World) -> None:
    with begin(world, "--new") as screen:
        screen.wait(LIST)
        answer(screen, "1-2", "2 chosen")
        answer(screen, "", TITLES["review"])
        answer(screen, "1", "chosen")
        screen.press("quit\r")
        assert screen.finish() == 0
    told = said(screen)
    assert "EXIT\n\nSession saved. You can resume later with:\n" in told
    assert re.search(r"^  \S*map-import --plain --resume$", told, re.MULTILINE)
    kept = len(world.state["selections"]["selected_workloads"])

    with begin(world) as again:
        again.wait("RESUME SESSION")
        told = answer(again, "r", TITLES["review"])
        again.press("ctrl-d")
        assert again.finish() == 0
    assert f"{kept} chosen" in told
    assert "Session saved." in said(again)


def test_what_is_no_answer_is_answered_with_what_is_one(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with begin(world) as screen:
        screen.wait("RESUME SESSION")
        for line in ("x", "rr", "1", "resume it"):
            told = answer(screen, line, "Type")
            assert told.strip().splitlines()[1:-1] == ["Type R, Enter, N, D, V, Q or ?."]
        assert "D: Delete & start new (removes this session for good, " in answer(
            screen, "?", "Quit"
        )
        assert "the log is" not in answer(screen, "v", "no import log to show")
        assert prepared.snapshots(world) == before
        screen.press("q\r")
        assert screen.finish() == 0
    said(screen)


def test_to_delete_is_asked_and_what_was_typed_before_is_no_answer(world: World) -> None:
    session = prepared.save(world, "connect")["session_id"]
    before = prepared.snapshots(world)
    with begin(world) as screen:
        screen.wait("RESUME SESSION")
        # all of it in one go, and half a line
        told = answer(screen, "delete\ry\ry\ry", "Delete import-")
        assert f"Delete {session} (at step 4, 2 workloads chosen)?" in " ".join(told.split())
        assert "[Y] Delete    [B] Back    [Q] Quit" in told
        assert "Type Y, B, Q or ?." in answer(screen, "", "Type")
        assert "Type Y, B, Q or ?." in answer(screen, "d", "Type")
        assert prepared.snapshots(world) == before
        answer(screen, "b", "RESUME SESSION")
        answer(screen, "d", "Delete import-")
        answer(screen, "y", LIST)
        screen.press("q\r")
        assert screen.finish() == 0

    said(screen)
    assert world.state["session_id"] != session
    kept = [json.loads(path.read_bytes()) for path in world.sessions.rglob("*.json")]
    assert session not in [each["session_id"] for each in kept]


def test_to_leave_counts_also_when_it_was_typed_before_the_question(world: World) -> None:
    prepared.save(world, "connect")
    before = prepared.snapshots(world)
    with begin(world) as screen:
        screen.wait("RESUME SESSION")
        screen.press("d\ry\rq\r")
        assert screen.finish() == 0
    assert prepared.snapshots(world) == before


def test_enter_does_not_choose_what_nobody_has_named(world: World) -> None:
    with begin(world, "--new") as screen:
        screen.wait(LIST)
        assert "choose at least one" in answer(screen, "", "choose at least one")
        for line in ("0", "3", "2-1", "1-9", "-1", "1.5"):
            answer(screen, line, "Type 1 3-5, A")
        assert "2 chosen" in answer(screen, "a", "chosen")
        assert "1 chosen" in answer(screen, "1", "chosen")
        answer(screen, "", TITLES["review"])
        screen.press("q\r")
        assert screen.finish() == 0
    assert world.state["selections"]["namespaces"] == ["payment-prod"]


def test_a_long_list_comes_page_by_page_and_its_numbers_stay(world: World) -> None:
    world.server.objects += [make_workload("many", f"web-{number:02}") for number in range(45)]
    with begin(world, "--new") as screen:
        screen.wait(r"\d\. \[ \] many +45 workloads")
        answer(screen, "/many", "1 of 3 shown")
        answer(screen, "a", "1 chosen")
        told = answer(screen, "", TITLES["review"])
        assert "45 chosen, 45 of 45 shown; these are 1 to 20" in told
        assert "20. [x] many" in told and "21." not in told
        assert "These are the first rows." in answer(screen, "p", "rows")
        assert "; these are 21 to 40" in answer(screen, "n", "shown")
        told = answer(screen, "next", "shown")
        assert "; these are 41 to 45" in told and "45. [x] many" in told
        assert "These are the last rows." in answer(screen, "n", "rows")
        told = answer(screen, "/web-07", "shown")
        number = re.search(r"(\d+)\. \[x\] many +web-07", told)
        assert number and "web-08" not in told
        assert "44 chosen" in answer(screen, number[1], "chosen")
        assert "45 of 45 shown" in answer(screen, "/", "shown")
        assert "web-07\n" in answer(screen, f"? {number[1]}", "web-07").replace(" ", "")
        screen.press("q\r")
        assert screen.finish() == 0
    assert len(world.state["selections"]["selected_workloads"]) == 44
    said(screen)


def test_tabs_and_log_are_there_while_it_works(world: World) -> None:
    world.server.faults["/apis/apps"] = "hang"
    with begin(world, "--new") as screen:
        screen.wait("Scanning the cluster")
        screen.press("\r")
        screen.wait(r"Scanning the cluster: \d+ s")
        screen.press("v\r")
        screen.wait("the log is")
        screen.press("\t\r")
        screen.wait("Nothing was scanned yet.")
        screen.press("q\r")
        assert screen.finish() == 0
    assert "Session saved." in said(screen)


@pytest.mark.parametrize(("how", "code"), [("ctrl-c", 130), ("term", 143)])
def test_however_it_ends_it_says_where_to_go_on(world: World, how: str, code: int) -> None:
    with begin(world, "--new") as screen:
        screen.wait(LIST)
        answer(screen, "1", "1 chosen")
        if how == "term":
            os.kill(screen.process.pid, signal.SIGTERM)
        else:
            screen.press("ctrl-c")
        assert screen.finish() == code
        assert screen.echoes()
    # in a line of its own, not behind the prompt
    assert re.search(r"^EXIT\n\nSession saved\.", said(screen), re.MULTILINE)
    assert world.state["selections"]["namespaces"] == ["order-prod"]


def test_what_is_marked_is_saved_at_once(world: World) -> None:
    def saved() -> list[str]:
        namespaces: list[str] = world.state.get("selections", {}).get("namespaces", [])
        return namespaces

    with begin(world, "--new") as screen:
        screen.wait(LIST)
        answer(screen, "1", "1 chosen")
        eventually(lambda: saved() == ["order-prod"])
        answer(screen, "1-2", "1 chosen")
        eventually(lambda: saved() == ["payment-prod"])
        screen.process.close(force=False)


def test_a_terminal_of_ascii_reads_ascii(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "complete")
    with begin(world, "--resume", env={"LC_ALL": "C"}) as screen:
        screen.wait("SESSION STATE")
        answer(screen, "tab", "CLUSTER")
        answer(screen, "tab", "CONNECTION|SESSION STATE")
        screen.press("q\r")
        assert screen.finish() == 0
    assert said(screen).isascii()
    assert "+-" not in said(screen)


def test_what_a_name_holds_does_not_act_on_the_terminal(world: World) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp"
    world.server.objects += [make_workload(f"evil{evil}", f"web{evil}")]
    with begin(world, "--new") as screen:
        screen.wait(r"evil.*  1 workload  Native 1")
        answer(screen, "1-3", "chosen")
        answer(screen, "", TITLES["review"])
        answer(screen, "", TITLES["select"])
        screen.press("q\r")
        assert screen.finish() == 0
    assert not re.search("[\x80-\x9f\u202e]", said(screen))


def test_status_has_no_frame(world: World) -> None:
    prepared.save(world, "review")

    answer = world.run("--status", "--plain")

    assert (answer.code, answer.stderr) == (0, "")
    assert answer.stdout.startswith(b"SESSION STATUS\n\nSession:  ")


def test_on_a_terminal_without_screens_it_names_plain(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.tree(world.home)
    with world.map_import(env={"TERM": "dumb"}) as screen:
        assert screen.finish() == 2
        assert "--plain" in " ".join(screen.text().split())
        assert "SESSION" not in screen.text()
    assert prepared.tree(world.home) == before
