"""What a typed line means: a key of a view, or rows of a list. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from session_cli.tui.keys import ENTER, ESCAPE, TAB, Key

_ROWS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_KEYS_BY_LINE = {"": ENTER, "\t": TAB}


def find_key(keys: Sequence[Key], line: str) -> str:
    """The name of the key that the line names, by its letter or its word; "" if it names none.

    The word is all of what the key does, or the first word of it where only one key begins so.
    """
    typed = line.strip(" ").lower()
    typed = _KEYS_BY_LINE.get(typed, typed)
    for key in keys:
        if typed in (key.name.lower(), key.cap.lower(), key.does.lower()):
            return key.name
    begun = [key for key in keys if key.does.lower().split()[:1] == [typed]]
    return begun[0].name if len({key.does for key in begun}) == 1 else ""


def find_rows(line: str, count: int) -> list[int] | None:
    """The places, from 0, of the rows that `1 3-5` names; None when it is anything else.

    Only numbers from 1 to `count` name a row.
    """
    places: list[int] = []
    for part in line.replace(",", " ").split():
        match = _ROWS.fullmatch(part)
        if not match:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= count:
            return None
        places += range(first - 1, last)
    return list(dict.fromkeys(places)) or None


def list_caps(keys: Iterable[Key]) -> str:
    """`R, N or Enter`: what can be typed for these keys."""
    caps = list(dict.fromkeys(key.cap for key in keys if key.name != ESCAPE))
    return " or ".join(filter(None, (", ".join(caps[:-1]), caps[-1])))
