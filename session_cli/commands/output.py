"""What the reading verbs share: JSON for scripts, boxes as wide as the terminal for people."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from session_cli import verbs
from session_cli.render import NARROWEST, WIDEST

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
width_option = click.option(
    "--width", type=click.IntRange(NARROWEST, WIDEST), help="Columns; else as many as it needs."
)


def answer_json(value: Any) -> None:
    """`value` as indented JSON on stdout."""
    import orjson

    verbs.answer(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def answer_text(text: str) -> None:
    """`text` and a final newline on stdout; UTF-8 in any locale."""
    verbs.answer(text.encode("utf-8", "replace") + b"\n")


def fitting(natural: int) -> int:
    """The natural width of a box, or less where the terminal is narrower."""
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return natural
    return min(natural, columns) if columns else natural
