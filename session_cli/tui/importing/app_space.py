"""Step 3: the App Space that the Units go into."""

from __future__ import annotations

from functools import partial

from session_cli.errors import BadInput, printable
from session_cli.text import import_boxes, session_boxes
from session_cli.tui.importing.checklist import BACK
from session_cli.tui.importing.failures import go, persist, save
from session_cli.tui.importing.run import Run
from session_cli.tui.importing.tabs import ask_in_step, box_width
from session_cli.tui.keys import ENTER, Key, letter
from session_cli.tui.views import Text
from session_cli.workflow import choices
from session_cli.workflow.units import app_space_of


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
