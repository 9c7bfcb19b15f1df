"""Measures the calls of session.sh beside the same calls of the draft, round by round.

A ratio is the median over rounds of (ours / theirs) in one round, so that what else the machine
does falls on both. The budgets are for a sessions folder in memory; the disk is told beside.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

TEST = Path(__file__).parent.parent
sys.path.insert(0, str(TEST))

from builders import make_state  # noqa: E402
from figures import Line, table  # noqa: E402
from growth import growth  # noqa: E402
from guard import guarded  # noqa: E402

OURS = TEST / "atk" / "lib" / "session.sh"
DRAFT = TEST / "draft" / "session.sh"
CALLS = Path(__file__).with_name("calls.bash")
MEMORY = Path("/dev/shm")
NEW = (1, 7)
MANY = 100_000
FEW = 10


class Jq(NamedTuple):
    """A jq that the draft may run on; `version` as (1, 6)."""

    path: str
    name: str
    version: tuple[int, int]

    @property
    def is_new(self) -> bool:
        return self.version >= NEW


class Budget(NamedTuple):
    """The ratio that a call may reach, beside the draft on an old and on a new jq, beside bare
    Python; where a figure is missing the call is measured without a judgement, or not at all."""

    old: float | None = None
    new: float | None = None
    floor: float | None = None

    def beside(self, jq: Jq) -> float | None:
        return self.new if jq.is_new else self.old


class Call(NamedTuple):
    """One call as people write it, its function in calls.bash, and how often it is repeated."""

    label: str
    function: str
    times: int = 1


SAVE = Call("session_save", "save")
CONSOLE = Call("session-cli save", "console_script")
PRINTED = Call("session_get_step", "get_step")
CAPTURED = Call("$(session_get_step)", "get_step_captured")
LOAD = Call("$(session_load)", "load_captured")
EXISTS = Call("session_exists", "exists", 100)
SCRIPT = Call("a script of 7 steps", "script")
FLOOR = Call("python -I -S -c pass", "floor")
PRINTED_LOAD = Call("session_load", "load")
CAT = Call("cat", "cat_state")
JQ = Call("jq -e .", "jq_state")
VERBS = [
    Call("session-cli render status", "render_status"),
    Call("session-cli status", "status"),
    Call("session-cli get", "get"),
]
CLICK = Call("python -I -c 'import click'", "click")

SMALL_CALLS = {
    SAVE: Budget(0.5, 1.4, floor=1.3),
    CONSOLE: Budget(0.85),
    PRINTED: Budget(0.03, 0.15),
    CAPTURED: Budget(0.08, 0.45),
    LOAD: Budget(0.9, 0.9),
    EXISTS: Budget(6, 6),
    SCRIPT: Budget(0.4, 1.2),
}
LARGE_CALLS = {
    SAVE: Budget(0.75, 1.0),
    PRINTED: Budget(0.03, 0.15),
    CAPTURED: Budget(0.08, 0.45),
    EXISTS: Budget(6, 6),
}
SMALL_CALLS_ON_DISK = {SAVE: Budget(), SCRIPT: Budget()}
LARGE_CALLS_ON_DISK = {SAVE: Budget()}
CROWD_BUDGET = 1.3
LOAD_BUDGETS = {CAT: 3.0, JQ: 1.0}


class NotMeasured(Exception):
    """Something needed is missing or failed; the message says what."""


class Shell:
    """A bash with one library sourced and a home of its own, which makes calls when asked."""

    def __init__(self, library: Path, home: Path, jq: Jq | None = None) -> None:
        self.home = home
        self.errors = (home / "stderr").open("w+b")
        environment = guarded(dict(os.environ), home)
        environment["BENCH_PYTHON"] = sys.executable
        if jq:
            environment["PATH"] = f"{_only(jq, home)}:{environment['PATH']}"
        self.process = subprocess.Popen(
            ["bash", str(CALLS), str(library)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
        self.errors.close()

    def milliseconds(self, call: Call) -> float:
        """How long one `call` takes, by the clock in the shell where it has one."""
        assert self.process.stdin and self.process.stdout
        begin = time.perf_counter()
        print(call.function, call.times, file=self.process.stdin, flush=True)
        microseconds, _, failures = self.process.stdout.readline().strip().partition(" ")
        outside = (time.perf_counter() - begin) * 1000
        if failures != "0":
            self.errors.seek(0)
            raise NotMeasured(f"{call.label} failed: {self.errors.read().decode() or 'no words'}")
        inside = outside if microseconds == "-" else int(microseconds) / 1000
        return inside / call.times


def _only(jq: Jq, home: Path) -> Path:
    """A folder for PATH in which that jq is `jq`."""
    folder = home / "bin"
    folder.mkdir()
    (folder / "jq").symlink_to(jq.path)
    return folder


class Side(NamedTuple):
    """One of the two or more that make a call in turn; the first of them is ours."""

    name: str
    shell: Shell
    call: Call
    budget: float | None = None


class Contest(NamedTuple):
    """Who makes a call beside whom, on a state of which size."""

    state: str
    sides: list[Side]


def lines(contest: Contest, rounds: int) -> Iterator[Line]:
    """The figures of a contest, after one round that does not count."""
    ours, *others = contest.sides
    taken = [
        [side.shell.milliseconds(side.call) for side in contest.sides] for _ in range(rounds + 1)
    ][1:]
    for number, other in enumerate(others, start=1):
        yield Line(
            ours.call.label,
            contest.state,
            other.name,
            median(times[0] for times in taken),
            median(times[number] for times in taken),
            median(times[0] / times[number] for times in taken),
            other.budget,
        )


class Bench:
    """The homes and shells of one run in the folder `root`; all end with the block."""

    def __init__(self, root: Path, jqs: list[Jq]) -> None:
        self.root = root
        self.jqs = jqs
        self.shells = ExitStack()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.shells.close()

    def shell(self, name: str, library: Path, state: bytes, jq: Jq | None = None) -> Shell:
        """A shell whose session holds `state`, saved once by its own library."""
        home = self.root / name
        sessions = home / ".confighub" / "sessions"
        sessions.mkdir(parents=True)
        (sessions / "import-latest.json").write_bytes(state)
        shell = self.shells.enter_context(Shell(library, home, jq))
        shell.milliseconds(SAVE)
        return shell

    def beside_the_draft(
        self, size: str, state: bytes, calls: dict[Call, Budget]
    ) -> Iterator[Contest]:
        """Each call beside the draft on every jq, and what has a floor beside bare Python."""
        ours = self.shell(f"ours {size}", OURS, state)
        drafts = {jq: self.shell(f"{jq.name} {size}", DRAFT, state, jq) for jq in self.jqs}
        for call, budget in calls.items():
            sides = [Side("", ours, call)]
            theirs = SAVE if call == CONSOLE else call
            for jq, draft in drafts.items():
                sides.append(Side(f"draft, {jq.name}", draft, theirs, budget.beside(jq)))
            if budget.floor:
                sides.append(Side(FLOOR.label, ours, FLOOR, budget.floor))
            yield Contest(size, sides)

    def beside_tools(self, size: str, state: bytes) -> Iterator[Contest]:
        """Printing the state beside cat, and beside jq, which verifies it."""
        ours = self.shell(f"ours beside tools {size}", OURS, state, self.jqs[0])
        others = [Side(call.label, ours, call, LOAD_BUDGETS[call]) for call in LOAD_BUDGETS]
        yield Contest(size, [Side("", ours, PRINTED_LOAD), *others])

    def beside_click(self, state: bytes) -> Iterator[Contest]:
        """The further verbs beside what any program with Click takes to start."""
        ours = self.shell("ours with Click", OURS, state)
        for call in VERBS:
            yield Contest("1 KB", [Side("", ours, call), Side(CLICK.label, ours, CLICK)])

    def beside_few(self, state: bytes) -> Iterator[Contest]:
        """Each call among very many snapshots beside itself among a few."""
        many, few = (self.shell(f"ours among {count}", OURS, state) for count in (MANY, FEW))
        crowd(many.home, MANY)
        crowd(few.home, FEW)
        for call in (SAVE, LOAD, PRINTED, EXISTS):
            sides = [Side("", many, call), Side(f"{FEW} snapshots", few, call, CROWD_BUDGET)]
            yield Contest(f"1 KB, {MANY:,} snapshots", sides)


def crowd(home: Path, count: int) -> None:
    """Puts the snapshots of `count` older sessions beside the one that is there."""
    sessions = original = home / ".confighub" / "sessions"
    # a state that says nothing of its session belongs to that of its file name
    state = as_json({key: value for key, value in make_state().items() if key != "created_at"})
    for number in range(count):
        stamp = time.strftime("%Y-%m-%d-%H%M%S", time.gmtime(1577836800 + number))
        snapshot = sessions / f"import-{stamp}.json"
        # a file system may allow no more than some ten thousand names for one file
        if number % 10_000 == 0:
            original = snapshot
            original.write_bytes(state)
        else:
            os.link(original, snapshot)


def found_jqs() -> list[Jq]:
    """The machine's jq, then every other one of 1.7 or later, from PATH and $JQ_NEW."""
    paths = [shutil.which("jq"), os.environ.get("JQ_NEW")]
    for folder in os.get_exec_path():
        paths += sorted(map(str, Path(folder).glob("jq-1.*")))
        paths += sorted(map(str, Path(folder).glob("jq1.*")))
    jqs: dict[str, Jq] = {}
    for path in filter(None, paths):
        jq = identified(path)
        if jq and (not jqs or jq.is_new):
            jqs.setdefault(jq.name, jq)
    if not jqs:
        raise NotMeasured("the draft needs jq, and there is none: apt install jq")
    return list(jqs.values())


