"""The logs of an import: for people, beside the session, linked both ways, with nothing secret."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from tui import prepared
from tui.cluster_objects import make_workload
from tui.screen import Screen
from tui.test_flags import latest
from tui.world import World

HEAD = re.compile(
    r"={80}\nConfigHub Import TUI\nStarted: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n"
    r"Session: (import-\S+)\n(?:Continues: (\S+)\n)?={80}\n\n"
)
LINE = re.compile(r"\[\d\d:\d\d:\d\d\] \S.*|--- \S.* ---|")
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
REFUSED = "Failed: HTTP 422 for req 7f3: the manifest has no apiVersion"


def logs(world: World) -> list[Path]:
    """The logs of imports, oldest first; those of workers are not among them."""
    found = [path for path in world.logs.glob("*.log") if path.name.startswith("tui-import-")]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def files(world: World) -> list[Path]:
    """All that was saved and logged."""
    return [path for path in (world.home / ".confighub").rglob("*") if path.is_file()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def short(path: Path) -> str:
    """The path as a session keeps it."""
    return f"~/.confighub/logs/{path.name}"


def test_a_log_has_the_stamp_of_its_session_its_id_in_the_header_and_what_happened(
    world: World,
) -> None:
    world.scenario(**prepared.FINE)
    world.server.objects = [make_workload("order-prod", f"order-{name}") for name in ("api", "web")]

    assert world.run("--yes", "-n", "order-prod", umask=0).code == 0

    [log] = logs(world)
    state = world.state
    assert log.name == f"tui-{state['session_id']}.log"
    assert state["log_file"] == short(log)
    text = log.read_text()
    head = HEAD.match(text)
    assert head and head[1] == state["session_id"] and head[2] is None
    lines = text[head.end() :].splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    for told in ("2 workloads in 1 namespace", "Unit order-api created", "worker dev is conn"):
        assert re.search(rf"^\[\d\d:\d\d:\d\d\] {told}", text, re.MULTILINE), told
    assert "\n\n--- CREATING UNITS ---\n[" in text
    assert lines[-1].endswith("] exited at step complete, exit code 0")
    assert [mode(path) for path in world.logs.iterdir()] == [0o600, 0o600]
    assert mode(world.logs) == 0o700

    # what cub lists of a worker holds its secret
    hub = (world.cub_home / "confighub.json").read_text()
    [secret] = set(re.findall(r'"secret": "(ch_\w+)"', hub))
    for path in files(world):
        assert secret not in path.read_text(), path


def test_a_resumed_session_has_a_log_of_its_own_that_links_the_earlier_one(world: World) -> None:
    (world.bin / "cub").rename(world.bin / "kept")
    assert world.yes().code == 8
    (world.bin / "kept").rename(world.bin / "cub")
    world.scenario(**prepared.FINE)

    assert world.run("--resume", "--yes").code == 0

    earlier, newer = logs(world)
    head = HEAD.match(newer.read_text())
    assert head
    assert head.groups() == (world.state["session_id"], short(earlier))
    assert world.state["log_file"] == short(newer)
    assert world.state["previous_log_file"] == short(earlier)
    assert "resumed at step connect" in newer.read_text()
    assert "cub is not on PATH" in earlier.read_text()

    # there is nothing to go on with, so its log stays the one to view
    assert world.run("--resume", "--yes").code == 0
    assert logs(world) == [earlier, newer]
    assert world.state["log_file"] == short(newer)


def test_cubs_own_words_are_in_the_log_without_secrets_and_write_no_lines_of_their_own(
    world: World,
) -> None:
    said = [
        REFUSED,
        f"Failed: token {TOKEN} is not valid",
        "Failed: WORKER_SECRET=ch_abcdef is wrong",
        "Failed: \x1b[31mred\x1b[0m\r[00:00:00] all is well",
    ]
    names = ["a", "b", "c", "d"]
    places = [f"payment-prod/{name}" for name in names]
    world.server.objects = [make_workload("payment-prod", name) for name in names]
    prepared.fill(world, "unrelated")
    uid = world.server.uid
    prepared.save(world, "connect", **prepared.chosen(uid, "payment-team", *places))
    failed = {"match": ["unit", "create"], "do": "fail"}
    faults = [{**failed, "nth": nth, "stderr": each} for nth, each in enumerate(said, 1)]
    world.scenario(**prepared.FINE, faults=faults)

    answer = world.run("--resume", "--yes")

    assert answer.code == 9
    text = world.newest_log()
    assert text.count(f"! Unit a: 'cub unit create' failed: {REFUSED}\n") == 1
    assert "exited at step connect, exit code 9" in text

    everywhere = answer.stdout.decode() + answer.stderr
    everywhere += "".join(path.read_text() for path in files(world))
    assert "token [hidden] is not valid" in everywhere
    assert "WORKER_SECRET=[hidden] is wrong" in everywhere
    assert TOKEN not in everywhere and "ch_abcdef" not in everywhere

    assert "all is well" in text
    assert "\x1b" not in text and "\r" not in text
    assert not re.search(r"^\[00:00:00\]", text, re.MULTILINE)


def test_a_warning_from_before_there_is_a_log_is_in_it_and_told_once(world: World) -> None:
    prepared.save(world, "review")
    prepared.save(world, "select")
    latest(world).write_text('{"version": "1.0", "st')
    world.scenario(login="none")

    answer = world.run("--resume", "--yes")

    assert answer.code == 8
    for text in answer.stderr, world.newest_log():
        assert text.count("; using revision 1 of import-") == 1


# [V]


def shown(world: World, log_file: str) -> Screen:
    """What [V] shows of a session that names this log."""
    prepared.save(world, "review", log_file=log_file)
    screen = world.map_import()
    screen.wait(r"\[V\] View log")
    screen.press("v")
    return screen


def make_log(world: World, name: str = "tui-import-2026-01-09-143022.log") -> Path:
    world.logs.mkdir(parents=True, mode=0o700, exist_ok=True)
    log = world.logs / name
    log.write_text("what happened on that day\n")
    return log


def test_v_opens_the_log_and_comes_back(world: World) -> None:
    with shown(world, short(make_log(world))) as screen:
        screen.wait("what happened on that day")
        screen.press("q")
        screen.wait("─ RESUME SESSION")
        screen.press("q")
        assert screen.finish() == 0


def outside(world: World) -> str:
    (world.home / "secret.log").write_text("what happened on that day\n")
    return str(world.home / "secret.log")


def dotted(world: World) -> str:
    make_log(world)
    outside(world)
    (world.logs / "tui-import-x").mkdir()
    return "~/.confighub/logs/tui-import-x/../../../secret.log"


def linked(world: World) -> str:
    target = outside(world)
    link = make_log(world, "tui-import-2026-01-09-143022.log")
    link.unlink()
    link.symlink_to(target)
    return short(link)


def below_a_link(world: World) -> str:
    make_log(world)
    elsewhere = world.home / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "notes.log").write_text("what happened on that day\n")
    (world.logs / "tui-import-x").symlink_to(elsewhere)
    return "~/.confighub/logs/tui-import-x/notes.log"


def foreign(world: World) -> str:
    return short(make_log(world, "notes.log"))


@pytest.mark.parametrize("place", [outside, dotted, linked, below_a_link, foreign])
def test_a_log_that_is_none_of_ours_is_never_opened(world: World, place: Any) -> None:
    with shown(world, place(world)) as screen:
        screen.wait("no import log to show:")
        assert b"what happened" not in screen.raw
        screen.press("enter")
        screen.wait("─ RESUME SESSION")


def test_a_hostile_log_file_name_cannot_command_the_terminal(world: World) -> None:
    with shown(world, "/tmp/\x1b]0;owned\x07\x1b[2J.log") as screen:
        screen.wait("no import log to show:")
        assert b"owned\x07" not in screen.raw


# no log is no failure


def test_an_import_without_a_log_is_an_import_anyway(world: World) -> None:
    prepared.fill(world)
    prepared.save(world, "connect")
    world.logs.write_text("somebody's file\n")

    answer = world.run("--resume", "--yes")

    assert answer.code == 0
    assert world.state["step"] == "complete"
    assert "no log: " in answer.stderr and answer.stderr.count("\n") == 1
    assert world.logs.read_text() == "somebody's file\n"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="a folder that takes no file")
def test_a_folder_that_takes_no_log_is_reported_and_the_session_keeps_its_second(
    world: World,
) -> None:
    world.scenario(login="none")

    answer = world.yes(env={"CONFIGHUB_LOG_DIR": "/proc/self"})

    assert answer.code == 8
    assert "no log: cannot write to /proc/self" in answer.stderr
    assert re.fullmatch(r"import-\d{4}-\d\d-\d\d-\d{6}", world.state["session_id"])
