"""The flags of map-import: what they begin, what they refuse, and the exit code that says so."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from builders import make_state
from guard import SCRIPTS
from processes import runner
from tui import prepared
from tui.api_server import ApiServer
from tui.prepared import reason
from tui.world import ATK, World

LINE = re.compile(r"\[\d\d:\d\d:\d\d\] [a-z_]+: \S.*")
OURS = ATK.parents[1] / ".venv/bin/session-cli"
YESTERDAY = "import-2026-01-09-143022"
NEWER = {"version": "2.0", "type": "import", "session_id": YESTERDAY}


def ago(**since: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**since)).strftime("%Y-%m-%dT%H:%M:%SZ")


def drafted(world: World, **changes: Any) -> Path:
    """A session as the spec's draft leaves it: one plain file, with no id."""
    world.sessions.mkdir(parents=True, mode=0o700)
    path = world.sessions / "import-latest.json"
    path.write_text(json.dumps(make_state(updated_at=ago(hours=2), **changes), indent=2))
    return path


def latest(world: World) -> Path:
    return (world.sessions / "import-latest.json").resolve()


# usage


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--resume --new", "--resume and --new cannot be combined"),
        ("--new --status", "--new and --status cannot be combined"),
        ("--status --yes", "--status and --yes cannot be combined"),
        ("--frobnicate", "unknown option --frobnicate"),
        ("--resume=yes", "unknown option --resume=yes"),
        ("payment-prod", "unexpected argument 'payment-prod'"),
        ("--yes --namespace", "--namespace requires a value"),
        ("--yes --namespace --app-space x", "--namespace requires a value"),
        ("--yes --namespace=", "--namespace requires a value"),
        ("-n", "-n requires a value"),
        ("--context", "--context requires a value"),
        ("--app-space", "--app-space requires a value"),
        ("--yes", "--yes requires --namespace for a new session"),
        ("--yes --new", "--yes requires --namespace for a new session"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_and_leaves_no_trace(
    world: World, arguments: str, told: str
) -> None:
    answer = world.run(*arguments.split())

    assert (answer.code, answer.stdout) == (2, b"")
    assert reason(answer) == f"map-import: {told}; see 'map-import --help'"
    assert prepared.tree(world.home) == {}


@pytest.mark.parametrize("arguments", ["--frobnicate", "--yes", ""])
def test_the_help_is_named_as_the_program_was_called(world: World, arguments: str) -> None:
    answer = world.run(*arguments.split(), env={"CONFIGHUB_CALLED_AS": "session-cli map-import"})

    assert answer.code == 2
    assert reason(answer).endswith("; see 'session-cli map-import --help'")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CONFIGHUB_WAIT_SECONDS", "abc", "must be a number of seconds"),
        ("CONFIGHUB_WAIT_SECONDS", "-1", "must be a number of seconds"),
        ("CONFIGHUB_CALL_SECONDS", "x\x1b[2J", "must be a number of seconds"),
        ("CONFIGHUB_CALL_SECONDS", "0.05", "must be at least 0.1"),
        ("CONFIGHUB_CALL_SECONDS", "0", "must be at least 0.1"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused_before_anything_is_begun(
    world: World, name: str, value: str, told: str
) -> None:
    answer = world.yes(env={name: value})

    assert (answer.code, answer.stdout) == (2, b"")
    assert reason(answer) == f"map-import: {name} {told}; see 'map-import --help'"
    assert prepared.tree(world.home) == {}


@pytest.mark.parametrize("value", ["", "20", "05", "0.1", "1.", ".5"])
def test_a_time_that_makes_sense_is_taken(world: World, value: str) -> None:
    world.scenario(login="none")
    times = {"CONFIGHUB_CALL_SECONDS": value, "CONFIGHUB_WAIT_SECONDS": value}

    assert world.run("--resume", "--yes", env=times).code == 3


def test_the_demo_says_with_demo_how_to_start_one(world: World) -> None:
    answer = world.run("--demo", "--resume", "--yes")

    assert answer.code == 3
    script = str(ATK / "map-import")
    told = "there is no session to resume; start one with "
    assert re.search(rf"{told}(\./test/atk/map-import|{script}) --demo, or look", reason(answer))


def test_without_a_terminal_and_without_yes_it_says_what_to_say(world: World) -> None:
    answer = world.run()

    assert answer.code == 2
    assert "no terminal to prompt on; use --yes and --namespace" in reason(answer)
    assert prepared.tree(world.home) == {}


def test_without_a_terminal_what_cannot_be_resumed_is_reported_before_that(world: World) -> None:
    answer = world.run("--resume")

    assert (answer.code, answer.stdout) == (3, b"")
    assert "there is no session to resume; start one with" in reason(answer)

    before = drafted(world, **NEWER).read_bytes()
    for arguments in ([], ["--resume"]):
        answer = world.run(*arguments)

        assert (answer.code, answer.stdout) == (4, b"")
        assert "written by a newer version; upgrade session-cli" in reason(answer)
    assert (world.sessions / "import-latest.json").read_bytes() == before


# --new


def test_new_archives_the_session_there_is_and_says_so(world: World) -> None:
    old = prepared.save(world, "review", session_id=YESTERDAY)["session_id"]
    world.scenario(login="none")

    answer = world.yes("--new")

    assert (
        f"{old} (to start a new session); session-cli resume {old} brings it back" in answer.stderr
    )
    assert len(list((world.sessions / "archive").iterdir())) == 1
    assert world.state["session_id"] != old


@pytest.mark.skipif(not OURS.exists(), reason="NOT TESTED: the checkout has no .venv")
def test_a_command_to_come_back_works_where_path_has_no_session_cli(
    world: World, tmp_path: Path
) -> None:
    old = prepared.save(world, "review", session_id=YESTERDAY)["session_id"]
    world.scenario(login="none")
    places = [place for place in os.environ["PATH"].split(":") if place != str(OURS.parent)]

    answer = world.yes("--new", cwd=tmp_path, env={"PATH": ":".join(places)})

    found = re.search(rf"archived {old} \(.*\); (\S+) resume {old} brings it back", answer.stderr)
    assert found
    assert found[1] == str(OURS)


def test_new_archives_a_session_of_a_newer_version_without_changing_it(world: World) -> None:
    raw = drafted(world, **NEWER).read_bytes()
    world.scenario(login="none")

    answer = world.yes("--new")

    assert answer.code == 8, answer
    assert world.state["version"] == "1.0"
    kept = [path for path in world.sessions.rglob("*.json") if path.read_bytes() == raw]
    assert len(kept) == 1


# --status


def test_status_writes_nothing_at_all_and_ends_with_0(world: World) -> None:
    answer = world.run("--status")

    assert (answer.code, answer.stderr) == (0, "")
    assert "No previous session found." in answer.stdout.decode()
    assert prepared.tree(world.home) == {}

    prepared.save(world, "review")
    before = prepared.tree(world.home)
    answer = world.run("--status")

    assert (answer.code, answer.stderr) == (0, "")
    assert re.search(r"Step: +Review workloads \(step 2 of 7\)", answer.stdout.decode())
    assert prepared.tree(world.home) == before
    assert world.calls() == []
    assert world.server.requests == []


@pytest.mark.parametrize("text", ["", '{"version": "1.0", "st', "[]", json.dumps(NEWER)])
def test_status_of_a_session_that_cannot_be_used_ends_with_0_too(world: World, text: str) -> None:
    drafted(world).write_text(text)
    before = prepared.tree(world.home)

    assert world.run("--status").code == 0

    assert prepared.tree(world.home) == before


def test_status_warns_once_of_a_damaged_snapshot_and_leaves_it_where_it_is(world: World) -> None:
    prepared.save(world, "review")
    prepared.save(world, "select")
    latest(world).write_text('{"version": "1.0", "st')
    before = prepared.tree(world.home)

    answer = world.run("--status")

    assert answer.code == 0
    assert answer.stderr.count("\n") == 1 and "; using revision 1 of import-" in answer.stderr
    assert "Review workloads" in answer.stdout.decode()
    assert prepared.tree(world.home) == before


def test_status_fits_a_narrow_terminal(world: World) -> None:
    prepared.save(world, "review")

    with world.map_import("--status", columns=50) as screen:
        assert screen.finish() == 0

    box = screen.text().splitlines()
    assert "Review workloads" in screen.text()
    assert all(line[0] in "┌│└" and line[-1] in "┐│┘" for line in box), screen.text()


# a session that is complete


def test_a_complete_session_is_shown_by_resume_and_followed_by_a_new_one_otherwise(
    world: World,
) -> None:
    prepared.fill(world)
    old = prepared.save(world, "complete", session_id=YESTERDAY)
    before = prepared.tree(world.sessions)
    for arguments in (["--status"], ["--resume", "--yes"]):
        answer = world.run(*arguments)

        assert (answer.code, answer.stderr) == (0, "")
        assert "Complete" in answer.stdout.decode()
        assert prepared.snapshots(world) == {
            name: text for name, text in before.items() if name.startswith("import-")
        } | {"import-latest.json": latest(world).read_bytes()}

    world.scenario(login="none")
    assert world.yes().code == 8
    assert world.state["session_id"] != old["session_id"]


# --yes


def test_yes_prints_each_thing_in_a_line_and_ends_with_0(world: World) -> None:
    world.scenario(**prepared.FINE)
    world.server.objects = world.server.objects[:2] + world.server.objects[-2:]

    answer = world.run("--yes", "-n", "payment-prod", "-n=order-prod", "--app-space=Big Team")

    assert (answer.code, answer.stderr) == (0, "")
    lines = answer.stdout.decode().partition("┌─")[0].splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert len([line for line in lines if " connect: Unit " in line]) == 4
    assert b"\x1b" not in answer.stdout
    assert world.state["selections"]["app_space"] == "big-team"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-n", "no-such"], "no workload was found in namespace no-such"),
        (["-n", "payment-prod", "--app-space", "!!!"], "'!!!' has no letter or digit"),
    ],
)
def test_what_is_not_there_is_2_with_one_line(
    world: World, arguments: list[str], told: str
) -> None:
    answer = world.run("--yes", *arguments)

    assert answer.code == 2
    assert told in reason(answer)
    assert world.calls("unit", "create") == []


