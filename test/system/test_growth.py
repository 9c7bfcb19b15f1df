"""Folders with very many sessions: what is read, how often, and what waits for whom."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from guard import SCRIPTS
from processes import Answer, Command
from system.faults import Call, Strace, changes, counted, run
from system.folders import BEGIN, DAY, HOUR, clock, iso, point, stamp, tree, write_snapshot

from session_cli import document
from session_cli.store import files

MAIN = Path(__file__).parents[2] / "session_cli" / "__main__.py"
SESSION_CLI = [sys.executable, "-I", "-S", "-B", str(MAIN)]
INSTALLED = [str(SCRIPTS / "session-cli")]
NOW = BEGIN + 100 * DAY
OLD = BEGIN
SESSION = "import-2026-01-09-143022"


def crowd(sessions: Path, count: int, begin: float = OLD, step: float = 1) -> list[str]:
    """Sessions of one snapshot each, `step` seconds apart, the oldest first; their ids."""
    sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
    ids = []
    for number in range(count):
        moment = begin + number * step
        session_id = f"import-{stamp(moment)}"
        state = {
            "version": "1.0",
            "type": "import",
            "session_id": session_id,
            "updated_at": iso(moment),
            "revision": 1,
            "step": "review",
        }
        with open(sessions / f"{session_id}.json", "w", opener=owner_only) as file:
            file.write(json.dumps(state, indent=2) + "\n")
        ids.append(session_id)
    return ids


def owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def waiting(answer: Answer) -> int:
    """How many sessions an answer says to be waiting for `prune`."""
    told = re.findall(r"(\d+) more sessions? waits? to be .*'session-cli prune'", answer.stderr)
    assert len(told) <= 1
    return int(told[0]) if told else 0


def done(answer: Answer) -> list[str]:
    """The sessions that an answer says to be archived or deleted, in order."""
    return re.findall(r"(?m)^session-cli: (?:archived|deleted) ([\w-]+)", answer.stderr)


@pytest.fixture
def strace(tmp_path: Path, strace_works: None) -> Strace:
    return Strace({**os.environ, **clock(NOW)}, tmp_path / "trace")


@pytest.fixture
def opened(strace: Strace, sessions: Path) -> Callable[..., Counter[str]]:
    """Runs a command; how often it opened each snapshot, by its name."""

    def ask(*command: str) -> Counter[str]:
        trace, answer = strace.record(list(command), ["openat", "open"])
        assert answer.code == 0, answer.stderr
        paths = (Path(call.path) for call, _ in counted(trace, sessions))
        return Counter(path.name for path in paths if path.name.startswith("import-2"))

    return ask


# what a run that nobody asked for may do


@pytest.mark.parametrize("verb", ["init", "new"])
def test_a_run_removes_500_files_at_most_and_says_what_waits(
    verb: str, sessions: Path, cli: Command
) -> None:
    ids = crowd(sessions, 700)

    first = cli(verb, env=clock(NOW))

    assert first.code == 0
    gone = len(done(first))
    assert 0 < gone <= 500
    assert done(first) == ids[:gone]
    assert waiting(first) == 700 - gone
    assert len(list(sessions.glob("import-2*"))) == 700 - gone
    events = (sessions / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["session_id"] for line in events] == ids[:gone]


def test_runs_come_to_an_end_where_prune_does(sessions: Path, cli: Command) -> None:
    crowd(sessions, 60)
    while waiting(answer := cli("init", env=clock(NOW))):
        assert done(answer)
    after = tree(sessions)

    assert done(cli("prune", env=clock(NOW))) == []
    assert set(tree(sessions)) - {".lock"} == set(after) - {".lock"}
    assert len(list((sessions / "archive").iterdir())) == 10


def test_what_is_open_or_kept_does_not_wait(sessions: Path, cli: Command) -> None:
    crowd(sessions, 12, NOW - HOUR)
    units = {"units_created": ["payment-api"]}
    write_snapshot(sessions / "archive", NOW - 9 * DAY, confighub=units)

    answer = cli("init", env=clock(NOW))

    assert len(done(answer)) == 2
    assert waiting(answer) == 0


def test_init_on_very_many_files_does_not_read_them_all(
    sessions: Path, opened: Callable[..., Counter[str]]
) -> None:
    """Under strace it is slow enough for its bound of time to be met."""
    crowd(sessions, 1)
    (one,) = sessions.iterdir()
    one.write_text('{"step": "review"}')
    for number in range(1, 40_000):
        os.link(one, sessions / f"import-{stamp(OLD + number)}.json")

    assert 10 < len(opened(*SESSION_CLI, "init")) < 40_000


# the lock is free between

ELSEWHERE = {"the latest": [], "another pointer": ["--file", "other.json"]}


@pytest.mark.parametrize("place", ELSEWHERE)
@pytest.mark.parametrize("verb", ["init", "prune"])
def test_what_others_continue_meanwhile_is_not_removed(
    verb: str, place: str, sessions: Path, strace: Strace, tmp_path: Path
) -> None:
    """Stopped after the first sessions, with the lock free, while another program saves."""
    ids = crowd(sessions, 60)
    last = ids[-11]
    options = [word.replace("other", f"{tmp_path}/other") for word in ELSEWHERE[place]]
    free = Call("close", str(sessions / ".lock"), 1 if verb == "init" else 2)

    def meanwhile() -> None:
        for call in (["resume", last], ["save", "select"]):
            other = [*INSTALLED, *options, *call]
            assert run(other, strace.env).code == 0

    answer = strace.run_around(free, meanwhile, [*INSTALLED, verb])

    assert answer.code == 0, answer.stderr
    assert done(answer)[0] == ids[0]
    gone = done(answer) + done(run([*INSTALLED, "prune"], strace.env))
    assert set(gone) == {*ids} - {last}
    saved = run([*INSTALLED, *options, "load"], strace.env)
    assert (json.loads(saved.stdout)["session_id"], saved.stderr) == (last, "")
    assert len([path for path in sessions.glob("import-2*") if last in path.read_text()]) == 3


def test_of_the_newest_ten_none_is_deleted_when_others_are_meanwhile(
    sessions: Path, strace: Strace
) -> None:
    """One of them is deleted by hand between two batches: then the eleventh is one of ten."""
    ids = crowd(sessions, 60, NOW - 60 * HOUR, HOUR)
    free = Call("close", str(sessions / ".lock"), 2)

    def meanwhile() -> None:
        assert run([*INSTALLED, "delete", ids[-1], "--yes"], strace.env).code == 0

    answer = strace.run_around(free, meanwhile, [*INSTALLED, "prune"])

    assert done(answer) == ids[:49]
    assert {path.stem for path in sessions.glob("import-2*")} == set(ids[49:59])


def test_prune_killed_at_any_moment_is_finished_by_the_next_save(
    sessions: Path, strace: Strace, tmp_path: Path
) -> None:
    ids = [*crowd(sessions, 30), *crowd(sessions, 6, NOW - 9 * DAY)]
    original = sessions.parent / "original"
    shutil.copytree(sessions, original, symlinks=True)
    command = [*SESSION_CLI, "prune"]
    trace, _ = strace.record(command)
    for call in list(changes(trace, sessions))[::9]:
        shutil.rmtree(sessions)
        shutil.copytree(original, sessions, symlinks=True)
        strace.run_with("signal=KILL", call, command)
        assert run([*SESSION_CLI, "save", "scan"], strace.env).code == 0, call
        here = {path.stem for path in sessions.glob("import-2*")}
        there = {path.stem for path in (sessions / "archive").glob("*")}
        assert not here & there, call
        assert not (sessions / ".import-leaving").is_symlink(), call
        assert set(ids[-9:]) <= here | there, call


def folder_syncs(strace: Strace, sessions: Path) -> int:
    trace, answer = strace.record([*SESSION_CLI, "prune"], ["fsync"])
    assert answer.code == 0
    return sum(1 for _ in counted(trace, sessions))


def test_prune_waits_for_the_disk_once_for_many_sessions(sessions: Path, strace: Strace) -> None:
    crowd(sessions, 250)

    assert folder_syncs(strace, sessions) < 250 / 4


def test_a_dry_run_says_what_prune_does_with_very_many(sessions: Path, cli: Command) -> None:
    crowd(sessions, 300)
    units = {"units_created": ["payment-api"]}
    for day in range(8, 40):
        write_snapshot(sessions, NOW - day * DAY, confighub=units)

    foretold = cli("prune", "--dry-run", env=clock(NOW))
    pruned = cli("prune", env=clock(NOW))

    would = re.findall(r"(?m)^would (archive|delete) (\S+) (\(.*\))$", foretold.stdout.decode())
    did = re.findall(r"(?m)^\S+ (archive|delete)d (\S+) (\(.*?\))(?:;.*)?$", pruned.stderr)
    assert did == would
    assert {verb for verb, _, _ in did} == {"archive", "delete"}


# what is read


def session_among(sessions: Path, others: int) -> list[str]:
    """A session of 12 saves, begun after very many others; the names of its snapshots."""
    crowd(sessions, others)
    return [
        write_snapshot(
            sessions, NOW - HOUR + each, f"import-{stamp(NOW - HOUR)}", revision=1 + each
        ).name
        for each in range(12)
    ]


@pytest.mark.parametrize("archived", [False, True], ids=["active", "archived"])
def test_a_list_opens_each_snapshot_once(
    archived: bool, sessions: Path, opened: Callable[..., Counter[str]]
) -> None:
    mine = session_among(sessions / "archive" if archived else sessions, 200)
    write_snapshot(sessions, NOW - 60, f"import-{stamp(NOW - HOUR)}", scan=["x" * 50] * 1000)
    point(sessions, sessions / f"import-{stamp(NOW - 60)}.json", f"import-{stamp(NOW - HOUR)}")

    times = opened(*INSTALLED, "list", "--all")

    assert len(times) == 213
    assert set(mine) < set(times)
    assert set(times.values()) == {1}


def test_a_history_opens_each_snapshot_once(
    sessions: Path, opened: Callable[..., Counter[str]]
) -> None:
    mine = session_among(sessions, 200)

    times = opened(*INSTALLED, "history", f"import-{stamp(NOW - HOUR)}")

    assert set(mine) < set(times)
    assert set(times.values()) == {1}


@pytest.mark.parametrize("revision", [1, 2, 8, 16])
def test_a_save_reads_no_snapshot_of_others(
    revision: int, sessions: Path, opened: Callable[..., Counter[str]]
) -> None:
    crowd(sessions, 2000)
    mine = [
        write_snapshot(sessions, NOW - HOUR + each, f"import-{stamp(NOW - HOUR)}", revision=each)
        for each in range(1, revision)
    ]
    if mine:
        point(sessions, mine[-1], f"import-{stamp(NOW - HOUR)}")

    times = opened(*SESSION_CLI, "save", "review", "{}")

    assert set(times) <= {path.name for path in mine} | {f"import-{stamp(NOW)}.json"}
    assert len(list(sessions.glob("import-2*"))) == 2000 + min(revision, 11)


def test_a_first_save_that_names_its_session_reads_no_snapshot_of_others(
    sessions: Path, opened: Callable[..., Counter[str]]
) -> None:
    crowd(sessions, 2000)
    data = json.dumps({"session_id": f"import-{stamp(NOW - 5)}"})

    assert set(opened(*SESSION_CLI, "save", "scan", data)) == set()


def test_sessions_that_are_saved_in_turn_are_pruned_alike(
    sessions: Path, quick: Command, tmp_path: Path
) -> None:
    pointers = [str(tmp_path / f"{number}.json") for number in range(3)]
    for number in range(40):
        for pointer in pointers:
            saved = quick("--file", pointer, "save", f"s{number}", env=clock(BEGIN + number * 60))
            assert saved.code == 0

    for pointer in pointers:
        session_id = json.loads(Path(pointer).read_bytes())["session_id"]
        states = [json.loads(path.read_bytes()) for path in sessions.glob("import-2*")]
        kept = sorted(each["revision"] for each in states if each["session_id"] == session_id)
        assert kept[0] == 1
        assert kept[-10:] == list(range(31, 41))
        assert len(kept) <= 18


def test_names_that_follow_each_other_within_a_second_keep_their_order(
    sessions: Path, quick: Command
) -> None:
    """`-10` follows `-9`, and the plain name comes before `-2`, though not as texts."""
    for _ in range(25):
        assert quick("save", "review", env=clock(BEGIN)).code == 0

    revisions = {
        path.name: json.loads(path.read_bytes())["revision"] for path in sessions.glob("import-2*")
    }
    assert revisions.pop(f"{SESSION}.json") == 1
    assert all(name == f"{SESSION}-{number}.json" for name, number in revisions.items())
    assert set(range(16, 26)) <= set(revisions.values())
    assert len(revisions) <= 18
    assert quick("clear").code == 0
    assert quick("save", "review", env=clock(BEGIN)).code == 0
    assert os.readlink(sessions / "import-latest.json") == f"{SESSION}-26.json"


# what is too large to be ours


def huge(path: Path) -> None:
    """Three gigabytes that take no room: whoever reads them is stopped by the time limit."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    os.truncate(path, 3 * 1024**3)


