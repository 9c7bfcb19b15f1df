"""A person at a terminal: presses keys, reads the screen, waits until it says what it should."""

from __future__ import annotations

import os
import re
import signal
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pexpect
import pyte
from waiting import Patience

KEYS = {
    "enter": "\r",
    "tab": "\t",
    "shift-tab": "\x1b[Z",
    "escape": "\x1b",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "page-down": "\x1b[6~",
    "page-up": "\x1b[5~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "backspace": "\x7f",
    "ctrl-c": "\x03",
    "ctrl-d": "\x04",
    "ctrl-u": "\x15",
    "ctrl-z": "\x1a",
    "wheel-up": "\x1b[<64;10;10M",
    "wheel-down": "\x1b[<65;10;10M",
}
# how long one look at the terminal takes where nothing comes
LOOK_SECONDS = 0.2


class Rows(pyte.Screen):
    """Draws only the rows that have changed since the last look: to draw all of them each time took
    ten times as long as all else that looks at a screen.
    """

    def __init__(self, columns: int, lines: int) -> None:
        self._rows: dict[int, str] = {}
        super().__init__(columns, lines)

    @property
    def display(self) -> list[str]:
        """The rows, as pyte itself draws them."""
        for row in self.dirty:
            self._rows[row] = self._draw(self.buffer[row])
        self.dirty.clear()
        return [self._rows[row] for row in range(self.lines)]

    def _draw(self, line: Mapping[int, pyte.screens.Char]) -> str:
        # the second cell of a wide letter is empty
        return "".join(line[column].data for column in range(self.columns))


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
        self.screen = Rows(columns, rows)
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
        self.process.delayafterclose = 0.0

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.isalive():
            for pid in in_terminal(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.process.close()

    def text(self) -> str:
        """What stands on the screen now, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def press(self, *keys: str) -> None:
        """Presses keys by their names, or types what is no name."""
        for key in keys:
            self.process.send(KEYS.get(key, key))

    def click(self, text: str) -> None:
        """Clicks on the first row in which this text stands."""
        row = next(at for at, line in enumerate(self.screen.display, 1) if text in line)
        column = self.screen.display[row - 1].index(text) + 1
        self.process.send(f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")

    def resize(self, columns: int, rows: int) -> None:
        """Makes the terminal another size."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def words(self) -> str:
        """All words on the screen, a blank between them: what a narrow box broke reads whole."""
        return " ".join(self.text().replace("│", " ").split())

    def wait(self, pattern: str) -> re.Match[str]:
        """Waits until the screen matches the pattern; fails with the screen when it never does."""
        return self._wait_for(self.text, pattern)

    def wait_typed(self, text: str) -> None:
        """Waits until the cursor stands behind this text, as where a person types it."""
        self._wait_for(self._before_cursor, rf"{re.escape(text)}\Z")

    def _before_cursor(self) -> str:
        cursor = self.screen.cursor
        return "" if cursor.hidden else self.screen.display[cursor.y][: cursor.x]

    def wait_words(self, words: str) -> None:
        """Waits until these words stand on the screen, in one line or broken over several."""
        self._wait_for(self.words, re.escape(words))

    def _wait_for(self, look: Callable[[], str], pattern: str) -> re.Match[str]:
        patience, goes_on = Patience(), True
        while True:
            found = re.search(pattern, look(), re.MULTILINE)
            if found:
                return found
            assert goes_on and patience.lasts(self._shape()), (
                f"no {pattern!r} on the screen:\n{self.text()}"
            )
            goes_on = self._read(LOOK_SECONDS)

    def wait_without(self, pattern: str) -> None:
        """Waits until nothing on the screen matches the pattern any more."""
        patience, goes_on = Patience(), True
        while re.search(pattern, self.text(), re.MULTILINE) and goes_on:
            assert patience.lasts(self._shape()), f"still {pattern!r}:\n{self.text()}"
            goes_on = self._read(LOOK_SECONDS)

    def finish(self) -> int:
        """Waits for the end of the program; its exit code, or minus the signal that ended it."""
        patience = Patience()
        while self._read(LOOK_SECONDS):
            assert patience.lasts(self._shape()), f"it does not end:\n{self.text()}"
        self.process.wait()
        if self.process.signalstatus:
            return -int(self.process.signalstatus)
        return int(self.process.exitstatus or 0)

    def _shape(self) -> str:
        """The screen without its numbers: seconds that are counted are nothing new."""
        return re.sub(r"\d+", "0", self.text())

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


def in_terminal(leader: int) -> list[int]:
    """The processes of the terminal's session, the one that leads it first."""
    found = [leader]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            session = path.read_bytes().rpartition(b")")[2].split()[3]
        except OSError:
            # it has ended meanwhile
            continue
        if int(session) == leader != int(path.parent.name):
            found.append(int(path.parent.name))
    return found
