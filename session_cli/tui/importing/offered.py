"""What the hub offers: sessions that another device saved last, and what other people hand over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from session_cli.errors import NoSession, Refused, SessionError, printable
from session_cli.sync.connection import SESSIONS
from session_cli.sync.offers import bring, refuse_namesake
from session_cli.sync.remote import say
from session_cli.text import device_boxes, session_boxes
from session_cli.tui.base import Quit
from session_cli.tui.choice import Browse
from session_cli.tui.importing.at_hub import do_at_hub, hub_of
from session_cli.tui.importing.from_hub import answer_sync, show_page, view_hub_log
from session_cli.tui.importing.run import Elsewhere, Run
from session_cli.tui.importing.stake import has_stake, stake_of
from session_cli.tui.importing.tabs import HUB, OFFERED, PULL, SYNC, ask_beside_offers, box_width
from session_cli.tui.keys import ENTER, ESCAPE, LOG, QUIT, Key, letter
from session_cli.tui.list_views import Browsing

if TYPE_CHECKING:
    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection
    from session_cli.sync.offers import Handoff, Offered
    from session_cli.text.columns import Table

BACK, ALSO_BACK = letter("b", "Back"), Key(ESCAPE, "Esc", "Back")


async def answer_hub(run: Run, key: str) -> None:
    """Does what the person wants of the hub; raises Elsewhere when that is to resume a session."""
    if key == SYNC:
        await answer_sync(run)
    elif key == HUB.name:
        await show_page(run)
    elif key == LOG.name:
        await view_hub_log(run)
    elif key == PULL.name:
        await _pull(run)
    elif key == OFFERED.name:
        await _answer_handoff(run)


async def _pull(run: Run) -> None:
    sessions = run.companion.offers.sessions
    uuid = await _choose(run, device_boxes.session_choices(sessions), "Pull")
    offer = next((each for each in sessions if each.uuid == uuid), None)
    if offer and await _is_pull_meant(run, offer):
        raise Elsewhere(offer.uuid)


async def _choose(run: Run, table: Table, does: str) -> str | None:
    """The id of the row that the person chooses; None when they go back, or there is none."""
    if len(table) <= 1:
        return next(iter(table.ids), None)
    view = Browsing(Browse(table), (Key(ENTER, "Enter", does), BACK, QUIT))
    while True:
        answer = await run.screen.show(view)
        if answer == QUIT.name:
            raise Quit
        if answer == "/":
            await run.screen.filter(view)
        elif answer == BACK.name:
            return None
        elif view.rows.current is not None:
            return view.rows.current


async def _is_pull_meant(run: Run, offer: Offered) -> bool:
    """Who works on another session here is asked: that one is not resumed next time by itself."""
    state = run.session.state
    if offer.uuid == state.uuid or not has_stake(state):
        return True
    here = printable(state.session_id)
    remark = (
        f"{here} ({stake_of(state)}) stays on this machine;"
        f" '{run.command()} resume {here}' brings it back."
    )
    return await run.ask_if_meant(
        f"Resume {offer.session_id}, last saved on {offer.device}, here?", remark, "Pull"
    )


async def _answer_handoff(run: Run) -> None:
    handoffs = run.companion.offers.handoffs
    uuid = await _choose(run, device_boxes.handoff_choices(handoffs), "Answer")
    handoff = next((each for each in handoffs if each.session.uuid == uuid), None)
    if handoff is None:
        return
    hidden = (letter("a", "Accept"), letter("x", "Decline"), BACK, ALSO_BACK)
    answer = await run.ask(partial(_handoff_lines, handoff), (QUIT,), hidden)
    if answer == QUIT.name:
        raise Quit
    try:
        if answer == "x":
            await do_at_hub(run, "Declining the import", partial(_decline, handoff))
            run.banner = f"declined; the import stays with {printable(handoff.giver)}"
        elif answer == "a":
            await do_at_hub(run, "Accepting the import", partial(_accept, handoff))
            await _ask_resume(run, handoff)
    except SessionError as error:
        run.banner = f"! {printable(str(error))}"
    hub_of(run).look_again()


def _handoff_lines(handoff: Handoff, width: int) -> list[str]:
    room = box_width(width, session_boxes.PROMPT_WIDTH)
    return device_boxes.handoff_box(handoff, room).split("\n")


def _decline(handoff: Handoff, _: Store, connection: Connection) -> None:
    _answer(handoff, "decline", connection)


def _accept(handoff: Handoff, store: Store, connection: Connection) -> None:
    """It is theirs then, and here; the latest session stays the latest."""
    session = handoff.session
    refuse_namesake(store, session.session_id, session.uuid)
    _answer(handoff, "accept", connection)
    bring(store, connection, session.uuid)


def _answer(handoff: Handoff, verb: str, connection: Connection) -> None:
    uuid = handoff.session.uuid
    answer = connection.ask("POST", f"{SESSIONS}/{uuid}/handoff/{verb}")
    if answer.status not in (200, 204):
        raise Refused(f"{handoff.session.session_id}: {say(answer)}")


async def _ask_resume(run: Run, handoff: Handoff) -> None:
    """It is theirs now, wherever they want to resume it."""
    question = f"{handoff.session.session_id} is yours now. Resume it here?"
    if await run.ask_if_meant(question, "", "Resume"):
        raise Elsewhere(handoff.session.uuid)


async def look_elsewhere(run: Run) -> None:
    """Asks what to resume of what the hub has, if that answers soon; returns for a new session.

    Raises NoSession where there is nothing, Elsewhere and Quit.
    """
    run.screen.show_busy("asking the hub")
    why = "nor does the hub have one that another device saved"
    try:
        await hub_of(run).look_soon()
    except SessionError as error:
        why = printable(str(error))
    if not _has_offers(run):
        raise NoSession(f"there is no session here to resume; {why}")
    await ask_found(run)


async def ask_found(run: Run) -> None:
    """Which of what the hub has is to be resumed; returns for a new session.

    Raises Elsewhere and Quit.
    """
    before, run.title = run.title, "session found"
    hidden = (letter("i", "Start import"), Key(ENTER, "Enter", "Start import"))
    while _has_offers(run):
        answer = await ask_beside_offers(run, partial(_found_lines, run), (QUIT,), hidden)
        if answer == QUIT.name:
            raise Quit
        if answer in ("i", ENTER):
            break
        await answer_hub(run, answer)
    run.title = before


def _has_offers(run: Run) -> bool:
    return any(run.companion.offers)


def _found_lines(run: Run, width: int) -> list[str]:
    room = box_width(width, session_boxes.PROMPT_WIDTH)
    return device_boxes.found_elsewhere_box(*run.companion.offers, room).split("\n")
