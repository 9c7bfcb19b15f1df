"""Sessions that travel: what another device saved is seen, pulled and resumed on the screens."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub.running import SESSIONS, RunningHub
from sync.homes import Home
from sync.proxy import Proxy, black_hole
from tui import prepared
from tui.screen import Screen
from tui.test_leaving import TITLES
from tui.world import World, drawer
from waiting import eventually

HERE = socket.gethostname()
APP_SPACE = "App Space: payment-team"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """One hub for all tests, who are people of their own there."""
    running = RunningHub(tmp_path_factory.mktemp("hub") / "store").start()
    running.admin("team", "add", "payments", "--org", "home")
    yield running
    running.stop()


@pytest.fixture
def proxy(hub: RunningHub) -> Iterator[Proxy]:
    """What stands between the devices and the hub."""
    running = Proxy(hub.port).start()
    yield running
    running.stop()


class Devices:
    """Two machines of one person: `laptop` is the HOME of the world, `desktop` another one."""

    def __init__(self, world: World, hub: RunningHub, proxy: Proxy, folder: Path) -> None:
        self.world, self.hub, self.proxy, self.folder = world, hub, proxy, folder
        self.name = f"alex{os.urandom(4).hex()}"
        self.token = hub.add_person(self.name)
        self.homes: list[Home] = []
        self.saves = 0
        self.laptop = self.add_home(world.home, self.token)
        self.desktop = self.add_home(folder / "desktop", self.token)

    def add_home(self, folder: Path, token: str) -> Home:
        """Another machine, where the person of the token is signed in."""
        home = Home(folder, self.proxy.url, token)
        home.env = {"SESSION_CLI_NOW": None}
        home.login()
        self.homes.append(home)
        return home

    def at(self, home: Home, *arguments: str, **options: Any) -> Screen:
        """map-import on a machine."""
        return self.world.map_import(*arguments, env={"HOME": str(home.folder)}, **options)

    def save(self, home: Home, step: str, **changes: Any) -> dict[str, Any]:
        """Brings the session of a machine to that step, and to the hub.

        An hour ago by its clock, where no two sessions begin in the same second.
        """
        self.saves += 1
        data = json.dumps(prepared.state(self.world, step, **changes)).encode()
        home.env["SESSION_CLI_NOW"] = str(time.time() - 3600 + 2 * self.saves)
        home.do("save", step, "-", stdin=data)
        home.env["SESSION_CLI_NOW"] = None
        home.settle()
        return home.load()

    def bring(self, home: Home, state: dict[str, Any]) -> None:
        """Has the session on that machine, too, as somebody leaves it who does not work on it."""
        home.do("resume", state["session_id"])
        home.settle()

    def ask(self, method: str, path: str, *args: Any, token: str = "", **more: Any) -> Any:
        """What the hub answers the person, as JSON."""
        answer = self.hub.ask(method, SESSIONS + path, *args, token=token or self.token, **more)
        assert answer.status in (200, 204), answer
        return answer.json() if answer.body else None

    def holder(self, state: dict[str, Any]) -> str | None:
        """Which device has the session open at the hub."""
        lease = self.ask("GET", f"/{state['id']}")["lease"]
        return lease and str(lease["device"])


@pytest.fixture
def devices(world: World, hub: RunningHub, proxy: Proxy, tmp_path: Path) -> Iterator[Devices]:
    made = Devices(world, hub, proxy, tmp_path)
    yield made
    proxy.refuse()
    for home in made.homes:
        home.settle()


def leave(screen: Screen) -> None:
    screen.press("q")
    assert screen.finish() == 0


def test_an_import_is_resumed_on_another_device_where_it_was_left(devices: Devices) -> None:
    world = devices.world
    prepared.fill(world, conditions=[[0, "Ready"]], targets=[])
    state = devices.save(devices.laptop, "worker_connecting")

    with devices.at(devices.desktop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.wait(rf"On {HERE} just now: kind-atk, step 5 of 7")
        screen.press("p")
        screen.wait(TITLES["targets_waiting"])
        found = devices.desktop.load()
        assert (found["session_id"], found["id"]) == (state["session_id"], state["id"])
        eventually(lambda: devices.holder(state) == devices.desktop.device)
        leave(screen)
        assert "Session saved" in screen.text()

    # ConfigHub was asked before anything was done, and nothing was created twice
    assert world.calls("unit", "list")
    assert world.created() == []
    # what was begun there meanwhile had nothing in it, and is gone here and there
    devices.desktop.settle()
    assert [each["id"] for each in devices.ask("GET", "?status=all")["items"]] == [state["id"]]
    assert len({json.loads(raw)["id"] for raw in devices.desktop.snapshots().values()}) == 1
    assert devices.holder(state) is None


def test_a_program_that_was_killed_is_continued_on_the_other_device(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    with devices.at(devices.laptop, "--resume") as screen:
        screen.wait(APP_SPACE)
        eventually(lambda: devices.holder(state) == devices.laptop.device)
        screen.press("enter")
        screen.wait(TITLES["connect"])
        os.kill(drawer(screen.process.pid), signal.SIGKILL)
        screen.finish()
    devices.laptop.settle()

    with devices.at(devices.desktop, "--resume") as screen:
        screen.wait(rf"kind-atk, step 4 of 7, open on {HERE}")
        screen.press("p")
        screen.wait("─ OPEN ELSEWHERE ─")
        screen.wait(f"on {HERE}")
        screen.wait(rf"by {devices.name}, since \d{{4}}-")
        screen.press("t")
        screen.wait(TITLES["connect"])
        assert devices.desktop.load()["session_id"] == state["session_id"]
        leave(screen)


def test_without_a_session_here_resume_says_what_the_hub_has_not(devices: Devices) -> None:
    with devices.at(devices.desktop, "--resume") as screen:
        assert screen.finish() == 3
        assert "there is no session here to resume; nor does the hub have one" in screen.words()
    devices.proxy.behave(black_hole)
    with devices.at(devices.desktop, "--resume") as screen:
        assert screen.finish() == 3
        assert "the hub did not answer in time" in screen.words()


def test_what_is_offered_is_added_to_the_box_and_asks_before_it_takes_the_place_of_another(
    devices: Devices,
) -> None:
    theirs = devices.save(devices.laptop, "connect")
    ours = devices.save(devices.desktop, "select")

    with devices.at(devices.desktop) as screen:
        screen.wait(r"Step: Select App Space \(step 3 of 7\)")
        screen.wait(rf"On {HERE} just now: kind-atk, step 4 of 7\s+│")
        screen.wait(r"\[P\] Pull ")
        screen.press("p")
        screen.wait_words(f"Resume {theirs['session_id']}, last saved on {HERE}, here?")
        screen.wait_words(f"{ours['session_id']} (at step 3, 2 workloads chosen) stays on")
        screen.press("b")
        screen.wait("─ RESUME SESSION")
        assert devices.desktop.load() == ours
        screen.press("p")
        screen.wait(r"\[Y\] Pull")
        screen.press("y")
        screen.wait(TITLES["connect"])
        assert devices.desktop.load()["id"] == theirs["id"]
        leave(screen)
    # nothing of the other one is lost
    assert ours["session_id"] in devices.desktop.do("list", "--all")


def test_an_empty_session_that_is_found_gives_way_and_the_pulled_one_stays(
    devices: Devices,
) -> None:
    desktop = devices.desktop
    desktop.do("save", "scan")
    desktop.settle()
    empty = desktop.load()
    state = devices.save(devices.laptop, "select")

    with devices.at(desktop) as screen:
        screen.wait(r"Step: Scan cluster \(step 1 of 7\)")
        screen.wait(rf"On {HERE} just now: kind-atk, step 3 of 7")
        screen.press("p")
        screen.wait(APP_SPACE)
        leave(screen)
    desktop.settle()

    assert desktop.load()["id"] == state["id"]
    assert devices.ask("GET", f"/{state['id']}")["step"] == "select"
    assert empty["session_id"] not in desktop.do("list", "--all")


def test_of_several_one_is_chosen(devices: Devices) -> None:
    first = devices.save(devices.laptop, "connect")
    other = devices.add_home(devices.folder / "other", devices.token)
    second = devices.save(other, "review", cluster_context="kind-other")

    with devices.at(devices.desktop) as screen:
        screen.wait(r"On \S+ just now: kind-other, step 2 of 7")
        screen.wait(r"On \S+ just now: kind-atk, step 4 of 7")
        screen.press("p")
        screen.wait(r"> kind-other +step 2 of 7")
        screen.press("down", "enter")
        screen.wait(TITLES["connect"])
        assert devices.desktop.load()["id"] == first["id"] != second["id"]
        leave(screen)


def test_going_on_takes_what_another_device_saved_first(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    devices.bring(devices.desktop, state)
    devices.save(devices.desktop, "connect")

    with devices.at(devices.laptop) as screen:
        screen.wait(rf"This session on {HERE} just now: step 4 of 7")
        screen.press("r")
        screen.wait(TITLES["connect"])
        screen.wait("pulled from another device")
        assert devices.laptop.conflicts() == {}
        leave(screen)


def test_what_both_have_saved_is_the_hubs_and_the_copy_is_named_and_shown(
    devices: Devices,
) -> None:
    state = devices.save(devices.laptop, "select")
    devices.bring(devices.desktop, state)
    devices.save(devices.desktop, "connect")
    with devices.laptop.nobody_sends():
        devices.laptop.do("save", "select", '{"selections": {"hub": "only-here"}}')

    with devices.at(devices.laptop) as screen:
        screen.wait("This session on")
        screen.press("r")
        screen.wait_words("! replaced: ")
        [kept] = [name for name in devices.laptop.conflicts() if "/" not in name]
        screen.wait_words("yours is kept in")
        screen.wait(TITLES["connect"])
        screen.press("shift-tab")
        screen.wait("! Needs you: ")
        screen.wait(r"\[S\] See why")
        screen.press("s")
        screen.wait(r"the copy: step select")
        screen.wait(r"different in the copy: .*selections.hub")
        assert kept in "".join(screen.text().split())
        screen.press("enter")
        screen.wait(r"Last upload: \d\d:\d\d ✓")
        leave(screen)


def test_a_hub_that_never_answers_keeps_nobody_waiting(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    devices.proxy.behave(black_hole)

    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait(APP_SPACE)
        screen.wait_words("! not synced: the hub did not answer in time")
        screen.press("enter")
        screen.wait(TITLES["connect"])
        screen.press("q")
        assert screen.finish() == 0
        assert "Session saved" in screen.text()
    found = devices.laptop.load()
    assert (found["step"], found["id"]) == ("connect", state["id"])


@pytest.fixture
def sam(devices: Devices) -> Home:
    """The machine of a teammate, who is also called so."""
    name = f"sam{os.urandom(4).hex()}"
    token = devices.hub.add_person(name)
    for each in (name, devices.name):
        devices.hub.admin("team", "join", "payments", each, "--org", "home")
    home = devices.add_home(devices.folder / "sam", token)
    home.name = name  # type: ignore[attr-defined]
    return home


def offer(devices: Devices, state: dict[str, Any], sam: Home) -> None:
    wanted = {"to": sam.name, "note": "verify is left"}  # type: ignore[attr-defined]
    devices.ask("PUT", f"/{state['id']}/handoff", wanted)


def test_a_handoff_is_shown_with_its_note_and_accepted(devices: Devices, sam: Home) -> None:
    prepared.fill(devices.world)
    state = devices.save(devices.laptop, "verify")
    offer(devices, state, sam)

    with devices.at(sam) as screen:
        screen.wait(r"\[A\] Accept or decline")
        screen.wait(rf"From {devices.name}: kind-atk, step 7 of 7")
        screen.press("a")
        screen.wait("─ OFFERED TO YOU ─")
        screen.wait("Note: verify is left")
        screen.press("a")
        screen.wait_words(f"{state['session_id']} is yours now. Resume it here?")
        screen.press("y")
        screen.wait("✓ Complete")
        leave(screen)
    assert sam.load()["id"] == state["id"]

    # whoever gave it away cannot resume it any more, and is told in a line
    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait_words(f"{sam.name}")  # type: ignore[attr-defined]
        screen.wait("─ RESUME SESSION")
        leave(screen)
    assert devices.laptop.load()["step"] == "verify"


def test_a_handoff_is_declined(devices: Devices, sam: Home) -> None:
    state = devices.save(devices.laptop, "connect")
    offer(devices, state, sam)

    with devices.at(sam) as screen:
        screen.wait(r"\[A\] Accept or decline")
        screen.press("a")
        screen.wait("─ OFFERED TO YOU ─")
        screen.press("x")
        screen.wait(f"declined; the import stays with {devices.name}")
        leave(screen)
    assert devices.ask("GET", f"/{state['id']}")["handoff"] is None


def test_a_teammate_without_the_right_does_not_resume(devices: Devices, sam: Home) -> None:
    state = devices.save(devices.laptop, "select")
    share = {"scope": "team", "team": "payments"}
    devices.ask("PUT", f"/{state['id']}/share", {**share, "allow_resume": True})
    devices.bring(sam, state)
    devices.ask("PUT", f"/{state['id']}/share", share)
    before = devices.ask("GET", f"/{state['id']}")["etag"]

    with devices.at(sam) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait(r"^  ! ")
        screen.wait("─ RESUME SESSION")
        leave(screen)
    assert devices.ask("GET", f"/{state['id']}")["etag"] == before


def test_both_see_who_has_it_open_and_who_loses_it_stops_at_the_next_step(
    devices: Devices,
) -> None:
    state = devices.save(devices.laptop, "select")
    devices.bring(devices.desktop, state)
    with devices.at(devices.laptop, "--resume") as first:
        first.wait(APP_SPACE)
        eventually(lambda: devices.holder(state) == devices.laptop.device)

        with devices.at(devices.desktop) as second:
            second.wait("─ RESUME SESSION")
            second.press("r")
            second.wait(
                rf"─ OPEN ELSEWHERE ─[^┘]+on {HERE} +│\n│ +by {devices.name}, since \d{{4}}-"
            )
            second.press("l")
            second.wait(r"Step: +Select App Space \(step 3 of 7\)")
            second.press("b")
            second.wait("─ OPEN ELSEWHERE ─")
            second.press("n")
            second.wait_words("Start a new import? This archives")
            second.press("b")
            second.wait("─ OPEN ELSEWHERE ─")
            second.press("t")
            second.wait(APP_SPACE)
            eventually(lambda: devices.holder(state) == devices.desktop.device)

            # its next save is refused by the hub, and not here
            first.press("enter")
            first.wait_words(f"{devices.name} on {HERE} has taken it over")
            first.wait(r"\[B\] Back")
            first.press("b")
            first.wait("─ TAKEN OVER ─")
            first.wait_words("Nothing is lost: what you did is saved here, at Select App Space")
            first.press("q")
            assert first.finish() == 6
            leave(second)
    assert devices.laptop.load()["step"] == "select"


def test_who_has_lost_a_session_may_take_it_again(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    with devices.at(devices.laptop, "--resume") as screen:
        screen.wait(APP_SPACE)
        eventually(lambda: devices.holder(state) == devices.laptop.device)
        devices.desktop.do("resume", state["session_id"], "--take-over")
        devices.save(devices.desktop, "select", note="from the desktop")

        screen.press("enter")
        screen.wait("! You no longer have this session open")
        screen.wait(r"\[B\] Back")
        screen.press("b")
        screen.wait("─ TAKEN OVER ─")
        screen.press("t")
        screen.wait(APP_SPACE)
        eventually(lambda: devices.holder(state) == devices.laptop.device)
        assert devices.laptop.load()["note"] == "from the desktop"
        assert [name for name in devices.laptop.conflicts() if "/" not in name]
        leave(screen)


def test_what_is_deleted_is_deleted_at_the_hub(devices: Devices) -> None:
    devices.save(devices.laptop, "select")

    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("d")
        screen.wait_words("It is deleted at the hub, too.")
        screen.press("y")
        screen.wait(r"payment-prod +7 workloads")
        leave(screen)
    devices.laptop.settle()
    listed = devices.ask("GET", "?status=all")["items"]
    assert [each["step"] for each in listed] in ([], ["scan"])


def test_the_verbs_show_what_is_known_of_the_hub_without_asking_it(devices: Devices) -> None:
    laptop = devices.laptop
    devices.save(laptop, "select")
    devices.proxy.refuse()
    devices.proxy.forget()

    for words in (["status"], ["render", "panel"], ["render", "exit"], ["render", "status"]):
        assert "✓ Session synced" in laptop.do(*words)
    assert re.search(r"Last upload to ConfigHub: \d{4}-", laptop.do("render", "panel"))

    laptop.save("connect")
    for words in (["status"], ["render", "panel"], ["render", "exit"], ["render", "status"]):
        assert "○ Not synced to ConfigHub (offline)" in laptop.do(*words)
    assert devices.proxy.connections == 0


def test_what_was_deleted_on_another_device_is_resumed_here_and_said(devices: Devices) -> None:
    laptop = devices.laptop
    state = devices.save(laptop, "select")
    devices.bring(devices.desktop, state)
    devices.desktop.do("delete", state["session_id"], "--yes")
    devices.desktop.settle()

    for _ in range(2):
        with devices.at(laptop) as screen:
            screen.wait("─ RESUME SESSION")
            screen.press("r")
            screen.wait(APP_SPACE)
            screen.wait_words("deleted this session")
            screen.wait_words("it stays on this machine")
            leave(screen)
        laptop.settle()

    assert (laptop.load()["id"], laptop.load()["step"]) == (state["id"], "select")
    assert devices.hub.ask("GET", f"{SESSIONS}/{state['id']}", token=devices.token).status == 410


def test_a_second_terminal_here_keeps_the_session_open_at_the_hub(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    with devices.at(devices.laptop, "--resume") as first:
        first.wait(APP_SPACE)
        eventually(lambda: devices.holder(state) == devices.laptop.device)
        with devices.at(devices.laptop, "--resume") as second:
            second.wait("─ OPEN ELSEWHERE ─")
            second.press("t")
            second.wait(APP_SPACE)
            first.press("enter")
            assert first.finish() == 6
            assert "─ TAKEN OVER ─" in first.text()
            lease = devices.laptop.sidecar(state["id"])["lease"]
            assert lease and "release" not in lease
            assert devices.holder(state) == devices.laptop.device
            leave(second)
    devices.laptop.settle()
    assert devices.holder(state) is None


def test_without_a_sign_in_nothing_is_asked_and_nothing_is_kept(devices: Devices) -> None:
    devices.laptop.do("logout")
    devices.laptop.settle()
    prepared.save(devices.world, "select")
    devices.proxy.forget()
    before = prepared.tree(devices.laptop.sync_folder)

    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait(APP_SPACE)
        screen.press("shift-tab")
        screen.wait("○ Not synced to ConfigHub")
        leave(screen)
        assert "ync" not in screen.text()
    assert devices.proxy.connections == 0
    assert prepared.tree(devices.laptop.sync_folder) == before


def test_the_log_of_another_device_is_the_hubs_copy(devices: Devices) -> None:
    prepared.fill(devices.world)
    state = devices.save(devices.laptop, "verify")
    devices.bring(devices.desktop, state)
    with devices.at(devices.laptop, "--resume") as screen:
        screen.wait("✓ Complete")
        leave(screen)
    devices.laptop.settle()
    devices.desktop.sync()

    with devices.at(devices.desktop) as screen:
        screen.wait("✓ Complete")
        screen.press("v")
        screen.wait(r"ConfigHub Import TUI|resumed at step verify")
        screen.press("enter")
        screen.wait("✓ Complete")
        screen.press("h")
        screen.wait(rf"See {re.escape(devices.hub.url[:16])}")
        leave(screen)


def test_a_log_that_is_still_on_the_other_device_is_said_to_be_there(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    with devices.at(devices.laptop, "--resume") as screen:
        screen.wait(APP_SPACE)
        leave(screen)
    devices.laptop.settle()
    devices.bring(devices.desktop, state)

    with devices.at(devices.desktop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("v")
        screen.wait_words(f"the log is on {HERE}; it comes when the import ends or fails")
        screen.press("enter")
        leave(screen)


def test_who_is_signed_out_signs_in_again_from_inside(devices: Devices) -> None:
    devices.save(devices.laptop, "select")
    tokens = devices.hub.ask("GET", "/api/v1/tokens", token=devices.token).json()["items"]
    for each in tokens:
        devices.hub.ask("DELETE", f"/api/v1/tokens/{each['id']}", token=devices.token)

    with devices.at(devices.laptop) as screen:
        screen.wait(r"─ RESUME SESSION[^┘]+! The hub does not know you any more[^┘]+\[S\] Sign in ")
        screen.press("r")
        screen.wait(APP_SPACE)
        screen.wait_words("! not synced: ")
        screen.press("shift-tab")
        screen.wait("! Sign in to sync")
        screen.press("s")
        screen.wait(r"[A-Z]{4}-[A-Z]{4}")
        screen.press("ctrl-c")
        screen.wait("! Sign in to sync")
        screen.press("q")
        assert screen.finish() == 0


def test_a_session_of_another_account_is_sent_only_when_that_is_meant(devices: Devices) -> None:
    state = devices.save(devices.laptop, "select")
    token = devices.hub.add_person(f"kim{os.urandom(4).hex()}")
    devices.laptop.login(token=token)
    question = "This session was synced with another hub or account. Send it to this one?"

    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait_words(question)
        screen.press("b")
        screen.wait(APP_SPACE)
        leave(screen)
    devices.laptop.settle()
    assert devices.ask("GET", "?status=all", token=token)["items"] == []

    with devices.at(devices.laptop) as screen:
        screen.wait("─ RESUME SESSION")
        screen.press("r")
        screen.wait_words(question)
        screen.press("y")
        # under that id the hub has one of somebody else: it stays here
        screen.wait_words("! it is no longer available to you")
        screen.wait(APP_SPACE)
        leave(screen)
    devices.laptop.settle()
    assert devices.ask("GET", f"/{state['id']}")["owner"]["name"] == devices.name


def test_line_by_line_every_answer_has_its_word(devices: Devices) -> None:
    devices.save(devices.laptop, "connect")
    devices.save(devices.desktop, "select")

    with devices.at(devices.desktop, "--plain") as screen:
        screen.wait(rf"On {HERE} just now: kind-atk, step 4 of 7")
        screen.press("?", "enter")
        screen.wait(r"P: Pull \(resumes here what another device saved last\)")
        screen.press("pull", "enter")
        screen.wait(r"\[Y\] Pull")
        screen.wait_typed("> ")
        screen.press("pull", "enter")
        screen.wait(TITLES["connect"])
        screen.press("q", "enter")
        assert screen.finish() == 0
        assert "will sync" in screen.text() or "synced" in screen.text()


def test_a_script_prints_one_line_about_sync_and_waits_for_no_hub(devices: Devices) -> None:
    devices.proxy.behave(black_hole)

    answer = devices.world.yes()
    devices.world.stop_workers()

    assert (answer.code, answer.stderr) == (0, "")
    told = [line for line in answer.stdout.decode().splitlines() if "ync" in line]
    assert len(told) == 1, answer.stdout.decode()
    assert "○ Saved here, will sync" in told[0]
