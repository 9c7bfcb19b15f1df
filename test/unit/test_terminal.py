"""What a terminal can show, and what is left of it when a program with screens ends."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyte
import pytest
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import ColorDepth

from session_cli.tui.show import show_ascii, show_utf8
from session_cli.tui.terminal import (
    TerminalInput,
    TerminalOutput,
    can_ask,
    close_quietly,
    color_depth,
    make_output,
)

TRUE = {"COLORTERM": "truecolor"}
DEPTHS: list[tuple[dict[str, str], ColorDepth]] = [
    ({"TERM": "xterm-256color"}, ColorDepth.DEPTH_8_BIT),
    ({"TERM": "screen-256color"}, ColorDepth.DEPTH_8_BIT),
    ({"TERM": "xterm-kitty"}, ColorDepth.DEPTH_8_BIT),
    ({"TERM": "tmux"}, ColorDepth.DEPTH_8_BIT),
    ({"TERM": "xterm-256color", **TRUE}, ColorDepth.TRUE_COLOR),
    ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, ColorDepth.TRUE_COLOR),
    ({"TERM": "xterm-256color", "COLORTERM": "yes"}, ColorDepth.DEPTH_8_BIT),
    ({"TERM": "xterm-direct"}, ColorDepth.TRUE_COLOR),
    ({"TERM": "linux"}, ColorDepth.ANSI_COLORS_ONLY),
    ({"TERM": "xterm-16color"}, ColorDepth.ANSI_COLORS_ONLY),
    ({"TERM": "xterm"}, ColorDepth.ANSI_COLORS_ONLY),
    ({"TERM": "nobody-knows-it"}, ColorDepth.ANSI_COLORS_ONLY),
    ({}, ColorDepth.ANSI_COLORS_ONLY),
    ({"TERM": "vt100"}, ColorDepth.MONOCHROME),
    ({"TERM": "vt102"}, ColorDepth.MONOCHROME),
    ({"TERM": "vt220-w", **TRUE}, ColorDepth.MONOCHROME),
    ({"TERM": "linux-mono"}, ColorDepth.MONOCHROME),
    ({"TERM": "linux-m"}, ColorDepth.MONOCHROME),
    ({"TERM": "xterm-256color", "NO_COLOR": "1", **TRUE}, ColorDepth.MONOCHROME),
    ({"TERM": "xterm-256color", "NO_COLOR": ""}, ColorDepth.DEPTH_8_BIT),
]


class Pair:
    """Both ends of a terminal: the one a program has, and the one that a person looks at."""

    def __init__(self) -> None:
        self.near, self.far = pty.openpty()

    def take(self) -> bytes:
        """What was written to it."""
        os.set_blocking(self.near, False)
        raw = b""
        with suppress(BlockingIOError):
            while True:
                raw += os.read(self.near, 4096)
        return raw

    def hang_up(self) -> None:
        os.close(self.near)
        self.near = -1

    def input(self) -> TerminalInput:
        return TerminalInput(io.TextIOWrapper(io.FileIO(os.dup(self.far)), encoding="utf-8"))

    def output(self, **environ: str) -> TerminalOutput:
        return make_output(self.far, {"TERM": "xterm-256color", **environ})


@pytest.fixture
def terminal() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    for fd in (pair.near, pair.far):
        with suppress(OSError):
            os.close(fd)


@pytest.mark.parametrize(("environ", "depth"), DEPTHS)
def test_the_colours_are_those_of_the_terminal(environ: dict[str, str], depth: ColorDepth) -> None:
    assert color_depth(environ) == depth


@pytest.mark.parametrize(
    ("environ", "can"), [("xterm", True), ("no-such-terminal", True), ("dumb", False), ("", False)]
)
def test_only_a_terminal_that_shows_screens_is_asked(
    terminal: Pair, monkeypatch: pytest.MonkeyPatch, environ: str, can: bool
) -> None:
    monkeypatch.setenv("TERM", environ)
    with standard_streams(terminal.far, terminal.far):
        assert can_ask() is can
    with standard_streams(terminal.far, None):
        assert not can_ask()
    with standard_streams(None, terminal.far):
        assert not can_ask()
    monkeypatch.delenv("TERM")
    with standard_streams(terminal.far, terminal.far):
        assert not can_ask()


class standard_streams:
    """Stdin and stdout are these for a while; None is no terminal."""

    def __init__(self, *fds: int | None) -> None:
        self.fds = fds

    def __enter__(self) -> None:
        self.saved = [os.dup(number) for number in (0, 1)]
        with open(os.devnull, "r+b") as nothing:
            for number, fd in enumerate(self.fds):
                os.dup2(nothing.fileno() if fd is None else fd, number)

    def __exit__(self, *_: object) -> None:
        for number, fd in enumerate(self.saved):
            os.dup2(fd, number)
            os.close(fd)


def test_what_acts_on_a_terminal_is_shown_and_not_obeyed() -> None:
    hostile = "pay\x1b]2;x\x07\x9b31m\u202eü✓\n"

    assert show_utf8(hostile) == r"pay\x1b]2;x\x07\x9b31m\u202eü✓\n"
    assert show_ascii(hostile) == r"pay\x1b]2;x\x07\x9b31m\u202e?*\n"


@pytest.mark.parametrize(
    ("columns", "rows", "size"),
    [(100, 30, (100, 30)), (0, 0, (80, 24)), (0, 30, (80, 24)), (100, 0, (80, 24))],
)
def test_a_terminal_that_does_not_know_its_size_has_the_usual_one(
    terminal: Pair, columns: int, rows: int, size: tuple[int, int]
) -> None:
    fcntl.ioctl(terminal.far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    found = terminal.output().get_size()

    assert (found.columns, found.rows) == size


def test_it_is_never_asked_where_its_cursor_is(terminal: Pair) -> None:
    assert not terminal.output().responds_to_cpr


def test_a_title_holds_nothing_that_acts_on_it(terminal: Pair) -> None:
    output = terminal.output()
    output.enter_alternate_screen()
    output.flush()
    terminal.take()
    output.set_title("pay\x1b\x07\x9c\n")
    output.flush()
    assert terminal.take() == b"\x1b]2;pay\\x1b\\x07\\x9c\\n\x07"


def test_what_its_encoding_has_not_is_a_question_mark(terminal: Pair) -> None:
    output = terminal.output()
    output.write("a\udcffb")
    output.flush()

    assert terminal.take() == b"a?b"


def test_a_failure_leaves_it_as_it_was(terminal: Pair) -> None:
    before = termios.tcgetattr(terminal.far)
    screen = pyte.Screen(80, 24)
    stream = pyte.ByteStream(screen)
    usual = set(screen.mode)
    input_, output = terminal.input(), terminal.output()
    input_.raw_mode().__enter__()
    output.enter_alternate_screen()
    output.enable_mouse_support()
    output.enable_bracketed_paste()
    output.disable_autowrap()
    output.hide_cursor()
    output.flush()
    stream.feed(terminal.take())
    assert set(screen.mode) != usual
    assert termios.tcgetattr(terminal.far) != before

    close_quietly(input_, output)

    raw = terminal.take()
    stream.feed(raw)
    assert set(screen.mode) == usual
    # then the window has its own title again
    assert raw.endswith(b"\x1b[?1049l\x1b[23;2t")
    assert termios.tcgetattr(terminal.far) == before
    # leaving twice would move the cursor
    close_quietly(input_, output)
    assert terminal.take() == b""


def test_another_program_has_the_terminal_as_it_was_given(terminal: Pair) -> None:
    before = termios.tcgetattr(terminal.far)
    input_ = terminal.input()
    with input_.raw_mode():
        ours = termios.tcgetattr(terminal.far)
        with input_.cooked_mode():
            assert termios.tcgetattr(terminal.far) == before
        assert termios.tcgetattr(terminal.far) == ours != before
    assert termios.tcgetattr(terminal.far) == before


def test_a_terminal_that_is_gone_is_no_failure(terminal: Pair) -> None:
    input_, output = terminal.input(), terminal.output()
    with input_.raw_mode():
        output.enter_alternate_screen()
        output.flush()
        terminal.hang_up()

        output.write("x" * 100_000)
        output.flush()
        assert input_.read_keys() == []
        assert input_.closed
        assert tuple(output.get_size()) == (24, 80)
        with input_.cooked_mode():
            pass
        close_quietly(input_, output)
        close_quietly(input_, output)


def test_an_input_that_cannot_be_read_has_ended(tmp_path: Path, terminal: Pair) -> None:
    input_ = terminal.input()
    # a folder cannot be read either
    fd = os.open(tmp_path, os.O_RDONLY)
    os.dup2(fd, input_.fileno())
    os.close(fd)

    assert input_.read_keys() == []
    assert input_.closed


def test_keys_come_through_it(terminal: Pair) -> None:
    input_ = terminal.input()
    with input_.raw_mode():
        os.write(terminal.near, b"\x1b[?62c\x1b[A\x1a\x1c\x03\xc3")
        pressed = input_.read_keys()
        os.write(terminal.near, b"\xbc\x1b[20")
        pressed += input_.read_keys()

    keys = [key.key for key in pressed]
    assert keys == [Keys.Up, Keys.ControlZ, Keys.ControlBackslash, Keys.ControlC, "ü"]
    assert not input_.closed
