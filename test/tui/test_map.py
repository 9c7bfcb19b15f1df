"""The map of a cluster: its views, and what of them comes back the next time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, runner
from small_disk import SmallDisk
from tui.api_server import ApiServer
from tui.cluster_objects import make_workload
from tui.screen import Screen
from tui.test_manners import NO_COLORS, styles
from tui.world import ATK, World
from waiting import eventually

HOURS_2 = 2 * 60 * 60


def once(*arguments: str, **options: Any) -> Answer:
    """The map without a terminal."""
    return runner(str(ATK / "map"))(*arguments, **options)


def saved(world: World) -> dict[str, Any]:
    """The view as it lies on the disk; empty before one was saved."""
    path = world.sessions / "map-latest.json"
    return dict(json.loads(path.read_bytes())["view"]) if path.exists() else {}


def later(seconds: int) -> dict[str, str]:
    """The environment of somebody who comes back after so many seconds."""
    return {"SESSION_CLI_NOW": str(time.time() + seconds)}


def without(program: str, folder: Path) -> dict[str, str]:
    """An environment in which the program is not installed."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for path in Path(place).glob("*"):
            link = folder / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    (folder / program).unlink()
    return {"PATH": str(folder)}


def test_each_view_shows_the_cluster_in_its_way(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux +#{20}  8 workloads")
        screen.wait(r"Cluster kind-atk, scanned \d{4}-\d\d-\d\d \d\d:\d\d UTC")
        screen.wait(r"12 workloads in 2 namespaces, 1 not ready")
        screen.press("2")
        screen.wait(r"^> order-prod +5 workloads +ArgoCD 3, Native 1, Flux 1 +1 not ready")
        screen.press("tab")
        screen.wait(r"^> ! 0/1  order-prod +debug-shell +Deployment  Native")
        screen.press("tab")
        screen.wait(r"^> Flux")
        screen.press("q")
        assert screen.finish() == 0


def test_enter_shows_the_workloads_of_a_row_and_escape_comes_back_to_it(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        for view, row, shown in [("1", "ArgoCD", 3), ("2", "payment-prod", 7)]:
            screen.press(view, "down")
            screen.wait(rf"^> {row}")
            screen.press("enter")
            screen.wait(rf"^  (of|in namespace) {row}$")
            screen.wait(rf"{shown} of {shown} shown")
            screen.press("down", "enter", "down")
            screen.wait(r"^    1/1 .*\n    1/1 .*\n>   1/1 .*prod")
            # a workload has nothing in it
            assert "[Enter]" not in screen.text()
            screen.press("escape")
            screen.wait(rf"^> {row}")
            screen.wait(r"\[Enter\] Open")


def test_the_view_comes_back_and_the_cluster_is_scanned_anew(world: World, tmp_path: Path) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("3", "/", *"worker", "enter")
        screen.wait(r"2 of 12 shown")
        screen.press("down", "q")
        assert screen.finish() == 0
    left = tmp_path / "left"
    shutil.copytree(world.sessions, left, symlinks=True)

    # of another cluster only the view itself
    with ApiServer(
        [make_workload("elsewhere", "worker"), make_workload("elsewhere", "web")]
    ) as two:
        two.add_context(world.kubeconfig, "kind-two")
        with world.screen("map", "--context", "kind-two") as screen:
            screen.wait(r"Cluster kind-two")
            screen.wait(r"2 of 2 shown$")
    put_back(world, left)

    # what is asked for comes first
    with world.screen("map", "--view=namespaces", "-n", "payment-prod") as screen:
        screen.wait(r"^> payment-prod +7 workloads")
        screen.wait(r"1 of 1 shown$")
        screen.wait(r"7 workloads in namespace payment-prod")
    put_back(world, left)

    world.server.objects.append(make_workload("order-prod", "late-worker"))
    with world.screen("map", env=later(HOURS_2 + 5)) as screen:
        screen.wait(r"view saved 2 hours ago")
        screen.wait(r"^>   1/1  payment-prod +payment-worker")
        screen.wait(r"3 of 13 shown   /worker")


def put_back(world: World, left: Path) -> None:
    """The sessions folder as it was left, whoever has looked at it since."""
    shutil.rmtree(world.sessions)
    shutil.copytree(left, world.sessions, symlinks=True)


def test_a_row_that_was_opened_comes_back_opened(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("down", "enter")
        screen.wait(r"3 of 3 shown")
        screen.press("q")
        assert screen.finish() == 0

    with world.screen("map") as screen:
        screen.wait(r"of ArgoCD$")
        screen.wait(r"3 of 3 shown")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_whatever_ends_it_the_view_is_saved(number: int, code: int, world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("3", "down", "down")
        screen.wait(r"^>   1/1  order-prod +order-cache")
        screen.process.kill(number)

        assert screen.finish() == code
        assert b"\x1b[?1049l" in screen.raw
    assert saved(world)["cursor"] == "order-prod/Deployment/order-cache"


def test_a_switch_of_views_is_saved_while_one_looks(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("2")
        screen.wait(r"^> order-prod")
        eventually(lambda: saved(world).get("name") == "namespaces")
        screen.process.kill(signal.SIGKILL)


def test_of_two_at_once_the_later_one_is_not_saved(world: World) -> None:
    with world.screen("map") as first:
        first.wait(r"^> Flux")
        eventually(lambda: saved(world).get("name") == "owners")
        with world.screen("map") as second:
            second.wait(r"^> Flux")
            assert "view saved" not in second.text()
            first.press("2", "q")
            assert first.finish() == 0
            second.press("3")
            second.wait(r"another map saved its view meanwhile; this one is not saved")
            second.press("q")

            assert second.finish() == 0
            assert b"NOT SAVED" not in second.raw
    assert saved(world)["name"] == "namespaces"


def test_a_view_that_cannot_be_saved_is_reported_at_the_end(world: World) -> None:
    world.sessions.parent.mkdir()
    world.sessions.write_text("no folder")

    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("q")

        assert screen.finish() == 7
        assert b"map: NOT SAVED: " in screen.raw


def test_without_a_terminal_it_prints_a_summary_and_saves_nothing(world: World) -> None:
    done = once()

    lines = done.stdout.decode().splitlines()
    assert (done.code, done.stderr) == (0, "")
    assert "12 workloads in 2 namespaces, 1 not ready" in lines
    assert "  payment-prod  7 workloads  Flux 7" in lines
    assert b"\x1b" not in done.stdout
    assert not world.sessions.exists()


def test_one_namespace_and_one_view_can_be_printed(world: World) -> None:
    done = once("--once", "--view", "workloads", "--namespace=order-prod")

    workloads = done.stdout.decode().partition("WORKLOADS\n")[2].splitlines()
    assert [line.split()[-3] for line in workloads] == [
        *("debug-shell", "order-api", "order-cache", "order-events", "order-worker")
    ]


def test_a_scan_that_is_not_whole_says_so(world: World) -> None:
    world.server.faults["/apis/apps/v1/daemonsets"] = 403

    with world.screen("map", columns=120) as screen:
        screen.wait(r"^> Flux")
        screen.wait(r"^  ! partial: .*daemonsets.apps is forbidden")


@pytest.mark.parametrize("arguments", [(), ("--once",)], ids=["no terminal", "once"])
def test_a_cluster_without_an_answer_is_one_line(arguments: tuple[str, ...], world: World) -> None:
    world.server.faults["/"] = 500

    done = once(*arguments)

    assert (done.code, done.stdout, done.stderr.count("\n")) == (8, b"", 1)
    assert done.stderr.startswith("map: kind-atk cannot be scanned")


def test_a_cluster_without_an_answer_can_be_asked_again(world: World) -> None:
    world.server.faults["/"] = 500

    with world.screen("map") as screen:
        screen.wait(r"\[R\] Try again")
        world.server.faults.clear()
        screen.press("r")
        screen.wait(r"^> Flux")
        screen.press("q")
        assert screen.finish() == 0


def test_giving_up_on_a_cluster_says_why(world: World) -> None:
    world.server.faults["/"] = 500

    with world.screen("map") as screen:
        screen.wait(r"\[R\] Try again")
        screen.press("q")

        assert screen.finish() == 8
        assert b"map: kind-atk cannot be scanned" in screen.raw.rpartition(b"\x1b[?1049l")[2]


def test_what_was_scanned_stays_when_it_cannot_be_scanned_again(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        world.server.faults["/"] = 500
        screen.press("r")
        screen.wait(r"rescan failed: kind-atk cannot be scanned")
        screen.wait(r"^> Flux")


def test_no_kubectl_is_one_line(world: World, tmp_path: Path) -> None:
    done = once("--once", env=without("kubectl", tmp_path / "programs"))

    assert (done.code, done.stderr.count("\n")) == (8, 1)
    assert done.stderr.startswith("map: kubectl is not on PATH; install it")


def test_a_scan_again_shows_what_is_new_and_keeps_the_place(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("3", "/", *"order", "enter", "down", "down")
        screen.wait(r"^>   1/1  order-prod +order-cache")
        world.server.objects.append(make_workload("order-prod", "order-audit"))
        screen.press("r")
        screen.wait(r"order-audit")
        screen.wait(r"^>   1/1  order-prod +order-cache")
        screen.wait(r"6 of 13 shown   /order")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bogus",), "unknown option --bogus"),
        (("--view", "pods"), "unknown view 'pods'"),
        (("--context",), "--context requires a value"),
        (("--namespace=",), "--namespace requires a value"),
        (("-n", "--once"), "-n requires a value"),
        (("payment",), "unexpected argument 'payment'"),
    ],
)
def test_what_is_not_understood_is_reported(arguments: tuple[str, ...], words: str) -> None:
    done = once(*arguments)

    assert (done.code, done.stdout) == (2, b"")
    assert done.stderr == f"map: {words}; see 'map --help'\n"


def test_help_lists_the_keys(world: World) -> None:
    assert b"--context NAME" in once("--help").stdout
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("?")
        screen.wait(r"R +Rescan")
        screen.wait(r"1 +Owners")
        screen.press("enter")
        screen.wait(r"^> Flux")
        # half a page, and not the end
        screen.press("ctrl-d")
        screen.wait(r"^> Native")
        screen.press("q")
        assert screen.finish() == 0


def test_names_cannot_act_on_the_terminal(world: World) -> None:
    world.server.objects.append(make_workload("evil\x1b]0;mine\x07", "x\x1b[2Jy", owner="Native"))

    with world.screen("map", "--view", "workloads", columns=120) as screen:
        screen.wait(r"evil\\x1b\]0;mine\\x07 +x\\x1b\[2Jy")
        assert b"\x1b]0" not in screen.raw


@pytest.mark.parametrize("columns", [60, 200])
def test_it_is_plain_ascii_where_that_is_asked_for(columns: int, world: World) -> None:
    plain = {"LC_ALL": "C", "NO_COLOR": "1"}
    with world.screen("map", columns=columns, env=plain) as screen:
        screen.wait(r"^> Flux")
        screen.press("3")
        screen.wait(r"^> ! 0/1")
        screen.wait(r"\[2\] Namespaces  \[3\] WORKLOADS$")
        screen.wait(r"\[\?\] Keys")
        assert screen.raw.isascii()
        assert styles(screen.raw) <= NO_COLORS


def test_the_demo_needs_no_cluster(home: Path) -> None:
    with Screen([str(ATK / "map"), "--demo"], env={"KUBECONFIG": "/dev/null"}) as screen:
        screen.wait(r"Cluster kind-demo")
        screen.press("q")
        assert screen.finish() == 0
    assert not (home / ".confighub" / "sessions").exists()
    assert (home / ".confighub" / "demo" / "sessions" / "map-latest.json").exists()


def test_a_view_that_cannot_be_saved_is_reported_at_once_and_leaves_nothing_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    world.sessions.parent.mkdir(parents=True, exist_ok=True)
    world.sessions.write_text("in the way")
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("3")
        screen.wait("! view not saved:")
        screen.press("q")
        assert screen.finish() == 7
        assert "NOT SAVED" in screen.text()
    assert list(scratch.glob("session-tui.*")) == []


def test_beside_the_list_a_wide_screen_shows_what_is_under_the_cursor(world: World) -> None:
    with world.screen("map", "--view", "namespaces", columns=120) as screen:
        screen.wait(r"│ order-prod\n> order-prod .*│ 5 workloads$")
        screen.wait(r"│ ○ debug-shell +0/1  Native$")
        screen.press("enter")
        screen.wait(r"│ debug-shell\n> ! 0/1 .*│ Deployment in namespace order-prod$")
        screen.press("down")
        screen.wait(r"│ ready +1 of 1 pod$")
        screen.resize(90, 24)
        screen.wait_without("│")


def test_views_can_be_gone_through_backwards(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        screen.press("\x1b[Z")
        screen.wait(r"\[3\] WORKLOADS")
        screen.press("\x1b[Z")
        screen.wait(r"\[2\] NAMESPACES")


def test_what_is_shown_can_be_worked_with_while_the_cluster_hangs(world: World) -> None:
    with world.screen("map") as screen:
        screen.wait(r"^> Flux")
        world.server.faults["/apis/apps/v1"] = "hang"
        screen.press("r")
        screen.wait(r"[-|/\\] Scanning the cluster +\d+ s")
        screen.press("2", "down", "enter")
        screen.wait(r"in namespace payment-prod")
        screen.wait(r"7 of 7 shown")
        screen.wait(r"[-|/\\] Scanning the cluster +\d+ s")
        screen.press("q")
        assert screen.finish() == 0
    assert saved(world)["namespace"] == "payment-prod"


@pytest.mark.parametrize("script", ["map", "map-confighub"])
def test_line_by_line_it_prints_what_it_prints_once(script: str, world: World) -> None:
    at = {"SESSION_CLI_NOW": str(time.time())}
    command = runner(str(ATK / script))

    plainly = command("--plain", env=at)

    assert plainly.code == 0
    assert plainly.stdout == command("--once", env=at).stdout
    assert not world.sessions.exists()


def test_a_scan_under_way_shows_itself_and_can_be_left(world: World) -> None:
    world.server.faults["/apis/apps/v1"] = "hang"
    with world.screen("map") as screen:
        screen.wait(r"Scanning the cluster +\d+ s")
        screen.press("q")
        assert screen.finish() == 0
    assert not world.sessions.exists()


def test_a_signal_ends_it_while_it_scans(world: World) -> None:
    world.server.faults["/apis/apps/v1"] = "hang"
    with world.screen("map") as screen:
        screen.wait(r"Scanning the cluster +\d+ s")
        screen.process.kill(signal.SIGTERM)
        assert screen.finish() == 143
    assert not world.sessions.exists()


def test_a_summary_that_cannot_be_written_is_a_failure(world: World) -> None:
    done = runner("bash", "-c", f"'{ATK / 'map'}' --once >/dev/full")()

    assert (done.code, done.stderr) == (
        1,
        "map: cannot write the answer: No space left on device\n",
    )


def test_a_summary_that_nobody_reads_to_its_end_is_no_failure(world: World) -> None:
    done = runner("bash", "-c", f"'{ATK / 'map'}' --once | true")()

    assert (done.code, done.stderr) == (0, "")


def test_on_a_full_disk_one_looks_on_and_the_view_is_saved_once_there_is_space(
    world: World,
) -> None:
    disk = SmallDisk(world.sessions, "256k")
    world.sessions = disk.seen
    try:
        with Screen([*disk.inside, str(ATK / "map")]) as screen:
            screen.wait(r"^> Flux")
            eventually(lambda: saved(world).get("name") == "owners")
            disk.fill()
            screen.press("2")
            screen.wait("! view not saved:")
            screen.wait_words("No space left on device")
            screen.press("down", "enter")
            screen.wait("7 of 7 shown")
            disk.free()
            screen.press("q")
            assert screen.finish() == 0
        assert saved(world)["namespace"] == "payment-prod"
        disk.fill()
        with Screen([*disk.inside, str(ATK / "map")]) as screen:
            screen.wait(r"in namespace payment-prod$")
            screen.press("1", "q")
            assert screen.finish() == 7
            assert "map: NOT SAVED: " in screen.words()
        assert saved(world)["namespace"] == "payment-prod"
    finally:
        disk.close()
