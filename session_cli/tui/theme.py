"""The words for how text looks; which colours they have is in `colours`.

A style is words with blanks between them, such as `cursor owner.flux`; an empty one is plain text.
"""

from __future__ import annotations

Fragment = tuple[str, str]
Line = list[Fragment]


# the library has looks of its own for some of the words
PREFIX = "session."


def classes(words: str) -> str:
    """Style words as the library wants them."""
    return " ".join(f"class:{PREFIX}{word}" for word in words.split())
