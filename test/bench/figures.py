"""The table that the measurements are told in."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """One line of the table."""

    call: str
    state: str
    beside: str
    ours: float
    theirs: float
    ratio: float
    budget: float | None


HEADINGS = ("call", "state", "beside", "ours ms", "theirs ms", "ratio", "budget")


def table(lines: list[Line]) -> str:
    rows = [HEADINGS, *map(_row, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    text = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths[:3], strict=True)]
        cells += [cell.rjust(width) for cell, width in zip(row[3:6], widths[3:6], strict=True)]
        text.append("  ".join([*cells, row[6]]).rstrip())
    return "\n".join(text)


def _three_digits(milliseconds: float) -> str:
    return f"{milliseconds:.0f}" if milliseconds >= 100 else f"{milliseconds:.3g}"


def _row(line: Line) -> tuple[str, ...]:
    budget = ""
    if line.budget is not None:
        budget = f"{line.budget:<5g}" + ("within" if line.ratio <= line.budget else "OVER")
    figures = (_three_digits(line.ours), _three_digits(line.theirs), f"{line.ratio:.3f}")
    return (line.call, line.state, line.beside, *figures, budget)
