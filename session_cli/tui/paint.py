"""The looks of text that comes without any: boxes, signs, keys, bars. Pure.

Only looks: whatever a value says, it can make a part of a line green, and no more.
"""

from __future__ import annotations

import re

from session_cli.text.lists import owner_style
from session_cli.tui.theme import Line

_FRAME = "┌┐└┘┬┴├┤─│"
_TOP = re.compile(rf"([{_FRAME}]+)")
_CAPS = r"[A-Z0-9/?]|Enter|Esc|Tab|Shift-Tab|Space|Up Down"
_PARTS = re.compile(
    "|".join(
        (
            r"(?P<dim>│)",
            r"(?P<ok>✓)",
            r"(?P<error>✗)",
            # a remark up to its end
            r"(?P<warn>(?:(?<=^  )|(?<=│  ))!(?= )[^│]*)",
            rf"(?P<strong>\[(?:{_CAPS})\])(?= )",
            r"(?P<owner>\w+ +█+)",
        )
    )
)


def paint(text: str) -> Line:
    """The line, its parts with their styles."""
    if text[:1] in ("┌", "└", "├"):
        return [
            ("dim" if part[0] in _FRAME else "title", part) for part in _TOP.split(text) if part
        ]
    line: Line = []
    end = 0
    for found in _PARTS.finditer(text):
        line += [("", text[end : found.start()]), (_style_of(found), found[0])]
        end = found.end()
    return [*line, ("", text[end:])]


def _style_of(found: re.Match[str]) -> str:
    kind = str(found.lastgroup)
    return owner_style(found[0].split()[0]) if kind == "owner" else kind
