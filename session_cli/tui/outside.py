"""Other programs that have the terminal to themselves for a while: a pager, a login."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from session_cli.tui.timer import Timer

# how long such a program may take to end once nobody waits for it any more
END_SECONDS = 2.0
# how late an interrupt for it may come, which the script that started us hands on
LATE_SECONDS = 0.5


class Visit:
    """Programs that have the terminal, one at a time.

    `is_under_way` from the start of one for as long as an interrupt may be for it.
    """

    def __init__(self) -> None:
        self.is_under_way = False
        self._late_timer = Timer(LATE_SECONDS)

    async def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Runs the program to its end; its exit code. Cancelled, it ends the program."""
        self._late_timer.cancel()
        self.is_under_way = True
        try:
            return await _run(command, environment)
        finally:
            self._late_timer.start(self._end)

    def _end(self) -> None:
        self.is_under_way = False


async def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(*command, env=dict(environment))
    try:
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends a program that nobody waits for any more, and that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
