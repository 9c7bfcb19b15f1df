"""Steps 4 to 7: the Units, the worker, the targets, and whether all of it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from session_cli import times
from session_cli.cluster.kubectl import Kubectl
from session_cli.confighub import importing, readiness
from session_cli.confighub.connection import check_login
from session_cli.confighub.cub import Cub
from session_cli.confighub.planning import Explained
from session_cli.errors import BadInput
from session_cli.text import import_boxes, session_boxes
from session_cli.tui.base import Quit
from session_cli.tui.binding import Data
from session_cli.tui.cub import cub_for, wait_seconds
from session_cli.tui.importing.failures import go, persist, save
from session_cli.tui.importing.goodbye import next_command_lines
from session_cli.tui.importing.run import NewSession, Run
from session_cli.tui.importing.tabs import ask_in_step, box_width, view_in_confighub
from session_cli.tui.importing.working import work
from session_cli.tui.keys import ENTER, Key, letter
from session_cli.tui.work import Work
from session_cli.workflow.state import ImportState

BACK = letter("b", "Back")


async def connect(run: Run) -> None:
    """Step 4: who is logged in, and the Units."""
    run.enter("connect")

    def log_in(work: Work) -> None:
        found = check_login(cub_for(work))
        work.say(f"logged in as {found.user} of {found.org or found.org_id or 'an organization'}")
        facts: Data = {"authenticated": True, **found._asdict()}
        work.save({"confighub": {key: value for key, value in facts.items() if value}})

    answer, _ = await persist(run, lambda: work(run, "Connecting to ConfigHub", log_in), BACK)
    if answer == BACK.name:
        await go(run, "select")
        return
    # whoever leaned on Enter has not seen what is about to be created
    keys = (Key(ENTER, "Enter", "Create"), BACK)
    if run.can_ask and await ask_in_step(run, partial(_connect_lines, run), keys) == BACK.name:
        await go(run, "select")
        return
    await persist(run, partial(_create, run), letter("c", "Continue without them"))
    await go(run, "worker_connecting")


def _connect_lines(run: Run, width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    return import_boxes.connect_box(run.session.state, room).split("\n")


async def _create(run: Run) -> None:
    """What is about to be created is saved first: after a crash it is asked what of it exists."""
    await _decide_names(run)
    await save(run, "connect", importing.intent(run.session.state))
    state = run.session.state

    def create(work: Work) -> None:
        if state.cluster_context is None:
            raise BadInput("the session has no cluster; scan one first")
        importing.Import(cub_for(work), state, work).run(Kubectl(state.cluster_context, work.tick))

    await work(run, "Creating Units", create)


async def _decide_names(run: Run) -> None:
    """Another import, or somebody by hand, may have taken a name; --yes leaves such a one out."""
    unclear = await _name_units(run, None)
    if not unclear or not run.can_ask:
        return
    keys = (Key(ENTER, "Enter", "Rename ours"), letter("l", "Leave them out"))
    answer = await ask_in_step(run, partial(_taken_lines, unclear), keys)
    await _name_units(run, "rename" if answer == ENTER else "leave")


def _taken_lines(unclear: Sequence[Explained], width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    return import_boxes.names_taken_box(unclear, room).split("\n")


async def _name_units(run: Run, taken: str | None) -> Sequence[Explained]:
    state = run.session.state

    def name(work: Work) -> Sequence[Explained]:
        unclear, data = importing.decide_names(cub_for(work), state, work, taken)
        if data:
            work.save(data)
        return unclear

    return await work(run, "Checking which Units exist", name)


async def connect_worker(run: Run) -> None:
    """Step 5: a worker is connected."""
    log = run.log.worker_log()

    def wait(cub: Cub, state: ImportState, work: Work) -> None:
        readiness.connect_worker(cub, state, work, log, wait_seconds())

    await _wait_for(run, "worker_connecting", "Waiting for the worker", "targets_waiting", wait)


async def await_targets(run: Run) -> None:
    """Step 6: a target for the cluster is registered."""

    def wait(cub: Cub, state: ImportState, work: Work) -> None:
        readiness.await_target(cub, state, work, wait_seconds())

    await _wait_for(run, "targets_waiting", "Waiting for targets", "verify", wait)


async def verify(run: Run) -> None:
    """Step 7: all of it is there."""
    await _wait_for(run, "verify", "Verifying the import", "complete", readiness.verify)


async def _wait_for(
    run: Run,
    step: str,
    title: str,
    next_step: str,
    wait: Callable[[Cub, ImportState, Work], Any],
) -> None:
    run.enter(step)
    last_line = partial(readiness.last_line_of, run.log.worker_log())

    async def once() -> None:
        # what it works on is what was saved last, also when it is tried again
        state = run.session.state
        await work(run, title, lambda work: wait(cub_for(work), state, work), last_line=last_line)

    answer, _ = await persist(run, once, letter("b", "Back to ConfigHub"))
    await go(run, "connect" if answer else next_step)


async def complete(run: Run) -> None:
    """All is done: what was imported, and what is left to the person."""
    run.enter("complete")
    if not run.can_ask:
        raise Quit
    run.screen.ring()
    commands = await run.session.do(next_command_lines, run)

    def draw(width: int) -> list[str]:
        # below the box no line has to be left free
        return [*_panel_lines(run, width), *commands(width)[1:]]

    hidden = (letter("i", "New import"), letter("h", "View in ConfigHub"))
    while True:
        answer = await ask_in_step(run, draw, (), hidden)
        if answer == "i":
            raise NewSession
        await view_in_confighub(run)


def _panel_lines(run: Run, width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    facts = run.companion.facts
    return session_boxes.panel_box(run.session.state, times.now(), room, facts).split("\n")
