"""A program in a terminal, timed: how long until something stands there, in how many bytes."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte

PATIENCE_SECONDS = 60.0
CHUNK = 65536


class NeverShown(Exception):
    """What was waited for did not come to stand on the screen."""


class Terminal:
    """The program on a screen; `speed` is that of the line, in bytes a second."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        columns: int = 120,
        rows: int = 40,
        speed: float | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = 0
        self.speed = speed
        self.began = time.perf_counter()
        self.process: Any = pexpect.spawn(
            command[0], list(command[1:]), env=dict(env), dimensions=(rows, columns), timeout=None
        )
        self.process.delaybeforesend = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close(force=True)

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, keys: str) -> None:
        """Presses the keys, all at once."""
        self.process.send(keys)

    def until(self, pattern: str) -> float:
        """The milliseconds until the screen matches the pattern."""
        begin = time.perf_counter()
        while not re.search(pattern, self.text(), re.MULTILINE):
            if time.perf_counter() - begin > PATIENCE_SECONDS:
                raise NeverShown(f"no {pattern!r} on the screen:\n{self.text()}")
            self.read(1.0)
        return (time.perf_counter() - begin) * 1000

    def read(self, seconds: float) -> bool:
        """Takes what comes within so many seconds, as fast as the line is; whether any came."""
        fd = self.process.child_fd
        if not select.select([fd], [], [], seconds)[0]:
            return False
        try:
            some = os.read(fd, CHUNK if self.speed is None else max(1, int(self.speed / 20)))
        except OSError as error:
            raise NeverShown(f"it has ended:\n{self.text()}") from error
        if self.speed:
            time.sleep(len(some) / self.speed)
        self.bytes += len(some)
        self.stream.feed(some)
        return True

    def settle(self, seconds: float = 0.2) -> None:
        """Takes all that comes until nothing has come for so long."""
        while self.read(seconds):
            pass

    def cursor_row(self) -> int | None:
        """The row of the screen that has the cursor of a list."""
        lines = self.text().split("\n")
        return next((row for row, line in enumerate(lines) if line.startswith(">")), None)

    def until_moved(self) -> float:
        """The milliseconds until the cursor of a list is on another row."""
        before, begin = self.cursor_row(), time.perf_counter()
        while self.cursor_row() in (None, before):
            if time.perf_counter() - begin > PATIENCE_SECONDS:
                raise NeverShown(f"the cursor does not move:\n{self.text()}")
            self.read(1.0)
        return (time.perf_counter() - begin) * 1000

    @property
    def pid(self) -> int:
        """The process that was started."""
        return int(self.process.pid)


def resident_mb(root: int) -> float:
    """The memory of the largest Python among the process and those below it, in MB."""
    return max((_resident_kb(pid) for pid in _below(root)), default=0) / 1024


def _below(root: int) -> list[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except OSError:
            # it has ended meanwhile
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _resident_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        name = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return 0
    found = re.search(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found and b"session_cli" in name else 0
