"""A person at a terminal: presses keys, reads the screen, waits until it says what it should."""

from __future__ import annotations

import os
import re
import termios
import time
from collections.abc import Callable, Mapping
from typing import Any

import pexpect
import pyte

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "page-down": "\x1b[6~",
    "backspace": "\x7f",
    "ctrl-c": "\x03",
    "ctrl-d": "\x04",
}
PATIENCE = 30.0


class Screen:
    """A program in a terminal of `columns` by `rows`, its screen as a person would see it."""

    def __init__(
        self,
        command: list[str],
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
        **options: Any,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        variables = {"LANG": "C.UTF-8", **os.environ, "TERM": "xterm-256color", **(env or {})}
        variables.pop("LC_ALL", None) if "LC_ALL" not in (env or {}) else None
        self.process = pexpect.spawn(
            command[0],
            command[1:],
            env=variables,
            dimensions=(rows, columns),
            timeout=None,
            **options,
        )
        # what a person types comes when they see the screen, not a moment later
        self.process.delaybeforesend = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close(force=True)

    def text(self) -> str:
        """What stands on the screen now, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def press(self, *keys: str) -> None:
        """Presses keys by their names, or types what is no name."""
        for key in keys:
            self.process.send(KEYS.get(key, key))

    def resize(self, columns: int, rows: int) -> None:
        """Makes the terminal another size."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def words(self) -> str:
        """All words on the screen, a blank between them: what a narrow box broke reads whole."""
        return " ".join(self.text().replace("│", " ").split())

    def wait(self, pattern: str, patience: float = PATIENCE) -> re.Match[str]:
        """Waits until the screen matches the pattern; fails with the screen when it never does."""
        return self._wait_for(self.text, pattern, patience)

    def wait_words(self, words: str) -> None:
        """Waits until these words stand on the screen, in one line or broken over several."""
        self._wait_for(self.words, re.escape(words), PATIENCE)

    def _wait_for(self, look: Callable[[], str], pattern: str, patience: float) -> re.Match[str]:
        give_up_at = time.monotonic() + patience
        while True:
            found = re.search(pattern, look(), re.MULTILINE)
            if found:
                return found
            if time.monotonic() > give_up_at or not self._read(0.2):
                found = re.search(pattern, look(), re.MULTILINE)
                assert found, f"no {pattern!r} on the screen:\n{self.text()}"
                return found

    def wait_without(self, pattern: str, patience: float = PATIENCE) -> None:
        """Waits until nothing on the screen matches the pattern any more."""
        give_up_at = time.monotonic() + patience
        while re.search(pattern, self.text(), re.MULTILINE):
            assert time.monotonic() < give_up_at, f"still {pattern!r}:\n{self.text()}"
            if not self._read(0.2):
                break

    def finish(self, patience: float = PATIENCE) -> int:
        """Waits for the end of the program; its exit code, or minus the signal that ended it."""
        give_up_at = time.monotonic() + patience
        while self._read(0.2):
            assert time.monotonic() < give_up_at, f"it does not end:\n{self.text()}"
        self.process.wait()
        if self.process.signalstatus:
            return -int(self.process.signalstatus)
        return int(self.process.exitstatus or 0)

    def echoes(self) -> bool:
        """Whether the terminal is as a shell wants it: it echoes, and takes whole lines."""
        modes = termios.tcgetattr(self.process.child_fd)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def _read(self, seconds: float) -> bool:
        """Takes what the program has written; False once it has ended."""
        try:
            some = self.process.read_nonblocking(65536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += some
        self.stream.feed(some)
        return True
