"""Words for people: counted things, and text that any terminal can show."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Mapping


def counted(number: int, noun: str) -> str:
    """`1 workload`, `2 workloads`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def holder_line(holder: Mapping[str, object]) -> str:
    """Who has a session open, by the record of its lease."""
    return ", ".join(holder_lines(holder))


def holder_lines(holder: Mapping[str, object]) -> tuple[str, str]:
    """Who has a session open, in two lines: the process, and the person."""
    pid, host, user, since = (holder.get(key, "?") for key in ("pid", "host", "user", "since"))
    return f"process {pid} on {host}", f"by {user}, since {since}"


def escaped(json: str) -> str:
    """`json` with what a terminal would obey, or not show, as `\\u009b`: it means the same."""
    if json.replace("\n", "").isprintable():
        return json
    return "".join(c if c.isprintable() or c == "\n" else _as_in_json(c) for c in json)


def _as_in_json(char: str) -> str:
    utf_16 = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{utf_16[i : i + 4]}" for i in range(0, len(utf_16), 4))


def plain(text: str) -> str:
    """`text` in printable ASCII, of which each character takes one cell in any terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)
