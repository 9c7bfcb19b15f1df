"""Answers on stdout: JSON for scripts, text for people in what their locale can show."""

from __future__ import annotations

import os
import sys
from typing import Any

from session_cli import console
from session_cli import document as doc
from session_cli.text.boxes import in_ascii
from session_cli.words import escaped


def answer_json(value: Any) -> None:
    """Prints `value` as indented JSON."""
    import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:
        # numbers of other people's documents keep their digits, which it does not know
        text = doc.dump(value).decode()
    console.write_stdout(escaped(text).encode())


def answer_text(text: str) -> None:
    """Prints `text` and a final newline."""
    console.write_stdout(in_locale(text))


def in_locale(text: str) -> bytes:
    """`text` and a final newline; in ASCII where the locale asks for that, else in UTF-8."""
    shown = text if console.speaks_utf8() else in_ascii(text)
    return shown.encode("utf-8", "replace") + b"\n"


def fitting(natural: int) -> int:
    """The natural width of a box, in cells, or less where the terminal is narrower."""
    if sys.stdout is None:
        return natural
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return natural
    return min(natural, columns) if columns else natural
