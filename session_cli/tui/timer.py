"""What is to be done a moment later, unless something comes between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class Timer:
    """Calls something once, so many seconds after the last `start`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._handle: asyncio.TimerHandle | None = None

    def start(self, function: Callable[..., object], *arguments: Any) -> None:
        """Calls the function later, and not what an earlier start would have called."""
        self.cancel()
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(self.seconds, function, *arguments)

    def cancel(self) -> None:
        """Nothing is called."""
        if self._handle:
            self._handle.cancel()
