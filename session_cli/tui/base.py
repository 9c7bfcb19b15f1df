"""What every program has: a screen, a session and who saves it, a thread for long work.

A program is a walk. Whatever ends it, other than its end, is raised as an Ending.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING, Protocol

from session_cli import console
from session_cli.store import Location
from session_cli.text.boxes import unframe
from session_cli.tui.binding import Session
from session_cli.tui.command import program
from session_cli.tui.log import Log
from session_cli.tui.options import Options
from session_cli.tui.printing import print_lines
from session_cli.tui.theme import Line
from session_cli.tui.work import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_cli.tui.list_views import Browsing
    from session_cli.tui.views import View


class Ending(Exception):
    """The walk is over; `code` is the exit code of the program."""

    # whatever ends it without a word is no success
    code = 1


class Quit(Ending):
    """The person leaves."""

    code = 0


class Failed(Ending):
    """It cannot go on, and why has been said."""

    def __init__(self, code: int) -> None:
        self.code = code


class Screen(Protocol):
    """Who is asked, and how: on a full screen, line by line, or nobody."""

    can_ask: bool
    # whether a program that moves in a text can be shown on it
    can_page: bool
    head: Callable[[int], Sequence[Line]]
    leave: Callable[[int], None]
    on_idle: Callable[[], None] | None

    @property
    def is_outside(self) -> bool:
        """Whether another program has the terminal, or had it a moment ago."""

    @property
    def columns(self) -> int:
        """How wide it is, in cells."""

    def takes(self, name: str) -> bool:
        """Whether what is shown answers the key of that name."""

    async def run(self) -> None:
        """Goes on until `close`; raises EOFError when nobody can answer any more."""

    def close(self) -> None:
        """Gives back the terminal."""

    async def show(self, view: View) -> str:
        """Shows the view; the name of the key that answers it."""

    async def filter(self, view: Browsing) -> None:
        """Lets the person type what the rows of the list are to contain."""

    async def edit(self, title: str, text: str) -> str | None:
        """Lets the person change a line of text; None when they think better of it."""

    def show_busy(self, text: str) -> None:
        """Says what is being done, when it takes a moment."""

    def say(self, step: str, text: str) -> None:
        """One thing that happened, where it is not on a board."""

    def invalidate(self) -> None:
        """Draws anew what has changed."""

    def renew(self) -> None:
        """The same for a view that has got another text and keys: what was typed before is void."""

    async def outside(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Runs a program that has the terminal to itself; its exit code."""

    def ring(self) -> None:
        """Tells who looks elsewhere that something is done, or cannot go on."""

    def title(self, text: str) -> None:
        """Names the terminal's window."""


class Base:
    """One run of a program; `name` is that of its script, `type_` the type of its sessions.

    A log that is never begun is no file, and takes everything.
    """

    def __init__(self, options: Options, screen: Screen, name: str, type_: str) -> None:
        self.name = name
        self.options = options
        self.screen = screen
        self.aside: list[str] = []
        self.session = Session(Location(options.dir, options.file, type_), self._warn)
        self.log = Log(options.dir)
        self.worker = Worker()
        self.step = ""

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to ask."""
        return self.screen.can_ask

    def print_lines(self, lines: Iterable[str]) -> None:
        """Prints what is said where there is no screen, or none any more."""
        print_lines(unframe(lines) if self.options.plain else lines)

    def tell_aside(self) -> None:
        """Prints what the store complained of while there was a screen."""
        if self.can_ask:
            for line in self.aside:
                console.warn(line)

    def _warn(self, line: str) -> None:
        """What the store complains of: logged, and told once; where there is a screen, after it.

        A command in it is called in the way that works here.
        """
        usual = self.session.store.location.command()
        called = quote(program(self.options.demo)) + usual.removeprefix("session-cli")
        line = line.replace(f"; {usual} ", f"; {called} ")
        if line in self.aside:
            return
        self.aside.append(line)
        self.log.complaint(f"| session-cli: {line}")
        if not self.can_ask:
            console.warn(line)


def complain_as(name: str, problem: str) -> None:
    """Says on stderr, in the name of a program, what went wrong; if there is no stderr, nothing."""
    with suppress(OSError):
        print(f"{name}: {problem}", file=sys.stderr, flush=True)
