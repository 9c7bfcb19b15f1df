"""Refuses idioms that a reader would stumble over; `make lint` runs it.

Prints each line that holds one, with the plain word for it, and exits with 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ("*.md", "docs/*.md", "Makefile", "session_cli/**/*.py", "test/atk/**/*")
TESTS = ("test/*/test_*.py", "test/*/*.bats")
IDIOMS = {
    r"\b(go|goes|going|went) on (with|where|at|as|to|here|there|by|from)\b": "resume, continue",
    r"\bgone on( with)?\b": "resumed, continued",
    r"\b(is|are|was|were|be|been) told\b|\btold (of|for|as)\b": "reported, warned, printed",
    r"\bnobody is told\b|\bcan(not)? be told\b": "reported, recognised",
    r"\b(another|other|whose|any) hands?\b": "another program",
    r"\bmend(s|ed|ing)?\b": "fix, repair",
    r"\bstands twice\b": "duplicate",
    r"\blet(s|ting)? go\b": "remove, release",
    r"\bput(s|ting)? away\b": "archive",
    r"\b(foresee|foresaw|foreseen)\b": "internal error, unexpected",
    r"\bfrom the future\b": "in the future",
    r"\botherwise than\b": "as another",
    r"\bnobody's\b|\bsomebody's\b": "not in use, another program's",
    r"\bpatience\b": "timeout",
    r"\bthin(s|ned|ning)? out\b": "prune",
    r"\ball the same\b": "anyway",
    r"\bsee to (that|the|it)\b": "check, fix",
    r"\b(it|that) is there already\b": "already exists",
}


def idioms_in(text: str) -> Iterator[tuple[int, str, str]]:
    """(line number, what stands there, the plain word) of each idiom in `text`."""
    for number, line in enumerate(text.splitlines(), 1):
        for idiom, plain in IDIOMS.items():
            found = re.search(idiom, line, re.IGNORECASE)
            if found:
                yield number, found[0], plain


def looked_at() -> Iterator[Path]:
    """Every file whose words people read: sources, terminal programs, documents, tests."""
    for pattern in (*SOURCES, *TESTS):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.suffix in ("", ".md", ".py", ".sh", ".bats"):
                yield path


def prose_of(path: Path) -> str:
    """What the file says; of a test only its title, for the rest may quote anything.

    A document's code spans quote, also what an earlier version said.
    """
    text = path.read_text("utf-8")
    if any(path.match(pattern) for pattern in TESTS):
        return "\n".join(map(title_in, text.splitlines()))
    return re.sub(r"`[^`\n]+`", "`...`", text) if path.suffix == ".md" else text


def title_in(line: str) -> str:
    """The title of the test that begins in `line`, in words; "" where none does."""
    found = re.match(r'def test_(\w+)|@test "(.*)"', line)
    return (found[1] or found[2]).replace("_", " ") if found else ""


def main() -> int:
    """Prints what it found; 1 when there was any."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: '{words}'; plain English: {plain}"
        for path in looked_at()
        for number, words, plain in idioms_in(prose_of(path))
    ]
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
