"""A session that another terminal has open: to look at it, to leave it there, to take it over."""

from __future__ import annotations

from functools import partial

from session_cli import times
from session_cli.errors import Locked, Refused, SessionError
from session_cli.text import import_boxes, session_boxes
from session_cli.tui.base import Failed, Quit
from session_cli.tui.importing import resuming
from session_cli.tui.importing.new_session import begin_new
from session_cli.tui.importing.run import Found, Held, Raced, Run, complain
from session_cli.tui.importing.tabs import box_width
from session_cli.tui.keys import ENTER, Key


async def ask_holder(run: Run, found: Found, held: Held) -> None:
    """Somebody else has the session open."""
    if not run.can_ask:
        complain(held.problem)
        run.exit_code = Locked.exit_code
        raise Failed(Locked.exit_code)
    run.title = "open in another terminal"
    run.session.state = found.state
    hidden = [Key("l", "L", "Look"), Key("n", "N", "New session")]
    hidden += [Key("t", "T", "Take over"), Key("q", "Q", "Quit")]
    while True:
        holder = await run.session.do(run.session.holder, found.session_id)
        draw = partial(_held_lines, holder)
        answer = await run.ask(draw, (), hidden)
        if answer == "l":
            await _look_only(run)
        elif answer == "n":
            return await begin_new(run, found)
        elif answer == "t":
            # it is taken from whom the box names, and from nobody else
            if await run.session.do(run.session.holder, found.session_id) == holder:
                return await take_over(run, found)
        else:
            run.only_looked = True
            raise Quit


async def take_over(run: Run, found: Found) -> None:
    """The other terminal may save once more before we publish; then that save is resumed."""
    session = run.session
    try:
        await session.do(session.take_over, found.session_id)
    except SessionError:
        raise Raced from None
    for _ in range(3):
        read = await session.do(session.read)
        if read is None or session.id != found.session_id:
            raise Raced
        try:
            await session.do(session.publish)
        except Refused:
            # what was refused is not lost: it is read again
            session.forget()
            continue
        except SessionError:
            # the save that follows reports it
            pass
        break
    await resuming.go_on(run)


def _held_lines(holder: dict[str, object], width: int) -> list[str]:
    room = box_width(width, session_boxes.PANEL_WIDTH)
    return import_boxes.open_elsewhere_box(holder, times.now(), room).split("\n")


async def _look_only(run: Run) -> None:
    """To see where somebody else is, without touching it."""
    title, run.tab, run.title = run.title, "ConfigHub", "read-only, nothing is saved"
    keys = (Key(ENTER, "Enter", "Refresh"), Key("b", "B", "Back"), Key("q", "Q", "Quit"))
    run.only_looked = True
    while True:
        state = await run.session.do(run.session.latest_state)
        answer = await run.screen.show(resuming.status_view(state, keys))
        if answer == "q":
            raise Quit
        if answer == "b":
            break
    run.tab, run.title, run.only_looked = "Import", title, False
