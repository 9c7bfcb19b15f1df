"""A list in a step, from which the person chooses; what is marked is saved as they choose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from session_cli.errors import SessionError, printable
from session_cli.text.columns import Table
from session_cli.tui.base import Failed, Quit
from session_cli.tui.binding import Data
from session_cli.tui.choice import Choice
from session_cli.tui.importing.failures import go
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.tabs import answer_beside
from session_cli.tui.keys import BACK_BY_TAB, BACK_TAB, ENTER, LOG, QUIT, TAB, TABS, Key, letter
from session_cli.tui.list_views import Choosing
from session_cli.tui.memory import give_back_memory
from session_cli.tui.theme import Line

CONTINUE, BACK = Key(ENTER, "Enter", "Continue"), letter("b", "Back")
ANY_WIDTH = 40
MANY_ROWS = 1000
NOTHING_CHOSEN = "choose at least one: press space, or a for all"


class Checklist:
    """A list in which the person chooses, and what of it is saved; an interrupted choice, too.

    `what` is in the list; it belongs to `step`, and once it is confirmed `next_step` follows.
    """

    choice: Choice
    view: Choosing
    what = ""
    step = ""
    next_step = ""
    keys: tuple[Key, ...] = ()

    def __init__(self, run: Run) -> None:
        self.run = run
        # a save on the side; the loop alone would not keep it from being collected as garbage
        self.keeping: asyncio.Future[None] | None = None

    def table(self) -> Table:
        """The rows to choose from; called in the saver's thread, as `details` is."""
        raise NotImplementedError

    def details(self) -> Callable[[str, int], Sequence[Line]]:
        """What makes the lines of the second pane from the id of a row and a width in cells."""
        raise NotImplementedError

    def data(self) -> Data:
        """DATA of what is marked."""
        raise NotImplementedError

    async def load(self) -> None:
        """Makes the list; of thousands of rows that takes a moment."""
        self.run.screen.show_busy(f"reading the {self.what}")
        await self.run.session.do(self._build)

    def _build(self) -> None:
        details = self.details()
        self.choice = Choice(self.table())
        keys = (*self.keys, TABS, LOG, QUIT)
        self.view = Choosing(self.choice, keys, details, (BACK_BY_TAB,))
        self.view.message = self.notice(self.choice)
        if self.choice.current is not None:
            # the first answer takes longer than the others, and a key is not to wait for it
            details(self.choice.current, ANY_WIDTH)
        if len(self.choice.table) > MANY_ROWS:
            give_back_memory()

    def notice(self, choice: Choice) -> str:
        """The line below the list when it appears."""
        partial_scan = self.run.session.state.scan.partial
        if not choice.table.ids:
            return "no workloads were found; press r to scan again"
        return f"! partial scan: {printable(partial_scan[0])}" if partial_scan else ""

    async def choose(self) -> None:
        """Shows the list until it is answered; what was marked is saved, whatever the answer."""
        run = self.run
        await self.load()
        run.keep_choice = self.keep
        run.screen.on_idle = self._start_keeping
        try:
            while not await self._answer(await run.screen.show(self.view)):
                pass
        finally:
            run.screen.on_idle = None
        run.keep_choice = None

    def _start_keeping(self) -> None:
        if self.choice.is_changed:
            self.keeping = asyncio.ensure_future(self.keep_or_tell())

    async def keep_or_tell(self) -> None:
        """Saves on the side; the person is to know at once when somebody else has the session."""
        await self.keep()
        if self.run.session.is_lost:
            self.run.exit_code = 6
            self.run.screen.leave(6)

    async def keep(self) -> None:
        """Saves what is marked and not confirmed yet: choosing it took time."""
        run = self.run
        if not self.choice.is_changed or run.session.is_lost:
            return
        self.choice.is_changed = False
        try:
            await run.session.save(self.step, self.data())
        except SessionError:
            self.choice.is_changed = True
            run.banner = f"NOT SAVED: {run.session.problem}"
            if run.session.is_lost:
                run.banner, run.exit_code = "another terminal resumed this session", 6
        else:
            run.note_saved()
        run.screen.invalidate()

    async def _answer(self, key: str) -> bool:
        """Whether the step is done."""
        run = self.run
        run.note_seen()
        if key == "/":
            await run.screen.filter(self.view)
        elif key == ENTER:
            return await self.confirm()
        elif key in (TAB, BACK_TAB, LOG.name):
            await self.keep_or_fail()
            await answer_beside(run, key)
        elif key == QUIT.name:
            raise Quit
        else:
            return await self.answer_own(key)
        return False

    async def answer_own(self, key: str) -> bool:
        """The same for the keys that only this list has."""
        raise NotImplementedError

    async def keep_or_fail(self) -> None:
        """Saves what is marked; raises Failed when somebody else has the session."""
        await self.keep()
        if self.run.session.is_lost:
            raise Failed(6)

    async def confirm(self) -> bool:
        """Saves the choice at the next step; whether the step is done."""
        if self.choice.chosen_count == 0:
            # what the view says of a filter that hides all rows comes first
            self.view.message = "" if self.view.matches_nothing else NOTHING_CHOSEN
            return False
        self.run.screen.show_busy(f"saving the {self.what}")
        self.run.log.line(f"{self.what} chosen: {self.choice.chosen_count}")
        self.choice.is_changed = False
        await go(self.run, self.next_step, self.data())
        return True
