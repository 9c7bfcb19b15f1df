"""What every screen offers: ways to move, a filter, the mouse, tabs, and the table of its keys."""

from __future__ import annotations

import re

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.screen import Screen
from tui.test_keys import settle
from tui.test_leaving import TITLES
from tui.world import World

LIST = r"payment-prod +7 workloads"
WORK = "Scanning the cluster"
MANY = 60


def many(world: World) -> None:
    """More namespaces than a screen has rows."""
    world.server.objects = [make_workload(f"ns-{number:02}", "web") for number in range(MANY)]


def cursor_on(screen: Screen, name: str) -> None:
    screen.wait(rf"^> \[.\] {name}\b")


def leave(screen: Screen) -> None:
    screen.press("q")
    assert screen.finish() == 0


# lists


def test_one_moves_in_a_list_by_rows_pages_halves_and_to_its_ends(world: World) -> None:
    many(world)
    with world.map_import("--new") as screen:
        cursor_on(screen, "ns-00")
        for there, row in [("G", MANY - 1), ("g", 0), ("end", MANY - 1), ("home", 0)]:
            screen.press(there)
            cursor_on(screen, f"ns-{row:02}")
        shown = len(re.findall(r"^[> ] \[.\] ns-", screen.text(), re.M))
        for key, back in [("ctrl-d", "ctrl-u"), ("page-down", "page-up")]:
            screen.press(key)
            step = shown // 2 if key == "ctrl-d" else shown
            cursor_on(screen, f"ns-{step:02}")
            screen.press(back)
            cursor_on(screen, "ns-00")
        screen.press("j", "j", "down", "k", "up")
        cursor_on(screen, "ns-01")
        assert f"0 chosen, {MANY} of {MANY} shown" in screen.text()
        leave(screen)


def test_a_filter_takes_words_in_any_order_and_its_list_is_moved_in(world: World) -> None:
    many(world)
    world.server.objects += [make_workload("two-webs", name) for name in ("a", "b")]
    with world.map_import("--new") as screen:
        cursor_on(screen, "ns-00")
        screen.press("/", "webs TWO")
        screen.wait(f"1 of {MANY + 1} shown")
        cursor_on(screen, "two-webs")
        screen.press("ctrl-u", "5 ns")
        screen.wait(rf"15 of {MANY + 1} shown")
        screen.press("down")
        cursor_on(screen, "ns-15")
        screen.press("enter", "space")
        screen.wait(r"1 chosen, 15 of")
        assert "ns-15" in re.findall(r"\[x\] (\S+)", screen.text())
        leave(screen)


def test_the_second_pane_is_about_the_row_under_the_cursor_also_while_a_filter_is_typed(
    world: World,
) -> None:
    with world.map_import("--new", columns=120, rows=40) as screen:
        screen.wait("│ order-prod")
        screen.press("/", "payment")
        screen.wait("│ payment-prod")
        screen.press("ctrl-u", "order")
        screen.wait("│ order-prod")
        screen.press("ctrl-u", "prod", "down")
        screen.wait("│ payment-prod")
        screen.press("escape")
        leave(screen)


