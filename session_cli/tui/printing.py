"""What is printed where there is no screen, or none any more."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Iterable
from contextlib import suppress

from session_cli.console import write_stdout
from session_cli.tui.show import choose_show


def print_lines(lines: Iterable[str]) -> None:
    """Prints the lines on stdout; whoever stops reading, or takes no more, does no harm."""
    rest = _encode(lines)
    if _is_raw():
        rest = rest.replace(b"\n", b"\r\n")
    with suppress(OSError):
        while rest:
            try:
                rest = rest[os.write(1, rest) :]
            except BlockingIOError:
                # who shares it with us wants to wait for nothing; we can
                select.select((), (1,), ())


def print_answer(lines: Iterable[str]) -> None:
    """Prints the lines on stdout; raises SessionError where they do not arrive."""
    write_stdout(_encode(lines))


def _is_raw() -> bool:
    """Whether stdout is a terminal that somebody else uses as it is, such as a shell's prompt."""
    try:
        return not termios.tcgetattr(1)[1] & termios.OPOST
    except termios.error:
        return False


def _encode(lines: Iterable[str]) -> bytes:
    """The lines as the caller's locale can show them."""
    show = choose_show()
    return "".join(f"{show(line)}\n" for line in lines).encode("utf-8", "replace")