BOUNDED = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3,) * 2)}
READING = [
    ["list"],
    ["list", "--all", "--json"],
    ["history"],
    ["history", SESSION],
    ["prune", "--dry-run"],
    ["status"],
    ["get", "step"],
    ["init"],
    ["prune"],
    ["resume"],
    ["save", "select"],
    ["load"],
    ["get-step"],
]


@pytest.mark.parametrize("call", READING, ids=" ".join)
def test_a_file_too_large_to_be_ours_is_in_nobodys_way(
    call: list[str], sessions: Path, cli: Command
) -> None:
    point(sessions, write_snapshot(sessions, BEGIN + 60, SESSION), SESSION)
    for name in ("import-2026-01-01-000002.json", f"{SESSION}.json", ".lease/x", ".lease/import-x"):
        (sessions / name).parent.mkdir(exist_ok=True)
        huge(sessions / name)
    (sessions / "archive").mkdir()
    huge(sessions / "archive" / "import-2026-01-01-000001.json")

    answer = cli(*call, env=clock(BEGIN + HOUR), **BOUNDED)

    assert (answer.code, answer.stderr) == (0, "")
    assert (sessions / "import-2026-01-01-000002.json").stat().st_size == 3 * 1024**3


def test_doctor_names_what_is_too_large_and_sets_it_aside(sessions: Path, cli: Command) -> None:
    point(sessions, write_snapshot(sessions, BEGIN + 60, SESSION), SESSION)
    huge(sessions / "import-2026-01-01-000002.json")

    found, mended = (cli("doctor", *words, **BOUNDED) for words in ([], ["--fix"]))

    assert found.code == 1
    assert b"import-2026-01-01-000002.json: it is larger than 16 MiB" in found.stdout
    assert mended.code == 0
    assert (sessions / "corrupt" / "import-2026-01-01-000002.json").stat().st_size == 3 * 1024**3


