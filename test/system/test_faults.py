"""Whatever system call fails, or is the last one: the old state is there, or the new one."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from guard import guarded
from processes import Answer, Command, forked
from system.conftest import load_verbs
from system.faults import Call, Strace, changes, counted, touching
from system.folders import BEGIN, DAY, clock, kept, point, tree, write_snapshot

from session_cli import quick

MAIN = Path(__file__).parents[2] / "session_cli" / "__main__.py"

FAULTS = {error: f"error={error}" for error in ("EIO", "ENOSPC", "EACCES", "EINTR")}
FAULTS["SIGKILL"] = "signal=KILL"
NOW = BEGIN + 10 * DAY
SESSION = "import-2026-01-09-143022"
DATA = '{"selections": {"app_space": "payment-team"}}'


def nothing(_: Path) -> None:
    """Nobody ever saved here; not even the folder is there."""


def one_session(sessions: Path) -> None:
    saved(sessions, revisions=3)


def saved(sessions: Path, revisions: int) -> None:
    """A session with its saves, two hours old by now, beside another session's newer file."""
    for revision in range(1, revisions + 1):
        state = {"step": "scan", "revision": revision, "steps_completed": []}
        path = write_snapshot(sessions, NOW - 7200 + revision, SESSION, **state)
    write_snapshot(sessions, NOW - 3600, "import-2026-01-19-120000", step="verify")
    point(sessions, path, SESSION)


def damaged(sessions: Path) -> None:
    saved(sessions, revisions=3)
    latest = (sessions / "import-latest.json").resolve()
    latest.write_bytes(latest.read_bytes()[:150])


def due_for_thinning(sessions: Path) -> None:
    saved(sessions, revisions=15)


def draft(sessions: Path) -> None:
    """As the documented bash functions leave it: a plain file where the link should be."""
    path = write_snapshot(sessions, NOW - 7200, SESSION)
    path.rename(sessions / "import-latest.json")


def archived(sessions: Path) -> None:
    saved(sessions, revisions=2)
    write_snapshot(sessions / "archive", BEGIN, step="select", revision=1)
    write_snapshot(sessions / "archive", BEGIN + 60, SESSION, step="connect", revision=2)


def overdue(sessions: Path) -> None:
    """Eleven sessions: prune deletes the oldest and archives the next one, the latest."""
    write_snapshot(sessions, NOW - 9 * DAY)
    latest = write_snapshot(sessions, NOW - 8 * DAY)
    for hour in range(1, 10):
        write_snapshot(sessions, NOW - hour * 3600)
    point(sessions, latest)


class Scene(NamedTuple):
    """A folder, a verb with its arguments, and what two runs of it may differ in."""

    prepare: Callable[[Path], None]
    command: list[str]
    unlike: frozenset[str] = frozenset({"revision"})


SCENES = {
    "first-save": Scene(
        nothing, ["save", "scan", DATA], frozenset({"revision", "id", "session_id"})
    ),
    "later-save": Scene(one_session, ["save", "review", DATA]),
    "save-after-damage": Scene(damaged, ["save", "review", DATA]),
    "eighth-save": Scene(due_for_thinning, ["save", "review", DATA]),
    "save-over-plain-file": Scene(draft, ["save", "select", DATA], frozenset({"revision", "id"})),
    "clear": Scene(one_session, ["clear"]),
    "clear-of-plain-file": Scene(draft, ["clear"]),
    "new": Scene(one_session, ["new"]),
    "new-over-plain-file": Scene(draft, ["new"]),
    "resume": Scene(archived, ["resume", SESSION]),
    "rollback": Scene(one_session, ["rollback", "1"]),
    "delete": Scene(one_session, ["delete", SESSION, "--yes"]),
    "prune": Scene(overdue, ["prune"]),
}
UNSYNCED = 10
SAVING = ("save", "resume", "rollback")


class Aftermath(NamedTuple):
    """What a fault left: the state and the step, and where another run and a prune then lead."""

    seen: tuple[Any, str]
    again: Answer
    announced: set[str]
    logged: set[str]
    ending: Any


