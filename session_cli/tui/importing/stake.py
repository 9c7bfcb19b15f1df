"""What would be lost with a session, in words, and the questions before it is."""

from __future__ import annotations

from session_cli import steps
from session_cli.errors import printable
from session_cli.tui.importing.run import Run
from session_cli.words import counted
from session_cli.workflow.state import ImportState


def stake_of(state: ImportState) -> str:
    """`at step 4, 3 workloads chosen`; "" of a state that says nothing."""
    place = steps.progress("import", state.step)
    step = str(place[0]) if place else f"'{printable(state.step or '')}'"
    return ", ".join(filter(None, (f"at step {step}" if state.step else "", _counted(state))))


def has_stake(state: ImportState) -> bool:
    """Whether anything would be lost: of what is over, or not begun, nothing is."""
    return bool(_counted(state)) and state.step != steps.COMPLETE


def is_empty(state: ImportState) -> bool:
    """Whether somebody only looked: nothing of it would be missed."""
    return state.step == "scan" and not _counted(state)


def _counted(state: ImportState) -> str:
    hub = state.confighub
    # "or" as the person would: those created, else those about to be
    units = hub.created_count or hub.count("units_pending")
    if units:
        return f"{counted(units, 'Unit')} in ConfigHub"
    if state.selections.selected_count:
        return f"{counted(state.selections.selected_count, 'workload')} chosen"
    namespaces = state.selections.count("namespaces")
    return f"{counted(namespaces, 'namespace')} chosen" if namespaces else ""


async def ask_new(run: Run) -> bool:
    """Whether a new session is meant, where that puts one aside that somebody worked on."""
    state = run.session.state
    if not has_stake(state):
        return True
    what = f"{run.session.id or 'the existing session'} ({stake_of(state)})"
    return await run.ask_if_meant(f"Start a new import? This archives {what}.", "", "New session")