@pytest.mark.parametrize("pointer", ["a link", "a plain file"])
def test_a_latest_that_is_too_large_is_damage_and_is_not_shown(
    pointer: str, sessions: Path, cli: Command
) -> None:
    latest = write_snapshot(sessions, BEGIN + 60, SESSION)
    point(sessions, latest, SESSION)
    if pointer == "a plain file":
        latest.unlink()
        latest = sessions / "import-latest.json"
    huge(latest)

    for verb in (["load"], ["get-step"], ["status"], ["get", "step"]):
        answer = cli(*verb, **BOUNDED)
        assert (answer.code, answer.stdout) == (4, b""), verb
        assert answer.stderr.count("\n") == 1
        assert f"{latest} is damaged (it is larger than 16 MiB)" in answer.stderr
    assert cli("exists", **BOUNDED) == Answer(1, b"", "")

    saved = cli("save", "scan", env=clock(BEGIN + HOUR), **BOUNDED)

    assert saved.code == 0
    assert saved.stderr.count("\n") == 1
    assert json.loads(cli("load").stdout)["revision"] == 1
    assert (sessions / "corrupt" / latest.name).stat().st_size == 3 * 1024**3


def test_the_newest_intact_snapshot_answers_for_one_that_is_too_large(
    sessions: Path, cli: Command
) -> None:
    first = write_snapshot(sessions, BEGIN, SESSION)
    latest = write_snapshot(sessions, BEGIN + 60, SESSION, revision=2)
    point(sessions, latest, SESSION)
    huge(latest)

    load = cli("load", **BOUNDED)

    assert (load.code, load.stdout) == (0, first.read_bytes())
    assert "revision 1" in load.stderr


def test_no_state_may_be_larger_than_what_is_read() -> None:
    assert files.LARGEST == document.MAX_BYTES
