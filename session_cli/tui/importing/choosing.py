"""Steps 1 to 3: what is there, what of it is to be imported, and into which App Space."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from session_cli.errors import BadInput, SessionError, Unfinished, printable
from session_cli.recheck.first_scan import take_scan
from session_cli.text import import_boxes, lists, session_boxes
from session_cli.text.columns import Table
from session_cli.text.details import Details
from session_cli.tui.base import Failed, Quit
from session_cli.tui.binding import Data
from session_cli.tui.choice import Choice
from session_cli.tui.importing.failures import explain, go, persist, save
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.tabs import answer_beside, ask_in_step, box_width
from session_cli.tui.importing.working import work
from session_cli.tui.keys import BACK_BY_TAB, BACK_TAB, ENTER, LOG, QUIT, TAB, TABS, Key, letter
from session_cli.tui.memory import give_back_memory
from session_cli.tui.theme import Line
from session_cli.tui.views import Choosing, Text
from session_cli.tui.work import Work
from session_cli.workflow import choices
from session_cli.workflow.choices import CANNOT_CHOOSE, CHOSEN
from session_cli.workflow.units import app_space_of

CONTINUE, BACK = Key(ENTER, "Enter", "Continue"), letter("b", "Back")
ANY_WIDTH = 40
MANY_ROWS = 1000
NOTHING_CHOSEN = "choose at least one: press space, or a for all"


async def scan(run: Run) -> None:
    """Step 1: the cluster is scanned, and namespaces are chosen."""
    run.enter("scan")
    if not _is_scanned(run):
        await _scan_cluster(run)
    if not run.can_ask:
        await _choose_by_option(run)
        return
    if run.options.namespace:
        await _mark_by_option(run)
    await _Namespaces(run).choose()


def _is_scanned(run: Run) -> bool:
    return bool(run.session.state.scan.members.get("scanned_at"))


async def _scan_cluster(run: Run) -> None:
    context = run.options.context or None

    def job(work: Work) -> None:
        work.save(take_scan(context, work, work.tick))

    await persist(run, lambda: work(run, "Scanning the cluster", job))
    await run.session.do(run.session.repack)


async def _choose_by_option(run: Run) -> None:
    """The namespaces that --namespace named, or that were chosen before."""
    wanted, state = run.options.namespace, run.session.state
    if not wanted:
        if state.selections.namespaces:
            await go(run, "review")
            return
        problem = "no namespace is chosen yet; choose one with --namespace"
        raise await _explain_end(run, BadInput(problem))
    try:
        data = choices.with_namespaces(state, wanted)
    except BadInput as error:
        raise await _explain_end(run, error) from None
    run.say(f"namespaces {' '.join(map(printable, wanted))}")
    await go(run, "review", data)


async def _explain_end(run: Run, error: SessionError) -> Failed:
    """Without a terminal there is no way on."""
    await explain(run, error)
    return Failed(error.exit_code)


async def _mark_by_option(run: Run) -> None:
    """Whoever is there chooses from the list, in which they are marked."""
    try:
        data = choices.with_namespaces(run.session.state, run.options.namespace)
    except BadInput as error:
        run.banner = f"! {printable(str(error))}"
    else:
        await save(run, "scan", data)
    run.options.namespace = []


async def review(run: Run) -> None:
    """Step 2: workloads are chosen."""
    run.enter("review")
    if not _is_scanned(run):
        # a state written by another program may contain the choice alone
        await go(run, "scan")
    elif run.can_ask:
        await _Workloads(run).choose()
    else:
        await _review_by_rule(run)


async def _review_by_rule(run: Run) -> None:
    """Without a terminal: what the list would have marked."""
    state = run.session.state
    for line in lists.left_out_lines(state):
        run.say(line)
    ids = [
        choices.workload_id(each)
        for each, mark in choices.marked_workloads(state)
        if mark == CHOSEN
    ]
    if not ids:
        raise await _explain_end(run, Unfinished("no workload is left to import"))
    run.say(f"workloads chosen: {len(ids)}")
    await go(run, "select", choices.with_workloads(state, ids))


class _List:
    """A list in which the person chooses, and what of it is saved; an interrupted choice, too."""

    choice: Choice
    view: Choosing
    what = ""
    step = ""
    next_step = ""
    keys: tuple[Key, ...] = ()

    def __init__(self, run: Run) -> None:
        self.run = run
        self.keeping: asyncio.Future[None] | None = None

    def table(self) -> Table:
        raise NotImplementedError

    def details(self) -> Callable[[str, int], Sequence[Line]]:
        raise NotImplementedError

    def data(self) -> Data:
        """DATA of what is marked."""
        raise NotImplementedError

    async def _load(self) -> None:
        """Makes the list; of thousands of rows that takes a moment."""
        self.run.screen.show_busy(f"reading the {self.what}")
        await self.run.session.do(self._build)

    def _build(self) -> None:
        details = self.details()
        self.choice = Choice(self.table())
        keys = (*self.keys, TABS, LOG, QUIT)
        self.view = Choosing(self.choice, keys, details, (BACK_BY_TAB,))
        self.view.message = self._notice(self.choice)
        if self.choice.current is not None:
            # the first answer takes longer than the others, and a key is not to wait for it
            details(self.choice.current, ANY_WIDTH)
        if len(self.choice.table) > MANY_ROWS:
            give_back_memory()

    def _notice(self, choice: Choice) -> str:
        partial_scan = self.run.session.state.scan.partial
        if not choice.table.ids:
            return "no workloads were found; press r to scan again"
        return f"! partial scan: {printable(partial_scan[0])}" if partial_scan else ""

    async def choose(self) -> None:
        """Shows the list until it is answered; what was marked is saved, whatever the answer."""
        run = self.run
        await self._load()
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
            return await self._confirm()
        elif key in (TAB, BACK_TAB, LOG.name):
            await self._keep_or_fail()
            await answer_beside(run, key)
        elif key == QUIT.name:
            raise Quit
        else:
            return await self.answer_own(key)
        return False

    async def answer_own(self, key: str) -> bool:
        """The same for the keys that only this list has."""
        raise NotImplementedError

    async def _keep_or_fail(self) -> None:
        await self.keep()
        if self.run.session.is_lost:
            raise Failed(6)

    async def _confirm(self) -> bool:
        if self.choice.chosen_count == 0:
            self.view.message = NOTHING_CHOSEN
            return False
        self.run.screen.show_busy(f"saving the {self.what}")
        self.run.log.line(f"{self.what} chosen: {self.choice.chosen_count}")
        self.choice.is_changed = False
        await go(self.run, self.next_step, self.data())
        return True


class _Namespaces(_List):
    what, step, next_step = "namespaces", "scan", "review"
    keys = (CONTINUE, letter("r", "Rescan"))

    def table(self) -> Table:
        return lists.namespace_table(self.run.session.state)

    def details(self) -> Callable[[str, int], Sequence[Line]]:
        return Details(self.run.session.state).of_namespace

    def data(self) -> Data:
        return choices.with_namespaces(self.run.session.state, self.choice.chosen)

    async def answer_own(self, key: str) -> bool:
        if key == "r":
            await self._keep_or_fail()
            await _scan_cluster(self.run)
            await self._load()
        return False

    async def _confirm(self) -> bool:
        if self.choice.chosen_count == 0:
            # the namespace under the cursor is meant
            self.choice.toggle()
        return await super()._confirm()


class _Workloads(_List):
    what, step, next_step = "workloads", "review", "select"
    keys = (CONTINUE, BACK)

    def table(self) -> Table:
        return lists.workload_table(self.run.session.state)

    def details(self) -> Callable[[str, int], Sequence[Line]]:
        return Details(self.run.session.state).of_workload

    def data(self) -> Data:
        return choices.with_workloads(self.run.session.state, self.choice.chosen)

    def _notice(self, choice: Choice) -> str:
        taken = choice.marks.count(CANNOT_CHOOSE)
        left = f"{taken} marked [-] already in ConfigHub, and left out" if taken else ""
        return super()._notice(choice) or left

    async def answer_own(self, key: str) -> bool:
        if key != BACK.name:
            return False
        await self._keep_or_fail()
        await go(self.run, "scan")
        return True


async def select(run: Run) -> None:
    """Step 3: the App Space."""
    run.enter("select")
    wanted, run.options.app_space = run.options.app_space, ""
    if not run.can_ask:
        await persist(run, partial(_keep_space, run, wanted))
        _tell_slug(run, wanted)
        run.say(f"App Space {run.session.state.selections.app_space}")
        await go(run, "connect")
        return None
    if wanted:
        await _offer_space(run, wanted)
    while True:
        keys = (Key(ENTER, "Enter", "Confirm"), letter("e", "Edit"), BACK)
        # no grave question: whoever confirms it ahead can still go back
        answer = await ask_in_step(run, partial(_space_lines, run), keys, kind=Text)
        if answer == ENTER:
            run.screen.show_busy("naming the Units")
            await persist(run, partial(_keep_space, run, ""))
            return await go(run, "connect")
        if answer == BACK.name:
            return await go(run, "review")
        await _edit_space(run)


def _space_lines(run: Run, width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    return import_boxes.app_space_box(run.session.state, room).split("\n")


async def _keep_space(run: Run, name: str) -> None:
    """Saves the App Space of that name, the suggested one without a name."""
    state = run.session.state
    data = choices.with_app_space(state, name or app_space_of(state))
    await save(run, "select", data)


async def _edit_space(run: Run) -> None:
    title = "App Space (letters, digits and -)"
    typed = await run.screen.edit(title, app_space_of(run.session.state))
    if typed:
        await _offer_space(run, typed)


async def _offer_space(run: Run, name: str) -> None:
    """Saves the name that the person gave; one that is not valid is reported."""
    try:
        await _keep_space(run, name)
    except BadInput as error:
        run.banner = f"! {printable(str(error))}"
    else:
        _tell_slug(run, name)


def _tell_slug(run: Run, name: str) -> None:
    """ConfigHub may use another name for the App Space than the person."""
    slug = run.session.state.selections.app_space
    if name and slug != name:
        told = f"its name in ConfigHub is {slug}"
        run.banner = told
        if not run.can_ask:
            run.say(told)
