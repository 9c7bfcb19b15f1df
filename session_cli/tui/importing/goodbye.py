"""What is said at the end: whether the session is safe, and what is left to do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote

from session_cli import document as doc
from session_cli import processes, times
from session_cli.errors import SessionError, printable
from session_cli.steps import COMPLETE
from session_cli.text import session_boxes
from session_cli.text.sync_lines import sync_line
from session_cli.tui.importing.failures import not_saved_lines
from session_cli.tui.importing.run import Run, complain
from session_cli.tui.importing.tabs import box_width
from session_cli.workflow.state import ImportState

PS_SECONDS = 5
Lines = list[str]


def say_goodbye(run: Run, code: int) -> None:
    """Prints it; `code` is the exit code of the program."""
    if not run.only_looked:
        run.print_lines(_goodbye(run, code))


def _goodbye(run: Run, code: int) -> Lines:
    session, width = run.session, run.screen.columns
    if not session.id and not session.problem:
        return _goodbye_unopened(run, width)
    if session.is_lost:
        return [*not_saved_lines(run, width), *_kept_in(run)]
    if session.problem:
        return [*not_saved_lines(run, width), *_kept_here(run)]
    if run.step == COMPLETE:
        room = box_width(width, session_boxes.PANEL_WIDTH)
        facts = run.companion.read_facts()
        box = session_boxes.status_box(session.state, times.now(), room, facts)
        return [*box.split("\n"), *next_command_lines(run)(width)]
    if run.can_ask:
        return [*_exit_lines(run, width), *_worker_lines(session.state)]
    _say_synced(run)
    if code:
        complain(f"saved at step {run.step}; resume with: {run.options.called} --resume")
        pid = _worker_here(session.state)
        if pid:
            complain(f"the worker started here is still running; stop it with: kill {pid}")
    return []


def _say_synced(run: Run) -> None:
    """How it stands at the hub, where somebody is signed in."""
    facts = run.companion.read_facts()
    if facts:
        run.screen.say("sync", sync_line(facts))


def _goodbye_unopened(run: Run, width: int) -> Lines:
    """A person who was only asked about a session can resume it, too, as long as it exists."""
    if not run.can_ask or not run.found_id:
        return []
    run.session.id = run.found_id
    if not run.session.is_latest():
        return []
    return [*_exit_lines(run, width), *_worker_lines(run.session.latest_state())]


def _exit_lines(run: Run, width: int) -> Lines:
    """The command in it is kept whole, wherever there is room for that."""
    called = run.options.called
    room = max(61, len(called) + 17)
    box = session_boxes.exit_box(box_width(width, room), called, run.companion.read_facts())
    whole = ["", "  The command, in one line:", f"{called} --resume"] if room > width else []
    return [*box.split("\n"), *whole]


def _kept_in(run: Run) -> Lines:
    """Where the store has kept the DATA of a refused save, and what can be done with it."""
    _, is_kept, rest = run.session.problem.partition(" kept in ")
    path, _, command = rest.partition("; to save it anyway: ")
    if not is_kept:
        return []
    # as session-cli is called from here, which the store does not know
    words = command.removeprefix(run.session.store.location.command())
    anyway = ["  To save them over what is there now:", f"    {run.command()}{words}"]
    return [
        "",
        "  Your unsaved choices are kept in:",
        f"    {path}",
        *(anyway if words else []),
        "  If you do not need them, remove that file.",
    ]


def _kept_here(run: Run) -> Lines:
    """The DATA that could not be saved, in a file of its own, and the command that saves it."""
    if run.session.unsaved is None:
        return []
    step, data = run.session.unsaved
    try:
        folder = tempfile.mkdtemp(prefix=f"session-tui.{os.getpid()}.")
        path = Path(folder) / "unsaved.json"
        path.write_bytes(doc.dump(data))
    except OSError:
        return []
    bound = f" --session {run.session.id}" if run.session.id else ""
    command = f"{run.command()} save {step} -{bound} <{quote(str(path))}"
    return ["", "  The unsaved changes are kept; to save them:", f"    {command}"]


def next_command_lines(run: Run) -> Callable[[int], Lines]:
    """What is left to a person: the Units have no target yet, and the worker runs on."""
    state = run.session.state
    worker = _worker_lines(state)
    return lambda width: [*_target_lines(state, width), *worker]


def _target_lines(state: ImportState, width: int) -> Lines:
    """In lines that fit the terminal, which make one command wherever they are pasted.

    Others may have Units there, too, so ours are named.
    """
    targets, units = state.confighub.targets, state.confighub.units_created
    if not targets or not units:
        return []
    words = [
        f"    cub unit set-target {quote(targets[0])}",
        f"      --space {quote(state.selections.app_space)}",
        *(f"      {option}" for option in _unit_options(units, width - 8)),
    ]
    command = [f"{word} \\" for word in words[:-1]] + words[-1:]
    return [
        "",
        "  To deploy from ConfigHub, set the target of the Units:",
        *map(printable, command),
    ]


def _unit_options(units: Sequence[str], width: int) -> Lines:
    """As few options as fit the width."""
    options: Lines = []
    for unit in map(quote, units):
        if options and len(options[-1]) + len(unit) + 1 <= width:
            options[-1] += f",{unit}"
        else:
            options.append(f"--unit {unit}")
    return options


def _worker_lines(state: ImportState) -> Lines:
    pid = _worker_here(state)
    if not pid:
        return []
    return ["", "  The worker started here is still running; to stop it:", f"    kill {pid}"]


def _worker_here(state: ImportState) -> int | None:
    """The process of the worker that was started here, if it is still at it."""
    pid = state.confighub.worker_pid
    if not pid or state.confighub.worker_host not in ("", os.uname().nodename):
        return None
    try:
        # without -ww, COLUMNS in the environment would cut the command line
        found = processes.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], PS_SECONDS)
    except SessionError:
        return None
    return pid if b" worker run " in found.stdout else None
