"""The statements of an engine's file, by name."""

from __future__ import annotations

import re
from pathlib import Path


def load(path: Path) -> dict[str, str]:
    """The statements in the file; `{name}` in one stands for the text of another."""
    statements: dict[str, str] = {}
    name = ""
    lines: list[str] = []
    for line in [*path.read_text().splitlines(), "-- name: "]:
        if line.startswith("-- name: "):
            if name:
                statements[name] = "\n".join(lines).strip()
            name, lines = line.removeprefix("-- name: ").strip(), []
        elif not line.lstrip().startswith("--"):
            lines.append(line)
    return {name: _fill_in(text, statements) for name, text in statements.items()}


def _fill_in(text: str, statements: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: statements[match[1]], text)
