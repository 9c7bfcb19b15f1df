"""The keys of a screen: one table makes what they do, their hints and their help. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

GAP, NARROW_GAP = 4, 2


class Key(NamedTuple):
    """A key: its name for `View.press`, what stands on the keyboard, and what it does here."""

    name: str
    cap: str
    does: str

    @property
    def hint(self) -> str:
        """`[R] Resume`."""
        return f"[{self.cap}] {self.does}"


def letter(name: str, does: str) -> Key:
    """The key of a letter or a sign."""
    return Key(name, name.upper(), does)


ENTER, TAB, BACK_TAB, ESCAPE = "enter", "tab", "back-tab", "escape"

QUIT = letter("q", "Quit")
LOG = letter("v", "View log")
TABS = Key(TAB, "Tab", "Tabs")
BACK_BY_TAB = Key(BACK_TAB, "Shift-Tab", "Tab before")
HELP = letter("?", "Keys")

# wherever one is; the terminal's own keys
ANYWHERE = (
    Key("", "Ctrl-C", "Quit at once"),
    Key("", "Ctrl-Z", "Suspend; fg comes back"),
)
MOVES = (
    Key("", "Up Down k j", "Move"),
    Key("", "PgUp PgDn", "Move a page"),
    Key("", "Ctrl-U Ctrl-D", "Move half a page"),
    Key("", "Home End g G", "To the first and the last row"),
)

# the library's names of keys that are no characters
_NAMES = {
    "c-m": ENTER,
    "c-j": ENTER,
    "c-i": TAB,
    "s-tab": BACK_TAB,
    "escape": ESCAPE,
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    "pageup": "page-up",
    "pagedown": "page-down",
    "home": "home",
    "end": "end",
    "c-u": "half-up",
    "c-d": "half-down",
    "c-c": "interrupt",
    "c-z": "suspend",
    "c-h": "backspace",
}


def name_of(key: str, data: str) -> str:
    """Our name of the key that the library names `key`; "" for one without a meaning."""
    if key in _NAMES:
        return _NAMES[key]
    return data if len(data) == 1 and data.isprintable() else ""


def hints(keys: Iterable[Key], width: int) -> list[str]:
    """The lines of hints, each within `width`, no hint broken; closer where that saves a line."""
    texts = [key.hint for key in keys]
    usual, narrow = _fold(texts, width, GAP), _fold(texts, width, NARROW_GAP)
    return usual if len(usual) == len(narrow) else narrow


def _fold(texts: Sequence[str], width: int, gap: int) -> list[str]:
    rows: list[str] = []
    for text in texts:
        if rows and len(rows[-1]) + gap + len(text) <= width:
            rows[-1] += " " * gap + text
        else:
            rows.append(f"  {text}")
    return rows


def help_rows(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """The rows of the table of keys: what stands on the keyboard, and what it does."""
    caps: dict[str, list[str]] = {}
    for key in keys:
        caps.setdefault(key.does, []).append(key.cap)
    return [(" ".join(dict.fromkeys(each)), does) for does, each in caps.items()]
