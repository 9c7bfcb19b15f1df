"""Answers on stdout: JSON for scripts, text for people in what their locale can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from session_cli import console
from session_cli.text.boxes import in_ascii
from session_cli.words import escaped

if TYPE_CHECKING:
    from session_cli.text.columns import Row


def answer_json(value: Any) -> None:
    """Prints `value` as indented JSON."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    console.write_stdout(escaped(text).encode())


def answer_text(text: str) -> None:
    """Prints `text` and a final newline."""
    console.write_stdout(in_locale(text))


def answer_rows(found: Iterable[Row], is_text: bool) -> None:
    """Prints rows, with tabs between their fields for bash, or their texts alone for people."""
    lines = [f"  {row.text}" if is_text else "\t".join(row) for row in found]
    console.write_stdout("".join(f"{line}\n" for line in lines).encode())


def in_locale(text: str) -> bytes:
    """`text` and a final newline; in ASCII where the locale asks for that, else in UTF-8."""
    shown = text if speaks_utf8() else in_ascii(text)
    return shown.encode("utf-8", "replace") + b"\n"


@cache
def speaks_utf8() -> bool:
    """Whether the caller's locale is there and in UTF-8; none at all is the one called C."""
    import locale

    given = _given_environment()
    names = (given.get(name) for name in (b"LC_ALL", b"LC_CTYPE", b"LANG"))
    ours = locale.setlocale(locale.LC_CTYPE, None)
    try:
        locale.setlocale(locale.LC_CTYPE, os.fsdecode(next(filter(None, names), b"C")))
        return locale.nl_langinfo(locale.CODESET).upper() == "UTF-8"
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_CTYPE, ours)


def _given_environment() -> Mapping[bytes, bytes]:
    """The environment as our caller gave it; Python has set LC_CTYPE in it where that was C."""
    try:
        with open("/proc/self/environ", "rb") as file:
            pairs = [line.partition(b"=") for line in file.read().split(b"\0")]
        return {name: value for name, _, value in pairs}
    except OSError:
        given = dict(os.environb)
        # where there is no /proc, UTF-8 mode shows that Python has set it
        if sys.flags.utf8_mode and b"PYTHONUTF8" not in given:
            given.pop(b"LC_CTYPE", None)
        return given


def fitting(natural: int) -> int:
    """The natural width of a box, in cells, or less where the terminal is narrower."""
    if sys.stdout is None:
        return natural
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return natural
    return min(natural, columns) if columns else natural
