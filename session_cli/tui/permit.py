"""What is asked of a hub with a deadline changes nothing here once that is over."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from session_cli.errors import Unavailable
from session_cli.store import Location
from session_cli.store.latest import ANY_SESSION, Binding
from session_cli.store.store import Changing, Store, Writing


def too_late() -> Unavailable:
    """The error of whoever waited in vain."""
    return Unavailable("the hub did not answer in time")


class Permit:
    """Whether a job may still change what is here: once it has begun to, nobody can stop it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_taken = False
        self._is_over = False

    def take(self) -> None:
        """From now on something is changed; raises Unavailable when nobody waits for that."""
        with self._lock:
            if self._is_over:
                raise too_late()
            self._is_taken = True

    def end(self) -> bool:
        """Whether that was in time: nothing is changed any more."""
        with self._lock:
            self._is_over = not self._is_taken
            return self._is_over


class PermittedStore(Store):
    """A store that asks for its permit before each change."""

    def __init__(self, location: Location, warn: Callable[[str], None], permit: Permit) -> None:
        super().__init__(location, warn)
        self.permit = permit

    def writing(self) -> Writing:
        self.permit.take()
        return super().writing()

    def changing(self, binding: Binding = ANY_SESSION) -> Changing:
        self.permit.take()
        return super().changing(binding)
