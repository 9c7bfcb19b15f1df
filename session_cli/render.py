"""Sessions as text for people: the boxes of the TUIs and of `session-cli status`.

A document is what was read from disk or the network: any key may be missing, of the wrong
type or hostile. Each box is lines joined by newlines, without a final one. All its lines are
`width` terminal cells wide, kept within 40 to 200; without a width, as wide as its keys need.
"""

from __future__ import annotations

from wcwidth import wcswidth

from session_cli import steps, times

NARROWEST, WIDEST = 40, 200
PROMPT_WIDTH = 61
PANEL_WIDTH = 66

Document = dict[str, object]
Keys = tuple[str, ...]
Line = str | Keys
Paragraph = list[Line]

_NOT_SYNCED = "○ Not synced to ConfigHub (offline)"

# Printable by Python's account, yet they draw nothing: fillers, joiners, variation selectors.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
)


def resume_prompt(document: Document, now: float, width: int | None = None) -> str:
    """The RESUME SESSION? box; the age in it is that of the last save or resume."""
    age = times.age(times.later(document.get("updated_at"), document.get("resumed_at")), now)
    return _box(
        "RESUME SESSION?",
        [
            [f"Found previous session from {times.ago(age)}:"],
            [
                f"Cluster: {_cluster(document)}",
                f"Step: {_step(document, 'step {} of {}')}",
                f"Workloads: {_chosen(document)}",
            ],
            _staleness(age),
            [("[R] Resume", "[N] New session", "[D] Delete & start new")],
        ],
        width or PROMPT_WIDTH,
    )


def exit_box(width: int | None = None) -> str:
    """The EXIT box, for a session that was saved."""
    return _box(
        "EXIT",
        [
            ["Session saved. You can resume later with:"],
            ["  ./test/atk/map-import --resume"],
            ["Or start fresh:"],
            ["  ./test/atk/map-import --new"],
        ],
        width or PROMPT_WIDTH,
    )


def not_saved_box(reason: str, width: int | None = None) -> str:
    """The NOT SAVED box, which stands in for EXIT when the last save failed."""
    return _box(
        "NOT SAVED",
        [
            ["This session could not be saved:"],
            [f"  {reason}"],
            ["What was saved before is intact. Resume it with:"],
            ["  ./test/atk/map-import --resume"],
        ],
        width or PROMPT_WIDTH,
    )


def panel(
    document: Document | None,
    now: float,
    width: int | None = None,
    synced_at: float | None = None,
) -> str:
    """The SESSION STATE panel; `synced_at` is the time of the last upload, if any."""
    if document is None:
        content: list[Paragraph] = [["No previous session found."], [("[I] Start import",)]]
    elif document.get("step") == steps.COMPLETE:
        content = _complete(document, now, synced_at)
    else:
        content = _unfinished(document, now, synced_at)
    return _box("SESSION STATE", content, width or PANEL_WIDTH)


def status(document: Document, now: float, width: int | None = None) -> str:
    """The SESSION STATUS box: where the session stands, in full."""
    facts = {
        "Session": _text(document, "session_id") or "unknown",
        "Cluster": _cluster(document),
        "Step": _step(document, "step {} of {}"),
        "Workloads": _workloads(document, "detected", "selected", "imported") or "none yet",
        "Started": _when(document.get("created_at"), now, " UTC"),
        "Last saved": _when(document.get("updated_at"), now, " UTC"),
        "Revision": str(_count(document.get("revision")) or "unknown"),
    }
    return _box(
        "SESSION STATUS",
        [[f"{name + ':':12} {fact}" for name, fact in facts.items()], _log_file(document)],
        width or PANEL_WIDTH,
    )


def _unfinished(document: Document, now: float, synced_at: float | None) -> list[Paragraph]:
    return [
        [
            f"Last session: {_when(document.get('created_at'), now)}",
            f"Step: {_step(document, '{}/{}')}",
            f"Workloads: {_workloads(document, 'detected', 'imported') or 'none yet'}",
        ],
        _log_file(document),
        _synced(synced_at),
        [("[R] Resume session", "[N] New session", *_log_key(document))],
    ]


def _complete(document: Document, now: float, synced_at: float | None) -> list[Paragraph]:
    return [
        [f"Last import: {_when(document.get('updated_at'), now)}", _outcome(document)],
        [*_log_file(document), _upload(synced_at)],
        [("[I] New import", *_log_key(document), "[H] View in ConfigHub")],
    ]