def test_a_burst_of_keys_does_what_the_keys_do_one_by_one(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.press("/payment-prod\r \r")
        screen.wait(TITLES["review"])
        screen.wait("7 chosen, 7 of 7 shown")
        screen.press("\t\t\tb")
        screen.wait(TITLES["scan"])
        screen.wait("1 chosen, 2 of 2 shown")
        screen.press("?ba")
        screen.wait("2 chosen, 2 of 2 shown")
        leave(screen)


def test_a_click_moves_the_cursor_and_one_on_the_cursors_row_marks_it(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        screen.click("payment-prod")
        cursor_on(screen, "payment-prod")
        assert "0 chosen" in screen.text()
        screen.click("payment-prod")
        screen.wait(r"\[x\] payment-prod")
        screen.click("payment-prod")
        screen.wait(r"\[ \] payment-prod")
        # what is no row
        screen.click("CONFIGHUB MAP")
        screen.click("0 chosen")
        screen.click("NAMESPACE")
        screen.click("[Q] Quit")
        settle(screen, 0.3)
        assert "0 chosen, 2 of 2 shown" in screen.text()
        leave(screen)


def test_the_wheel_moves_in_a_list(world: World) -> None:
    many(world)
    with world.map_import("--new") as screen:
        cursor_on(screen, "ns-00")
        screen.press("wheel-down")
        cursor_on(screen, "ns-03")
        screen.press("wheel-down", "wheel-down", "wheel-up")
        cursor_on(screen, "ns-06")
        leave(screen)


# tabs


def test_shift_tab_goes_through_the_tabs_the_other_way(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(LIST)
        for tab in ("SESSION STATE ─", "CLUSTER ─", LIST):
            screen.press("shift-tab")
            screen.wait(tab)
            # the import is where it was, whatever is looked at meanwhile
            screen.wait(rf"●○○○○○○  Import: {TITLES['scan']}")
        for tab in ("CLUSTER ─", "SESSION STATE ─", LIST):
            screen.press("tab")
            screen.wait(tab)
        leave(screen)


# the table of the keys


def closes(screen: Screen, shown: str, *rows: str) -> None:
    """The table of the keys of this screen is shown, and closed by each of its keys."""
    screen.wait(shown)
    for key in ("enter", "escape", "?", "q", "b"):
        screen.press("?")
        screen.wait("^  Keys$")
        for row in rows:
            screen.wait(rf"^    {row}$")
        screen.press(key)
        screen.wait(shown)
        screen.wait_without("^  Keys$")


def test_lists_and_tabs_show_their_keys(world: World) -> None:
    with world.map_import("--new") as screen:
        closes(screen, LIST, r"Ctrl-U Ctrl-D +Move half a page", "Space +Choose", "R +Rescan")
        screen.press("tab")
        screen.wait(r"\[Tab\] Next tab +\[R\] Back +\[N\] New session +\[V\] View log")
        screen.wait(r"\[H\] View in ConfigHub")
        assert "[I]" not in screen.text()
        closes(screen, "CLUSTER ─", "Tab +Next tab", "N +New session", "Q +Quit")
        screen.press("tab", "tab", "a", "enter")
        closes(screen, TITLES["review"], "B +Back", "/ +Filter")
        leave(screen)


def test_questions_show_their_keys(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import() as screen:
        closes(screen, "RESUME SESSION", "R Enter +Resume", "V +View log")
        screen.press("d")
        closes(screen, r"\[Y\] Delete", "Y +Delete", "B Esc +Back")
        screen.press("b")
        screen.wait("RESUME SESSION")
        screen.press("r")
        closes(screen, r"App Space: payment-team", "E +Edit", "Shift-Tab +Tab before")
        leave(screen)


def test_work_and_what_went_wrong_show_their_keys(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        world.scenario(faults=[{"match": ["context"], "do": "hang"}])
        screen.press("enter")
        closes(screen, "Connecting to ConfigHub", "Tab +Tabs", "V +View log")
        leave(screen)


def test_the_table_of_keys_stays_until_it_is_closed_whatever_the_work_does(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        world.scenario(faults=[{"match": ["context"], "do": "slow", "seconds": 2}])
        screen.press("enter")
        screen.wait("Connecting to ConfigHub")
        screen.press("?")
        screen.wait("V +View log")
        # that work is over, and this is about the question below it
        screen.wait("Enter +Create")
        assert "  Keys" in screen.text()
        screen.press("escape")
        screen.wait(r"\[Enter\] Create")
        leave(screen)
    assert world.created() == []


@pytest.mark.parametrize("key", ["escape", "b"])
def test_where_to_look_in_confighub_is_closed_as_everything_is(world: World, key: str) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        screen.press("tab")
        screen.wait("CLUSTER ─")
        screen.press("h")
        screen.wait("See App Space")
        screen.press(key)
        screen.wait("CLUSTER ─")
        leave(screen)


# while others hang


def is_alive(screen: Screen, title: str) -> None:
    """Each key is answered, though what is waited for never comes."""
    screen.wait(title)
    for key, shown in [("tab", "CLUSTER ─"), ("tab", "SESSION STATE ─"), ("tab", title)]:
        screen.press(key)
        screen.wait(shown)
    screen.press("?")
    screen.wait("^  Keys$")
    screen.press("escape")
    screen.wait(title)
    screen.press("v")
    screen.wait("ConfigHub Import TUI")
    screen.press("q")
    screen.wait(title)
    screen.wait(r"\d s, gives up after")
    leave(screen)


def test_keys_are_answered_while_kubectl_hangs(world: World) -> None:
    world.server.faults["/apis/apps/v1"] = "hang"
    with world.map_import("--new") as screen:
        is_alive(screen, WORK)
    assert world.state["step"] == "scan"


def test_keys_are_answered_while_cub_hangs(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        world.scenario(faults=[{"match": ["context"], "do": "hang"}])
        screen.press("enter")
        is_alive(screen, "Connecting to ConfigHub")
    assert world.state["step"] == "connect"


# sizes


def test_what_is_under_the_cursor_is_explained_where_there_is_room(world: World) -> None:
    with world.map_import("--new", "--namespace", "payment-prod", columns=100) as screen:
        screen.wait(r"│ order-prod$")
        screen.press("down")
        screen.wait(r"│ payment-prod$")
        screen.press("enter")
        screen.wait(r"│ payment-api$")
        screen.wait("│ Unit +payment-api")
        screen.wait("│ owner +Flux")
        screen.resize(99, 24)
        screen.wait_without("│")
        screen.wait("payment-api")
        leave(screen)


def test_a_storm_of_sizes_leaves_a_whole_screen(world: World) -> None:
    many(world)
    with world.map_import("--new") as screen:
        cursor_on(screen, "ns-00")
        for turn in range(40):
            screen.resize(60 + 7 * (turn % 20), 24 + turn % 27)
            screen.press("down")
        screen.resize(80, 24)
        cursor_on(screen, "ns-40")
        # the keys stand at the bottom, and the list fills what is above them
        screen.wait(r"\A(.*\n){23} .*\[\?\] Keys\Z")
        assert len(re.findall(r"^[> ] \[.\] ns-", screen.text(), re.M)) > 10
        leave(screen)


@pytest.mark.parametrize(("columns", "rows"), [(60, 24), (80, 24), (120, 40), (200, 50)])
def test_the_keys_of_a_short_list_stand_below_it(world: World, columns: int, rows: int) -> None:
    with world.map_import("--new", columns=columns, rows=rows) as screen:
        screen.wait(LIST)
        for hint in ("[Space] Choose", "[Enter] Continue", "[Tab] Tabs", "[Q] Quit", "[?] Keys"):
            # in one of the last three lines
            screen.wait(rf"{re.escape(hint)}.*(\n.*){{0,2}}\Z")
        lines = screen.text().split("\n")
        assert len(lines) == rows
        assert max(map(len, lines)) <= columns
        leave(screen)
