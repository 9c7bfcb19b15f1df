"""How an import begins: anew, or where somebody left it; and who may have it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from session_cli import times
from session_cli.errors import Locked, NoSession, Refused, SessionError
from session_cli.store.latest import Readable
from session_cli.text import device_boxes, import_boxes, session_boxes
from session_cli.text.boxes import Paragraph
from session_cli.text.sync_lines import sync_line
from session_cli.tui.base import Failed, Quit
from session_cli.tui.importing import resuming
from session_cli.tui.importing.failures import persist
from session_cli.tui.importing.new_session import begin_new
from session_cli.tui.importing.open_elsewhere import ask_holder
from session_cli.tui.importing.run import (
    Found,
    Held,
    NewSession,
    NotOurs,
    Raced,
    Run,
    complain,
    label,
)
from session_cli.tui.importing.stake import ask_new, stake_of
from session_cli.tui.importing.tabs import (
    OFFERED,
    PULL,
    SYNC,
    SYNC_DOES,
    ask_beside_offers,
    box_width,
    sync_does,
    view_log,
)
from session_cli.tui.keys import ENTER, Key, letter
from session_cli.words import holder_line
from session_cli.workflow import start
from session_cli.workflow.state import ImportState

# there is nothing here to resume, so it is asked whether the hub has something
LOOK = "look"
DEMO_NAMESPACES = ["order-prod", "payment-prod"]


async def begin(run: Run) -> None:
    """Makes a session ours, as it was asked for; again when somebody else was quicker."""
    while True:
        try:
            found = await find_latest(run)
            # there was none, or it was complete, when it was decided
            if run.how == start.NEW and not run.options.new and found:
                run.how = await run.session.do(decide, run)
            run.is_unasked = run.how == start.NEW and not (run.options.new or found)
            await _begin_as(run, run.how, found)
            return
        except Raced as raced:
            run.how = await _after_race(run, raced.why)
        except NotOurs as refused:
            run.session.release()
            run.session.forget()
            run.banner, run.how = f"! {refused.said}", start.ASK


def decide(run: Run) -> str:
    """RESUME, NEW, ASK, SHOW or LOOK; refuses what cannot be."""
    options = run.options
    asked = start.RESUME if options.resume else start.NEW if options.new else None
    session = run.session.store.read_session()
    found = session.state if session else None
    try:
        how = start.choose_start(asked, found, run.can_ask, options.called)
    except NoSession:
        if not (run.can_ask and run.companion.is_on):
            raise
        # the hub may have one
        return LOOK
    if options.yes and not options.namespace:
        _choose_for_nobody(run, ImportState(found or {}), how)
    return how


def _choose_for_nobody(run: Run, found: ImportState, how: str) -> None:
    """Without a person the namespaces must be named; the demo has its own."""
    if how != start.NEW and (found.selections.namespaces or not run.options.demo):
        return
    if not run.options.demo:
        run.complain_of_usage("--yes requires --namespace for a new session")
        raise Failed(2)
    run.options.namespace = list(DEMO_NAMESPACES)


async def find_latest(run: Run) -> Found | None:
    """Which session there is now: only that one is deleted, archived or resumed."""
    session = run.session
    read = await session.do(session.read)
    if read and not session.id:
        # a state written by another program may have no id yet; a save gives it one
        with suppress(SessionError):
            await session.do(_adopt, run, read)
    found = Found(session.id, session.revision, session.state) if read else None
    # it is not ours yet
    session.release()
    session.forget()
    run.found_id = found.session_id if found else ""
    return found


def _adopt(run: Run, found: Readable) -> None:
    step = found.state.get("step")
    if isinstance(step, str) and step:
        run.session.adopt(step)


async def _after_race(run: Run, why: str) -> str:
    """It is not there any more; the person is asked again."""
    run.session.forget()
    problem = why or "another import was started or resumed meanwhile"
    if not run.can_ask:
        complain(f"{problem}; see it with --status")
        run.exit_code = 6
        raise Failed(6)
    run.banner = problem
    session = await run.session.do(run.session.store.read_session)
    return start.ASK if session else start.NEW


async def _begin_as(run: Run, how: str, found: Found | None) -> None:
    if how == start.NEW:
        await begin_new(run, found)
    elif how == LOOK:
        from session_cli.tui.importing.offered import look_elsewhere

        await look_elsewhere(run)
        await begin_new(run, found)
    elif found is None:
        # it was there when it was decided
        raise Raced
    elif how == start.RESUME:
        await _resume(run, found)
    elif how == start.SHOW:
        await _show_complete(run, found)
    else:
        await _ask_how(run, found)


async def _ask_how(run: Run, found: Found) -> None:
    run.title = "session found"
    run.session.state = found.state
    log, quit_ = Key("v", "V", "View log"), Key("q", "Q", "Quit")
    hidden = [Key("r", "R", "Resume"), Key(ENTER, "Enter", "Resume")]
    hidden += [Key("n", "N", "New session"), Key("d", "D", "Delete & start new")]
    while True:
        holder = await run.session.do(run.session.holder, found.session_id)
        draw = partial(_resume_lines, run, found, holder)
        answer = await ask_beside_offers(run, draw, (log, quit_), hidden)
        if answer == "q":
            raise Quit
        if answer == "v":
            await view_log(run)
        elif answer in (PULL.name, OFFERED.name, SYNC):
            await run.answer_hub(answer)
        elif answer == "n":
            run.session.state = found.state
            if await _is_new_meant(run, found):
                return await begin_new(run, found)
        elif answer == "d":
            try:
                is_deleted = await _delete_if_meant(run, found)
            except Held as held:
                return await ask_holder(run, found, held)
            if is_deleted:
                return await begin_new(run, None, found.session_id)
        else:
            return await _resume(run, found)


def _resume_lines(run: Run, found: Found, holder: dict[str, object], width: int) -> list[str]:
    now = times.now()
    open_in = ", ".join(import_boxes.holder_words(holder, now)) if holder else None
    room = box_width(width, session_boxes.PROMPT_WIDTH)
    offers = device_boxes.offer_paragraphs(*run.companion.offers, found.state.uuid)
    offers.append(_sync_paragraph(run))
    return session_boxes.resume_box(found.state, now, room, open_in, offers).split("\n")


def _sync_paragraph(run: Run) -> Paragraph:
    """What of it needs the person at the hub, with the key that answers it."""
    facts, does = run.companion.facts, sync_does(run)
    if not does:
        return []
    is_known = facts is not None and facts.state in SYNC_DOES
    line = sync_line(facts) if facts and is_known else "! The hub does not know you any more"
    return [line, (letter(SYNC, does).hint,)]


async def _is_new_meant(run: Run, found: Found) -> bool:
    run.session.id = found.session_id
    try:
        return await ask_new(run)
    finally:
        run.session.id = ""


async def _delete_if_meant(run: Run, found: Found) -> bool:
    """Nothing is deleted on one key, and nothing at all that somebody else has open."""
    session = run.session
    await _persist_found(run, partial(_refuse_held, run, found))
    now_there = await session.do(session.store.read_session)
    if now_there is None or (now_there.session_id, ImportState(now_there.state).revision) != (
        found.session_id,
        found.revision,
    ):
        raise Raced
    # what is over, or not begun, has nothing to lose, and is asked about anyway
    stake = stake_of(found.state)
    question = f"Delete {found.session_id or 'the session'}{stake and f' ({stake})'}?"
    remark = "Units in ConfigHub are not deleted. The session cannot be restored."
    if run.companion.is_on:
        remark += " It is deleted at the hub, too."
    if not await run.ask_if_meant(question, remark, "Delete"):
        return False
    await _persist_found(run, partial(session.do, session.delete, found.session_id, found.revision))
    return True


async def _refuse_held(run: Run, found: Found) -> None:
    holder = await run.session.do(run.session.holder, found.session_id)
    if holder:
        raise Locked(f"{found.session_id} is open in {holder_line(holder)}")


async def _persist_found(run: Run, action: resuming.Action) -> None:
    """Does something to the session that was found, if it still is there and nobody has it."""

    async def of_found() -> None:
        try:
            await action()
        except (NoSession, Refused):
            raise Raced from None
        except Locked as error:
            raise Held(_without_advice(str(error))) from None

    await persist(run, of_found)


def _without_advice(problem: str) -> str:
    """What it advises is for scripts."""
    return problem.partition("; leave it there")[0].removeprefix("not saved: ")


async def _resume(run: Run, found: Found) -> None:
    session = run.session
    is_held = bool(await session.do(session.holder, found.session_id))
    if run.companion.is_on and run.can_ask and not is_held:
        # loaded only here: who has no hub does not wait for it
        from session_cli.tui.importing.at_hub import catch_up

        if not await catch_up(run, found):
            return
    try:
        await _persist_found(run, partial(session.do, session.hold, found.session_id))
    except Held as held:
        await ask_holder(run, found, held)
        return
    read = await session.do(session.read)
    if read is None or session.id != found.session_id:
        raise Raced
    await resuming.go_on(run)


async def _show_complete(run: Run, found: Found) -> None:
    """A complete import is looked at, and nothing of it changes: unless something of it is gone."""
    run.only_looked = True
    run.step, run.title = "complete", label("complete")
    run.session.id, run.session.revision, run.session.state = found
    drift = await resuming.ask_reality(run)
    if drift.step != "complete":
        # it is complete no longer, and nothing on the screen says that it is
        run.step, run.title = drift.step, label(drift.step)
    if run.can_ask and drift.lines:
        keys = (Key(ENTER, "Enter", "Continue"), Key("n", "N", "New session"))
        answer = await run.ask(drift.draw, (*keys, Key("q", "Q", "Quit")))
        run.drift_seen = drift.lines
        if answer == "n":
            raise NewSession
        if answer == "q":
            raise Quit
    if drift.step == "complete":
        if not run.can_ask:
            run.print_lines(session_boxes.status_box(found.state, times.now()).split("\n"))
        return
    run.only_looked = False
    run.session.forget()
    await _resume(run, found)
