"""Many programs on one session: every save counts, and nobody sees half of one."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from guard import SCRIPTS
from processes import Command
from system.conftest import Look
from system.faults import Strace, counted
from system.folders import BEGIN, HOUR, clock, point, write_snapshot
from waiting import end

MAIN = Path(__file__).parents[2] / "session_cli" / "__main__.py"
SESSION_CLI = [sys.executable, "-I", "-S", "-B", str(MAIN)]
WRITERS, SAVES = 50, 10
SESSION = "import-2026-01-09-143022"

# $0 is a name for its keys, $1 a number of saves, the rest the program
WRITER = """
saves=$1; shift
for ((i = 1; i <= saves; i++)); do
  "$@" save "step-$i" "{\\"$0-$i\\": true}" && echo "$0-$i"
done
"""
# $0 is a file that ends it
READER = 'until [[ -e $0 ]]; do "$@" load && "$@" get-step >&2 || exit; done'
HOLDER = """
import fcntl, sys, time
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


def start(*command: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)


def test_no_save_of_many_programs_is_lost_and_readers_see_only_whole_states(
    quick: Command, tmp_path: Path
) -> None:
    quick("save", "begin")
    over, states, steps = tmp_path / "over", tmp_path / "states", tmp_path / "steps"
    with states.open("wb") as out, steps.open("wb") as err:
        reader = start("bash", "-c", READER, str(over), *SESSION_CLI, stdout=out, stderr=err)
        writers = [
            start("bash", "-c", WRITER, name, str(SAVES), *SESSION_CLI, stdout=subprocess.PIPE)
            for name in (f"writer-{number}" for number in range(WRITERS))
        ]
        saved = {key.decode() for writer in writers for key in writer.communicate()[0].split()}
        over.touch()

        assert end(reader) == 0

    state = json.loads(quick("load").stdout)
    assert len(saved) == WRITERS * SAVES
    assert state["revision"] == 1 + len(saved)
    assert saved <= state.keys()
    revisions = [document["revision"] for document in documents(states.read_text())]
    assert len(set(revisions)) > WRITERS
    assert revisions == sorted(revisions)
    assert set(re.sub(r"\d+", "", steps.read_text()).split()) <= {"begin", "step-"}


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects that stand in `text` one after the other."""
    decoder = json.JSONDecoder()
    place = 0
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        yield document
        place += len("\n")


@contextmanager
def holding(lock: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the write lock until it is killed."""
    holder = start(sys.executable, "-c", HOLDER, str(lock), stdout=subprocess.PIPE)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_a_save_that_waits_continues_when_the_holder_of_the_lock_is_killed(
    sessions: Path, quick: Command
) -> None:
    quick("save", "scan")

    with holding(sessions / ".lock") as holder:
        waiting = start(*SESSION_CLI, "save", "review")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
        holder.kill()

        assert end(waiting) == 0

    assert quick("get-step").stdout == b"review\n"
    assert (sessions / ".lock").exists()


def test_a_save_gives_up_after_ten_seconds_and_reading_never_waits(
    sessions: Path, quick: Command, look: Callable[[], Look]
) -> None:
    quick("save", "scan")
    before = look()

    with holding(sessions / ".lock"):
        begun = time.monotonic()
        waiting = start(*SESSION_CLI, "save", "review", stderr=subprocess.PIPE)
        assert look() == before
        told = waiting.communicate()[1].decode()
        took = time.monotonic() - begun

    assert waiting.returncode == 5
    assert took > 9.5
    assert told.startswith(f"session-cli: not saved: another process has held {sessions}/.lock")
    assert told.count("\n") == 1
    assert look() == before
    assert quick("save", "review").code == 0


LOCKS: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a fifo": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to a file": lambda path: path.symlink_to("import-latest.json"),
}


@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_that_is_no_file_is_reported_and_nothing_is_written_without_it(
    kind: str, sessions: Path, quick: Command, look: Callable[[], Look]
) -> None:
    quick("save", "scan")
    before = look()
    (sessions / ".lock").unlink()
    LOCKS[kind](sessions / ".lock")

    answer = quick("save", "review")

    assert answer.code == 7
    assert answer.stderr.startswith(f"session-cli: not saved: cannot lock {sessions}/.lock")
    assert answer.stderr.count("\n") == 1
    assert look() == before


@pytest.mark.parametrize("shape", ["a link", "a plain file"])
@pytest.mark.parametrize("verb", [["save", "select"], ["clear"], ["new"]], ids=" ".join)
def test_a_reader_overtaken_by_a_writer_sees_the_old_state_or_the_new(
    verb: list[str], shape: str, sessions: Path, tmp_path: Path, cli: Command, strace_works: None
) -> None:
    strace = Strace(dict(os.environ), tmp_path / "strace.log")
    get_step = [*SESSION_CLI, "get-step"]
    put(shape, sessions)
    trace, _ = strace.record(get_step, ["readlink", "readlinkat", "openat", "read"])
    calls = [call for call, _ in counted(trace, sessions)]
    assert len(calls) > 2

    for call in calls:
        put(shape, sessions)
        step = strace.run_around(call, lambda: succeed(cli, *verb), get_step)

        assert (step.code, step.stderr) == (0, ""), call
        assert step.stdout in (b"review\n", cli("get-step").stdout), call


