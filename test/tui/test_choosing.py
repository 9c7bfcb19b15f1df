"""What a person chooses: the lists, the name of the App Space, and keys that were not meant."""

from __future__ import annotations

import re

from tui import prepared
from tui.test_leaving import TITLES
from tui.world import World
from waiting import eventually


def test_leaning_on_enter_creates_nothing_unseen(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press(*["enter"] * 40)
        screen.wait(r"\[Enter\] Create")
        screen.press("q")
        assert screen.finish() == 0

    assert world.state["step"] == "connect"
    assert world.created() == []


def test_a_namespace_that_was_misspelt_is_reported_and_chosen_from_the_list(world: World) -> None:
    with world.map_import("--new", "--namespace", "payment-prdo") as screen:
        screen.wait("! no workload was found in namespace payment-prdo")
        screen.wait(r"payment-prod +7 workloads")
        screen.press("/", "payment-prod", "enter", "enter")
        screen.wait(TITLES["review"])
        screen.wait("7 chosen, 7 of 7 shown")
        screen.wait_without("payment-prdo")


def test_a_namespace_that_comes_in_later_brings_all_its_workloads(world: World) -> None:
    with world.map_import("--new", "--namespace", "payment-prod") as screen:
        screen.wait("1 chosen")
        screen.press("enter")
        screen.wait("7 chosen, 7 of 7 shown")
        screen.press("space")
        screen.wait("6 chosen")
        screen.press("b")
        screen.wait(r"\[ \] order-prod")
        screen.press("/", "order-prod", "enter", "space", "escape")
        screen.wait("2 chosen")
        screen.press("enter")

        screen.wait("of 12 shown|of 11 shown")
        assert len(re.findall(r"\[ \] payment-prod", screen.text())) == 1
        assert not re.search(r"\[ \] order-prod", screen.text())


def test_a_list_begins_at_its_top_after_another_that_was_filtered(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("/", "payment-prod", "enter", "space", "enter")
        screen.wait(TITLES["review"])

        screen.wait(r"7 chosen, 7 of 7 shown")
        rows = [line for line in screen.text().splitlines() if "] payment-prod" in line]
        assert [line[0] for line in rows] == [">", *" " * 6]


def test_what_is_typed_can_be_cleared_and_holds_no_control_characters(world: World) -> None:
    with world.map_import("--new") as screen:
        screen.wait(r"payment-prod +7 workloads")
        screen.press("/", "pay\x0e")
        screen.wait_typed("/pay")
        screen.press("\x17", "order")
        screen.wait_typed("/order")
        screen.press("escape", "Q")
        assert screen.finish() == 0

    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        screen.press("e")
        screen.wait_typed("> payment-team")
        screen.press("\x17", "x", "\x0e", "\x1c", "enter")
        screen.wait("App Space: x$|App Space: x ")
    eventually(lambda: world.state["selections"]["app_space"] == "x")


def test_an_app_space_without_a_letter_is_reported_and_the_box_comes_again(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume") as screen:
        screen.wait("App Space: payment-team")
        screen.press("e")
        screen.wait_typed("> payment-team")
        screen.press("\x15", "!!!", "enter")
        screen.wait("! '!!!' has no letter or digit")
        screen.wait("App Space: payment-team")

        screen.press("enter")
        screen.wait(TITLES["connect"])


def test_the_same_command_continues_with_what_it_began(world: World) -> None:
    named = ("--yes", "--namespace", "payment-prod", "--app-space", "Payment Team!")
    world.scenario(login="none")
    assert world.run(*named).code == 8

    world.scenario(**prepared.FINE)
    assert world.run(*named).code == 0
    assert world.state["selections"]["app_space"] == "payment-team"


def test_other_wishes_than_the_sessions_are_reported_and_stay_to_be_read(world: World) -> None:
    prepared.save(world, "select")
    with world.map_import("--resume", "--namespace", "order-prod") as screen:
        screen.wait("this session imports the namespaces payment-prod; --new starts another")
        screen.wait("App Space: payment-team")
        assert "--new starts another" in screen.text()
        screen.press("enter")
        screen.wait(TITLES["connect"])
        screen.wait_without("--new starts another")
