"""The tabs beside Import, the log, and questions during which both are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence

from session_cli import times
from session_cli.errors import printable
from session_cli.steps import COMPLETE
from session_cli.text import import_boxes
from session_cli.text.sync_lines import NEEDS_YOU, SIGN_IN
from session_cli.tui.base import Quit
from session_cli.tui.importing.run import TABS, NewSession, Run
from session_cli.tui.importing.stake import ask_new
from session_cli.tui.keys import (
    BACK_BY_TAB,
    BACK_TAB,
    ENTER,
    ESCAPE,
    LOG,
    QUIT,
    TAB,
    Key,
    letter,
)
from session_cli.tui.keys import TABS as TABS_KEY
from session_cli.tui.log import find_log
from session_cli.tui.theme import Line
from session_cli.tui.views import Question, Text, fold

WIDEST_TAB = 100
NARROWEST_BOX = 40
BACK = Key(ENTER, "Enter", "Back")
# these close a text, too, as they do elsewhere
ALSO_BACK = (Key(ESCAPE, "Esc", "Back"), letter("b", "Back"))
LOG_IN = Key("l", "L", "Log in")
HUB = letter("h", "View in ConfigHub")
PULL, OFFERED = letter("p", "Pull"), letter("a", "Accept or decline")
SYNC, SYNC_DOES = "s", {SIGN_IN: "Sign in", NEEDS_YOU: "See why"}
NEW, ANOTHER = letter("n", "New session"), letter("i", "New import")

Draw = Callable[[int], Sequence[str | Line]]


def box_width(width: int, widest: int) -> int:
    """How wide a box may be: the widest, or what there is."""
    return max(NARROWEST_BOX, min(width, widest))


async def ask_in_step(
    run: Run,
    draw: Draw,
    keys: Sequence[Key],
    hidden: Sequence[Key] = (),
    kind: type[Text] = Question,
) -> str:
    """The answer to a question in a step, which every step's log and tabs are no answer to."""
    while True:
        answer = await run.screen.show(
            kind(draw, (*keys, TABS_KEY, QUIT), (*hidden, LOG, BACK_BY_TAB))
        )
        if answer in (LOG.name, TAB, BACK_TAB, QUIT.name):
            await answer_beside(run, answer)
        elif answer == LOG_IN.name and LOG_IN in keys:
            await log_in(run)
            return "r"
        else:
            run.note_seen()
            return answer


async def ask_beside_offers(
    run: Run,
    draw: Callable[[int], Sequence[str | Line]],
    keys: Sequence[Key],
    hidden: Sequence[Key],
) -> str:
    """The answer to a question to which what is offered is added when that is known."""
    view = Question(draw, keys, hidden)
    fixed = view.keys

    def renew() -> None:
        view.keys = (*hub_keys(run), *fixed)
        run.screen.renew()

    view.keys = (*hub_keys(run), *fixed)
    with run.companion.heard_by(renew):
        return await run.screen.show(view)


async def answer_beside(run: Run, key: str) -> None:
    """Shows the log or the tabs until the person is back; raises Quit or NewSession."""
    if key == LOG.name:
        await view_log(run)
    elif key == TAB:
        await show_tabs(run, "Cluster")
    elif key == BACK_TAB:
        await show_tabs(run, "ConfigHub")
    elif key == QUIT.name:
        raise Quit


async def show_tabs(run: Run, first: str) -> None:
    """The tabs beside Import, until the person is back in it; raises Quit or NewSession."""
    run.tab = first
    try:
        while run.tab != "Import":
            await _answer_tab(run, await _show_tab(run))
    finally:
        run.tab = "Import"


async def _show_tab(run: Run) -> str:
    """The answer to a tab, whose keys are those of what is known by then."""
    view = Text(lambda width: _tab_text(run, width).split("\n"), (), ())

    def renew() -> None:
        view.set_keys(*_tab_keys(run))
        run.screen.renew()

    view.set_keys(*_tab_keys(run))
    with run.companion.heard_by(renew):
        return await run.screen.show(view)


