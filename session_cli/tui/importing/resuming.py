"""Resumes a session: shows what has changed since, and only then changes anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from session_cli import steps, times
from session_cli.errors import BadInput, SessionError, printable
from session_cli.recheck import drift
from session_cli.recheck.check import OTHER_CLUSTER, OTHER_LOGIN, check
from session_cli.text import import_boxes, session_boxes
from session_cli.tui.base import Failed, Quit
from session_cli.tui.cub import cub_for
from session_cli.tui.importing.failures import go, persist, save, tell_not_saved, without_error
from session_cli.tui.importing.run import NewSession, Run, complain
from session_cli.tui.importing.tabs import box_width
from session_cli.tui.importing.working import work
from session_cli.tui.keys import ENTER, QUIT, Key
from session_cli.tui.views import Text
from session_cli.tui.work import Work
from session_cli.workflow.choices import with_app_space
from session_cli.workflow.state import ImportState

Action = Callable[[], Awaitable[Any]]


class Reality(NamedTuple):
    """What of the session still holds."""

    found: drift.Drift

    @property
    def step(self) -> str:
        return self.found.step

    @property
    def lines(self) -> str:
        """The box about it, to be compared; "" when all holds."""
        if all(item.verdict == drift.OK for item in self.found.items):
            return ""
        return "\n".join(self.draw(session_boxes.PANEL_WIDTH))

    def draw(self, width: int) -> list[str]:
        """The SINCE YOU LEFT box."""
        found, room = self.found, box_width(width, session_boxes.PANEL_WIDTH)
        return import_boxes.drift_box(found.items, found.step, found.refused, room).split("\n")


async def go_on(run: Run) -> None:
    """The session is ours: reality is asked, and only then is anything of it changed."""
    earlier = run.session.state.log_file
    await persist(run, partial(_learn_step, run))
    run.enter(run.step)
    _refuse_other_wishes(run)
    run.log.begin()
    run.log.head(run.session.id, earlier)
    run.log.line(f"resumed at step {run.step}")
    reality = await _check_reality(run)
    await _publish(run)
    run.companion.hold(run.session.state.uuid)
    data = without_error(run)
    if run.log.short:
        data |= {"log_file": run.log.short, "previous_log_file": earlier or None}
    await run.note_log()
    if data:
        await save(run, run.step, data)
    if reality.step != run.step or reality.found.data:
        run.log.line(f"continues at step {reality.step}")
        await go(run, reality.step, reality.found.data)


async def _learn_step(run: Run) -> None:
    """The step that the session is at; whoever saved it may have had other steps than we."""
    step = run.session.state.step
    if steps.position("import", step) is None:
        # what stands there may be no string
        raw = run.session.state.members.get("step")
        named = printable(raw if isinstance(raw, str) else str(raw or ""))
        raise BadInput(
            f"this session is at the unknown step '{named}'; --new starts another session"
        )
    run.step = step or "scan"


def _refuse_other_wishes(run: Run) -> None:
    """What was asked for by option is not what this session is about."""
    options, state = run.options, run.session.state
    namespaces, space = state.selections.texts("namespaces"), state.selections.app_space
    if options.namespace and namespaces and {*options.namespace} != {*namespaces}:
        problem = f"this session imports the namespaces {', '.join(map(printable, namespaces))}"
    elif options.app_space and space and _slug(options.app_space) != space:
        problem = f"this session imports into App Space {printable(space)}"
    else:
        return
    if not run.can_ask:
        complain(f"{problem}; start another with --new, or resume this one without these options")
        run.exit_code = 6
        raise Failed(6)
    run.banner = f"{problem}; --new starts another session"
    options.namespace, options.app_space = [], ""


def _slug(name: str) -> str:
    """What ConfigHub calls the App Space; "" where nothing can be called so."""
    try:
        slug: str = with_app_space(ImportState({}), name)["selections"]["app_space"]
    except BadInput:
        return ""
    return slug


async def ask_reality(run: Run) -> Reality:
    """Asks cluster and ConfigHub, as often as the person wants to try."""
    state, context = run.session.state, run.options.context or None

    def job(work: Work) -> drift.Drift:
        return check(state, context, cub_for(work), work, work.tick)

    title = "Checking the cluster and ConfigHub"
    _, found = await persist(run, lambda: work(run, title, job))
    if found is None:
        raise Quit
    reality = Reality(found)
    await _refuse(run, reality)
    return reality


async def _refuse(run: Run, reality: Reality) -> None:
    """Another cluster under the same name, or another login that nobody can be asked about."""
    is_other_login = reality.found.other_login and not run.can_ask
    if not reality.found.refused and not is_other_login:
        return
    run.exit_code = 6
    problem = OTHER_CLUSTER if reality.found.refused else OTHER_LOGIN
    run.log.line(problem)
    if not run.can_ask:
        run.print_lines(reality.draw(session_boxes.PANEL_WIDTH))
        complain(problem)
        raise Failed(6)
    if await run.ask(reality.draw, (Key("n", "N", "New session"), QUIT)) == "n":
        run.exit_code = 0
        raise NewSession
    raise Quit


async def _check_reality(run: Run) -> Reality:
    reality = await ask_reality(run)
    is_news = bool(reality.lines) and reality.lines != run.drift_seen
    keys = (Key(ENTER, "Enter", "Continue"), QUIT)
    if run.can_ask and is_news and await run.ask(reality.draw, keys) != ENTER:
        raise Quit
    return reality


async def _publish(run: Run) -> None:
    """From here on the next save of whoever had the session before is refused."""
    while True:
        try:
            await run.session.do(run.session.publish)
        except SessionError as error:
            await tell_not_saved(run, error.exit_code)
        else:
            run.note_saved()
            return


def status_view(state: ImportState, keys: Sequence[Key]) -> Text:
    """SESSION STATUS, with these keys."""

    def draw(width: int) -> list[str]:
        room = box_width(width, session_boxes.PANEL_WIDTH)
        return session_boxes.status_box(state, times.now(), room).split("\n")

    return Text(draw, keys)