class Stage:
    """A scene that can be set again and again, and what one undisturbed run makes of it."""

    def __init__(self, scene: Scene, home: Path, scratch: Path) -> None:
        self.home, self.verb, self.unlike = home, scene.command[0], scene.unlike
        self.sessions = home / ".confighub" / "sessions"
        self.original = scratch / "original"
        self.env = {**guarded(dict(os.environ), home), **clock(NOW)}
        self.strace = Strace(self.env, scratch / "strace.log")
        self.words = scene.command
        self.command = program(*scene.command)
        load_verbs()
        # two faults that leave the same folder have the same aftermath
        self.known: dict[str, Aftermath] = {}
        scene.prepare(self.sessions)
        if self.sessions.exists():
            shutil.move(self.sessions.parent, self.original)
        self.set()
        self.old = self.seen()
        self.trace, answer = self.strace.record(self.command)
        self.calls = list(changes(self.trace, home))
        self.announced = announced(answer)
        self.new = self.seen()
        self.ending = self.came_to()

    def set(self) -> None:
        """The folder as it was at first."""
        shutil.rmtree(self.sessions.parent, ignore_errors=True)
        if self.original.exists():
            shutil.copytree(self.original, self.sessions.parent, symlinks=True)

    def run_with(self, fault: str, call: Call) -> Answer:
        """What a run answers that meets the fault at the call; what it takes to start is spared."""
        return self.strace.fork_with(fault, call, quick.main, self.words)

    def aftermath(self) -> Aftermath:
        left = self.looks()
        if left not in self.known:
            seen, again = self.seen(), self.run(*self.words)
            told = announced(again, *([] if self.verb in SAVING else [self.run("prune")]))
            self.known[left] = Aftermath(seen, again, told, self.logged(), self.came_to())
        return self.known[left]

    def looks(self) -> str:
        """All that is below HOME, but for the UUID of a state, which is random."""
        return re.sub(
            r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID", repr(tree(self.home))
        )

    def run(self, *words: str) -> Answer:
        """What a run without a fault answers; what it takes to start is spared."""
        return forked(quick.main)(*words, env={**dict.fromkeys(os.environ), **self.env})

    def seen(self) -> tuple[Any, str]:
        """What `load` and `get-step` say, without what is random."""
        load, step = (self.run(verb) for verb in ("load", "get-step"))
        assert (load.code, step.code) == (0, 0), load.stderr
        return without(json.loads(load.stdout or b"null"), {"id"}), step.stdout.decode()

    def came_to(self) -> Any:
        """How it ended: for a save the state and what was set aside, else everything kept."""
        if self.verb not in SAVING:
            return kept(self.sessions)
        state = self.latest()
        set_aside = [path.read_bytes() for path in (self.sessions / "corrupt").glob("*")]
        left_behind = [path.name for path in self.sessions.glob(".new-*")]
        return without(state, self.unlike), set_aside, left_behind

    def logged(self) -> set[str]:
        """What `events.jsonl` says to be gone, as in `announced`."""
        log = self.sessions / "events.jsonl"
        events = map(json.loads, log.read_text().splitlines() if log.exists() else [])
        return {f"{event['event']} {event['session_id']}" for event in events}

    def latest(self) -> Any:
        return json.loads((self.sessions / "import-latest.json").read_bytes())


def announced(*answers: Answer) -> set[str]:
    """What was said to be gone: `archived import-2026-01-09-143022`, ..."""
    told = "".join(answer.stderr for answer in answers)
    return set(re.findall(r"(?:archived|deleted) import-[\d-]+\d", told))


def program(*command: str) -> list[str]:
    """The command line of a verb, run from the source."""
    return [sys.executable, "-I", "-S", "-B", str(MAIN), *command]


def without(state: Any, members: set[str] | frozenset[str]) -> Any:
    return state and {key: value for key, value in state.items() if key not in members}


@pytest.fixture(scope="module")
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, strace_works: None
) -> Stage:
    home = tmp_path_factory.mktemp("home").resolve()
    return Stage(SCENES[request.param], home, tmp_path_factory.mktemp("scratch"))


def each_scene(names: Iterable[str]) -> pytest.MarkDecorator:
    """A test for each scene; those of one scene run in one process, which sets it up once."""
    scenes = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]
    return pytest.mark.parametrize("stage", scenes, indirect=True)


@each_scene(SCENES)
def test_a_fork_meets_what_the_program_meets(stage: Stage) -> None:
    """The faults are met by forks: these make the calls of the program, and say and leave as it."""
    stage.set()
    trace, _ = stage.strace.record_fork(quick.main, stage.words)
    assert list(changes(trace, stage.home)) == stage.calls

    for fault in ("error=EIO", "signal=KILL"):
        for call in (stage.calls[0], stage.calls[-1]):
            stage.set()
            by_fork = stage.run_with(fault, call), stage.looks()
            stage.set()
            by_program = stage.strace.run_with(fault, call, stage.command), stage.looks()
            assert by_fork == by_program, (fault, call)


@pytest.mark.parametrize("fault", FAULTS)
@each_scene(SCENES)
def test_a_fault_leaves_the_old_state_or_the_new_and_another_run_heals(
    stage: Stage, fault: str
) -> None:
    assert stage.calls

    wrong = [f"{call}: {why}" for call in stage.calls for why in whats_wrong(stage, fault, call)]

    assert wrong == []


