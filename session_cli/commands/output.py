"""What the reading verbs share: JSON for scripts, boxes as wide as the terminal for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from session_cli import verbs
from session_cli.boxes import NARROWEST, WIDEST, in_ascii

if TYPE_CHECKING:
    from session_cli.cluster.selection import Row

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
width_option = click.option(
    "--width", type=click.IntRange(NARROWEST, WIDEST), help="Columns; else as many as it needs."
)
text_option = click.option("--text", "is_text", is_flag=True, help="Print the texts alone.")


def answer_json(value: Any) -> None:
    """`value` as indented JSON on stdout."""
    import orjson

    verbs.answer(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def answer_text(text: str) -> None:
    """`text` and a final newline on stdout."""
    verbs.answer(in_locale(text))


def answer_rows(found: Iterable[Row], is_text: bool) -> None:
    """Rows on stdout, for a list in bash or as texts for people."""
    lines = [f"  {row.text}" if is_text else "\t".join(row) for row in found]
    verbs.answer("".join(f"{line}\n" for line in lines).encode())


def in_locale(text: str) -> bytes:
    """`text` and a final newline; in ASCII where the locale asks for that, else in UTF-8."""
    shown = text if speaks_utf8() else in_ascii(text)
    return shown.encode("utf-8", "replace") + b"\n"


def speaks_utf8() -> bool:
    """Whether the terminal shows more than ASCII; without any locale it is taken for granted."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, names), "UTF-8")
    return "utf8" in locale.lower().replace("-", "")


def fitting(natural: int) -> int:
    """The natural width of a box, or less where the terminal is narrower."""
    if sys.stdout is None:
        return natural
    try:
        columns = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return natural
    return min(natural, columns) if columns else natural
