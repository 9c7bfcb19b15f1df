"""Words for people: counted things, and text that any terminal can show."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 workload`, `2 workloads`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """`text` in printable ASCII: bash counts bytes in some locales and obeys control characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)