def _cluster(document: Document) -> str:
    return _text(document, "cluster_context") or "unknown"


def _step(document: Document, place: str) -> str:
    """The step's label, followed by its place filled into a form like `{}/{}`."""
    type_, step = _text(document, "type") or "import", _text(document, "step")
    label = steps.label(type_, step or "unknown")
    progress = steps.progress(type_, step)
    return f"{label} ({place.format(*progress)})" if progress else label


def _chosen(document: Document) -> str:
    chosen = _workloads(document, "selected", "imported")
    return chosen or _workloads(document, "detected") or "none yet"


def _workloads(document: Document, *kinds: str) -> str:
    counts = {
        "detected": _count(_part(document, "scan_result").get("workloads_detected")),
        "selected": _count(_part(document, "selections").get("selected_workloads")),
        "imported": _units(document),
    }
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def _units(document: Document) -> int:
    return _count(_part(document, "confighub").get("units_created"))


def _outcome(document: Document) -> str:
    units = _units(document)
    if not units:
        return "✓ Complete"
    return f"✓ Complete — {_counted(units, 'unit')} imported"


def _counted(count: object, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _when(stamp: object, now: float, zone: str = "") -> str:
    then = times.parse(stamp)
    ago = times.ago(times.age(then, now))
    return ago if then is None else f"{times.minute(then)}{zone} ({ago})"


def _staleness(age: float | None) -> Paragraph:
    if age is None:
        return ["! This session may be stale: its age is unknown."]
    if age > times.DAY:
        return ["! This session may be stale: over 24 hours old."]
    return []


def _log_file(document: Document) -> Paragraph:
    log_file = _text(document, "log_file")
    return [f"Log file: {log_file}"] if log_file else []


def _log_key(document: Document) -> Keys:
    return ("[V] View log",) if _log_file(document) else ()


def _synced(synced_at: float | None) -> Paragraph:
    if synced_at is None:
        return [_NOT_SYNCED]
    return [f"Last upload to ConfigHub: {times.minute(synced_at)}", "✓ Session synced"]


def _upload(synced_at: float | None) -> str:
    return _NOT_SYNCED if synced_at is None else f"Last upload: {times.minute(synced_at)} ✓"


def _text(document: Document, key: str) -> str | None:
    value = document.get(key)
    return value if isinstance(value, str) and value else None


def _part(document: Document, key: str) -> Document:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    """A count, or the length of a list; 0 for what is neither."""
    if isinstance(value, list):
        return len(value)
    # Python refuses to print the longest integers that a file can hold.
    return value if type(value) is int and 0 < value < 10**18 else 0


def _box(title: str, paragraphs: list[Paragraph], width: int) -> str:
    width = min(max(width, NARROWEST), WIDEST)
    rows = [""]
    for paragraph in filter(None, paragraphs):
        rows += [row for line in paragraph for row in _rows(line, width - 6)]
        rows.append("")
    top = f"┌─ {title} ".ljust(width - 1, "─") + "┐"
    body = [_framed(row, width) for row in rows]
    return "\n".join([top, *body, "└" + "─" * (width - 2) + "┘"])


def _framed(row: str, width: int) -> str:
    # measured with what follows, for some scripts join a mark to the blank behind it
    return f"│  {row}{' ' * (width - wcswidth(f'│  {row}  │'))}  │"


def _rows(line: Line, room: int) -> list[str]:
    return _wrap(visible(line), room) if isinstance(line, str) else _wrap_keys(line, room)


def visible(text: str) -> str:
    """Text in which what would act on the terminal, or hide, is spelt out as `\\x1b`."""
    return "".join(
        char
        if char.isprintable() and char not in _INVISIBLE
        else char.encode("unicode_escape").decode()
        for char in text
    )


def _wrap(text: str, room: int) -> list[str]:
    """Break text at blanks, or inside a word that is longer than a row.

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
    # No script needs more characters to a cell; measuring a pile of marks would take for ever.
    return len(row) > 4 * room or wcswidth(row) > room


def _wrap_keys(keys: Keys, room: int) -> list[str]:
    rows = [keys[0]]
    for key in keys[1:]:
        joined = f"{rows[-1]}    {key}"
        if len(joined) <= room:
            rows[-1] = joined
        else:
            rows.append(key)
    return rows