def identified(path: str) -> Jq | None:
    """The jq at `path`; None for something else."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return None
    version = re.match(r"jq-(\d+)\.(\d+)\S*", answer)
    if not version:
        return None
    name = version.group().replace("-", " ", 1)
    return Jq(os.path.realpath(path), name, (int(version[1]), int(version[2])))


def large_state() -> bytes:
    """A state of 2 MB, as a scan of very many workloads leaves it."""
    workloads = [
        {"namespace": f"team-{number % 97}", "name": f"payment-api-{number}", "owner": "Flux"}
        for number in range(16_500)
    ]
    scan = {"namespaces": ["payment-prod"], "workloads_detected": 16_500, "workloads": workloads}
    return as_json(make_state(scan_result=scan))


def as_json(state: object) -> bytes:
    return json.dumps(state, indent=2).encode() + b"\n"


def file_system(path: Path) -> str:
    """The type of file system that `path` lies on; `?` where nobody tells."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "?"
    above = [str(path), *map(str, path.resolve().parents)]
    return max(((len(at), type_) for at, type_ in mounts if at in above), default=(0, "?"))[1]


def in_memory() -> bool:
    return file_system(MEMORY) == "tmpfs" and os.access(MEMORY, os.W_OK)


def machine(jqs: list[Jq]) -> str:
    bash = subprocess.run(["bash", "-c", "echo $BASH_VERSION"], capture_output=True, text=True)
    version = bash.stdout.split("(")[0].strip()
    timed = " (no clock of its own: timed from outside)" if int(version.split(".")[0]) < 5 else ""
    parts = [
        f"Python {platform.python_version()}",
        f"bash {version}{timed}",
        *(jq.name for jq in jqs),
        f"{platform.system()} {platform.machine()}",
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}",
    ]
    return ", ".join(parts)


