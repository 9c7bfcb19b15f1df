"""Lists of sessions and snapshots as text, in aligned columns. Pure."""

from __future__ import annotations

from typing import Any

from session_cli import times
from session_cli.text.boxes import cells, visible

Summary = dict[str, Any]


def session_table(sessions: list[Summary]) -> str:
    """Session summaries, one a row; the latest is marked with *."""
    rows = [
        [
            "*" if session["latest"] else "",
            session["session_id"],
            _place(session),
            session["cluster_context"] or "-",
            times.ago(session["age_seconds"]),
            " ".join(word for word in ("archived", "open") if session[word]),
        ]
        for session in sessions
    ]
    return _table([["", "SESSION", "STEP", "CLUSTER", "TOUCHED", ""], *rows])


def snapshot_table(snapshots: list[Summary]) -> str:
    """The snapshots of one session, one a row."""
    rows = [
        [
            str(snapshot["revision"]),
            _place(snapshot),
            _minute(times.latest(snapshot["updated_at"], snapshot["resumed_at"])),
            times.ago(snapshot["age_seconds"]),
        ]
        for snapshot in snapshots
    ]
    return _table([["REVISION", "STEP", "SAVED (UTC)", ""], *rows])


def hub_table(sessions: list[Summary]) -> str:
    """Sessions of a hub, one a row: `sync.offers.Offered` as mappings.

    Whose they are and who sees them is shown where that is not the same of all.
    """
    headings = ["SESSION", "STEP", "CLUSTER", "SAVED", "DEVICE", "OWNER", "SHARED", ""]
    rows = [
        [
            each["session_id"],
            _steps_of(each),
            each["cluster"] or "-",
            times.ago(each["age"]),
            each["device"] or "-",
            each["owner"],
            each["scope"],
            _remark(each),
        ]
        for each in sessions
    ]
    table = [headings, *rows]
    for place, usual in ((6, {"personal"}), (5, {sessions[0]["owner"]})):
        if {row[place] for row in rows} <= usual:
            table = [row[:place] + row[place + 1 :] for row in table]
    return _table(table)


def _remark(each: Summary) -> str:
    if each["offered_by"]:
        return f"offered by {each['offered_by']} to {each['offered_to']}"
    return f"open: {each['holder'].name}" if each["holder"] else ""


def _steps_of(each: Summary) -> str:
    index, total = each["step_index"], each["step_total"]
    return f"{each['step']} ({index}/{total})" if index and total else each["step"] or "-"


def sync_table(rows: list[tuple[str, str, str]]) -> str:
    """Sessions with when the hub had them last, and how they stand, one a row."""
    return _table([["SESSION", "SYNCED", "STATE"], *map(list, rows)])


def _place(summary: Summary) -> str:
    label, number = summary["step_label"] or "-", summary["step_number"]
    return f"{label} ({number}/{summary['steps']})" if number else label


def _minute(epoch: float | None) -> str:
    return "-" if epoch is None else times.minute(epoch)


def _table(rows: list[list[str]]) -> str:
    # most tables are plain, and then no cell has to be looked at by itself
    text = "".join(map("".join, rows))
    is_plain = text.isascii() and text.isprintable()
    shown = rows if is_plain else [[visible(cell) for cell in row] for row in rows]
    measure = len if is_plain else cells
    widths = [max(map(measure, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  ".join(
            [cell + " " * (width - measure(cell)) for cell, width in zip(row, widths, strict=True)]
        )
        for row in shown
    ]
    return "\n".join(line.rstrip() for line in lines)
