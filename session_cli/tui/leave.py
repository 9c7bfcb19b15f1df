"""How a program runs and ends: on every road out it saves, gives back the terminal, and says so."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Protocol

from session_cli.errors import SessionError
from session_cli.internal_error import describe
from session_cli.tui.base import Screen, complain_as

HANGUP = 128 + signal.SIGHUP
SCRIPT_SECONDS = 0.25


class Program(Protocol):
    """What is played; `name` is that of its script."""

    name: str

    async def walk(self) -> int:
        """What the person does with it; the exit code."""

    async def settle(self) -> None:
        """The last save, on every road out."""

    def goodbye(self, code: int) -> int:
        """Says what is to be said after the screen; the exit code."""


class Player:
    """Runs one program on one screen."""

    def __init__(self, program: Program, screen: Screen) -> None:
        self.program = program
        self.screen = screen
        self.code: int | None = None
        self.walk: asyncio.Task[int] | None = None
        self.complaint = ""
        screen.leave = self.leave

    def leave(self, code: int) -> None:
        """The person, or a signal, ends the program; the first one counts."""
        if self.code is None and self.walk:
            self.code = code
            self.walk.cancel()

    def _interrupt(self) -> None:
        # it was for the program that has the terminal
        if not self.screen.is_outside:
            self.leave(128 + signal.SIGINT)

    def run(self) -> int:
        """Plays it; the exit code.

        The loop is never closed, which would take away the handlers of signals: until the process
        has ended, a signal that comes late does no harm.
        """
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(self.play())

    async def play(self) -> int:
        """Runs it to its end, whatever road that takes; the exit code."""
        self._heed_signals()
        self.walk = asyncio.ensure_future(self.program.walk())
        shown = asyncio.ensure_future(self.screen.run())
        watching = asyncio.ensure_future(self._watch_script())
        await asyncio.wait({self.walk, shown}, return_when=asyncio.FIRST_COMPLETED)
        if not self.walk.done():
            # the input has ended; with a terminal it ends when that is closed
            self.leave(0 if os.isatty(0) else HANGUP)
        code = await self._end(self.walk)
        watching.cancel()
        # whatever comes now finds us leaving
        self.code = code
        await self._settle()
        self.screen.close()
        await asyncio.wait([shown])
        failure = None if shown.cancelled() else shown.exception()
        if isinstance(failure, Exception) and not isinstance(failure, EOFError):
            self.complaint = describe(failure)
            code = code or 1
        # in a thread: what it runs would take the signals over from us in this one
        code = await asyncio.to_thread(self.program.goodbye, code)
        if self.complaint:
            complain_as(self.program.name, self.complaint)
        return code

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            # under nohup a hangup stays ignored
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self.leave, 128 + number)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    async def _watch_script(self) -> None:
        """Whoever kills the script that started us, and that waits for us, means us, too."""
        script = os.getppid()
        while os.getppid() == script:
            await asyncio.sleep(SCRIPT_SECONDS)
        self.leave(HANGUP)

    async def _end(self, walk: asyncio.Task[int]) -> int:
        try:
            return await walk
        except asyncio.CancelledError:
            return self.code or 0
        except Exception as error:
            self.complaint = describe(error)
            return 1

    async def _settle(self) -> None:
        try:
            await self.program.settle()
        except SessionError:
            # the goodbye says that it is not saved
            pass
        except Exception as error:
            self.complaint = describe(error)