def succeed(cli: Command, *verb: str) -> None:
    answer = cli(*verb)
    assert answer.code == 0, answer


def put(shape: str, sessions: Path) -> None:
    """A session whose pointer is of that shape."""
    shutil.rmtree(sessions, ignore_errors=True)
    latest = write_snapshot(sessions, BEGIN, step="review")
    point(sessions, latest)
    if shape == "a plain file":
        latest.replace(sessions / "import-latest.json")


def test_sessions_begun_in_the_same_second_have_names_of_their_own(
    sessions: Path, quick: Command
) -> None:
    last_second_of_a_day = clock(BEGIN - BEGIN % (24 * HOUR) + 24 * HOUR - 1)
    seen = []
    for _ in range(3):
        assert quick("save", "scan", env=last_second_of_a_day).code == 0
        seen.append(json.loads(quick("load").stdout)["session_id"])
        assert quick("clear").code == 0

    second = "import-2026-01-09-235959"
    assert seen == [second, f"{second}-2", f"{second}-3"]
    assert {path.stem for path in sessions.glob("import-*")} == set(seen)


# opens a file of its own, leases the session to it and stays alive
TUI = 'exec 9>>"$0"; "$@" lease --fd 9 && echo held && exec sleep 600'


@contextmanager
def open_in_a_program(cli_path: str, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = start("bash", "-c", TUI, str(file), cli_path, stdout=subprocess.PIPE)
    try:
        assert program.stdout
        assert program.stdout.readline() == b"held\n"
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def lease(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Leases the latest session to a file of a program that ends at once."""

    def take(*options: str, name: str = "second") -> subprocess.CompletedProcess[str]:
        script = 'exec 9>>"$0"; "$@"'
        command = ["bash", "-c", script, str(tmp_path / name), str(SCRIPTS / "session-cli")]
        return subprocess.run(
            [*command, "lease", "--fd", "9", *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    return take


def test_a_second_program_learns_who_has_the_session_until_that_one_dies(
    tmp_path: Path, quick: Command, lease: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    quick("save", "scan", env=clock(BEGIN))
    with open_in_a_program(str(SCRIPTS / "session-cli"), tmp_path / "first") as first:
        refused = lease()

        assert refused.returncode == 5
        user = pwd.getpwuid(os.geteuid()).pw_name
        for fact in (SESSION, f"process {first.pid} ", os.uname().nodename, user, "since 20"):
            assert fact in refused.stderr
        assert quick("get-step").stdout == b"scan\n"

    assert lease().returncode == 0


def test_a_lease_can_be_taken_over(
    tmp_path: Path, quick: Command, lease: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    quick("save", "scan")
    with open_in_a_program(str(SCRIPTS / "session-cli"), tmp_path / "first"):
        assert lease("--take-over").returncode == 0


LEASES: dict[str, Callable[[Path], object]] = {
    "empty": Path.touch,
    "malformed": lambda path: path.write_bytes(b"{"),
    "of 10 MB": lambda path: path.write_bytes(b" " * 10_000_000),
    "a fifo": os.mkfifo,
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a live process without a lock": lambda path: path.write_text(
        json.dumps({"pid": os.getpid(), "host": os.uname().nodename, "path": str(path)})
    ),
    "a fifo as its file": lambda path: (
        os.mkfifo(path.parent / "fifo"),
        path.write_text(json.dumps({"pid": 1, "path": str(path.parent / "fifo")})),
    ),
    "of wrong types": lambda path: path.write_text(json.dumps({"pid": [], "path": 7})),
}


@pytest.mark.parametrize("record", LEASES)
def test_what_a_lease_file_says_alone_holds_nothing(
    record: str,
    sessions: Path,
    quick: Command,
    lease: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    quick("save", "scan", env=clock(BEGIN))
    (sessions / ".lease").mkdir(mode=0o700)
    LEASES[record](sessions / ".lease" / SESSION)

    assert quick("save", "review").code == 0
    taken = lease()

    expected = (0, "") if record != "a folder" else (7, taken.stderr)
    assert (taken.returncode, taken.stderr) == expected
    assert "foresee" not in taken.stderr


def test_a_background_child_started_with_the_descriptor_closed_holds_nothing(
    tmp_path: Path, quick: Command, lease: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    quick("save", "scan")
    script = 'exec 9>>"$0"; "$@" lease --fd 9 || exit; sleep 600 9>&- & echo $!'
    program = start(
        "bash",
        "-c",
        script,
        str(tmp_path / "first"),
        str(SCRIPTS / "session-cli"),
        stdout=subprocess.PIPE,
    )
    assert program.stdout
    child = int(program.stdout.readline())
    end(program)

    try:
        assert lease().returncode == 0
    finally:
        os.kill(child, signal.SIGKILL)
        program.stdout.close()
