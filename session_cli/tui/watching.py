"""Long work on a board: how it goes is shown and logged, and keys are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from session_cli.errors import SessionError, printable
from session_cli.tui.base import Base
from session_cli.tui.binding import Data
from session_cli.tui.board import Board
from session_cli.tui.work import Work

# what takes longer rings the bell when it is done: the person may look elsewhere
LONG_SECONDS = 10.0
FRAME_SECONDS = 0.25

Result = TypeVar("Result")


async def watch(
    base: Base,
    board: Board,
    job: Callable[[Work], Result],
    keep: Callable[[Data], None],
    answer: Callable[[str], Awaitable[None]],
) -> Result:
    """Does the job in the work thread; raises what it raises, and what `answer` does.

    What it hands over is given to `keep`, a key that answers the board to `answer`.
    """
    thinks = Work(Audience(base, board), keep)
    base.log.section(board.title)
    return await watch_task(base, board, base.worker.run(thinks, job), answer)


async def watch_task(
    base: Base,
    board: Board,
    job: Coroutine[Any, Any, Result],
    answer: Callable[[str], Awaitable[None]],
) -> Result:
    """The same of a job that is done elsewhere, and reports nothing."""
    task = asyncio.ensure_future(job)
    try:
        await _watch(base, board, task, answer)
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        _settle(base, board, task)


async def _watch(
    base: Base,
    board: Board,
    task: asyncio.Future[Any],
    answer: Callable[[str], Awaitable[None]],
) -> None:
    """Shows the board until the task has ended."""
    while not task.done():
        shown = asyncio.ensure_future(base.screen.show(board))
        turning = asyncio.ensure_future(keep_drawing(base))
        try:
            await asyncio.wait({task, shown}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turning.cancel()
            if not shown.done():
                shown.cancel()
                await asyncio.wait([shown])
        if not shown.cancelled():
            await answer(shown.result())


async def keep_drawing(base: Base) -> None:
    """Draws what turns, until it is cancelled."""
    while True:
        await asyncio.sleep(FRAME_SECONDS)
        base.screen.invalidate()


def _settle(base: Base, board: Board, task: asyncio.Future[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if isinstance(error, SessionError):
        base.log.line(f"| session-cli: {error}")
    if board.seconds > LONG_SECONDS:
        base.screen.ring()


class Audience:
    """Shows and logs what work reports at the step that the program is at."""

    def __init__(self, base: Base, board: Board) -> None:
        self.base = base
        self.board = board
        self.step = base.step

    def say(self, text: str) -> None:
        self.board.say(printable(text))
        self.base.log.line(text)
        self.base.screen.say(self.step, printable(text))
        self.base.screen.invalidate()

    def note(self, text: str) -> None:
        self.base.log.line(f"| {text}")

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        self.board.bar(done, total, printable(text), unit)
        self.base.screen.invalidate()