def judged(bench: Bench) -> Iterator[Contest]:
    """What has a budget: every call on a small and a large state, and in a crowd."""
    small = as_json(make_state())
    yield from bench.beside_the_draft("1 KB", small, SMALL_CALLS)
    yield from bench.beside_the_draft("2 MB", large_state(), LARGE_CALLS)
    yield from bench.beside_tools("1 KB", small)
    yield from bench.beside_tools("2 MB", large_state())
    yield from bench.beside_click(small)
    yield from bench.beside_few(small)


def told(bench: Bench) -> Iterator[Contest]:
    """What the disk makes slower: ours syncs files and folders, the draft nothing."""
    yield from bench.beside_the_draft("1 KB", as_json(make_state()), SMALL_CALLS_ON_DISK)
    yield from bench.beside_the_draft("2 MB", large_state(), LARGE_CALLS_ON_DISK)


def report(
    contests: Callable[[Bench], Iterator[Contest]], place: Path, jqs: list[Jq], rounds: int
) -> None:
    """Measures in a new folder at `place` and prints the table."""
    print(f"\nSessions folder on {file_system(place)} ({place}), {rounds} rounds:\n")
    found: list[Line] = []
    with tempfile.TemporaryDirectory(dir=place) as root, Bench(Path(root), jqs) as bench:
        for contest in contests(bench):
            progress(f"{contest.sides[0].call.label}, {contest.state} ...")
            found += lines(contest, rounds)
    progress("")
    print(table(found))


def report_growth(place: Path, rounds: int) -> None:
    """Measures what depends on how much there is, in a new folder at `place`."""
    print(f"\nVery many sessions, on {file_system(place)} ({place}):\n")
    found: list[Line] = []
    with tempfile.TemporaryDirectory(dir=place) as root:
        for line in growth(Path(root), rounds):
            progress(f"{line.call}, {line.state} ...")
            found.append(line)
    progress("")
    print(table(found))


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run(jqs: list[Jq], rounds: int) -> None:
    disk = Path(tempfile.gettempdir())
    if in_memory():
        report(judged, MEMORY, jqs, rounds)
        report_growth(MEMORY, rounds)
        report(told, disk, jqs, rounds)
    else:
        print(f"There is no tmpfs at {MEMORY}: the budgets are held against figures of the disk.")
        report(judged, disk, jqs, rounds)
        report_growth(disk, rounds)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures session.sh beside the draft.")
    parser.add_argument("--rounds", type=int, default=40, help="of each call (40)")
    parser.add_argument("--quick", action="store_true", help="3 rounds, for a first look")
    options = parser.parse_args()
    try:
        jqs = found_jqs()
        print(machine(jqs))
        run(jqs, 3 if options.quick else options.rounds)
    except NotMeasured as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
