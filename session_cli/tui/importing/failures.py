"""What went wrong is explained, and the person tries again, leaves, or goes another way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from session_cli import times
from session_cli.confighub.cub import NotLoggedIn
from session_cli.errors import NoSession, NotSaved, Refused, SessionError, printable
from session_cli.redaction import masked
from session_cli.text import import_boxes, session_boxes
from session_cli.tui.base import Failed
from session_cli.tui.binding import Data
from session_cli.tui.importing.run import Run, complain
from session_cli.tui.importing.tabs import LOG_IN, ask_in_step, box_width
from session_cli.tui.keys import Key
from session_cli.tui.theme import Line
from session_cli.tui.views import fold

# what a list of sessions shows of it
LONGEST_MESSAGE = 300
TRY_AGAIN = Key("r", "R", "Try again")

Result = TypeVar("Result")


async def save(run: Run, step: str, data: Data | None = None) -> None:
    """Saves, as often as the person wants to try."""
    while True:
        try:
            await run.session.save(step, data or {})
        except SessionError as error:
            await tell_not_saved(run, error.exit_code)
        else:
            run.note_saved()
            return


async def go(run: Run, step: str, data: Data | None = None) -> None:
    """Saves, and that is the step from now on."""
    await run.note_log()
    await save(run, step, {**(data or {}), **without_error(run)})
    run.step = step


async def persist(
    run: Run, action: Callable[[], Awaitable[Result]], *further: Key
) -> tuple[str, Result | None]:
    """Does it until it succeeds: "" and what it answers; or the further key that was pressed."""
    while True:
        try:
            result = await action()
        except SessionError as error:
            answer = await explain(run, error, *further)
            await _forget_error(run)
            if answer != TRY_AGAIN.name:
                return answer, None
        else:
            run.note_saved()
            return "", result


async def explain(run: Run, error: SessionError, *further: Key) -> str:
    """Says why something failed; the key with which the person goes on, else an Ending."""
    problem = printable(str(error))
    if _is_about_saving(run, error, problem):
        run.session.problem = run.session.problem or problem.removeprefix("not saved: ")
        # that there is no session any more is no other news than that it is somebody else's
        await tell_not_saved(run, Refused.exit_code if run.session.is_lost else error.exit_code)
        return TRY_AGAIN.name
    await _keep_error(run, error)
    if not run.can_ask:
        run.exit_code = error.exit_code
        complain(problem)
        raise Failed(error.exit_code)
    run.screen.ring()
    run.name_window("needs you")
    remedies = (LOG_IN,) if isinstance(error, NotLoggedIn) else ()

    def draw(width: int) -> list[str | Line]:
        return [[("warn", line)] for line in fold(f"! {problem}", width)]

    answer = await ask_in_step(run, draw, (TRY_AGAIN, *remedies, *further))
    run.name_window("")
    return answer


async def _keep_error(run: Run, error: SessionError) -> None:
    """A session that was left at a failed step is known for it, also where others see it."""
    if run.has_begun:
        await run.note_log()
        message = " ".join(masked(str(error)).split())
        told = {"message": printable(message)[:LONGEST_MESSAGE], "step": run.step}
        await run.session.save_aside(run.step, {"error": told})


async def _forget_error(run: Run) -> None:
    """It is tried again, or left."""
    if run.has_begun and without_error(run):
        await run.session.save_aside(run.step, without_error(run))


def without_error(run: Run) -> Data:
    """DATA that takes away what is recorded of a failed step."""
    return {"error": None} if run.session.state.has_error else {}


def _is_about_saving(run: Run, error: SessionError, problem: str) -> bool:
    """Whether it is our session that is refused, or not saved, and not the cluster."""
    if problem.startswith("another cluster answers as "):
        return False
    is_gone = isinstance(error, NoSession) and bool(run.session.id)
    if isinstance(error, Refused) or is_gone:
        # somebody else resumed, archived or ended it
        run.session.is_lost = True
        return True
    return isinstance(error, NotSaved)


async def tell_not_saved(run: Run, code: int) -> None:
    """Returns when the person wants to try again; else raises Failed."""
    run.exit_code = code
    if run.session.is_lost or not run.can_ask:
        raise Failed(code)
    # who tries again in vain is to see that it was tried
    is_again = run.banner.startswith("NOT SAVED")
    tried = f", tried again at {times.utc(times.now())[11:19]} UTC" if is_again else ""
    run.banner = f"NOT SAVED{tried}"
    keys = (Key("t", "T", "Try again"), Key("q", "Q", "Quit"))
    if await run.ask(lambda width: not_saved_lines(run, width), keys) != "t":
        raise Failed(code)
    run.exit_code = 0


def not_saved_lines(run: Run, width: int) -> list[str]:
    """The NOT SAVED box, or, once the session is lost, what became of it; asks the disk."""
    session, called = run.session, run.options.called
    if not session.is_lost:
        box = session_boxes.not_saved_box(session.problem, box_width(width, 61), called)
        return box.split("\n")
    room = box_width(width, session_boxes.PANEL_WIDTH)
    return _lost_box(run, room).split("\n")


def _lost_box(run: Run, width: int) -> str:
    session = run.session
    if session.is_latest():
        holder = session.other_holder()
        found = session.latest_state()
        return import_boxes.taken_over_box(holder, found, times.now(), width, run.options.called)
    if session.exists(session.id):
        return import_boxes.archived_box(session.id, run.command(), width)
    return import_boxes.lost_box(session.id, session.store.folder.path, width)
