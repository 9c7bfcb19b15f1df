"""How text is shown in the caller's locale, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable

from session_cli import console
from session_cli.errors import printable
from session_cli.text.boxes import in_ascii


def show_utf8(text: str) -> str:
    """`text` in one line; what acts on a terminal, or turns what is read, is escaped."""
    return printable(text)


def show_ascii(text: str) -> str:
    """The same for a terminal that shows ASCII only."""
    return in_ascii(printable(text))


def choose_show() -> Callable[[str], str]:
    """How text is shown in the caller's locale; to be asked once."""
    return show_utf8 if console.speaks_utf8() else show_ascii
