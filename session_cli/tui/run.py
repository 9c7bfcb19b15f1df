"""What all parts of an import share: who is asked, the session, its log, and where it stands.

An import is a walk through steps. Whatever ends it, other than its end, is raised as an Ending.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from session_cli import console, steps
from session_cli.store import Location
from session_cli.tui.binding import Session
from session_cli.tui.command import session_cli_command
from session_cli.tui.keys import Key
from session_cli.tui.log import Log
from session_cli.tui.options import Options
from session_cli.tui.theme import Line
from session_cli.tui.views import Question, View, fold
from session_cli.tui.work import Worker
from session_cli.words import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from session_cli.tui.views import Browsing

PROGRAM = "map-import"
TABS = ("Cluster", "ConfigHub", "Import")


class Ending(Exception):
    """The walk is over; `code` is the exit code of the program."""

    code = 0


class Quit(Ending):
    """The person leaves."""


class NewSession(Ending):
    """The person wants another session."""


class Failed(Ending):
    """It cannot go on, and why has been said."""

    def __init__(self, code: int) -> None:
        self.code = code


class Raced(Ending):
    """Somebody else was quicker: what was found is not the latest any more."""


class Held(Ending):
    """Somebody else has the session open; `problem` says who."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class Screen(Protocol):
    """Who is asked, and how: on a full screen, line by line, or nobody."""

    can_ask: bool
    head: Callable[[int], Sequence[Line]]
    leave: Callable[[int], None]
    on_idle: Callable[[], None] | None
    is_outside: bool

    @property
    def columns(self) -> int:
        """How wide it is, in cells."""

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

    async def outside(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Runs a program that has the terminal to itself; its exit code."""

    def ring(self) -> None:
        """Tells who looks elsewhere that something is done, or cannot go on."""

    def title(self, text: str) -> None:
        """Names the terminal's window."""


class Run:
    """One import, from its beginning to the end of the program."""

    def __init__(self, options: Options, screen: Screen) -> None:
        # how it begins, as it was decided before there was a screen
        self.how = ""
        self.options = options
        self.screen = screen
        self.aside: list[str] = []
        self.session = Session(Location(options.dir, options.file, "import"), self._warn)
        self.log = Log(options.dir)
        self.worker = Worker()
        self.step = "scan"
        self.title = ""
        self.tab = "Import"
        self.banner = ""
        self.exit_code = 0
        self.only_looked = False
        # the session that was found at the start, while none is ours
        self.found_id = ""
        # what this very program put into the archive before it began again
        self.archived_before = ""
        # saves what is marked in a list and not confirmed yet
        self.keep_choice: Callable[[], Awaitable[None]] | None = None

        # the box about drift that somebody has seen
        self.drift_seen = ""

    @property
    def can_ask(self) -> bool:
        return self.screen.can_ask

    def command(self) -> str:
        """How session-cli is called for the folder of this session."""
        return session_cli_command(self.options.dir, self.options.demo)

    def tell_aside(self) -> None:
        """Prints what the store complained of while there was a screen."""
        if self.can_ask:
            for line in self.aside:
                console.warn(line)

    def _warn(self, line: str) -> None:
        """What the store complains of: logged, and told once; where there is a screen, after it."""
        self.log.complaint(f"| session-cli: {line}")
        if line not in self.aside:
            self.aside.append(line)
            if not self.can_ask:
                console.warn(line)

    # the head of every screen

    def head(self, width: int) -> list[Line]:
        """The lines above every view."""
        context = plain(self.session.state.cluster_context or "") or "no cluster yet"
        tabs: Line = [("", "  Tab:")]
        for name in TABS:
            tabs += [("", " "), ("tab" if name == self.tab else "", f"[{name}]")]
        lines = [
            [("title", "  CONFIGHUB MAP"), ("", f"   {context}")],
            tabs,
            [("", "  "), *self._bar(width), ("dim", f"{self.tab}: {self.title}")],
        ]
        style = "error" if self.banner.startswith("NOT SAVED") else "strong"
        lines += [[(style, line)] for line in fold(self.banner, width)] if self.banner else []
        return [*lines, []]

    def _bar(self, width: int) -> Line:
        """How far it is, as dots."""
        total = len(steps.TYPES["import"])
        place = steps.position("import", self.step)
        if place is None or self.tab != "Import" or width < 60:
            return []
        done = min(place + 1, total)
        return [("accent", "●" * done), ("dim", "○" * (total - done)), ("", "  ")]

    def enter(self, step: str) -> None:
        """Says where the import is from now on."""
        self.step = step
        self.title = label(step)
        self.screen.show_busy("loading")
        place = steps.position("import", step)
        self.screen.title(f"import {min(place or 0, 6) + 1}/7 {steps.label('import', step)}")

    def say(self, text: str) -> None:
        """One thing that happened: logged, and printed where there is no board."""
        self.log.line(text)
        self.screen.say(self.step, text)

    def note_saved(self) -> None:
        """What was not saved a moment ago is saved now, if it is."""
        if not self.session.problem and self.banner.startswith("NOT SAVED"):
            self.banner = ""
        if self.session.unsure:
            self.banner = f"! {self.session.unsure}"

    def note_seen(self) -> None:
        """Somebody who looked at the banner pressed a key."""
        if not self.banner.startswith("NOT SAVED"):
            self.banner = ""

    async def ask(
        self,
        draw: Callable[[int], Sequence[str | Line]],
        keys: Sequence[Key],
        hidden: Sequence[Key] = (),
    ) -> str:
        """The answer to a question that changes something."""
        return await self.screen.show(Question(draw, keys, hidden))

    async def ask_if_meant(self, question: str, remark: str, yes: str) -> bool:
        """Whether it is meant; raises Quit when the person leaves instead."""

        def draw(width: int) -> list[str | Line]:
            return [*fold(question, width), *(["", *fold(remark, width)] if remark else [])]

        keys = (Key("y", "Y", yes), Key("b", "B", "Back"), Key("q", "Q", "Quit"))
        answer = await self.ask(draw, keys, (Key("escape", "Esc", "Back"),))
        if answer == "q":
            raise Quit
        return answer == "y"


def label(step: str) -> str:
    """`Review workloads (step 2 of 7)`."""
    place = steps.progress("import", step)
    name = steps.label("import", step)
    return f"{name} (step {place[0]} of {place[1]})" if place else name


def complain(problem: str) -> None:
    """Says on stderr what went wrong."""
    with suppress(OSError):
        print(f"{PROGRAM}: {problem}", file=sys.stderr, flush=True)
