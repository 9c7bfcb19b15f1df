"""Measures the screens beside those of the last version that was written in bash, round by round.

That version is run from a git worktree; where its commit is missing, nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

TEST = Path(__file__).parent.parent
ROOT = TEST.parent
sys.path.insert(0, str(TEST))

from guard import guarded  # noqa: E402
from terminal import NeverShown, Terminal, resident_mb  # noqa: E402
from tui.cluster_objects import make_cluster  # noqa: E402

from session_cli.cluster.workloads import workloads_in  # noqa: E402
from session_cli.times import utc  # noqa: E402
from session_cli.workflow.scan import scan_result  # noqa: E402

BEFORE = "c599cbc"
FEW, MANY, MIDDLE = 41, 20_000, 5_000
MOVES = 20
LINE_SPEED = 2400
HELD_KEYS, HELD_A_SECOND = 30, 30
REDRAWS_A_SECOND = 200


class Figure(NamedTuple):
    """One figure: what it is, its value and unit, and the budget that it should not be above."""

    name: str
    value: float
    unit: str
    budget: float

    def __str__(self) -> str:
        verdict = "within" if self.value <= self.budget else "OVER"
        return f"{self.name:58} {self.value:8.2f} {self.unit:5} budget {self.budget:<5g} {verdict}"


class Version:
    """One version of the programs, in a tree of its own with a home beside it."""

    def __init__(self, tree: Path, home: Path) -> None:
        self.tree = tree
        home.mkdir()
        environment = guarded(dict(os.environ), home)
        self.env = environment | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": str(home)}

    def scale(self, workloads: int) -> None:
        """The demo's cluster has so many workloads from now on, in one namespace."""
        path = self.tree / "test" / "atk" / "demo" / "cluster.json"
        listed = json.loads(path.read_bytes())
        spaces = [item for item in listed["items"] if item["kind"] == "Namespace"]
        listed["items"] = [*spaces, *make_cluster(workloads, 1)]
        path.write_text(json.dumps(listed))

    def open(self, *options: str, **terminal: float) -> Terminal:
        """map-import with the demo, in a terminal."""
        script = str(self.tree / "test" / "atk" / "map-import")
        return Terminal([script, "--demo", *options], self.env, **terminal)  # type: ignore[arg-type]


def save_scan(version: Version, workloads: int) -> None:
    """A session after the one that is there, in which so many workloads were found."""
    sessions = Path(version.env["HOME"]) / ".confighub/demo/sessions"
    uid = json.loads((sessions / "import-latest.json").read_bytes())["cluster_uid"]
    found = workloads_in({"kind": "List", "items": make_cluster(workloads, 1)})
    scan = scan_result(found, [], {}, utc(time.time()))
    data = {"cluster_context": "kind-demo", "cluster_uid": uid, "scan_result": scan}
    main, places = version.tree / "session_cli/__main__.py", ["--dir", str(sessions)]
    for words in (["new"], ["save", "scan", "-"]):
        subprocess.run(
            [ROOT / ".venv/bin/python", "-I", "-S", main, *places, *words],
            env=version.env, input=json.dumps(data).encode(), capture_output=True, check=True,
        )  # fmt: skip


