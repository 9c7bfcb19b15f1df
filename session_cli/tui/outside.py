"""Other programs that have the terminal to themselves for a while: a pager, a login."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

# how long such a program may take to end once nobody waits for it any more
END_SECONDS = 2.0
# how late an interrupt for it may come, which the script that started us hands on
LATE_SECONDS = 0.5


async def run_outside(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Runs the program to its end, its exit code; cancelled, it ends the program."""
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
