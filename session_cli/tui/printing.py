"""What is printed where there is no screen, or none any more.

Whoever stops reading, or takes no more, keeps nobody from going on.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from contextlib import suppress

from session_cli.tui.show import choose_show


def print_lines(lines: Iterable[str]) -> None:
    """Prints the lines on stdout, as the caller's locale can show them."""
    show = choose_show()
    rest = "".join(f"{show(line)}\n" for line in lines).encode("utf-8", "replace")
    with suppress(OSError):
        while rest:
            try:
                rest = rest[os.write(1, rest) :]
            except BlockingIOError:
                # who shares it with us wants to wait for nothing; we can
                select.select((), (1,), ())