def make_versions(place: Path) -> tuple[Version, Version]:
    """Ours, and the one before; raises LookupError where that is not to be had."""
    before = place / "before"
    made = subprocess.run(
        ["git", "-C", str(ROOT), "worktree", "add", "--detach", "-q", str(before), BEFORE],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise LookupError(f"{BEFORE} cannot be checked out: {made.stderr.strip()}")
    ours = place / "ours"
    shutil.copytree(ROOT / "test" / "atk", ours / "test" / "atk", symlinks=True)
    shutil.copytree(ROOT / "session_cli", ours / "session_cli", symlinks=True)
    for tree in (ours, before):
        (tree / ".venv").symlink_to(ROOT / ".venv")
    return Version(ours, place / "home of ours"), Version(before, place / "home of before")


def remove_versions(place: Path) -> None:
    """Takes the worktree away again."""
    subprocess.run(
        ["git", "-C", str(ROOT), "worktree", "remove", "--force", str(place / "before")],
        capture_output=True,
    )


def leave(terminal: Terminal) -> None:
    """Leaves, and takes what comes to the end."""
    terminal.press("q")
    try:
        while terminal.process.isalive():
            terminal.read(0.5)
    except NeverShown:
        pass


def begin_session(version: Version) -> None:
    """A session at step 1, with nothing chosen."""
    with version.open("--new") as terminal:
        terminal.until(r"0 chosen, \d+ of \d+ shown")
        leave(terminal)


def measure_start(version: Version) -> float:
    with version.open() as terminal:
        taken = terminal.until(r"RESUME SESSION\?")
        leave(terminal)
    return taken


def measure_next_list(version: Version) -> float:
    """From Enter on the namespaces to the list of workloads."""
    with version.open("--new") as terminal:
        terminal.until(r"0 chosen, \d+ of \d+ shown")
        terminal.settle()
        terminal.press("\r")
        taken = terminal.until(r"step 2 of 7[^$]*\d+ of \d+ shown")
        leave(terminal)
    return taken


def open_workloads(version: Version, how: str = "--new") -> Terminal:
    """The list of all workloads of the demo's cluster."""
    terminal = version.open(how)
    terminal.until(r"0 chosen, \d+ of \d+ shown")
    terminal.press("a")
    terminal.until(r"[1-9]\d* chosen, \d+ of \d+ shown")
    terminal.press("\r")
    terminal.until(r"step 2 of 7[^$]*\d+ of \d+ shown")
    terminal.settle()
    return terminal


def measure_moves(terminal: Terminal) -> tuple[float, float]:
    """The milliseconds and the bytes of a move."""
    times, before = [], terminal.bytes
    for _ in range(MOVES):
        terminal.press("j")
        times.append(terminal.until_moved())
    terminal.settle()
    return median(times), (terminal.bytes - before) / MOVES


def measure_filter(terminal: Terminal, letters: str) -> float:
    """The milliseconds of a letter of the filter."""
    terminal.press("/")
    terminal.settle()
    times = []
    for end in range(1, len(letters) + 1):
        terminal.press(letters[end - 1])
        times.append(terminal.until(f"/{letters[:end]}"))
        terminal.settle()
    return median(times)


def measure_held_keys(version: Version) -> float:
    """The seconds until the list stands still after a key was held, on a slow line."""
    with open_workloads(version) as terminal:
        terminal.speed = LINE_SPEED
        for _ in range(HELD_KEYS):
            terminal.press("j")
            until = time.perf_counter() + 1 / HELD_A_SECOND
            while time.perf_counter() < until:
                terminal.read(max(0.0, until - time.perf_counter()))
        released = time.perf_counter()
        last = released
        while terminal.read(1.0):
            last = time.perf_counter()
        terminal.speed = None
        leave(terminal)
    return last - released


def measure_memory(version: Version, seconds: float) -> float:
    """The memory after so long of many redraws a second, in MB."""
    with open_workloads(version) as terminal:
        until, keys = time.perf_counter() + seconds, "jk"
        while time.perf_counter() < until:
            terminal.press(keys[0])
            keys = keys[::-1]
            terminal.read(1 / REDRAWS_A_SECOND)
        terminal.settle()
        memory = resident_mb(terminal.pid)
        leave(terminal)
    return memory


def count_starts(version: Version) -> int | None:
    """How many Pythons of ours a whole import starts; None where strace is missing."""
    if not shutil.which("strace"):
        return None
    script = str(version.tree / "test" / "atk" / "map-import")
    with tempfile.NamedTemporaryFile() as trace:
        traced = ["strace", "-f", "-qq", "-e", "trace=execve", "-s", "999", "-o", trace.name]
        with subprocess.Popen(
            [*traced, script, "--demo", "--yes", "--new"],
            env=version.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            for line in process.stdout:
                # the worker lives on, and strace waits for it
                if line.startswith("    kill "):
                    os.kill(int(line.split()[1]), signal.SIGKILL)
                    break
            process.stdout.read()
        calls = Path(trace.name).read_text(errors="replace").splitlines()
    return sum("/session_cli/" in call and call.endswith("= 0") for call in calls)


def processor_seconds(run: Callable[[], object]) -> float:
    """The time of a processor that what `run` starts takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_scan(ours: Version, before: Version, place: Path) -> float | None:
    """The processor time of a scan beside that of before, through the real kubectl."""
    from tui.api_server import ApiServer

    if not shutil.which("kubectl"):
        return None
    python = str(ROOT / ".venv" / "bin" / "python")
    scratch = place / "scratch"
    scratch.mkdir(exist_ok=True)
    with ApiServer(make_cluster(MIDDLE, 300)) as server:
        config = {"KUBECONFIG": str(server.kubeconfig(place / "kubeconfig"))}

        def scan(version: Version, *options: str) -> None:
            main = str(version.tree / "session_cli" / "__main__.py")
            subprocess.run(
                [python, "-I", "-S", main, "cluster", "scan", *options],
                env=version.env | config, stdin=subprocess.DEVNULL, capture_output=True, check=True,
            )  # fmt: skip

        pairs = [
            processor_seconds(lambda: scan(ours))
            / processor_seconds(lambda: scan(before, "--scratch", str(scratch)))
            for _ in range(3)
        ]
    return median(pairs)


def figures(place: Path, rounds: int, minute: float) -> Iterator[Figure]:
    """All figures, one after the other."""
    ours, before = make_versions(place)
    for version in (ours, before):
        begin_session(version)
    pairs = [measure_start(ours) / measure_start(before) for _ in range(rounds + 1)][1:]
    yield Figure("start to RESUME SESSION?, beside before", median(pairs), "x", 0.6)
    pairs = [measure_next_list(ours) / measure_next_list(before) for _ in range(rounds)]
    yield Figure("Enter on the namespaces to the workloads, beside before", median(pairs), "x", 0.3)
    with open_workloads(ours) as few:
        moved, size = measure_moves(few)
        leave(few)
    with open_workloads(before) as few:
        _, size_before = measure_moves(few)
        leave(few)
    yield Figure(f"a move, {FEW} rows", moved, "ms", 16)
    yield Figure("bytes of a move, beside before", size / size_before, "x", 0.35)
    yield Figure("30 keys held on 2,400 B/s, then still after", measure_held_keys(ours), "s", 4)
    starts = count_starts(ours)
    if starts is None:
        print("strace is missing: starts of Python are not counted")
    else:
        yield Figure("starts of Python, a whole import", starts, "", 4)
    ours.scale(MIDDLE)
    yield Figure(
        f"memory, {MIDDLE} rows, after {minute:g} s of redraws",
        measure_memory(ours, minute),
        "MB",
        60,
    )
    save_scan(ours, MANY)
    with open_workloads(ours, "--resume") as many:
        moved, _ = measure_moves(many)
        letter = measure_filter(many, "app")
        many.press("\r")
        many.settle()
        leave(many)
    yield Figure(f"a move, {MANY} rows", moved, "ms", 30)
    yield Figure(f"a letter of the filter, {MANY} rows", letter, "ms", 30)
    scan = measure_scan(ours, before, place)
    if scan is None:
        print("kubectl is missing: the scan is not measured")
    else:
        yield Figure(f"processor time of a scan, {MIDDLE} workloads, beside before", scan, "x", 0.2)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the screens beside those in bash.")
    parser.add_argument("--rounds", type=int, default=7, help="of each pair (7)")
    parser.add_argument("--quick", action="store_true", help="1 round, for a first look")
    options = parser.parse_args()
    print(f"\nThe screens, beside those of {BEFORE}:\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            for figure in figures(
                Path(folder), 1 if options.quick else options.rounds, 5 if options.quick else 60
            ):
                print(figure, flush=True)
        except LookupError as error:
            print(f"not measured: {error}")
        except NeverShown as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        finally:
            remove_versions(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
