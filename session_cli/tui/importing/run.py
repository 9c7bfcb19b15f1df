"""What all parts of an import share: who is asked, the session, its log, and where it stands.

An import is a walk through steps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from session_cli import steps
from session_cli.text.device_boxes import handoff_line, session_line
from session_cli.tui.base import Base, Ending, Quit, Screen, complain_as
from session_cli.tui.command import session_cli_command
from session_cli.tui.companion import Companion
from session_cli.tui.keys import TAB, Key
from session_cli.tui.options import Options
from session_cli.tui.theme import Line
from session_cli.tui.views import Question, fold
from session_cli.words import plain
from session_cli.workflow.state import ImportState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from session_cli.store.store import Store

PROGRAM = "map-import"
TABS = ("Cluster", "ConfigHub", "Import")


class NewSession(Ending):
    """The person wants another session."""


class Raced(Ending):
    """What was found is not the latest any more; `why`, unless somebody else was quicker."""

    def __init__(self, why: str = "") -> None:
        self.why = why


class Held(Ending):
    """Somebody else has the session open; `problem` says who."""

    def __init__(self, problem: str) -> None:
        self.problem = problem


class Elsewhere(Ending):
    """The person wants to resume a session of the hub; `takes_over` from who has it open."""

    def __init__(self, uuid: str, takes_over: bool = False) -> None:
        self.uuid = uuid
        self.takes_over = takes_over


class NotOurs(Ending):
    """The hub does not let the person resume it; `said` is why."""

    def __init__(self, said: str) -> None:
        self.said = said


class Found(NamedTuple):
    """The session that was there when we looked; the id is empty where it has none yet."""

    session_id: str
    revision: int
    state: ImportState


class Run(Base):
    """One import, from its beginning to the end of the program."""

    def __init__(self, options: Options, screen: Screen) -> None:
        super().__init__(options, screen, PROGRAM, "import")
        # how it begins, as it was decided before there was a screen
        self.how = ""
        self.step = "scan"
        self.title = ""
        self.window = "import"
        self.tab = "Import"
        self.banner = ""
        self.exit_code = 0
        self.only_looked = False
        # what fails before is no failure of a step
        self.has_begun = False
        # the session that was found at the start, while none is ours
        self.found_id = ""
        # what this very program put into the archive before it began again
        self.archived_before = ""
        # saves what is marked in a list and not confirmed yet
        self.keep_choice: Callable[[], Awaitable[None]] | None = None
        # the box about drift that somebody has seen
        self.drift_seen = ""
        self.companion = find_companion(self.session.store)
        self.session.on_saved = lambda: self.companion.send()
        # a new session was begun because there was none here, not because somebody wants it
        self.is_unasked = False
        # does what the person wants of the hub, by the key that they pressed
        self.answer_hub: Callable[[str], Awaitable[None]] = answer_nothing

    def complain_of_usage(self, problem: str) -> None:
        """Says on stderr what is wrong with the options, in the words of the script."""
        called = self.options.called
        name = called if called.startswith("session-cli ") else PROGRAM
        complain(f"{problem}; see '{name} --help'")

    def command(self) -> str:
        """How session-cli is called for the folder of this session."""
        return session_cli_command(self.options.dir, self.options.demo)

    # the head of every screen

    def head(self, width: int) -> list[Line]:
        """The lines above every view; the tabs, where Tab leads to them."""
        context = plain(self.session.state.cluster_context or "") or "no cluster yet"
        tabs: Line = [("", "  Tab:")]
        for name in TABS:
            tabs += [("", " "), ("tab" if name == self.tab else "", f"[{name}]")]
        lines = [
            [("title", "  CONFIGHUB MAP"), ("", f"   {context}")],
            *([tabs] if self.screen.takes(TAB) else []),
            [("", "  "), *self._bar(width), ("strong", self._place())],
        ]
        style = "error strong" if self.banner.startswith("NOT SAVED") else "strong"
        for text in self.banner.splitlines():
            lines += [[(style, line)] for line in fold(text, width)]
        for text in self._news():
            lines += [[("warn", line)] for line in fold(text, width)]
        return [*lines, []]

    def heading(self) -> list[str]:
        """The same for somebody who is read to."""
        cluster = plain(self.session.state.cluster_context or "")
        place = self.title if self.tab == "Import" else f"Tab {self.tab}"
        news = [*self.banner.splitlines(), *self._news()]
        return [f"Cluster: {cluster}" if cluster else "", place, *news]

    def _news(self) -> list[str]:
        """What the hub says, where nothing else on the screen does."""
        if not self._is_at_step or self.tab != "Import":
            return []
        lost, offers = self.companion.lost, self.companion.offers
        if lost:
            return [f"! {lost.said}"]
        if self.companion.is_unsure:
            return ["the hub has not answered for a minute; another device may open this session"]
        if self.step not in ("scan", steps.COMPLETE):
            return []
        if self.companion.is_signed_out:
            return ["! the hub does not know you any more; Shift-Tab, S signs in"]
        sessions = [f"{session_line(each)}; Shift-Tab, P pulls it" for each in offers.sessions[:1]]
        handoffs = [f"{handoff_line(each)}; Shift-Tab, A answers" for each in offers.handoffs[:1]]
        return [*sessions, *handoffs]

    @property
    def _is_at_step(self) -> bool:
        """Whether it has come to a step, and does not just look at a session."""
        return self.title == label(self.step)

    def _place(self) -> str:
        """Where the import is: a tab is looked at meanwhile."""
        return f"{'Import' if self._is_at_step else self.tab}: {self.title}"

    def _bar(self, width: int) -> Line:
        """How far it is, or the session that is asked about, as dots."""
        total = len(steps.TYPES["import"])
        step = self.step if self._is_at_step else self.session.state.step
        place = steps.position("import", step) if step else None
        is_looked_at = self.tab != "Import" and not self._is_at_step
        if place is None or is_looked_at or width < 60:
            return []
        done = min(place + 1, total)
        return [("accent", "●" * done), ("dim", "○" * (total - done)), ("", "  ")]

    def enter(self, step: str) -> None:
        """Says where the import is from now on."""
        self.step = step
        self.title = label(step)
        self.screen.show_busy("loading")
        place = steps.position("import", step)
        total = len(steps.TYPES["import"])
        number = f"{place + 1}/{total} " if place is not None and place < total else ""
        self.window = f"import {number}{steps.label('import', step)}"
        self.name_window("")

    def name_window(self, state: str) -> None:
        """Names the terminal's window after the step, and what is to be known from afar."""
        self.screen.title(f"{self.window}: {state}" if state else self.window)

    def say(self, text: str) -> None:
        """One thing that happened: logged, and printed where there is no board."""
        self.log.line(text)
        self.screen.say(self.step, text)

    async def note_log(self) -> None:
        """The log is sent when the import is complete, or has failed."""
        await self.session.do(self.session.note_log, str(self.log.path or ""))

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


def find_companion(store: Store) -> Companion:
    """What a program on that store knows of the hub."""
    if not store.location.is_synced:
        return Companion(store)
    # loaded only here: who has no hub does not wait for it
    from session_cli.tui.hub_companion import HubCompanion

    return HubCompanion(store)


async def answer_nothing(key: str) -> None:
    """Nothing is offered."""


def complain(problem: str) -> None:
    """Says on stderr what went wrong."""
    complain_as(PROGRAM, problem)
