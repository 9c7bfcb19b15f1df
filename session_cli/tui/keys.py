"""The keys of a screen: one table makes what they do, their hints and their help. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

GAP = "    "


class Key(NamedTuple):
    """A key: the name that a view is told, what stands on the keyboard, and what it does here."""

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
HELP = letter("?", "Keys")

MOVES = (
    Key("up", "Up k", "Up"),
    Key("down", "Down j", "Down"),
    Key("page-up", "PgUp", "A page up"),
    Key("page-down", "PgDn", "A page down"),
    Key("half-up", "Ctrl-U", "Half a page up"),
    Key("half-down", "Ctrl-D", "Half a page down"),
    Key("home", "Home g", "The first row"),
    Key("end", "End G", "The last row"),
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
    """What a view is told of a key that the library names `key`; "" for one without a meaning."""
    if key in _NAMES:
        return _NAMES[key]
    return data if len(data) == 1 and data.isprintable() else ""


def hints(keys: Iterable[Key], width: int) -> list[str]:
    """The lines of hints, each within `width`, no hint broken."""
    rows: list[str] = []
    for key in keys:
        if rows and len(rows[-1]) + len(GAP) + len(key.hint) <= width:
            rows[-1] += GAP + key.hint
        else:
            rows.append(f"  {key.hint}")
    return rows


def help_rows(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """The rows of the table of keys: what stands on the keyboard, and what it does."""
    return [(key.cap, key.does) for key in keys]
