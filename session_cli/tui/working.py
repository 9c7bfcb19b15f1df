"""Long work while the screen answers: how it goes is shown, and log, tabs and keys are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from session_cli.errors import SessionError, printable
from session_cli.tui.binding import Data
from session_cli.tui.board import Board
from session_cli.tui.run import Run
from session_cli.tui.tabs import answer_beside
from session_cli.tui.work import Work

# what takes longer is told to whoever looks elsewhere
LONG_SECONDS = 10.0
FRAME_SECONDS = 0.25

Result = TypeVar("Result")


async def work(
    run: Run,
    title: str,
    job: Callable[[Work], Result],
    keep: Callable[[Data], None] | None = None,
) -> Result:
    """Does the job in the work thread; raises what it raises, Quit when the person leaves.

    What it hands over is saved at the step, or given to `keep`.
    """
    step = run.step
    board = Board(title)
    thinks = Work(
        _Audience(run, board, step), keep or (lambda data: run.session.save_in_work(step, data))
    )
    run.log.section(title)
    task = asyncio.ensure_future(run.worker.run(thinks, job))
    try:
        await _watch(run, board, task)
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        _settle(run, board, task)


async def _watch(run: Run, board: Board, task: asyncio.Future[Any]) -> None:
    """Shows the board until the task has ended."""
    while not task.done():
        shown = asyncio.ensure_future(run.screen.show(board))
        turning = asyncio.ensure_future(_keep_drawing(run))
        try:
            await asyncio.wait({task, shown}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turning.cancel()
            if not shown.done():
                shown.cancel()
                await asyncio.wait([shown])
        if not shown.cancelled():
            await answer_beside(run, shown.result())


async def _keep_drawing(run: Run) -> None:
    while True:
        await asyncio.sleep(FRAME_SECONDS)
        run.screen.invalidate()


def _settle(run: Run, board: Board, task: asyncio.Future[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, SessionError):
        run.log.line(f"| session-cli: {error}")
    if board.seconds > LONG_SECONDS:
        run.screen.ring()


class _Audience:
    """Shows and logs what work reports."""

    def __init__(self, run: Run, board: Board, step: str) -> None:
        self.run = run
        self.board = board
        self.step = step

    def say(self, text: str) -> None:
        self.board.say(printable(text))
        self.run.log.line(text)
        self.run.screen.say(self.step, printable(text))
        self.run.screen.invalidate()

    def note(self, text: str) -> None:
        self.run.log.line(f"| {text}")

    def bar(self, done: int, total: int, text: str) -> None:
        self.board.bar(done, total, printable(text))
        self.run.screen.invalidate()
