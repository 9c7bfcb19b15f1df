"""Waits of the tests: each ends when nothing moves any more, so that a slow machine fails none."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

STILL_SECONDS = 20.0
# what programs may work for, without anything new to be seen, before they count as going in circles
WORK_SECONDS = 60.0
POLL_SECONDS = 0.02
Result = TypeVar("Result")


class Patience:
    """How long to wait: while there are new things to be seen, or our programs still work.

    It ends `STILL_SECONDS` after the last thing that was seen for the first time. Where a program
    that we have started still uses the processor by then, it may work on for `WORK_SECONDS` of its
    time: where others want the processors too, that takes as long as it takes.
    """

    def __init__(self) -> None:
        self.seen: set[Hashable] = set()
        self.until = time.monotonic() + STILL_SECONDS
        self.work: float | None = None
        self.work_until = 0.0

    def lasts(self, seen: Hashable = None) -> bool:
        """Whether to go on waiting, now that `seen` is what there is to see."""
        if seen not in self.seen:
            self.seen.add(seen)
            self.until = time.monotonic() + STILL_SECONDS
            self.work = None
        return time.monotonic() < self.until or self._is_worked_on()

    def _is_worked_on(self) -> bool:
        work, before = work_seconds(), self.work
        if before is None:
            self.work_until = work + WORK_SECONDS
        self.work = work
        self.until = time.monotonic() + STILL_SECONDS / 4
        return before is None or before < work < self.work_until


def work_seconds() -> float:
    """How long the programs that this process has started have used the processor."""
    ours = os.times()
    total = ours.children_user + ours.children_system
    ticks, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_bytes().rpartition(b")")[2].split()
        except OSError:
            # it has ended meanwhile
            continue
        pid = int(path.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    for pid in ticks:
        if _is_below(os.getpid(), pid, parents):
            total += ticks[pid] / os.sysconf("SC_CLK_TCK")
    return total


def _is_below(ancestor: int, pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == ancestor:
            return True
    return False


def eventually(
    what: Callable[[], Result], seen: Callable[[], Hashable] = lambda: None, told: str = ""
) -> Result:
    """Waits until `what` answers something true, and answers that; `seen` tells what moves."""
    patience = Patience()
    while not (answer := what()):
        assert patience.lasts(seen()), told or "it did not come to be"
        time.sleep(POLL_SECONDS)
    return answer


def communicate(process: subprocess.Popen[Any], data: Any = None) -> tuple[Any, Any]:
    """What the process writes until it ends, as from `Popen.communicate`; kills what is stuck."""
    patience = Patience()
    while True:
        try:
            return process.communicate(data, timeout=1)
        except subprocess.TimeoutExpired as so_far:
            data = None
            if not patience.lasts((len(so_far.output or ""), len(so_far.stderr or ""))):
                process.kill()
                raise


def run(command: list[Any], data: bytes | None = None, **options: Any) -> Any:
    """Runs the command to its end, as `subprocess.run` does; its outputs are kept as bytes."""
    source = subprocess.DEVNULL if data is None else subprocess.PIPE
    options = {"stdin": source, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen(command, **options) as process:
        out, err = communicate(process, data)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def end(process: subprocess.Popen[Any]) -> int:
    """Waits until the process has ended; its exit code."""
    eventually(lambda: process.poll() is not None, told=f"{process.args!r} does not end")
    return process.returncode
