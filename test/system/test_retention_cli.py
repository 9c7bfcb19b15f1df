"""What is archived and deleted, when, and that nothing else is; played with whole programs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import Answer, Command
from system.folders import BEGIN, DAY, HOUR, clock, kept, point, tree, write_snapshot

NOW = BEGIN + 100 * DAY


def names_in(folder: Path) -> set[str]:
    """The sessions that have a snapshot directly in `folder`, by their first names."""
    return {path.stem for path in folder.glob("*-2*.json")}


def made_before(sessions: Path, *ages: float, **members: Any) -> list[str]:
    """Sessions last saved so long ago; their ids."""
    return [write_snapshot(sessions, NOW - age, **members).stem for age in ages]


def recent(sessions: Path, count: int) -> list[str]:
    return made_before(sessions, *(HOUR + minute * 60 for minute in range(count)))


AGES = {"23 hours": 23 * HOUR, "25 hours": 25 * HOUR, "6 days": 6 * DAY, "8 days": 8 * DAY}


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("verb", ["prune", "init"])
def test_a_session_is_archived_after_seven_days(
    verb: str, age: str, sessions: Path, cli: Command
) -> None:
    (session,) = made_before(sessions, AGES[age])
    point(sessions, sessions / f"{session}.json")
    raw = (sessions / f"{session}.json").read_bytes()

    answer = cli(verb, env=clock(NOW))

    assert answer.code == 0
    if age != "8 days":
        assert answer.stderr == ""
        assert cli("load").stdout == raw
        return
    brings_back = f"; session-cli resume {session} brings it back"
    assert f"archived {session} (last touched 8 days ago){brings_back}" in answer.stderr
    assert cli("get-step").stdout == b"none\n"
    assert (sessions / "archive" / f"{session}.json").read_bytes() == raw
    assert not (sessions / f"{session}.json").exists()
    (event,) = map(json.loads, (sessions / "events.jsonl").read_text().splitlines())
    assert (event["event"], event["session_id"]) == ("archived", session)

    assert cli("resume", session, env=clock(NOW)).code == 0
    assert cli("get-step").stdout == b"review\n"


def test_resuming_a_session_keeps_it_for_another_seven_days(sessions: Path, cli: Command) -> None:
    (session,) = made_before(sessions, 8 * DAY)
    cli("resume", session, env=clock(NOW))

    assert cli("prune", env=clock(NOW + 6 * DAY)).stderr == ""
    assert "archived" in cli("prune", env=clock(NOW + 8 * DAY)).stderr


def test_a_session_of_many_snapshots_is_archived_whole(sessions: Path, cli: Command) -> None:
    (first,) = made_before(sessions, 9 * DAY)
    for hour in range(1, 5):
        write_snapshot(sessions, NOW - 9 * DAY + hour * HOUR, first, revision=1 + hour)

    assert cli("prune", env=clock(NOW)).code == 0

    assert len(names_in(sessions / "archive")) == 5
    assert names_in(sessions) == set()


@pytest.mark.parametrize("type_", ["map", "confighub"])
def test_other_types_are_never_archived(type_: str, sessions: Path, cli: Command) -> None:
    made_before(sessions, 90 * DAY, type=type_)

    assert cli("--type", type_, "prune", env=clock(NOW)) == Answer(0, b"", "")
    assert len(names_in(sessions)) == 1


@pytest.mark.parametrize("count", [10, 11, 13])
def test_the_newest_ten_sessions_are_kept(count: int, sessions: Path, cli: Command) -> None:
    ids = recent(sessions, count)

    answer = cli("prune", env=clock(NOW))

    assert names_in(sessions) == set(ids[:10])
    assert [line.split()[2] for line in answer.stderr.splitlines()] == ids[:9:-1]
    assert all(" deleted " in line for line in answer.stderr.splitlines())


def test_active_and_archived_sessions_are_counted_together(sessions: Path, cli: Command) -> None:
    ids = recent(sessions, 8)
    archived = made_before(sessions / "archive", *(day * DAY for day in range(20, 24)))

    cli("prune", env=clock(NOW))

    assert names_in(sessions) == set(ids)
    assert names_in(sessions / "archive") == set(archived[:2])


def test_other_types_are_counted_apart(sessions: Path, cli: Command) -> None:
    recent(sessions, 10)
    made_before(sessions, *range(HOUR, 11 * HOUR, HOUR), type="map")

    assert cli("prune", env=clock(NOW)).stderr == ""


def partial(sessions: Path, age: float) -> str:
    units = {"units_created": ["payment-api"]}
    return made_before(sessions, age, confighub=units, step="verify")[0]


def test_an_import_that_created_units_and_never_completed_is_kept_for_thirty_days(
    sessions: Path, cli: Command
) -> None:
    recent(sessions, 10)
    kept_one, too_old = partial(sessions, 29 * DAY), partial(sessions, 31 * DAY)
    units = {"units_created": ["payment-api"]}
    (complete,) = made_before(sessions, 20 * DAY, confighub=units, step="complete")

    answer = cli("prune", env=clock(NOW))

    assert f"archived {kept_one} (" in answer.stderr
    for session in (too_old, complete):
        assert f"deleted {session} " in answer.stderr
    assert names_in(sessions / "archive") == {kept_one}


def test_the_latest_session_is_not_deleted_however_many_are_newer(
    sessions: Path, cli: Command
) -> None:
    recent(sessions, 10)
    (latest,) = made_before(sessions, 2 * DAY)
    point(sessions, sessions / f"{latest}.json")

    assert cli("prune", env=clock(NOW)) == Answer(0, b"", "")
    assert cli("get-step").stdout == b"review\n"


@pytest.fixture
def opened(sessions: Path, cli: Command, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Opens a session in a program that stays until the test is over."""
    programs = []

    def open_it(session: str) -> None:
        point(sessions, sessions / f"{session}.json")
        script = 'exec 9>>"$0" && "$1" lease --fd 9 && echo held && exec sleep 600'
        program = subprocess.Popen(
            ["bash", "-c", script, str(tmp_path / "own"), str(SCRIPTS / "session-cli")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        programs.append(program)
        assert program.stdout
        assert program.stdout.readline() == b"held\n"
        (sessions / "import-latest.json").unlink()

    yield open_it
    for program in programs:
        program.kill()
        program.communicate()


def test_a_session_open_in_a_program_is_neither_archived_nor_deleted(
    sessions: Path, cli: Command, opened: Callable[[str], None]
) -> None:
    recent(sessions, 10)
    (session,) = made_before(sessions, 8 * DAY)
    opened(session)

    assert cli("prune", env=clock(NOW)) == Answer(0, b"", "")
    assert session in names_in(sessions)


OTHERS = [
    "import-.json",
    "localcluster-snapshot.json",
    "hub-snapshot.json",
    "import-notes.json",
    "import-2026-13-99-999999.json",
    "import-2025-01-09-143022.json.bak",
    "import-2025-01-09-143022.json~",
    "import-2025-01-09-143022-1.json",
    "import-2025-01-09-143022-02.json",
    "import-2025-01-09-143022-copy.json",
    "import-2025-01-09-1430222.json",
    "Import-2025-01-09-143022.json",
    "import-2025-01-09-143022.txt",
    "import-٢٠٢٥-01-09-143022.json",
    "imports-2025-01-09-143022.json",
    ".import-2025-01-09-143022.json",
    "import-2025-01-09-143022.json.tmp",
]


def test_files_of_other_programs_are_never_touched(sessions: Path, cli: Command) -> None:
    recent(sessions, 12)
    made_before(sessions, 8 * DAY, 9 * DAY)
    model = write_snapshot(sessions, NOW - 50 * DAY).rename(sessions / "import-.json").read_bytes()
    for name in OTHERS:
        (sessions / name).write_bytes(model)
    (sessions / "import-2025-01-08-091544").mkdir()
    others = {name: content for name, content in tree(sessions).items() if name in OTHERS}

    for verb in (["init"], ["prune"], ["save", "scan"], ["new"], ["prune"]):
        assert cli(*verb, env=clock(NOW)).code == 0

    after = tree(sessions)
    assert {name: after.get(name) for name in OTHERS} == others
    assert (sessions / "import-2025-01-08-091544").is_dir()
    assert not set(OTHERS) & {path.name for path in (sessions / "archive").iterdir()}


def everything(sessions: Path) -> None:
    """Something of each kind: archived, deleted, protected, unknown, damaged."""
    recent(sessions, 8)
    made_before(sessions, 8 * DAY, 12 * DAY, 50 * DAY)
    partial(sessions, 20 * DAY)
    partial(sessions, 40 * DAY)
    made_before(sessions, 60 * DAY, updated_at="yesterday")
    made_before(sessions / "archive", 70 * DAY, 80 * DAY)
    write_snapshot(sessions, NOW - 90 * DAY).write_bytes(b"{")
    (latest,) = made_before(sessions, 9 * DAY)
    point(sessions, sessions / f"{latest}.json")


def test_a_dry_run_says_exactly_what_prune_then_does(sessions: Path, cli: Command) -> None:
    everything(sessions)
    before = tree(sessions)

    foretold = cli("prune", "--dry-run", env=clock(NOW))
    assert tree(sessions) == before
    done = cli("prune", env=clock(NOW))

    assert (foretold.code, done.code) == (0, 0)
    would = re.findall(r"(?m)^would (archive|delete) (\S+) (\(.*\))$", foretold.stdout.decode())
    did = re.findall(r"(?m)^\S+ (archive|delete)d ([\w-]+) (\(.*?\))(?:;.*)?$", done.stderr)
    assert did == would
    assert len(did) == done.stderr.count("\n") == foretold.stdout.count(b"\n")
    assert {verb for verb, _, _ in did} == {"archive", "delete"}
    gone = {name for name in before if name.startswith(("import-2", "archive/"))} - tree(
        sessions
    ).keys()
    assert {Path(name).stem for name in gone} == {session for _, session, _ in did}


def test_pruning_again_finds_nothing_to_do(sessions: Path, cli: Command) -> None:
    everything(sessions)
    cli("prune", env=clock(NOW))
    before = kept(sessions)

    foretold, again = cli("prune", "--dry-run", env=clock(NOW)), cli("prune", env=clock(NOW))

    assert b"nothing" in foretold.stdout
    assert again.stderr == ""
    assert kept(sessions) == before


def test_after_sixty_days_away_the_sessions_are_archived_and_not_deleted(
    sessions: Path, cli: Command
) -> None:
    ids = recent(sessions, 10)

    answer = cli("init", env=clock(NOW + 60 * DAY))

    assert names_in(sessions / "archive") == set(ids)
    assert "deleted" not in answer.stderr


def test_archiving_overwrites_nothing_and_a_failure_of_it_blocks_no_save(
    sessions: Path, cli: Command
) -> None:
    (session,) = made_before(sessions, HOUR)
    point(sessions, sessions / f"{session}.json")
    (sessions / "archive").mkdir()
    (sessions / "archive" / f"{session}.json").write_bytes(b"something else")

    new = cli("new", env=clock(NOW))

    assert new.code == 7
    assert new.stderr.count("\n") == 1
    assert (sessions / "archive" / f"{session}.json").read_bytes() == b"something else"
    assert (sessions / f"{session}.json").exists()
    assert cli("save", "scan", env=clock(NOW)).code == 0
    assert cli("save", "review", env=clock(NOW)) == Answer(0, b"", "")


@pytest.mark.parametrize("saves", [15, 16, 24, 40])
def test_a_session_keeps_its_first_and_its_newest_snapshots(
    saves: int, sessions: Path, quick: Command, cli: Command
) -> None:
    for number in range(saves):
        assert quick("save", f"step-{number}", env=clock(BEGIN + number)) == Answer(0, b"", "")

    revisions = sorted(
        json.loads(path.read_bytes())["revision"] for path in sessions.glob("import-2*")
    )
    assert revisions[0] == 1
    assert revisions[-10:] == list(range(saves - 9, saves + 1))
    assert len(revisions) <= 18


def test_init_on_more_files_than_it_looks_at_keeps_the_newest_ten_sessions_whole(
    sessions: Path, cli: Command
) -> None:
    """The oldest of sixteen sessions was gone on with before the newest five were begun."""
    old = [f"import-2026-04-{day:02}-000000" for day in range(1, 12)]
    new = [f"import-2026-04-{day:02}-000000" for day in range(12, 17)]
    saves = [session for session in old for _ in range(25)]
    saves += [session for session in [old[0], *new] for _ in range(55)]
    for number, session in enumerate(saves):
        write_snapshot(sessions, NOW - 6 * DAY + number * 60, session, revision=number + 1)

    answer = cli("init", env=clock(NOW))

    assert answer.code == 0
    left = [json.loads(path.read_bytes())["session_id"] for path in sessions.glob("import-*")]
    counts = {session: left.count(session) for session in old + new}
    assert {session: counts[session] for session in new} == dict.fromkeys(new, 55)
    assert counts[old[0]] == 80
    assert {session: counts[session] for session in old[-4:]} == dict.fromkeys(old[-4:], 25)
    deleted = [line.split()[2] for line in answer.stderr.splitlines()]
    assert {counts[session] for session in deleted} == {0}
