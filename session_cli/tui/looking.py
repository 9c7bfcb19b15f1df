"""What map and map-confighub share: they look at things, and keep how.

Nothing that goes wrong with a save keeps anybody from looking.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from session_cli.errors import NotSaved, SessionError, printable
from session_cli.internal_error import describe
from session_cli.tui.base import Base, Ending, Quit, Screen, complain_as
from session_cli.tui.binding import Data
from session_cli.tui.board import Board
from session_cli.tui.keys import QUIT
from session_cli.tui.list_views import Browsing
from session_cli.tui.options import Options
from session_cli.tui.unattended import COLUMNS, Unattended
from session_cli.tui.watching import Audience, keep_drawing
from session_cli.tui.work import Work

Result = TypeVar("Result")

STEP = "view"


class Looking(Base):
    """A program that looks at something: a list, and what is asked while one looks at it."""

    view: Browsing

    def __init__(self, options: Options, screen: Screen, name: str, type_: str) -> None:
        super().__init__(options, screen, name, type_)
        self.step = STEP
        self.problem = ""
        self.saved: Data = {}
        self.saving = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()
        # what is asked in the background; the first is under way, the others wait for it
        self.boards: list[Board] = []

    async def look(self) -> int:
        """Shows it to a person until they leave; the exit code."""
        raise NotImplementedError

    async def summarize(self) -> int:
        """Prints it, where nobody is there or the person wants it so; the exit code."""
        raise NotImplementedError

    async def keep_last(self) -> None:
        """Saves what is not saved yet, on every road out."""

    # the roads through it and out

    async def walk(self) -> int:
        """What the person does with it; the exit code."""
        try:
            return await (self.look() if self.can_ask else self.summarize())
        except Ending as ending:
            return ending.code
        except SessionError as error:
            self.problem = printable(str(error))
            return error.exit_code

    async def settle(self) -> None:
        """Stops what is asked, and saves."""
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)
        if self.can_ask:
            await self.keep_last()

    def goodbye(self, code: int) -> int:
        """Says what is to be said after the screen; the exit code."""
        self.tell_aside()
        if self.problem:
            complain_as(self.name, self.problem)
        if self.session.problem:
            complain_as(self.name, f"NOT SAVED: {self.session.problem}")
            code = code or NotSaved.exit_code
        if self.session.unsure:
            complain_as(self.name, self.session.unsure)
        return code

    # what is asked while one looks

    def begin(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Does it in the background; an error that it does not handle ends the program."""
        task = asyncio.ensure_future(job)
        self.tasks.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, SessionError):
            self.problem = printable(str(error))
            self.screen.leave(error.exit_code)
        elif isinstance(error, Exception):
            self.problem = describe(error)
            self.screen.leave(SessionError.exit_code)

    async def ask(self, title: str, job: Callable[[Work], Result]) -> Result:
        """Does the job in the work thread; a line says so, and the list answers meanwhile."""
        board = Board(title)
        self.boards.append(board)
        turning = asyncio.ensure_future(keep_drawing(self))
        try:
            return await self.worker.run(Work(Audience(self, board), keep_nothing), job)
        finally:
            turning.cancel()
            self.boards.remove(board)
            self.screen.invalidate()

    async def answer_board(self, key: str) -> None:
        """Answers a key while there is nothing to look at yet."""
        if key == QUIT.name:
            raise Quit

    # what of it is kept

    def learn_saved(self) -> None:
        """Reads what was saved the last time; what cannot be read is as good as nothing."""
        with suppress(SessionError):
            self.session.read()

    async def keep(self, data: Data) -> None:
        """Saves DATA, unless that is what was saved last.

        When another program of the kind saved meanwhile, that stays, and ours is dropped.
        """
        async with self.saving:
            if self.session.is_lost or data == self.saved:
                return
            try:
                await self.session.save(STEP, data)
            except SessionError:
                self._tell_not_saved()
            else:
                self.saved = data
                if self.session.unsure:
                    self.view.message = f"! {self.session.unsure}"
        self.screen.invalidate()

    def _tell_not_saved(self) -> None:
        session = self.session
        if session.is_lost:
            session.problem = ""
            self.view.message = (
                f"another {self.name} saved its view meanwhile; this one is not saved"
            )
        else:
            self.view.message = f"! view not saved: {printable(session.problem)}"


class Summary(Unattended):
    """In place of a screen, where only a summary is wanted: the answer alone goes to stdout."""

    def __init__(self) -> None:
        super().__init__()
        with suppress(OSError):
            self.columns = os.get_terminal_size(1).columns or COLUMNS

    def say(self, step: str, text: str) -> None:
        if os.isatty(2):
            with suppress(OSError):
                print(self.stamp(step, text), file=sys.stderr, flush=True)


def keep_nothing(_: Data) -> None:
    """What such work finds is its result."""
