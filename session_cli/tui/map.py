"""map: what runs in a cluster, by owner, by namespace, and workload by workload."""

from __future__ import annotations

from collections.abc import Iterable

from session_cli import times
from session_cli.errors import SessionError, printable
from session_cli.recheck.first_scan import take_scan
from session_cli.text import lists
from session_cli.text.columns import Table
from session_cli.text.details import Details
from session_cli.text.import_boxes import cluster_heading
from session_cli.tui.base import Failed, Quit, Screen
from session_cli.tui.binding import Data
from session_cli.tui.board import Board
from session_cli.tui.choice import Browse
from session_cli.tui.keys import BACK_TAB, ENTER, ESCAPE, HELP, QUIT, TAB, Key, letter
from session_cli.tui.list_views import Browsing
from session_cli.tui.looking import Looking, keep_nothing
from session_cli.tui.options import Options
from session_cli.tui.printing import print_answer
from session_cli.tui.theme import Line
from session_cli.tui.views import Text, fold
from session_cli.tui.watching import watch
from session_cli.tui.work import Work
from session_cli.words import plain
from session_cli.workflow.state import ImportState
from session_cli.workflow.view import VIEWS, saved_view

OWNERS, NAMESPACES, WORKLOADS = VIEWS
TABLES = {
    OWNERS: lists.owner_table,
    NAMESPACES: lists.namespace_table,
    WORKLOADS: lists.readiness_table,
}
SCANNING = "Scanning the cluster"
TRY_AGAIN = letter("r", "Try again")
OPEN = Key(ENTER, "Enter", "Open")
KEYS = (letter("r", "Rescan"), QUIT)
OPEN_TOO = Key("right", "Right", OPEN.does)
HIDDEN = (
    *(letter(str(number), view.capitalize()) for number, view in enumerate(VIEWS, 1)),
    Key(TAB, "Tab", "Next view"),
    Key(BACK_TAB, "Shift-Tab", "View before"),
    Key(ESCAPE, "Esc", "Back to all"),
    Key("left", "Left", "Back to all"),
    letter("b", "Back to all"),
)


