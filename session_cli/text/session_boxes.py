"""Sessions as text for people: the boxes of the screens and of `session-cli status`.

Each box is lines joined by newlines, without a final one. All its lines are `width` terminal cells
wide, limited to 40 to 200; without a width, as wide as its keys need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli import steps, times
from session_cli.text.boxes import Keys, Line, Paragraph, box
from session_cli.text.sync_lines import short_upload_line, sync_line, sync_lines, upload_line
from session_cli.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_cli.sync.status import SyncFacts
    from session_cli.workflow.state import ImportState, SessionState

PROMPT_WIDTH = 61
PANEL_WIDTH = 66
SCRIPT = "./test/atk/map-import"

_KEPT_HERE = "This session is kept on this machine."


def resume_box(
    state: ImportState,
    now: float,
    width: int | None = None,
    open_in: str | None = None,
    offers: Sequence[Paragraph] = (),
) -> str:
    """The RESUME SESSION? box, with the age of the last save or resume.

    `open_in` is the program that has the session open, if one has; `offers` are what else could be
    resumed.
    """
    age = times.age(state.touched_at, now)
    return box(
        "RESUME SESSION?",
        [
            [f"Found previous session from {times.ago(age)}:"],
            [
                f"Cluster: {_cluster(state)}",
                f"Step: {_step(state, 'step {} of {}')}",
                f"Workloads: {_chosen(state)}",
            ],
            _staleness(age),
            [f"! Open in another terminal: {open_in}"] if open_in else [],
            *offers,
            [("[R] Resume", "[N] New session", "[D] Delete & start new")],
        ],
        width or PROMPT_WIDTH,
    )


def exit_box(width: int | None = None, command: str = SCRIPT, sync: SyncFacts | None = None) -> str:
    """The EXIT box, for a session that was saved; `command` is the script to resume with.

    `sync` is what is known of it at the hub, where somebody is signed in.
    """
    return box(
        "EXIT",
        [
            ["Session saved. You can resume later with:"],
            [f"  {command} --resume"],
            ["Or start fresh:"],
            [f"  {command} --new"],
            [sync_line(sync)] if sync else [],
        ],
        width or PROMPT_WIDTH,
    )


def not_saved_box(reason: str, width: int | None = None, command: str = SCRIPT) -> str:
    """The NOT SAVED box, in place of EXIT when the last save failed."""
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


def panel_box(
    state: ImportState | None,
    now: float,
    width: int | None = None,
    sync: SyncFacts | None = None,
) -> str:
    """The SESSION STATE panel; `sync` is what is known of the session at the hub.

    It is None where nobody is signed in.
    """
    return box("SESSION STATE", panel_content(state, now, sync), width or PANEL_WIDTH)


def no_session_box(width: int | None = None, command: str = SCRIPT) -> str:
    """The SESSION STATE panel without a session, where no key can be pressed."""
    paragraphs: list[Paragraph] = [["No previous session found."], [f"Start one with: {command}"]]
    return box("SESSION STATE", paragraphs, width or PANEL_WIDTH)


def panel_content(
    state: ImportState | None, now: float, sync: SyncFacts | None = None
) -> list[Paragraph]:
    """The content of the SESSION STATE panel, in each of its four states."""
    if state is None:
        return [["No previous session found."], [("[I] Start import",)]]
    if state.step == steps.COMPLETE:
        return _complete(state, now, sync)
    return _unfinished(state, now, sync)


def short_panel_content(
    state: ImportState | None, now: float, sync: SyncFacts | None = None
) -> list[Paragraph]:
    """The content of SESSION STATE where it stands beside another box."""
    if state is None:
        return panel_content(None, now)
    log = [f"Log: {_beginning(state.log_file)}"] if state.log_file else []
    if state.step == steps.COMPLETE:
        last = f"Last import: {times.short_ago(times.age(state.updated_at, now))}"
        facts = [last, _outcome(state), *log, _upload(sync)]
        return [list(facts), [("[I] New import", *_log_key(state)), ("[H] View in ConfigHub",)]]
    progress = steps.progress(state.type, state.step)
    facts = [
        f"Last session: {times.short_ago(times.age(state.created_at, now))}",
        f"Step: {'{}/{}'.format(*progress) if progress else _step(state, '')}",
        *log,
        short_upload_line(sync),
    ]
    return [list(facts), [("[R]esume", "[N]ew", *(("[V]iew log",) if log else ()))]]


def _beginning(path: str) -> str:
    """`~/.confighub/logs/...`: where it is, if not how it is called."""
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}..." if slash else path


def status_box(
    state: ImportState, now: float, width: int | None = None, sync: SyncFacts | None = None
) -> str:
    """The SESSION STATUS box: where the session stands, in full."""
    is_complete = state.step == steps.COMPLETE
    facts = {
        "Session": state.session_id or "unknown",
        "Cluster": _cluster(state),
        "Step": _step(state, "step {} of {}"),
        **({"Failed": state.error} if state.error else {}),
        "Workloads": _workloads(state, "detected", "selected", "imported") or "none yet",
        "Started": _when(state.created_at, now, " UTC"),
        "Last saved": _when(state.updated_at, now, " UTC"),
        "Revision": str(state.revision or "unknown"),
    }
    return box(
        "SESSION STATUS",
        [
            [f"{name + ':':12} {fact}" for name, fact in facts.items()],
            [*_log_file(state), *([_KEPT_HERE] if is_complete and not sync else [])],
            list[Line](sync_lines(sync, now)) if sync else [],
        ],
        width or PANEL_WIDTH,
    )


def _unfinished(state: ImportState, now: float, sync: SyncFacts | None) -> list[Paragraph]:
    return [
        [
            f"Last session: {_when(state.created_at, now)}",
            f"Step: {_step(state, '{}/{}')}",
            f"Workloads: {_workloads(state, 'detected', 'imported') or 'none yet'}",
        ],
        _log_file(state),
        list[Line](sync_lines(sync, now)),
        [("[R] Resume session", "[N] New session", *_log_key(state))],
    ]


def _complete(state: ImportState, now: float, sync: SyncFacts | None) -> list[Paragraph]:
    # in one paragraph: with the commands that are left it has to fit a screen of 24 lines
    facts = [f"Last import: {_when(state.updated_at, now)}", _outcome(state)]
    return [
        [*facts, *_log_file(state), _upload(sync)],
        [("[I] New import", *_log_key(state), "[H] View in ConfigHub")],
    ]


def _cluster(state: SessionState) -> str:
    return state.cluster_context or "unknown"


def _step(state: SessionState, place: str) -> str:
    """The label of the step, and its place in a form like `{}/{}`."""
    label = steps.label(state.type, state.step or "unknown")
    progress = steps.progress(state.type, state.step)
    return f"{label} ({place.format(*progress)})" if progress else label


def _chosen(state: ImportState) -> str:
    chosen = _workloads(state, "selected", "imported")
    return chosen or _workloads(state, "detected") or "none yet"


def _workloads(state: ImportState, *kinds: str) -> str:
    counts = {
        "detected": state.scan.detected,
        "selected": state.selections.selected_count,
        "imported": state.confighub.created_count,
    }
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds if counts[kind])


def _outcome(state: ImportState) -> str:
    units, failed = state.confighub.created_count, state.confighub.failed_count
    if not units:
        return "✓ Complete"
    without = f", {failed} left out" if failed else ""
    return f"✓ Complete — {counted(units, 'unit')} imported{without}"


def _when(then: float | None, now: float, zone: str = "") -> str:
    ago = times.ago(times.age(then, now))
    return ago if then is None else f"{times.minute(then)}{zone} ({ago})"


def _staleness(age: float | None) -> Paragraph:
    if age is None:
        return ["! This session may be stale: its age is unknown."]
    if age > times.DAY:
        return ["! This session may be stale: over 24 hours old."]
    return []


def _log_file(state: SessionState) -> Paragraph:
    return [f"Log file: {state.log_file}"] if state.log_file else []


def _log_key(state: SessionState) -> Keys:
    return ("[V] View log",) if _log_file(state) else ()


def _upload(sync: SyncFacts | None) -> str:
    return upload_line(sync) if sync else _KEPT_HERE
