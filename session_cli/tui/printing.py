"""What is printed where there is no screen, or none any more.

Whoever stops reading, or takes no more, keeps nobody from going on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from session_cli.tui.show import choose_show


def print_lines(lines: Iterable[str]) -> None:
    """Prints the lines on stdout, as the caller's locale can show them."""
    show = choose_show()
    try:
        print("".join(f"{show(line)}\n" for line in lines), end="", flush=True)
    except OSError:
        # what is buffered would be tried again with each line
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