class Map(Looking):
    """The map of one cluster; `owner` or `namespace` is that of which the workloads are shown."""

    def __init__(self, options: Options, screen: Screen) -> None:
        super().__init__(options, screen, "map", "map")
        self.wanted = options.namespace[-1] if options.namespace else ""
        self.name_of_view = options.view or OWNERS
        self.owner = self.namespace = ""
        # how long ago somebody left the view that is shown as it was left
        self.left = ""
        self.is_shown = False
        self.view = Browsing(Browse(TABLES[OWNERS](ImportState({}))), KEYS, hidden=HIDDEN)
        self._take({})

    # the scan

    def _scan(self, work: Work) -> Data:
        return take_scan(self.options.context or None, work, work.tick)

    def _take(self, found: Data) -> None:
        self.state = ImportState(found)
        self.details = Details(self.state)
        state = self._narrowed(self.wanted, "")
        self.heading = cluster_heading(state, self.wanted or None).split("\n")

    def _narrowed(self, namespace: str, owner: str) -> ImportState:
        """The workloads of a namespace and an owner, both as rows name them; "" for all."""
        namespaces = (each.namespace for each in self.state.records if namespace)
        owners = (each.owner for each in self.state.records if owner)
        return self.state.narrowed(_find(namespace, namespaces), _find(owner, owners))

    async def _scan_first(self) -> None:
        """Scans until there is an answer, or the person leaves."""
        board = Board(SCANNING, (HELP, QUIT))
        while not self.state.members:
            try:
                self._take(await watch(self, board, self._scan, keep_nothing, self.answer_board))
            except SessionError as error:
                await self._ask_again(error)
                board = Board(SCANNING, (HELP, QUIT))

    async def _ask_again(self, error: SessionError) -> None:
        """Returns when the person wants to try again; else raises Failed."""
        self.problem = printable(str(error))
        self.screen.ring()

        def draw(width: int) -> list[str | Line]:
            return ["", *([("warn", line)] for line in fold(f"! {self.problem}", width)), ""]

        if await self.screen.show(Text(draw, (TRY_AGAIN, QUIT))) == QUIT.name:
            raise Failed(error.exit_code)
        self.problem = ""

    async def _scan_again(self) -> None:
        """What is shown stays where there is no new answer."""
        try:
            self._take(await self.ask(SCANNING, self._scan))
        except SessionError as error:
            self.view.message = f"rescan failed: {printable(str(error))}"
            return
        before = self.view.rows
        self._fill()
        self.view.rows.take_place_of(before)
        self.view.catch_up()

    # what is shown

    async def look(self) -> int:
        await self._scan_first()
        await self.session.do(self.learn_saved)
        self._come_back()
        self.is_shown = True
        self.screen.head = self.head
        self.screen.on_idle = self._keep_soon
        self._keep_soon()
        while True:
            await self._answer(await self.screen.show(self.view))

    async def summarize(self) -> int:
        self._take(await self.ask(SCANNING, self._scan))
        print_answer(self.heading)
        for name in [self.options.view] if self.options.view else [OWNERS, NAMESPACES]:
            print_answer(["", name.upper(), *self._texts(name)])
        return 0

    def _texts(self, name: str) -> list[str]:
        table = TABLES[name](self._narrowed(self.wanted, ""))
        widths = table.fit(None)
        lines = [table.line(place, widths) for place in range(len(table))]
        return ["  " + "".join(text for _, text in line) for line in lines]

    def head(self, width: int) -> list[Line]:
        """The cluster, the views, and what of it is shown."""
        lines: list[Line] = []
        for text in self.heading:
            if text.startswith("!"):
                lines += [[("warn", line)] for line in fold(text, width)]
            else:
                # a long name must not leave the list without room
                lines.append([("", f"  {text}"[:width])])
        tabs: Line = []
        for number, name in enumerate(VIEWS, 1):
            is_shown = name == self.name_of_view
            shown = name.upper() if is_shown else name.capitalize()
            tabs += [("", "  "), ("tab" if is_shown else "", f"[{number}] {shown}")]
        return [*lines, tabs, self._place(width)]

    def _place(self, width: int) -> Line:
        place = f"  of {self.owner}" if self.owner else ""
        place = f"  in namespace {self.namespace}" if self.namespace else place
        if self.boards:
            return [("strong", place), *self.boards[0].line(width - len(place))]
        return [("strong", place), ("dim", f"  view saved {self.left}" if self.left else "")]

    def _fill(self) -> None:
        """Makes the list anew, at its beginning."""
        table: Table = TABLES[self.name_of_view](
            self._narrowed(self.namespace or self.wanted, self.owner)
        )
        self.view.rows = Browse(table)
        # a workload has nothing in it
        if self.name_of_view == WORKLOADS:
            self.view.set_keys(KEYS, HIDDEN)
        else:
            self.view.set_keys((OPEN, *KEYS), (OPEN_TOO, *HIDDEN))
        self.view.details = {
            NAMESPACES: self.details.of_namespace,
            WORKLOADS: self.details.of_workload,
        }.get(self.name_of_view)

    def _show(self, name: str, cursor: str = "", owner: str = "", namespace: str = "") -> None:
        self.name_of_view, self.owner, self.namespace, self.left = name, owner, namespace, ""
        self._fill()
        self.view.rows.go_to(cursor)
        self.view.catch_up()

    # keys

    async def _answer(self, key: str) -> None:
        if key in ("1", "2", "3"):
            self._show(VIEWS[int(key) - 1])
        elif key in (TAB, BACK_TAB):
            place = VIEWS.index(self.name_of_view) + (1 if key == TAB else -1)
            self._show(VIEWS[place % len(VIEWS)])
        elif key in (ENTER, "right"):
            self._open()
        elif key in (ESCAPE, "left", "b"):
            self._go_back()
        elif key == "/":
            await self.screen.filter(self.view)
            self._keep_soon()
        elif key == "r" and not self.boards:
            self.begin(self._scan_again())
        elif key == QUIT.name:
            raise Quit

    def _open(self) -> None:
        current = self.view.rows.current or ""
        if current and self.name_of_view == OWNERS:
            self._show(WORKLOADS, owner=current)
        elif current and self.name_of_view == NAMESPACES:
            self._show(WORKLOADS, namespace=current)

    def _go_back(self) -> None:
        if self.owner:
            self._show(OWNERS, self.owner)
        elif self.namespace:
            self._show(NAMESPACES, self.namespace)

    # what of the view comes back the next time

    def _come_back(self) -> None:
        """Begins where somebody left it, unless something else was asked for."""
        saved = self.session.state
        name, owner, namespace, text, cursor = saved_view(saved, self._context())
        if self.wanted or (self.options.view or name) != name:
            self._show(self.options.view or name or OWNERS)
            return
        self._show(name or OWNERS, owner=owner, namespace=namespace)
        self.view.rows.set_filter(text)
        self.view.rows.go_to(cursor)
        self.view.catch_up()
        if name:
            age = times.age(saved.updated_at, times.now())
            self.left = "" if age is not None and age < 60 else times.ago(age)
            self.saved = self._data()

    def _context(self) -> str:
        return self.state.cluster_context or ""

    def _data(self) -> Data:
        rows = self.view.rows
        view = {
            "context": self._context(),
            "name": self.name_of_view,
            "owner": self.owner,
            "namespace": self.namespace,
            "filter": rows.filter,
            "cursor": rows.current or "",
        }
        return {"cluster_context": self._context(), "view": view}

    def _keep_soon(self) -> None:
        self.begin(self.keep_last())

    async def keep_last(self) -> None:
        """Saves the view, if there is one and it changed."""
        if self.is_shown:
            await self.keep(self._data())


def _find(shown: str, names: Iterable[str]) -> str | None:
    """The name that a row shows as `shown`; None where none is shown."""
    return next((name for name in names if plain(name) == plain(shown)), shown or None)
