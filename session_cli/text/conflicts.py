"""A copy that was kept in a conflict, beside what replaced it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from session_cli import times
from session_cli.text.boxes import visible

SHOWN = 8


def describe_conflict(facts: Mapping[str, Any], command: Callable[..., str]) -> str:
    """A few lines: both sides, what only the copy has, and what to type.

    `facts` are those that `conflicts --json` prints; `command` makes a command line for here.
    """
    name = str(facts["file"]).rpartition("/")[2]
    lines = [f"{facts['session_id']}, {times.ago(facts['age_seconds'])}"]
    if facts["kind"] == "data":
        lines += [
            "  DATA that a save refused",
            f"  to save it: {command('save', 'STEP', '-')} <{facts['file']}",
        ]
        return "\n".join(map(visible, lines))
    lines.append(f"  the copy: {_side(facts['copy'])}")
    lines.append(f"  now:      {_side(facts['current'])}")
    only = facts["only_in_copy"]
    if only:
        more = f" and {len(only) - SHOWN} more" if len(only) > SHOWN else ""
        lines.append(f"  different in the copy: {', '.join(only[:SHOWN])}{more}")
    lines.append(f"  to put it back: {command('conflicts', 'restore', name)}")
    return "\n".join(map(visible, lines))


def _side(side: Mapping[str, Any] | None) -> str:
    if side is None:
        return "not here, or not readable"
    by = " on ".join(str(side[key]) for key in ("user", "device") if side[key])
    return f"step {side['step']}, saved {times.ago(side['age_seconds'])}{by and f' by {by}'}"
