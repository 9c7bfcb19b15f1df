"""map-confighub: what there is in ConfigHub, and how far the way to a target is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from session_cli.confighub import survey
from session_cli.confighub.hub_state import Contents, HubState
from session_cli.errors import SessionError, Unavailable, printable
from session_cli.text.hub_overview import Tree, journey_lines
from session_cli.times import now, utc
from session_cli.tui.base import Quit, Screen
from session_cli.tui.binding import Data
from session_cli.tui.choice import Browse
from session_cli.tui.cub import cub_for
from session_cli.tui.keys import ENTER, QUIT, Key, hints, letter
from session_cli.tui.list_views import Browsing
from session_cli.tui.looking import Looking
from session_cli.tui.options import Options
from session_cli.tui.paint import paint
from session_cli.tui.printing import print_answer
from session_cli.tui.theme import Line
from session_cli.tui.work import Work
from session_cli.words import plain

NARROWEST, WIDEST = 40, 160
# what the list has at least of a screen, with the line of what is asked and those below it
LIST_ROWS = 7
OPEN = Key(ENTER, "Enter", "Open/close")
KEYS = (OPEN, letter("r", "Refresh"), QUIT)
HIDDEN = (Key("right", "Right", "Open"), Key("left", "Left", "Close"))


class HubView(Browsing):
    """The list below the way to a target; of that, what would leave too little is cut off."""

    def __init__(self, tree: Tree, above: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(Browse(tree), KEYS, hidden=HIDDEN)
        self.tree = tree
        self.above = above
        self.taken = 0

    def body(self, width: int, height: int) -> list[Line]:
        *way, asked = self.above(width)
        way = [*way[: max(1, height - LIST_ROWS)], asked]
        self.taken = len(way)
        return [*way, *super().body(width, height - len(way))]

    def foot(self, width: int) -> list[Line]:
        """Without the hint to open where there is no space to open."""
        shown = [key for key in self.shown if key != OPEN or self.has_space]
        return list(map(paint, hints((*self.own_keys, *shown), width)))

    @property
    def has_space(self) -> bool:
        """Whether the row under the cursor is a space, or in one."""
        return bool(self.tree.space_of(self.rows.current or ""))

    def click(self, row: int) -> str:
        return super().click(row - self.taken)


class Hub(Looking):
    """The map of ConfigHub; `opened` is what is in the spaces that are open, by slug."""

    view: HubView

    def __init__(self, options: Options, screen: Screen) -> None:
        super().__init__(options, screen, "map-confighub", "confighub")
        self.only = options.space or None
        self.known = HubState({})
        self.opened: dict[str, Contents] = {}
        self.opening: dict[str, asyncio.Task[None]] = {}
        self.is_asking = False
        self.tree = self._tree()
        self.view = HubView(self.tree, self._above)

    # what is shown

    def _shown(self) -> HubState:
        return self.known.narrowed(self.only)

    def _tree(self) -> Tree:
        return Tree(self._shown(), self.opened, self.opening, now())

    def _way(self, width: int) -> list[Line]:
        room = max(NARROWEST, min(width, WIDEST))
        return journey_lines(self._shown(), now(), self.is_asking, room)

    def _above(self, width: int) -> list[Line]:
        """The way to a target, and in a line of its own what is asked."""
        return [*self._way(width), self.boards[0].line(width) if self.boards else []]

    def _rebuild(self) -> None:
        """What is known has changed; the cursor stays on its row."""
        before = self.view.rows
        self.tree = self._tree()
        self.view.tree = self.tree
        self.view.rows = Browse(self.tree)
        self.view.rows.take_place_of(before)
        self.screen.invalidate()

    # asking

    async def _take_survey(self) -> tuple[Data, Unavailable | None]:
        """The connection state, and why ConfigHub could not be asked, if it could not."""

        def job(work: Work) -> Data:
            return survey.take_survey(cub_for(work), self.only, work, utc(now()))

        try:
            return await self.ask("Asking ConfigHub", job), None
        except Unavailable as error:
            return survey.keep_known(self.known, error, utc(now())), error

    async def _ask_contents(self, slug: str) -> Contents:
        def job(work: Work) -> Contents:
            # it may have waited for its turn, and nobody wants it any more
            work.tick()
            return Contents(survey.list_contents(cub_for(work), slug, work))

        return await self.ask(f"Asking for the space {slug}", job)

    async def _survey(self) -> None:
        """Asks all of it again; what is known stays, marked as old, where there is no answer."""
        self.is_asking = True
        try:
            found, error = await self._take_survey()
            await self._keep_latest({"confighub": found})
        finally:
            self.is_asking = False
        self.known = HubState(found)
        self._rebuild()
        for slug in [] if error else [*self.opened]:
            self._ask_for(slug)

    async def _keep_latest(self, data: Data) -> None:
        """Saves it whoever saved before: what was asked last is true."""
        await self.session.do(self.learn_saved)
        self.session.is_lost = False
        await self.keep(data)

    def _ask_for(self, slug: str) -> None:
        self.opening[slug] = self.begin(self._open(slug))

    async def _open(self, slug: str) -> None:
        try:
            self.opened[slug] = await self._ask_contents(slug)
        except SessionError as error:
            self.opened.pop(slug, None)
            self.view.message = f"cannot show space {slug}: {printable(str(error))}"
        finally:
            # it may have been closed and opened again meanwhile
            if self.opening.get(slug) is asyncio.current_task():
                del self.opening[slug]
        self._rebuild()
        if self.view.rows.current == f"space/{slug}":
            self.view.rows.below = self.tree.count_in(slug)

    # keys

    async def look(self) -> int:
        await self.session.do(self.learn_saved)
        self.known = HubState.of(self.session.state)
        self._rebuild()
        self.begin(self._survey())
        while True:
            await self._answer(await self.screen.show(self.view))

    async def _answer(self, key: str) -> None:
        if key in (ENTER, "right", "left"):
            self._toggle(key)
        elif key == "/":
            await self.screen.filter(self.view)
        elif key == "r" and not self.is_asking:
            self.begin(self._survey())
        elif key == QUIT.name:
            raise Quit

    def _toggle(self, key: str) -> None:
        """Opens or closes the space under the cursor, or that of what is under it."""
        current = self.view.rows.current or ""
        slug = self.tree.space_of(current)
        if not slug or slug != plain(slug):
            # cub has no such slug
            return
        row = f"space/{slug}"
        is_open = slug in self.opened or slug in self.opening
        if is_open and (key == "left" or (key == ENTER and current == row)):
            self._close(slug)
        elif not is_open and key != "left":
            self._ask_for(slug)
        self._rebuild()
        self.view.rows.go_to(row)

    def _close(self, slug: str) -> None:
        self.opened.pop(slug, None)
        asked = self.opening.pop(slug, None)
        if asked:
            asked.cancel()

    # without a screen

    async def summarize(self) -> int:
        await self.session.do(self.learn_saved)
        self.known = HubState.of(self.session.state)
        found, error = await self._take_survey()
        self.known = HubState(found)
        if self.only and not error:
            error = await self._open_only(self.only)
        way = self._way(self.screen.columns)
        print_answer(["".join(text for _, text in line) for line in way])
        print_answer(["", *(f"  {text}" for text in self._tree().texts())])
        if error is None:
            return 0
        self.problem = printable(str(error))
        return error.exit_code

    async def _open_only(self, slug: str) -> Unavailable | None:
        try:
            self.opened[slug] = await self._ask_contents(slug)
        except Unavailable as error:
            return error
        return None
