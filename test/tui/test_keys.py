"""What comes from a terminal: each key once and whole, and nothing that is no key taken for one."""

from __future__ import annotations

import os
import re
import time

import pytest
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import TITLES
from tui.world import World

LIST = r"payment-prod +7 workloads"
ANSWERS = {
    "OSC, ended by ST": "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "OSC, ended by BEL": "\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
    "clipboard": "\x1b]52;c;cXFxcnJyCg==\x1b\\",
    "title": "\x1b]lquit and resume\x1b\\",
    "DCS": "\x1bP1$r0;1;7mq\x1b\\",
    "version": "\x1bP>|XTerm(388)\x1b\\",
    "graphics": "\x1b_Gi=31;OK\x1b\\",
    "device": "\x1b[?62;4;22c",
    "second device": "\x1b[>41;388;0c",
    "cursor": "\x1b[12;40R",
    "focus": "\x1b[I\x1b[O",
    "mode": "\x1b[?2026;2$y",
    "mouse": "\x1b[<0;10;5M\x1b[<0;10;5m",
    "mouse of old": "\x1b[M ad\x1b[M#ad",
    "size": "\x1b[8;24;80t",
    "key with modifiers": "\x1b[1;5C\x1bO2P\x1b[27;5;113~\x1b[113;5u",
    "function keys": "\x1b[[A\x1bOP\x1b[15~",
}


