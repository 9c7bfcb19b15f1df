"""Boxes of text: framed, wrapped to a width in terminal cells, safe to show whatever they hold.

A box is lines joined by newlines, without a final one, all of them `width` cells wide. Its content
is paragraphs of lines; a line that is a tuple has keys to press, which are not broken.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Iterable

NARROWEST, WIDEST = 40, 200
NARROWEST_PAIR = 2 * NARROWEST - 1

Keys = tuple[str, ...]
Line = str | Keys
Paragraph = list[Line]

# str.isprintable() accepts these, but they draw nothing: fillers, joiners, variation selectors
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)


def box(title: str, paragraphs: list[Paragraph], width: int) -> str:
    """One box; its width is limited to NARROWEST to WIDEST."""
    width = min(max(width, NARROWEST), WIDEST)
    top = f"┌─ {title} ".ljust(width - 1, "─") + "┐"
    body = [_frame_row(row, width) for row in _rows_of(paragraphs, width - 6)]
    return "\n".join([top, *body, "└" + "─" * (width - 2) + "┘"])


def pair(left: tuple[str, list[Paragraph]], right: tuple[str, list[Paragraph]], width: int) -> str:
    """Two boxes side by side with a common wall; one above the other when it is too narrow."""
    if width < NARROWEST_PAIR:
        return f"{box(*left, width)}\n{box(*right, width)}"
    width = min(width, WIDEST)
    inner = max(NARROWEST - 10, (width - 1) * 2 // 5, len(left[0]) + 5)
    rows = [_rows_of(left[1], inner - 6), _rows_of(right[1], width - inner - 5)]
    height = max(map(len, rows))
    halves = [[*part, *[""] * (height - len(part))] for part in rows]
    top = f"┌─ {left[0]} ".ljust(inner - 1, "─") + f"┬─ {right[0]} "
    body = [
        _frame_row(one, inner)[:-1] + _frame_row(other, width - inner + 1)
        for one, other in zip(*halves, strict=True)
    ]
    bottom = "└" + "─" * (inner - 2) + "┴" + "─" * (width - inner - 1) + "┘"
    return "\n".join([top.ljust(width - 1, "─") + "┐", *body, bottom])


def unframe(lines: Iterable[str]) -> list[str]:
    """What boxes and the lines beside them say, for somebody who is read to: no frames, no bars.

    Of two boxes side by side the rows would be read across, so they have to be one above the other.
    """
    said: list[str] = []
    for line in lines:
        if line.startswith("┌"):
            said.append(line.strip("┌─┐ "))
        elif line.startswith("└"):
            while said and not said[-1]:
                said.pop()
        else:
            is_framed = line.startswith("│")
            # a bar stands beside the number that it shows; what is not framed has a margin
            content = line[3:-1].replace("█", "") if is_framed else line.removeprefix("  ")
            said.append(content.rstrip())
    return said


def _rows_of(paragraphs: list[Paragraph], room: int) -> list[str]:
    rows = [""]
    for paragraph in filter(None, paragraphs):
        rows += [row for line in paragraph for row in _rows(line, room)]
        rows.append("")
    return rows


# what the boxes are drawn with, each one cell wide, and what stands for it in ASCII
_ASCII = str.maketrans("┌┐└┘┬┴├┤─│✓✗●○█—…↑↓", "+" * 8 + "-|*x*o#-.^v")


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes; it must have no control characters."""
    if text.isascii() or text.translate(_ASCII).isascii():
        return len(text)
    # imported only here: loading it takes as long as drawing a box
    from wcwidth import wcswidth

    return wcswidth(text)


def in_ascii(text: str) -> str:
    """`text` for a terminal that shows ASCII only, each line as wide as it was."""
    drawn = text.translate(_ASCII)
    if drawn.isascii():
        return drawn
    return "\n".join(map(_spell_line, drawn.split("\n")))


def _spell_line(line: str) -> str:
    """A line in ASCII. Characters may be narrower together than one by one: each is measured with
    what is before it, and a blank that is part of the mark before it is left out.
    """
    if line.isascii():
        return line
    shown = ""
    for end, char in enumerate(line, 1):
        missing = max(0, cells(line[:end]) - len(shown))
        if char.isascii() and char != " ":
            shown += char
        else:
            shown += (char if char == " " else "?") * missing
    return shown


def _frame_row(row: str, width: int) -> str:
    # measured with what follows: in some scripts a mark joins with the blank behind it
    return f"│  {row}{' ' * (width - cells(f'│  {row}  │'))}  │"


def _rows(line: Line, room: int) -> list[str]:
    return wrap(visible(line), room) if isinstance(line, str) else _wrap_keys(line, room)


def visible(text: str) -> str:
    """Text in which control characters and invisible ones are shown as `\\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() and char not in _INVISIBLE
        else char.encode("unicode_escape").decode()
        for char in text
    )


def wrap(text: str, room: int) -> list[str]:
    """The rows of a visible text: broken at blanks, or inside a word that is longer than a row.

    Rows that continue a line are indented, so that no value can pose as a line of its own.
    """
    hang = "    " if text.startswith("  ") else "  "
    rows, row = [], ""
    for char in text:
        row, before = row + char, row
        if _overflows(row, room):
            head, _, tail = row.rpartition(" ")
            if _overflows(hang + tail, room):
                head, tail = before, char
            rows.append(head)
            row = hang + tail
    return [*rows, row]


def _overflows(row: str, room: int) -> bool:
    # no script needs more characters to a cell, and measuring very many marks would take too long
    return len(row) > 4 * room or cells(row) > room


def _wrap_keys(keys: Keys, room: int) -> list[str]:
    rows = [keys[0]]
    for key in keys[1:]:
        joined = f"{rows[-1]}    {key}"
        if len(joined) <= room:
            rows[-1] = joined
        else:
            rows.append(key)
    return rows
