"""A session of our own, and the archive for the one that was there."""

from __future__ import annotations

from session_cli.errors import Locked, NoSession, Refused, SessionError, printable
from session_cli.tui.importing.failures import tell_not_saved
from session_cli.tui.importing.run import Found, Raced, Run


async def begin_new(run: Run, found: Found | None, gone: str = "") -> None:
    """A session of our own; the one that was found goes to the archive. `gone` was deleted."""
    if found:
        await archive(run, found.session_id)
        if run.can_ask:
            _tell_archived(run, found.session_id)
        gone = found.session_id
    if run.archived_before:
        _tell_archived(run, run.archived_before)
        run.archived_before = ""
    run.log.begin(gone)
    session_id = f"import-{run.log.stamp}"
    run.log.head(session_id)
    data = {"session_id": session_id, "log_file": run.log.short}
    await _save_first(run, session_id, data)
    run.companion.hold(run.session.state.uuid)
    run.step = "scan"


async def archive(run: Run, session_id: str) -> None:
    """Archives that session; raises Raced when it is not the latest any more."""
    while True:
        try:
            await run.session.do(run.session.archive, session_id)
        except Refused:
            raise Raced from None
        except SessionError as error:
            run.session.problem = printable(str(error)).removeprefix("not saved: ")
            await tell_not_saved(run, error.exit_code)
        else:
            return


def _tell_archived(run: Run, session_id: str) -> None:
    """Says how to come back to it."""
    run.banner = "the previous session is archived"
    if session_id:
        # the command has a line of its own, to be copied
        run.banner += f"; resume it with:\n  {run.command()} resume {session_id}"


async def _save_first(run: Run, session_id: str, data: dict[str, str]) -> None:
    """A session of our own, and nobody else's, which may be the latest by now."""
    session = run.session
    while True:
        try:
            await session.do(session.begin, "scan", data)
            await _hold(run, session_id)
            break
        except (Locked, NoSession, Refused):
            raise Raced from None
        except SessionError as error:
            session.problem = printable(str(error)).removeprefix("not saved: ")
            await tell_not_saved(run, error.exit_code)
    run.note_saved()


async def _hold(run: Run, session_id: str) -> None:
    try:
        await run.session.do(run.session.hold, session_id)
    except SessionError:
        # nothing is in it, and somebody may have another one by now
        await run.session.do(run.session.drop, run.session.id, run.session.state)
        raise
