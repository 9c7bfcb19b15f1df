"""Measures what depends on how many sessions there are, each time beside a yardstick."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from builders import make_state
from figures import Line
from guard import SCRIPTS, guarded

CLI = str(SCRIPTS / "session-cli")
SAVE = [sys.executable, "-I", "-S", str(Path(__file__).parents[2] / "session_cli/__main__.py")]
HOUR = 60 * 60
DAY = 24 * HOUR
FEW, SOME, MANY, VERY_MANY = 10, 1_000, 10_000, 100_000
SAVES = 16
SAVE_BUDGET, LIST_BUDGET, LINEAR = 1.5, 3.0, 1.5
INIT_MILLISECONDS, WAIT_MILLISECONDS = 2000, 1000
LISTING = "import posix, sys; posix.listdir(sys.argv[1])"
LOOP = """
import os, sys
for entry in os.listdir(sys.argv[1]):
    with open(sys.argv[1] + "/" + entry, "rb") as file:
        file.read(4096)
"""


class Sessions:
    """A folder with `count` sessions of one snapshot each, a second apart, the last `age` old."""

    def __init__(self, root: Path, count: int, age: float) -> None:
        self.home = root / f"{count}-{age:.0f}"
        self.folder = self.home / ".confighub" / "sessions"
        self.folder.mkdir(mode=0o700, parents=True)
        self.environment = guarded(dict(os.environ), self.home)
        self.ids = [self._add(time.time() - age - number) for number in reversed(range(count))]

    def _add(self, moment: float) -> str:
        begun = time.gmtime(moment)
        session_id = time.strftime("import-%Y-%m-%d-%H%M%S", begun)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", begun)
        ours = {"version": "1.0", "type": "import", "session_id": session_id, "id": session_id}
        times = {"created_at": at, "updated_at": at, "revision": 1}
        state = {**ours, **times, **make_state(created_at=at, updated_at=at)}
        with open(self.folder / f"{session_id}.json", "w", opener=_owner_only) as file:
            file.write(json.dumps(state, indent=2) + "\n")
        return session_id

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet
        )

    def milliseconds(self, *command: str) -> float:
        """How long a command takes as a process, by the clock on the wall."""
        begin = time.perf_counter()
        if self.start(*command).wait():
            raise subprocess.CalledProcessError(1, command)
        return (time.perf_counter() - begin) * 1000

    def processor(self, *command: str) -> float:
        """How long a command keeps a processor busy: what else the machine does counts less."""
        process = self.start(*command)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        return (used.ru_utime + used.ru_stime) * 1000

    def listing(self) -> float:
        """How long one listing takes in a process that has done nothing else yet."""
        python = [sys.executable, "-I", "-S", "-c"]
        lists = self.processor(*python, LISTING, str(self.folder))
        return max(0.0, lists - self.processor(*python, "pass"))


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def growth(root: Path, rounds: int) -> Iterator[Line]:
    """Everything that is measured here; of most a quarter of the `rounds` is enough."""
    rounds = max(2, rounds // 4)
    few, some, many, very_many = (
        Sessions(root, count, HOUR) for count in (FEW, SOME, MANY, VERY_MANY)
    )
    for folder in (some, many, very_many):
        yield from lists(folder, min(rounds, 3) if folder is very_many else rounds)
    yield from saves(few, [some, very_many], rounds)
    yield from runs(root)


def lists(sessions: Sessions, rounds: int) -> Iterator[Line]:
    """`list` and `history ID` beside a loop that reads the beginning of each file."""
    calls = {"list": ["list"], "history ID": ["history", sessions.ids[0]]}
    taken = [
        [
            sessions.processor(sys.executable, "-I", "-c", LOOP, str(sessions.folder)),
            *(sessions.processor(CLI, *call) for call in calls.values()),
        ]
        for _ in range(rounds)
    ]
    loop, *ours = map(list, zip(*taken, strict=True))
    for label, times in zip(calls, ours, strict=True):
        yield Line(
            f"session-cli {label}",
            f"{len(sessions.ids):,} sessions",
            "a loop that reads 4 KiB each",
            median(times),
            median(loop),
            median(time / base for time, base in zip(times, loop, strict=True)),
            LIST_BUDGET,
        )


def saves(few: Sessions, crowded: list[Sessions], rounds: int) -> Iterator[Line]:
    """The saves of a session beside those of one with few others, less one listing."""
    folders = [few, *crowded]
    taken: dict[str, list[list[float]]] = {"first": [], "every eighth": [], "other": []}
    listings = []
    for _ in range(rounds):
        for folder in folders:
            folder.processor(*SAVE, "clear")
        listings.append([folder.listing() for folder in folders])
        for number in range(1, SAVES + 1):
            kind = "first" if number == 1 else "other" if number % 8 else "every eighth"
            taken[kind].append([each.processor(*SAVE, "save", "review") for each in folders])
    for place, folder in enumerate(crowded, start=1):
        listing = median(each[place] for each in listings)
        for kind, times in taken.items():
            spared = 0.0 if kind == "other" else listing
            yield Line(
                f"session-cli save, {kind}",
                f"{len(folder.ids):,} sessions beside",
                f"{len(few.ids)} beside" + (f", and a listing ({spared:.3g})" if spared else ""),
                median(each[place] for each in times),
                median(each[0] for each in times) + spared,
                median((each[place] - spared) / each[0] for each in times),
                SAVE_BUDGET,
            )


def runs(root: Path) -> Iterator[Line]:
    """What retention takes, and what waits for it."""
    some, many = (Sessions(root, count, 30 * DAY) for count in (SOME, MANY))
    waited = []
    init = many.start(CLI, "init")
    while init.poll() is None:
        waited.append(many.milliseconds(*SAVE, "--file", f"{many.home}/other.json", "save", "scan"))
    yield _bound("save beside init", many, max(waited), WAIT_MILLISECONDS)
    yield _bound(
        "init", many, min(many.milliseconds(CLI, "init") for _ in range(3)), INIT_MILLISECONDS
    )
    left = [len(list(each.folder.glob("import-2*"))) for each in (many, some)]
    per_session = [
        each.milliseconds(CLI, "prune") / count
        for each, count in zip((many, some), left, strict=True)
    ]
    yield Line(
        "session-cli prune, a session",
        f"{left[0]:,} to let go of",
        f"{left[1]:,} to let go of",
        *per_session,
        per_session[0] / per_session[1],
        LINEAR,
    )


def _bound(label: str, sessions: Sessions, milliseconds: float, bound: float) -> Line:
    state = f"{len(sessions.ids):,} to let go of"
    return Line(label, state, "the bound", milliseconds, bound, milliseconds / bound, 1.0)
