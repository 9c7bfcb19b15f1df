"""The terminal of a program with screens: what it can show, and how it is left as it was.

A terminal that is gone is no failure here: what is written to it is lost, and its input ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TextIO, cast

from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.posix_utils import PosixStdinReader
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output

from session_cli import console
from session_cli.errors import printable
from session_cli.tui.parser import quiet

# where the terminal does not know its own size
USUAL_SIZE = Size(rows=24, columns=80)
# how long an escape waits for the rest of a sequence, in seconds: for `Application.ttimeoutlen`
ESCAPE_WAITS = 1.0

_WITHOUT_COLORS = ("vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "dumb", "unknown")
_WITHOUT_WINDOW = ("linux", "eterm", "vt")
_MODERN = (
    "alacritty", "contour", "foot", "ghostty", "iterm", "kitty", "konsole", "mintty", "rio", "st-",
    "tmux", "vte", "wezterm", "xterm-ghostty", "xterm-kitty",
)  # fmt: skip


def can_ask() -> bool:
    """Whether there is somebody at a terminal that can show a screen."""
    return os.isatty(0) and os.isatty(1) and os.environ.get("TERM", "") not in ("", "dumb")


def color_depth(environ: Mapping[str, str]) -> ColorDepth:
    """How many colours the terminal shows, by the environment alone: terminfo may not know it."""
    term = environ.get("TERM", "")
    if (
        environ.get("NO_COLOR")
        or term.startswith(_WITHOUT_COLORS)
        or term.endswith(("-m", "-mono"))
    ):
        return ColorDepth.MONOCHROME
    if environ.get("COLORTERM") in ("truecolor", "24bit") or term.endswith("-direct"):
        return ColorDepth.TRUE_COLOR
    if term.endswith("256color") or term.startswith(_MODERN):
        return ColorDepth.DEPTH_8_BIT
    return ColorDepth.ANSI_COLORS_ONLY


class TerminalInput(Vt100Input):
    """Keys of a terminal; between screens it has the settings that it was given with."""

    def __init__(self, stdin: TextIO) -> None:
        super().__init__(stdin)
        self.stdin_reader = _Reader(self.fileno(), encoding=stdin.encoding)
        quiet(self)
        self._given = _settings(self.fileno())

    def cooked_mode(self) -> AbstractContextManager[None]:
        return self._as_given()

    @contextlib.contextmanager
    def _as_given(self) -> Iterator[None]:
        ours = _settings(self.fileno())
        self.restore()
        try:
            yield
        finally:
            _set(self.fileno(), ours)

    def restore(self) -> None:
        """Gives the terminal the settings that it had."""
        _set(self.fileno(), self._given)


class _Reader(PosixStdinReader):
    """Knows an input that cannot be read as one that has ended: the library would try for ever."""

    def __init__(self, fd: int, encoding: str) -> None:
        super().__init__(fd, encoding=encoding)
        self._decoder = getincrementaldecoder(encoding)(errors="surrogateescape")

    def read(self, count: int = 1024) -> str:
        raw = b""
        try:
            if not self.closed and _is_ready(self.stdin_fd):
                raw = os.read(self.stdin_fd, count)
                self.closed = not raw
        except BlockingIOError:
            pass
        except (OSError, ValueError):
            self.closed = True
        return self._decoder.decode(raw)


class TerminalOutput(Vt100_Output):
    """Screens on a terminal."""

    def __init__(self, writer: Writer, environ: Mapping[str, str]) -> None:
        super().__init__(
            cast(TextIO, writer),
            writer.size,
            term=environ.get("TERM", ""),
            default_color_depth=color_depth(environ),
            # only needed by what is no full screen; the answers would be keys of the next program
            enable_cpr=False,
        )
        self._is_on_screen = False
        self._has_window = not environ.get("TERM", "").startswith(_WITHOUT_WINDOW)
        self._title = ""

    def enter_alternate_screen(self) -> None:
        self._is_on_screen = True
        super().enter_alternate_screen()
        if self._has_window:
            # the title that the window had is kept
            self.write_raw("\x1b[22;2t")
            self.set_title(self._title)

    def quit_alternate_screen(self) -> None:
        self._is_on_screen = False
        super().quit_alternate_screen()
        if self._has_window:
            self.write_raw("\x1b[23;2t")

    def set_title(self, title: str) -> None:
        """Names the window while the screen is there."""
        self._title = printable(title)
        if self._title and self._has_window and self._is_on_screen:
            super().set_title(self._title)

    def leave(self) -> None:
        """Leaves the screen, if a failure left us on it; else nothing."""
        if not self._is_on_screen:
            return
        self.disable_mouse_support()
        self.disable_bracketed_paste()
        self.reset_attributes()
        self.enable_autowrap()
        self.show_cursor()
        self.quit_alternate_screen()
        self.flush()


class Writer:
    """A terminal to write to. Whether it is gone is for its input to tell."""

    def __init__(self, fd: int, encoding: str) -> None:
        self._fd = fd
        self.encoding = encoding

    def write(self, text: str) -> int:
        """Writes all of `text`; what its encoding has not becomes a question mark."""
        rest = memoryview(text.encode(self.encoding, "replace"))
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def size(self) -> Size:
        """Its rows and columns."""
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            return USUAL_SIZE
        return Size(rows=rows, columns=columns) if rows and columns else USUAL_SIZE


def make_input() -> TerminalInput:
    """The keys of the terminal at stdin."""
    return TerminalInput(sys.stdin)


def make_output(fd: int = 1, environ: Mapping[str, str] = os.environ) -> TerminalOutput:
    """The screens of the terminal at `fd`."""
    encoding = "utf-8" if console.speaks_utf8() else "ascii"
    return TerminalOutput(Writer(fd, encoding), environ)


def close_quietly(input_: TerminalInput, output: TerminalOutput) -> None:
    """Puts the terminal back as it was, whatever happened; never raises."""
    output.leave()
    input_.restore()


async def suspend(app: Application[Any]) -> None:
    """What Ctrl-Z does: the shell gets its terminal back until `fg`, then all is drawn again.

    Where no shell could say `fg` the system lets us continue at once.
    """
    if not app.is_running:
        return
    async with in_terminal():
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            # the program that started us, and what we started, stop with us
            os.kill(0, signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, handler)


def _is_ready(fd: int) -> bool:
    """Whether reading would not wait."""
    return bool(select.select([fd], [], [], 0)[0])


def _settings(fd: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(fd)
    except termios.error:
        return None


def _set(fd: int, settings: list[Any] | None) -> None:
    if settings is not None:
        with contextlib.suppress(termios.error):
            # not TCSADRAIN: what is not drained by a terminal that hangs would hold us up
            termios.tcsetattr(fd, termios.TCSANOW, settings)
