"""Steps 1 and 2: what is there, and what of it is to be imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from session_cli.errors import BadInput, SessionError, Unfinished, printable
from session_cli.recheck.first_scan import take_scan
from session_cli.text import lists
from session_cli.text.columns import Table
from session_cli.text.details import Details
from session_cli.tui.base import Failed
from session_cli.tui.binding import Data
from session_cli.tui.choice import Choice
from session_cli.tui.importing.checklist import BACK, CONTINUE, Checklist
from session_cli.tui.importing.failures import explain, go, persist, save
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.working import work
from session_cli.tui.keys import letter
from session_cli.tui.theme import Line
from session_cli.tui.work import Work
from session_cli.workflow import choices
from session_cli.workflow.choices import CANNOT_CHOOSE, CHOSEN


async def scan(run: Run) -> None:
    """Step 1: the cluster is scanned, and namespaces are chosen."""
    run.enter("scan")
    if not _is_scanned(run):
        await _scan_cluster(run)
    if not run.can_ask:
        await _choose_by_option(run)
        return
    if run.is_unasked and run.companion.is_on:
        run.is_unasked = False
        # loaded only here: who has no hub does not wait for it
        from session_cli.tui.importing.offered import ask_found

        await ask_found(run)
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


class _Namespaces(Checklist):
    """Those of the scan; what is chosen here is listed in step 2."""

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
            await self.keep_or_fail()
            await _scan_cluster(self.run)
            await self.load()
        return False

    async def confirm(self) -> bool:
        if self.choice.chosen_count == 0:
            # the namespace under the cursor is meant
            self.choice.toggle()
        return await super().confirm()


class _Workloads(Checklist):
    """Those of the chosen namespaces; the ones that are Units already cannot be chosen."""

    what, step, next_step = "workloads", "review", "select"
    keys = (CONTINUE, BACK)

    def table(self) -> Table:
        return lists.workload_table(self.run.session.state)

    def details(self) -> Callable[[str, int], Sequence[Line]]:
        return Details(self.run.session.state).of_workload

    def data(self) -> Data:
        return choices.with_workloads(self.run.session.state, self.choice.chosen)

    def notice(self, choice: Choice) -> str:
        taken = choice.marks.count(CANNOT_CHOOSE)
        left = f"{taken} marked [-] already in ConfigHub, and left out" if taken else ""
        return super().notice(choice) or left

    async def answer_own(self, key: str) -> bool:
        if key != BACK.name:
            return False
        await self.keep_or_fail()
        await go(self.run, "scan")
        return True