def settle(screen: Screen, seconds: float) -> None:
    """Looks at the screen for a while, for what must not happen."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        screen._read(0.05)


def in_list(screen: Screen, after: str = "") -> None:
    """The list of namespaces, as it is shown at first."""
    assert re.search(r"0 chosen, 2 of 2 shown$", screen.text(), re.M), (after, screen.text())


def next_key_is_one(screen: Screen) -> None:
    """Sees that a key is one again, and leaves the list as it was at first."""
    screen.press("a")
    screen.wait("2 chosen, 2 of 2 shown$")
    screen.press("a")
    screen.wait("0 chosen, 2 of 2 shown$")


# whole keys


def press_after_redraw(screen: Screen, key: str, seconds: float) -> None:
    """Presses the key so long after the last time that something was drawn."""
    seen = -1
    while seen != len(screen.raw):
        seen = len(screen.raw)
        drawn = time.monotonic()
        screen._read(0.3)
    time.sleep(max(0.0, drawn + seconds - time.monotonic()))
    screen.press(key)


def test_an_arrow_about_a_second_after_a_redraw_is_one_arrow(world: World) -> None:
    # a `read` with a limit of time ends then; `make soak` presses ten times as many
    times = int(os.environ.get("SOAK_ARROWS", "20"))
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for turn in range(times):
            offset = 0.98 + 0.04 * (turn % 21) / 20
            key, row = ("down", "payment-prod") if turn % 2 == 0 else ("up", "order-prod")
            press_after_redraw(screen, key, offset)
            screen.wait(rf"^> \[ \] {row}")
            in_list(screen)
            assert TITLES["scan"].replace("\\", "") in screen.text()
        screen.press("q")
        assert screen.finish() == 0
    assert world.state["step"] == "scan"


def test_a_burst_of_keys_loses_none(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        screen.press("e")
        screen.wait_typed("> payment-team")
        screen.press("\x15" + "abcdefghij-" * 5 + "klmn\x7f\x7f" + "opq")
        screen.wait_typed("> " + "abcdefghij-" * 5 + "klopq")
        screen.press("\x15", "ü-ß", "é")
        screen.wait_typed("> ü-ßé")
        screen.press("escape", "q")
        assert screen.finish() == 0


def test_a_key_in_pieces_is_one_key(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for piece in ("\x1b", "[", "B"):
            screen.press(piece)
            settle(screen, 0.4)
        screen.wait(r"^> \[ \] payment-prod")
        in_list(screen)


def test_what_follows_an_escape_late_is_no_letter(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for rest in ("[D", "OA", "[1;5C", "[B", "[200~a q\x1b[201~", "]11;rgb:q\x07"):
            screen.press("escape")
            settle(screen, 1.5)
            screen.press(rest)
            settle(screen, 0.5)
            in_list(screen, rest)
            next_key_is_one(screen)


def test_escape_alone_is_a_key_and_so_is_what_is_typed_right_after_it(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("/", "order", "enter")
        screen.wait("1 of 2 shown")
        screen.press("escape")
        screen.wait("2 of 2 shown")
        screen.press("/", "pay")
        screen.wait("1 of 2 shown")
        screen.press("escape", "a")
        screen.wait("2 chosen, 2 of 2 shown$")
        screen.press("/", "x", "escape", "down", "escape", "escape", "Q")
        assert screen.finish() == 0


# what the terminal answers


def pieces(text: str) -> tuple[str, ...]:
    """Split where it hurts most: after the escape, and in the middle."""
    return text[:1], text[1 : len(text) // 2], text[len(text) // 2 :]


def test_what_the_terminal_answers_is_no_key_in_a_list(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for name, text in ANSWERS.items():
            for part in (text, *pieces(text)):
                screen.press(part)
                settle(screen, 0.15)
            assert re.search(r"^> \[ \] order-prod", screen.text(), re.M), name
            in_list(screen)
        screen.press("down", "space")
        screen.wait(r"1 chosen, 2 of 2 shown")


def test_what_the_terminal_answers_over_a_slow_line_is_no_key_either(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for answer in ("OSC, ended by ST", "version", "mouse", "mouse of old"):
            for part in pieces(ANSWERS[answer]):
                screen.press(part)
                settle(screen, 1.4)
            assert re.search(r"^> \[ \] order-prod", screen.text(), re.M), answer
            in_list(screen, answer)
            next_key_is_one(screen)


def test_what_the_terminal_answers_answers_no_question(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with world.map_import() as screen:
        screen.press(ANSWERS["OSC, ended by ST"])
        screen.wait("RESUME SESSION")
        for name, text in ANSWERS.items():
            for part in (text, *pieces(text)):
                screen.press(part)
                settle(screen, 0.15)
            assert "RESUME SESSION" in screen.text(), name
        assert prepared.snapshots(world) == before
        screen.press("q")
        assert screen.finish() == 0


def test_what_the_terminal_answers_is_not_typed_either(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        screen.press("e")
        screen.wait_typed("> payment-team")
        screen.press(*(text for text in ANSWERS.values()))
        screen.press("x")
        screen.wait_typed("> payment-teamx")


def test_an_answer_that_never_ends_holds_nobody_up(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("\x1b]11;rgb:1e", "enter", "a")
        screen.wait("2 chosen")
        # Alt and a key are no answer
        screen.press("\x1b]", "a")
        screen.wait("0 chosen")
        screen.press("\x1bP", "a")
        screen.wait("2 chosen")


# pastes


def paste(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


def test_a_paste_is_marked_only_while_the_screen_is_ours(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        assert screen.raw.count(b"\x1b[?2004h") == 1
        screen.press("ctrl-c")
        screen.finish()
    assert screen.raw.rfind(b"\x1b[?2004l") > screen.raw.rfind(b"\x1b[?2004h")


@pytest.mark.parametrize("where", ["a list", "a tab", "a question", "work"])
def test_a_paste_presses_no_keys(world: World, where: str) -> None:
    text = paste("kubectl get pods -A\nrm -rf q\r\naqd y\x1b[B r\n")
    if where == "a question":
        prepared.save(world, "select")
    if where == "work":
        world.server.faults["/apis/apps/v1"] = "hang"
    shown = {"a question": "RESUME SESSION", "work": "Scanning the cluster"}.get(where, LIST)
    with world.map_import() as screen:
        screen.wait(shown)
        if where == "a tab":
            screen.press("tab")
            screen.wait(shown := "CLUSTER ─")
        screen.press(text, text)
        settle(screen, 0.5)
        assert re.search(shown, screen.text())
        if where == "a list":
            in_list(screen)
        screen.press("q")
        assert screen.finish() == 0


PASTES: dict[str, tuple[str, str]] = {
    "words": ("payment prod", "payment prod"),
    "lines": ("payment\nprod\r\nq\n", "payment prod  q"),
    "a sequence": ("pay\x1b[31mment\x1b[0m-prod\x1b[A", "payment-prod"),
    "control characters": ("pay\x07\x00m\x08ent\u202e-prod", "payment-prod"),
    "a tilde": ("pay~ment~", "pay~ment~"),
    "ten thousand": ("pay" * 3400, "pay"),
}


def test_a_paste_into_a_filter_is_text(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for pasted, shown in PASTES.values():
            screen.press("/", paste(pasted))
            screen.wait_typed(shown if len(pasted) > 60 else f"/{shown}")
            screen.press("escape")
            next_key_is_one(screen)


def test_a_paste_into_a_field_is_text_in_one_line(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        for what in ("words", "lines", "a sequence", "control characters"):
            pasted, shown = PASTES[what]
            screen.wait("App Space: payment-team")
            screen.press("e")
            screen.wait_typed("> payment-team")
            screen.press("\x15", paste(pasted), "!")
            screen.wait_typed(f"> {shown}!")
            screen.press("escape")


def test_a_paste_that_comes_in_pieces_or_without_its_end_is_a_paste(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for piece in ("\x1b[200", "~a q", "\x1b[2", "01~"):
            screen.press(piece)
            settle(screen, 0.6)
        in_list(screen)
        screen.press("\x1b[200~a q a")
        settle(screen, 2.5)
        in_list(screen)
        screen.press("a")
        screen.wait("2 chosen")


# questions


@pytest.mark.parametrize("typed", ["d", "dy", "n", "r", "enter", "dddd", "\x1b[D", "dy\x1b"])
def test_keys_typed_before_the_question_are_no_answer(world: World, typed: str) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with world.map_import() as screen:
        screen.press(typed)
        screen.wait("RESUME SESSION")
        settle(screen, 1.0)
        assert "RESUME SESSION" in screen.text()
        assert prepared.snapshots(world) == before
        screen.press("q")
        assert screen.finish() == 0
    assert prepared.snapshots(world) == before


def test_an_arrow_over_a_slow_line_deletes_nothing(world: World) -> None:
    prepared.save(world, "select")
    before = prepared.snapshots(world)
    with world.map_import() as screen:
        screen.wait("RESUME SESSION")
        for pause, rest in [(0.4, "[D"), (1.5, "[D"), (1.5, "OD"), (0.1, "[D")]:
            screen.press("escape")
            settle(screen, pause)
            screen.press(rest)
            settle(screen, 0.5)
            assert "RESUME SESSION" in screen.text(), (pause, rest)
            assert prepared.snapshots(world) == before, (pause, rest)
        screen.press("q")
        assert screen.finish() == 0
    assert prepared.snapshots(world) == before
