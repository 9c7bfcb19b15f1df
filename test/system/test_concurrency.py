"""Many programs on one session: every save counts, and nobody sees half of one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from processes import Command
from system.conftest import Look
from system.faults import Strace, counted
from system.folders import BEGIN, HOUR, clock, kept, point, tree, write_snapshot

MAIN = Path(__file__).parents[2] / "session_cli" / "__main__.py"
SESSION_CLI = [sys.executable, "-I", "-S", "-B", str(MAIN)]
WRITERS, SAVES = 50, 20
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
    end, states, steps = tmp_path / "end", tmp_path / "states", tmp_path / "steps"
    with states.open("wb") as out, steps.open("wb") as err:
        reader = start("bash", "-c", READER, str(end), *SESSION_CLI, stdout=out, stderr=err)
        writers = [
            start("bash", "-c", WRITER, name, str(SAVES), *SESSION_CLI, stdout=subprocess.PIPE)
            for name in (f"writer-{number}" for number in range(WRITERS))
        ]
        saved = {key.decode() for writer in writers for key in writer.communicate()[0].split()}
        end.touch()

        assert reader.wait(10) == 0

    state = json.loads(quick("load").stdout)
    assert len(saved) == WRITERS * SAVES
    assert state["revision"] == 1 + len(saved)
    assert saved <= state.keys()
    revisions = [document["revision"] for document in documents(states.read_text())]
    assert len(set(revisions)) > WRITERS
    assert revisions == sorted(revisions)
    assert set(re.sub(r"\d+", "", steps.read_text()).split()) == {"begin", "step-"}


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


def test_a_save_that_waits_goes_on_when_the_holder_of_the_lock_is_killed(
    sessions: Path, quick: Command
) -> None:
    quick("save", "scan")

    with holding(sessions / ".lock") as holder:
        waiting = start(*SESSION_CLI, "save", "review")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.5)
        holder.kill()

        assert waiting.wait(5) == 0

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
    assert 9.5 < took < 20
    assert told.startswith(f"session-cli: not saved: another process has held {sessions}/.lock")
    assert told.count("\n") == 1
    assert look() == before
    assert quick("save", "review").code == 0


@pytest.mark.parametrize("shape", ["a link", "a plain file"])
@pytest.mark.parametrize("verb", ["save", "clear", "new"])
def test_a_reader_overtaken_by_a_writer_sees_the_old_state_or_the_new(
    verb: str, shape: str, sessions: Path, tmp_path: Path, cli: Command, strace_works: None
) -> None:
    strace = Strace(dict(os.environ), tmp_path / "strace.log")
    get_step = [*SESSION_CLI, "get-step"]
    put(shape, sessions)
    trace, _ = strace.record(get_step, ["readlink", "readlinkat", "openat", "read"])
    calls = [call for call, _ in counted(trace, sessions)]
    assert len(calls) > 2

    for call in calls:
        put(shape, sessions)
        with strace.held_up_after(call, get_step) as reader:
            overtaken = cli("save", "select") if verb == "save" else cli(verb)
        step, told = reader.communicate()

        assert overtaken.code == 0
        assert (reader.returncode, told) == (0, b""), call
        assert step in (b"review\n", cli("get-step").stdout), call


def put(shape: str, sessions: Path) -> None:
    """A session whose pointer is of that shape."""
    shutil.rmtree(sessions, ignore_errors=True)
    latest = write_snapshot(sessions, BEGIN, step="review")
    point(sessions, latest)
    if shape == "a plain file":
        latest.replace(sessions / "import-latest.json")