def whats_wrong(stage: Stage, fault: str, call: Call) -> Iterator[str]:
    stage.set()
    answer = stage.run_with(FAULTS[fault], call)
    aftermath = stage.aftermath()
    if aftermath.seen not in (stage.old, stage.new):
        yield f"neither the old state nor the new: {aftermath.seen}"
    if answer.code in (0, UNSYNCED) and aftermath.seen != stage.new:
        yield "it claims to be done and is not"
    if answer.code != 0 and fault != "SIGKILL" and not told_in_words(answer):
        yield f"it should say so in a line: {answer}"
    # what was deleted cannot be deleted again
    if aftermath.again.code != 0 and stage.verb != "delete":
        yield f"it cannot be repeated: {aftermath.again}"
    if aftermath.ending != stage.ending:
        yield f"repeated, it comes to another end: {aftermath.ending}"
    if unsaid := stage.announced - announced(answer) - aftermath.announced:
        yield f"nobody said: {unsaid}"
    if fault == "SIGKILL" and (unlogged := stage.announced - aftermath.logged):
        yield f"it is not in the log: {unlogged}"


def told_in_words(answer: Answer) -> bool:
    """One line says what was not done, or may not last, and where; all lines are our own."""
    return refused_in_words(answer) or (
        answer.code == UNSYNCED
        and has_line(answer, r"(saved|cleared|done), but .* power loss.*: /.*/\.confighub")
    )


def refused_in_words(answer: Answer) -> bool:
    return answer.code == 7 and has_line(
        answer, r"(not saved|started but not finished): .*/\.confighub"
    )


def has_line(answer: Answer, pattern: str) -> bool:
    lines = answer.stderr.splitlines()
    told = [line for line in lines if re.match(f"session-cli: {pattern}", line)]
    ours = all(line.startswith("session-cli: ") for line in lines)
    return ours and len(told) == 1 and "internal error" not in answer.stderr


@each_scene(["new", "delete"])
def test_a_session_whose_departure_was_cut_short_stays_whole_or_leaves_whole(stage: Stage) -> None:
    whole = snapshots_of_session(stage.original / "sessions")
    for call in stage.calls:
        stage.set()
        stage.run_with("signal=KILL", call)

        save = stage.run("save", "review")

        assert save.code == 0, (call, save)
        stays = stage.latest()["session_id"] == SESSION
        here, there = map(snapshots_of_session, (stage.sessions, stage.sessions / "archive"))
        if stays:
            assert whole < here, call
            assert not there, call
        else:
            assert not here, call
            assert there == (whole if stage.verb == "new" else set()), call


def snapshots_of_session(folder: Path) -> set[str]:
    names = {path.name for path in folder.glob("import-2*.json")}
    return {name for name in names if f'"{SESSION}"'.encode() in (folder / name).read_bytes()}


def test_new_archives_a_session_that_was_a_plain_file(sessions: Path, cli: Command) -> None:
    draft(sessions)
    state = (sessions / "import-latest.json").read_bytes()

    assert cli("new", env=clock(NOW)).code == 0

    assert [path.read_bytes() for path in (sessions / "archive").iterdir()] == [state]
    assert not list(sessions.glob("import-*"))


@each_scene(["new", "delete"])
def test_a_departure_that_failed_at_once_is_not_made_up_for_later(stage: Stage) -> None:
    for call in stage.calls:
        stage.set()
        answer = stage.run_with("error=EIO", call)
        if answer.code != 0 and stage.seen() == stage.old:
            assert stage.run("save", "review").code == 0
            assert stage.latest()["session_id"] == SESSION, call


@each_scene(["new", "delete"])
def test_a_departure_that_failed_leaves_all_as_it_was_or_says_that_it_has_begun(
    stage: Stage,
) -> None:
    for call in stage.calls:
        stage.set()
        before = kept(stage.sessions)
        answer = stage.run_with("error=EIO", call)
        if answer.code == 7 and "started but not finished" not in answer.stderr:
            after = kept(stage.sessions)
            # an empty archive is no trace of a session
            after.pop("archive", None)
            assert after == before, call