def sync_does(run: Run) -> str:
    """What the key SYNC does now; "" for nothing."""
    facts = run.companion.facts
    if run.companion.is_signed_out:
        return SYNC_DOES[SIGN_IN]
    return SYNC_DOES.get(facts.state, "") if facts else ""


def hub_keys(run: Run) -> tuple[Key, ...]:
    """The keys that answer what the hub offers now, and how the session stands there."""
    offers, does = run.companion.offers, sync_does(run)
    return (
        *((PULL,) if offers.sessions else ()),
        *((OFFERED,) if offers.handoffs else ()),
        *((letter(SYNC, does),) if does else ()),
    )


def _tab_keys(run: Run) -> tuple[Sequence[Key], Sequence[Key]]:
    """The keys with a hint, and those that answer, too."""
    state = run.session.state
    is_over = state.step == COMPLETE or not run.session.id
    # either answers everywhere; the one that fits is shown
    new, other = (ANOTHER, NEW) if is_over else (NEW, ANOTHER)
    log, no_log = ((LOG,), ()) if state.log_file else ((), (LOG,))
    return (
        (Key(TAB, "Tab", "Next tab"), letter("r", "Back"), new, *log, HUB, *hub_keys(run), QUIT),
        (BACK_BY_TAB, *_TABS_BY_NUMBER, other, *no_log),
    )


_TABS_BY_NUMBER = tuple(letter(str(number), name) for number, name in enumerate(TABS, 1))


def _tab_text(run: Run, width: int) -> str:
    state = run.session.state
    room = box_width(width, WIDEST_TAB)
    if run.tab == "Cluster":
        return import_boxes.cluster_box(state, times.now(), room)
    shown, facts = state if run.session.id else None, run.companion.facts
    return import_boxes.confighub_tab(shown, times.now(), room, facts)


async def _answer_tab(run: Run, key: str) -> None:
    if key in ("1", "2", "3", "r"):
        run.tab = {"1": "Cluster", "2": "ConfigHub"}.get(key, "Import")
    elif key in (TAB, BACK_TAB):
        by = 1 if key == TAB else -1
        run.tab = TABS[(TABS.index(run.tab) + by) % len(TABS)]
    elif key == "v":
        await view_log(run)
    elif key == "h":
        await view_in_confighub(run)
    elif key in ("n", "i"):
        if await ask_new(run):
            raise NewSession
    elif key in (PULL.name, OFFERED.name, SYNC):
        await run.answer_hub(key)
    elif key == QUIT.name:
        raise Quit


async def view_in_confighub(run: Run) -> None:
    """Says where to look."""
    if run.companion.is_on:
        await run.answer_hub(HUB.name)
        return
    state = run.session.state
    server = state.confighub.server or "https://hub.confighub.com"
    space = state.selections.app_space
    text = f"See {f'App Space {space} at ' if space else ''}{server}"
    answer = await run.screen.show(
        Text(lambda width: fold(printable(text), width), (BACK, QUIT), ALSO_BACK)
    )
    if answer == QUIT.name:
        raise Quit


async def view_log(run: Run) -> None:
    """Shows the log in `less`; a log of somebody else's is not opened, whatever a session says."""
    named = run.session.state.log_file
    path = find_log(named)
    if path is None and named and run.companion.is_on:
        await run.answer_hub(LOG.name)
        return
    pager = (shutil.which("less") or shutil.which("more")) if run.screen.can_page else None
    if path is None or pager is None:
        what = named or "this session has none"
        text = f"no import log to show: {printable(what)}" if path is None else f"the log is {path}"
        await run.screen.show(
            Text(lambda width: fold(text, width), (BACK,), (QUIT, LOG, *ALSO_BACK))
        )
        return
    # settings of the person's may end it at once; Ctrl-C does end it
    environment = {**os.environ, "LESS": "-K", "LESSSECURE": "1"}
    await run.screen.outside([pager, "--", str(path)], environment)


async def log_in(run: Run) -> None:
    """Renews the login with cub, which has the terminal to itself for that."""
    cub = shutil.which("cub")
    if cub:
        await run.screen.outside([cub, "auth", "login"], dict(os.environ))
