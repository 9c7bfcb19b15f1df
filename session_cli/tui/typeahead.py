"""Keys that were pressed before anything was there to take them."""

from __future__ import annotations

from collections.abc import Sequence

from prompt_toolkit.key_binding import KeyPress

from session_cli.tui.keys import QUIT


class TypeAhead:
    """Keeps them for the next view, in the order in which they came.

    A grave view discards them, but for the wish to leave: that is no answer to anything, and loses
    nothing. `wants_out` once there was one.
    """

    def __init__(self) -> None:
        self.wants_out = False
        self._presses: list[KeyPress] = []

    def add(self, presses: Sequence[KeyPress]) -> None:
        """Keeps what was pressed."""
        self._presses += presses

    def take(self) -> list[KeyPress]:
        """All that was kept."""
        presses, self._presses = self._presses, []
        return presses

    def discard(self) -> None:
        """Forgets what was kept."""
        for press in self.take():
            self.discard_key(press.data)

    def discard_key(self, name: str) -> None:
        """Forgets a key of that name, which was never kept."""
        self.wants_out = self.wants_out or name.lower() == QUIT.name