STEPS = {
    "first-save": """
        mkdir .confighub, fsync ., mkdir sessions, fsync .confighub,
        write .new-snapshot, fsync .new-snapshot, link import-2026-01-19-143022.json,
        rename .import-session, fsync sessions, rename import-latest.json, fsync sessions""",
    "later-save": """
        write .new-snapshot, fsync .new-snapshot, link import-2026-01-19-143022.json,
        rename import-latest.json, fsync sessions""",
    "new": """
        rename .import-leaving, fsync sessions, unlink import-latest.json, fsync sessions,
        unlink .import-session,
        mkdir archive, fsync sessions,
        link import-2026-01-19-123023.json, link import-2026-01-19-123024.json,
        link import-2026-01-19-123025.json, fsync archive,
        unlink import-2026-01-19-123023.json, unlink import-2026-01-19-123024.json,
        unlink import-2026-01-19-123025.json, fsync sessions,
        unlink .import-leaving, fsync sessions""",
}


STEP_CALLS = ("mkdir", "write", "fsync", "link", "rename", "unlink")


@each_scene(STEPS)
def test_each_step_is_on_the_disk_before_the_next_one_relies_on_it(
    stage: Stage, request: pytest.FixtureRequest
) -> None:
    """A crash of the machine cannot be made here; that what we wait for is written can be seen."""
    expected = STEPS[request.node.callspec.params["stage"]]

    assert ", ".join(steps(stage)) == " ".join(expected.split())


def steps(stage: Stage) -> Iterator[str]:
    for name, _, paths in touching(stage.trace, stage.home):
        place = Path(paths[-1])
        swept = name == "unlink" and place.name.startswith(".new-")
        if name in STEP_CALLS and not swept and place.name != "events.jsonl":
            yield f"{name} {place.name if place != stage.home else '.'}"


READING = "readlink readlinkat openat read newfstatat fstat stat lstat".split()


@pytest.mark.parametrize("verb", ["load", "get-step", "exists"])
@each_scene(["later-save"])
def test_an_error_while_reading_is_reported_and_not_taken_for_damage(
    stage: Stage, verb: str
) -> None:
    stage.set()
    trace, _ = stage.strace.record(program(verb), READING)
    before = tree(stage.home)
    calls = [call for call, _ in counted(trace, stage.sessions)]
    assert {"openat", "read"} <= {call.name for call in calls}

    for call in calls:
        for error in ("EIO", "EACCES", "ELOOP"):
            answer = stage.strace.fork_with(f"error={error}", call, quick.main, [verb])

            assert (answer.code, answer.stdout) == (4, b""), (call, error)
            assert answer.stderr.startswith("session-cli: cannot read "), (call, error)
            assert answer.stderr.count("\n") == 1, (call, error)
    assert tree(stage.home) == before


@each_scene(["later-save"])
def test_a_save_that_cannot_read_the_state_touches_nothing(stage: Stage) -> None:
    stage.set()
    trace, _ = stage.strace.record(stage.command, READING)
    paths = ((call, Path(call.path)) for call, _ in counted(trace, stage.home))
    calls = [call for call, path in paths if is_state(path) and not is_new(path, stage)]
    assert {"readlink", "openat", "read"} <= {call.name for call in calls}

    for call in calls:
        stage.set()
        before = kept(stage.sessions)

        answer = stage.run_with("error=EIO", call)

        assert refused_in_words(answer), (call, answer)
        assert kept(stage.sessions) == before, call


def is_state(path: Path) -> bool:
    return path.name == "import-latest.json" or path.name.startswith("import-2")


def is_new(path: Path, stage: Stage) -> bool:
    return not os.path.lexists(stage.original / "sessions" / path.name)


LINKLESS = {
    "no hard links": ["link", "linkat"],
    "no symlinks": ["symlink", "symlinkat"],
    "no links at all": ["link", "linkat", "symlink", "symlinkat"],
}


@pytest.mark.parametrize("missing", LINKLESS)
def test_a_file_system_without_links_serves_as_well(
    missing: str, home: Path, sessions: Path, tmp_path: Path, strace_works: None
) -> None:
    strace = Strace(dict(os.environ), tmp_path / "strace.log")

    def verb(*command: str) -> bytes:
        answer = strace.run_without(LINKLESS[missing], "EPERM", program(*command))
        assert answer.code == 0, answer
        return answer.stdout

    pointer = sessions / "import-latest.json"
    verb("save", "scan")
    verb("save", "review")
    state = json.loads(verb("load"))
    assert (state["step"], state["revision"]) == ("review", 2)

    # the second snapshot through the link; else the copy of it, and the snapshot is intact
    pointer.write_bytes(pointer.read_bytes()[:80])
    assert verb("get-step") == (b"scan\n" if pointer.is_symlink() else b"review\n")

    verb("save", "select")
    verb("new")
    assert verb("get-step") == b"none\n"

    verb("resume", state["session_id"])
    assert verb("get-step") == b"select\n"
    assert not list(sessions.glob(".new-*"))