def test_a_bad_app_space_is_refused_before_the_session_that_is_there_is_archived(
    world: World,
) -> None:
    before = prepared.save(world)

    answer = world.run("--yes", "--new", "-n", "payment-prod", "--app-space", "!!!")

    assert (answer.code, answer.stdout) == (2, b"")
    assert answer.stderr.count("\n") == 1
    assert world.state == before


def test_the_demo_without_a_terminal_resumes_what_is_unfinished(home: Path) -> None:
    demo = runner(str(ATK / "map-import"), "--demo")
    sessions = home / ".confighub" / "demo" / "sessions"
    cli = runner(str(SCRIPTS / "session-cli"), "--dir", str(sessions))
    try:
        assert demo().code == 0
        latest = json.loads((sessions / "import-latest.json").read_bytes())
        assert cli("save", "verify").code == 0

        assert demo().code == 0

        ended = json.loads((sessions / "import-latest.json").read_bytes())
        assert (ended["session_id"], ended["step"]) == (latest["session_id"], "complete")
    finally:
        # its worker ends with it
        shutil.rmtree(home / ".confighub" / "demo")


def test_what_is_printed_is_ascii_where_the_locale_asks_for_that(world: World) -> None:
    prepared.fill(world)
    prepared.save(world)

    for _ in "at its end", "complete":
        answer = world.run("--resume", "--yes", env={"LC_ALL": "C"})

        assert (answer.code, answer.stderr) == (0, "")
        assert "Complete" in answer.stdout.decode("ascii")


def test_context_says_which_cluster_is_imported(world: World) -> None:
    world.scenario(login="none")
    with ApiServer() as other:
        other.objects = [each for each in world.server.objects if "order" in str(each)][:1]
        other.add_context(world.kubeconfig, "kind-other")

        assert world.run("--yes", "-n", "order-prod", "--context", "kind-other").code == 8
        missing = world.yes("--new", "--context", "no-such")

    assert missing.code == 8
    assert "no-such" in missing.stderr
    assert world.scans == 0
