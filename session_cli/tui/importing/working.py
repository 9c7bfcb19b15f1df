"""Long work of an import while the screen answers: what it hands over is saved at the step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from session_cli.tui.binding import Data
from session_cli.tui.board import Board
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.tabs import answer_beside
from session_cli.tui.keys import BACK_BY_TAB
from session_cli.tui.watching import watch
from session_cli.tui.work import Work

Result = TypeVar("Result")


async def work(
    run: Run,
    title: str,
    job: Callable[[Work], Result],
    keep: Callable[[Data], None] | None = None,
    last_line: Callable[[], str] = lambda: "",
) -> Result:
    """Does the job in the work thread; raises what it raises, Quit when the person leaves.

    What it hands over is saved at the step, or given to `keep`. Log and tabs are there meanwhile;
    `last_line` is the last that a program wrote which the work waits for.
    """
    save = keep or partial(run.session.save_in_work, run.step)
    board = Board(title, hidden=(BACK_BY_TAB,), last_line=last_line)
    return await watch(run, board, job, save, partial(answer_beside, run))
