"""Nobody is asked: an import by --yes, for scripts and CI. What happens is printed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from session_cli.tui.list_views import Browsing
from session_cli.tui.printing import print_lines
from session_cli.tui.theme import Line
from session_cli.tui.views import View

COLUMNS = 80


class Unattended:
    """In place of a screen. A view is never shown: whoever would ask decides by rule, or fails."""

    can_ask = False
    can_page = False
    is_outside = False

    def __init__(self) -> None:
        self.leave: Callable[[int], None] = lambda _: None
        self.head: Callable[[int], Sequence[Line]] = lambda _: []
        self.on_idle: Callable[[], None] | None = None
        self.columns = COLUMNS
        self.closed = asyncio.Event()

    def takes(self, name: str) -> bool:
        """Nobody presses one."""
        return False

    async def run(self) -> None:
        """Nobody ends it but the walk, or a signal."""
        await self.closed.wait()

    def close(self) -> None:
        """There is no terminal to give back."""
        self.closed.set()

    async def show(self, view: View) -> str:
        """Only work under way is shown, which ends by itself: nobody answers."""
        await self.closed.wait()
        return ""

    async def filter(self, view: Browsing) -> None:
        raise NotImplementedError

    async def edit(self, title: str, text: str) -> str | None:
        raise NotImplementedError

    def show_busy(self, text: str) -> None:
        """What is done is said when it is done."""

    def say(self, step: str, text: str) -> None:
        print_lines([self.stamp(step, text)])

    def stamp(self, step: str, text: str) -> str:
        """The line that says it."""
        return f"[{time.strftime('%H:%M:%S', time.gmtime())}] {step}: {text}"

    def invalidate(self) -> None:
        """Nothing is drawn."""

    def renew(self) -> None:
        """Nothing is shown."""

    async def outside(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        raise NotImplementedError

    def ring(self) -> None:
        """Nobody listens."""

    def title(self, text: str) -> None:
        """There is no window."""
