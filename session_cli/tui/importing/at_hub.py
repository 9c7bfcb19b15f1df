"""A session and the hub: brought up to date before it is resumed, and held there meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from session_cli.errors import Refused, SessionError, printable
from session_cli.store.restore import resume
from session_cli.store.sidecar import read_sidecar
from session_cli.sync import plan, pull
from session_cli.sync.connection import SESSIONS
from session_cli.sync.copies import read_copy
from session_cli.sync.exchange import ARCHIVED, PULLED, Outcome, sync_copy, sync_one
from session_cli.sync.holder import Holder, holder_of
from session_cli.sync.holding import HeldElsewhere, Lost, take_lease
from session_cli.sync.offers import take
from session_cli.text import device_boxes, session_boxes
from session_cli.tui.base import Failed, Quit
from session_cli.tui.board import Board
from session_cli.tui.hub_companion import HubCompanion
from session_cli.tui.importing.new_session import begin_new
from session_cli.tui.importing.resuming import status_view
from session_cli.tui.importing.run import Elsewhere, Found, NotOurs, Run
from session_cli.tui.importing.stake import ask_new
from session_cli.tui.importing.tabs import box_width
from session_cli.tui.keys import ENTER, QUIT, Key, letter
from session_cli.tui.watching import watch_task
from session_cli.workflow.state import ImportState

if TYPE_CHECKING:
    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection

BACK, NEW, TAKE_OVER = letter("b", "Back"), letter("n", "New session"), letter("t", "Take over")
Result = TypeVar("Result")
# where another person, or another account, has it: it is looked at here, and not resumed
NOT_OURS = (plan.DETACHED, plan.HANDED_OVER)


class NotAllowed(Refused):
    """The hub does not let the person resume it."""


def hub_of(run: Run) -> HubCompanion:
    """What asks the hub, where somebody is signed in."""
    assert isinstance(run.companion, HubCompanion)
    return run.companion


async def do_at_hub(run: Run, title: str, job: Callable[[Store, Connection], Result]) -> Result:
    """Does it while the screen says so and answers; raises what it raises, Quit on q."""
    board = Board(title, (QUIT,))

    async def answer(key: str) -> None:
        if key == QUIT.name:
            raise Quit

    return await watch_task(run, board, hub_of(run).ask(job), answer)


# before a session is resumed


async def catch_up(run: Run, found: Found) -> bool:
    """Has the session here as the hub has it, and open there, if the hub answers soon.

    Whether it is still to be resumed. Raises Raced where another one has its place by now, NotOurs,
    Elsewhere and Quit.
    """
    run.screen.show_busy("asking the hub")
    try:
        outcome, is_open = await hub_of(run).ask_soon(partial(_catch_up, found.session_id))
        if outcome.state == plan.OTHER_ACCOUNT and await _is_sending_meant(run):
            job = partial(_send_anyway, found.session_id)
            outcome, is_open = await hub_of(run).ask_soon(job)
    except HeldElsewhere as held:
        return await _ask_device(run, found, held)
    except NotAllowed as refused:
        raise NotOurs(printable(str(refused))) from None
    except SessionError as error:
        run.log.line(f"| hub: {error}")
        run.banner = f"! not synced: {printable(str(error))}"
        return True
    _tell(run, outcome)
    hub_of(run).taken = outcome.id if is_open else ""
    return True


def _catch_up(session_id: str, store: Store, connection: Connection) -> tuple[Outcome, bool]:
    """What became of it, and whether it is open at the hub from now on."""
    copy = read_copy(store, session_id)
    sidecar = read_sidecar(store.folder, copy.uuid) if copy and copy.uuid else None
    if copy and sidecar and not connection.is_known(sidecar):
        return sync_copy(store, connection, copy, {}, is_asked=False), False
    return _send_anyway(session_id, store, connection)


def _send_anyway(session_id: str, store: Store, connection: Connection) -> tuple[Outcome, bool]:
    outcome = sync_one(store, connection, session_id)
    if outcome.did == ARCHIVED:
        # whoever resumes it wants it, also where it stays on this machine
        resume(store, session_id)
        return outcome, False
    sidecar = read_sidecar(store.folder, outcome.id)
    if outcome.state in NOT_OURS:
        owner = (sidecar and sidecar.owner) or {}
        if outcome.state == plan.HANDED_OVER or owner.get("id") not in (None, connection.user_id):
            raise NotAllowed(outcome.detail)
        # it is theirs here, whatever the hub has under that id
        return outcome, False
    if sidecar is None or not sidecar.bases or outcome.state == plan.REMOTE_DELETED:
        return outcome, False
    try:
        take_lease(connection, sidecar)
    except Refused as refused:
        raise NotAllowed(str(refused)) from None
    return outcome, True


async def _is_sending_meant(run: Run) -> bool:
    return await run.ask_if_meant(
        "This session was synced with another hub or account. Send it to this one?",
        "Without that it is resumed here, and stays on this machine.",
        "Send",
    )


def _tell(run: Run, outcome: Outcome) -> None:
    """Says what was replaced, and where that is kept."""
    detail = printable(outcome.detail)
    if detail or outcome.did:
        run.log.line(f"| hub: {outcome.did or outcome.state} {detail}")
    if outcome.did == PULLED:
        # it is offered no longer
        hub_of(run).look_again()
        run.banner = f"! replaced: {detail}" if outcome.kept else "pulled from another device"
    elif outcome.state == plan.REMOTE_DELETED:
        run.banner = f"! {detail}; it stays on this machine"
    elif outcome.word == plan.NEEDS_YOU:
        run.banner = f"! {detail}"


# who has it open


async def _ask_device(run: Run, found: Found, held: HeldElsewhere) -> bool:
    """Another device has the session open: whether it is resumed anyway, as it never is."""
    uuid = found.state.uuid
    run.title, run.session.state = "open on another device", found.state
    keys = (letter("l", "Look"), NEW, TAKE_OVER, QUIT)
    holder = held.holder
    while True:
        answer = await run.ask(partial(_held_lines, holder, keys), (), keys)
        if answer == "l":
            await _look_only(run, uuid)
        elif answer == "n" and await ask_new(run):
            await begin_new(run, found)
            return False
        elif answer == "t":
            now_there = await _ask_holder(run, uuid, holder)
            # it is taken from whom the box names, and from nobody else
            if now_there == holder:
                raise Elsewhere(uuid, takes_over=True)
            holder = now_there
        elif answer == QUIT.name:
            run.only_looked = True
            raise Quit


def _held_lines(holder: Holder | None, keys: Sequence[Key], width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    hints = tuple(key.hint for key in keys)
    return device_boxes.open_on_device_box(holder, hints, room).split("\n")


async def _ask_holder(run: Run, uuid: str, before: Holder | None) -> Holder | None:
    """Who has it open now; as before where the hub cannot be asked, which taking it tells."""
    try:
        return await do_at_hub(run, "Asking who has it", partial(_holder_of, uuid, before))
    except SessionError:
        return before


def _holder_of(
    uuid: str, before: Holder | None, store: Store, connection: Connection
) -> Holder | None:
    found = holder_of(connection.ask("GET", f"{SESSIONS}/{uuid}").body)
    if found and before and (found.user, found.device, found.since) == before[:3]:
        return before
    return found


async def _look_only(run: Run, uuid: str) -> None:
    """To see where somebody else is, without touching it."""
    title, run.tab, run.title = run.title, "ConfigHub", "read-only, nothing is saved"
    keys = (Key(ENTER, "Enter", "Refresh"), BACK, QUIT)
    run.only_looked = True
    try:
        while True:
            state = await do_at_hub(run, "Asking the hub", partial(_state_of, uuid))
            answer = await run.screen.show(status_view(state, keys))
            if answer == QUIT.name:
                raise Quit
            if answer == BACK.name:
                break
    except SessionError as error:
        run.banner = f"! {printable(str(error))}"
    run.tab, run.title, run.only_looked = "Import", title, False


def _state_of(uuid: str, store: Store, connection: Connection) -> ImportState:
    found = pull.look(connection, uuid)
    if found.document is None:
        raise Refused(found.said or "the hub does not show it")
    return ImportState(found.document)


async def tell_takeover(run: Run, lost: Lost) -> None:
    """Between two steps: whoever has lost the session to another device stops here.

    Raises Elsewhere when they take it again, else Failed.
    """
    run.log.line(f"| hub: {lost.said}")
    run.screen.ring()
    run.title = "taken over"
    hidden = (QUIT,) if lost.is_final else (letter("t", "Take over again"), QUIT)
    if await run.ask(partial(_lost_lines, run, lost, hidden), (), hidden) == "t":
        raise Elsewhere(run.session.state.uuid, takes_over=True)
    run.exit_code = Refused.exit_code
    raise Failed(Refused.exit_code)


def _lost_lines(run: Run, lost: Lost, keys: Sequence[Key], width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    hints = tuple(key.hint for key in keys)
    box = device_boxes.lost_to_device_box(lost.holder, lost.said, run.step, hints, room)
    return box.split("\n")


# a session of another device


async def bring(run: Run, wanted: Elsewhere) -> bool:
    """Has the session of the hub here, as the latest; whether that is so. The banner says why not.

    Raises Quit.
    """
    job = partial(_take, wanted)
    try:
        await do_at_hub(run, "Pulling the session", job)
    except HeldElsewhere as held:
        return await _take_from(run, wanted, held)
    except SessionError as error:
        run.banner = f"! not pulled: {printable(str(error))}"
        return False
    return True


def _take(wanted: Elsewhere, store: Store, connection: Connection) -> None:
    take(store, connection, wanted.uuid, takes_over=wanted.takes_over)


async def _take_from(run: Run, wanted: Elsewhere, held: HeldElsewhere) -> bool:
    """Another device has it open: it is taken over only where the person says so."""
    if wanted.takes_over:
        # it may not be taken from them
        run.banner = f"! not pulled: {printable(str(held))}"
        return False
    keys = (TAKE_OVER, BACK, QUIT)
    answer = await run.ask(partial(_held_lines, held.holder, keys), (), keys)
    if answer == QUIT.name:
        raise Quit
    return answer == "t" and await bring(run, Elsewhere(wanted.uuid, takes_over=True))
