"""Sessions as text for people: the boxes of the TUIs and of `session-cli status`.

A document is what was read from disk or the network: any key may be missing, of the wrong
type or hostile. Each box is lines joined by newlines, without a final one. All its lines are
`width` terminal cells wide, kept within 40 to 200; without a width, as wide as its keys need.
"""

from __future__ import annotations

from session_cli import steps, times
from session_cli.text.boxes import Keys, Paragraph, box
from session_cli.words import counted

PROMPT_WIDTH = 61
PANEL_WIDTH = 66
SCRIPT = "./test/atk/map-import"

Document = dict[str, object]

_NOT_SYNCED = "○ Not synced to ConfigHub (offline)"
_KEPT_HERE = "This session is kept on this machine."


def resume_prompt(
    document: Document, now: float, width: int | None = None, open_in: str | None = None
) -> str:
    """The RESUME SESSION? box; the age in it is that of the last save or resume.

    `open_in` says which program has it open, if one does.
    """
    age = times.age(times.later(document.get("updated_at"), document.get("resumed_at")), now)
    return box(
        "RESUME SESSION?",
        [
            [f"Found previous session from {times.ago(age)}:"],
            [
                f"Cluster: {_cluster(document)}",
                f"Step: {_step(document, 'step {} of {}')}",
                f"Workloads: {_chosen(document)}",
            ],
            _staleness(age),
            [f"! Open in another terminal: {open_in}"] if open_in else [],
            [("[R] Resume", "[N] New session", "[D] Delete & start new")],
        ],
        width or PROMPT_WIDTH,
    )


def held_words(holder: Document) -> str:
    """Who holds a session, in a line."""
    pid, host, user, since = (holder.get(key, "?") for key in ("pid", "host", "user", "since"))
    return f"process {pid} on {host}, by {user}, since {since}"


def exit_box(width: int | None = None, command: str = SCRIPT) -> str:
    """The EXIT box, for a session that was saved; `command` is the script to come back with."""
    return box(
        "EXIT",
        [
            ["Session saved. You can resume later with:"],
            [f"  {command} --resume"],
            ["Or start fresh:"],
            [f"  {command} --new"],
        ],
        width or PROMPT_WIDTH,
    )


def not_saved_box(reason: str, width: int | None = None, command: str = SCRIPT) -> str:
    """The NOT SAVED box, which stands in for EXIT when the last save failed."""
    return box(
        "NOT SAVED",
        [
            ["This session could not be saved:"],
            [f"  {reason}"],
            ["What was saved before is intact. Resume it with:"],
            [f"  {command} --resume"],
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
    return box("SESSION STATE", panel_content(document, now, synced_at), width or PANEL_WIDTH)


def panel_content(
    document: Document | None, now: float, synced_at: float | None = None
) -> list[Paragraph]:
    """What the SESSION STATE panel holds, in each of its four states."""
    if document is None:
        return [["No previous session found."], [("[I] Start import",)]]
    if document.get("step") == steps.COMPLETE:
        return _complete(document, now, synced_at)
    return _unfinished(document, now, synced_at)


def status(document: Document, now: float, width: int | None = None) -> str:
    """The SESSION STATUS box: where the session stands, in full."""
    is_complete = document.get("step") == steps.COMPLETE
    facts = {
        "Session": _text(document, "session_id") or "unknown",
        "Cluster": _cluster(document),
        "Step": _step(document, "step {} of {}"),
        "Workloads": _workloads(document, "detected", "selected", "imported") or "none yet",
        "Started": _when(document.get("created_at"), now, " UTC"),
        "Last saved": _when(document.get("updated_at"), now, " UTC"),
        "Revision": str(_count(document.get("revision")) or "unknown"),
    }
    return box(
        "SESSION STATUS",
        [
            [f"{name + ':':12} {fact}" for name, fact in facts.items()],
            [*_log_file(document), *([_KEPT_HERE] if is_complete else [])],
        ],
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
    failed = _count(_part(document, "confighub").get("units_failed"))
    if not units:
        return "✓ Complete"
    without = f", {failed} left out" if failed else ""
    return f"✓ Complete — {counted(units, 'unit')} imported{without}"


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
    return _KEPT_HERE if synced_at is None else f"Last upload: {times.minute(synced_at)} ✓"


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
