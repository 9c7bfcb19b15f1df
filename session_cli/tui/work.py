"""Long work in a thread of its own: what it reports is shown, what it hands over is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Protocol, TypeVar

from session_cli.progress import joined
from session_cli.times import elapsed

SECONDS_BETWEEN_SAVES = 1.0

Result = TypeVar("Result")
Data = dict[str, Any]


class Stopped(BaseException):
    """Ends the work: nobody waits for it any more. No error, so that none takes it for one."""


class Audience(Protocol):
    """Receives what work reports; called in the loop's thread."""

    def say(self, text: str) -> None:
        """One thing that happened."""

    def note(self, text: str) -> None:
        """A line of another program's output, for the log."""

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        """How much is done, and what is being done now."""


class Work:
    """One piece of work, as it sees itself: it reports here, and learns here that it has to stop.

    `keep` saves DATA and returns when it is on the disk; what it raises ends the work. It is
    called at most once a second, and at the end, however that comes.
    """

    def __init__(self, audience: Audience, keep: Callable[[Data], None]) -> None:
        self.audience = audience
        self.keep = keep
        self.loop = asyncio.get_running_loop()
        self.stop = Event()
        self.unsaved: Data = {}
        self.saved_at = -SECONDS_BETWEEN_SAVES

    def say(self, text: str) -> None:
        """One thing that happened."""
        self.loop.call_soon_threadsafe(self.audience.say, text)

    def note(self, text: str) -> None:
        """A line of another program's output, for the log."""
        self.loop.call_soon_threadsafe(self.audience.note, text)

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        """How much of the total is done, and what is being done now."""
        self.loop.call_soon_threadsafe(self.audience.bar, done, total, text, unit)

    def save(self, data: Data) -> None:
        """DATA to save, at once or within the second."""
        self.unsaved = joined(self.unsaved, data)
        self.tick()

    def tick(self) -> None:
        """Saves what is due; raises Stopped when the work is to end."""
        if self.stop.is_set():
            raise Stopped
        if self.unsaved and elapsed() - self.saved_at >= SECONDS_BETWEEN_SAVES:
            self.flush()

    def flush(self) -> None:
        """Saves what is not saved yet, now."""
        if self.unsaved:
            data, self.unsaved = self.unsaved, {}
            self.keep(data)
            self.saved_at = elapsed()

    def run(self, job: Callable[[Work], Result]) -> Result:
        """Does the job; whatever ends it, what it has handed over is saved."""
        try:
            return job(self)
        finally:
            self.flush()


class Worker:
    """The work thread. One job at a time; whoever leaves waits for the end of the one under way."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "work")
        self.job: asyncio.Future[Any] | None = None

    async def run(self, work: Work, job: Callable[[Work], Result]) -> Result:
        """The result of the job. Cancelled, it stops the job and ends when that has ended."""
        self.job = asyncio.get_running_loop().run_in_executor(self.thread, work.run, job)
        try:
            result: Result = await asyncio.shield(self.job)
        except asyncio.CancelledError:
            work.stop.set()
            # whoever leaves says whether all is saved; why the work ended is of no use now
            await self.finish()
            raise
        return result

    async def finish(self) -> None:
        """Waits until the job under way has ended, and all is saved that it has handed over."""
        if self.job:
            await asyncio.wait([self.job])
