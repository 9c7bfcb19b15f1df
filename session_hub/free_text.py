"""What people and devices write to be shown to others: a note, a reason, the name of a device.

It ends up in terminals and in sentences: what a terminal obeys, what turns a line around, and what
nobody sees is not in it. Joiners are, for scripts and emoji need them.
"""

from __future__ import annotations

import re

from session_hub.problems import Problem

# control characters, line and paragraph separators, and those that format; for Python and for JSON
_UNSHOWN = (
    r"\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb"
)
PATTERN = f"^[^{_UNSHOWN}]*$"
_FIRST_UNSHOWN = re.compile(f"[{_UNSHOWN}]")


def check(text: str, what: str) -> None:
    """Raises Problem when the text would not show as it is written; `what` begins a sentence."""
    found = _FIRST_UNSHOWN.search(text)
    if found:
        raise Problem(
            "invalid-request",
            f"{what} has the character U+{ord(found[0]):04X} in it, which does not show: send it"
            " without.",
        )
