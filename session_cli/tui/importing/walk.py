"""map-import: seven steps, each saved, left at any time."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial

from session_cli import times
from session_cli.errors import BadInput, SessionError
from session_cli.text import session_boxes
from session_cli.text.boxes import unframe
from session_cli.tui.base import Ending, Failed
from session_cli.tui.importing import app_space, choosing, connecting
from session_cli.tui.importing.begin import begin, decide
from session_cli.tui.importing.goodbye import say_goodbye
from session_cli.tui.importing.new_session import archive
from session_cli.tui.importing.run import PROGRAM, Elsewhere, NewSession, Raced, Run, complain
from session_cli.tui.importing.stake import is_empty
from session_cli.tui.options import Options
from session_cli.tui.printing import print_answer
from session_cli.tui.theme import Line
from session_cli.verbs import init
from session_cli.workflow import start
from session_cli.workflow.choices import with_app_space
from session_cli.workflow.state import ImportState

STEPS = {
    "scan": choosing.scan,
    "review": choosing.review,
    "select": app_space.select,
    "connect": connecting.connect,
    "worker_connecting": connecting.connect_worker,
    "targets_waiting": connecting.await_targets,
    "verify": connecting.verify,
    "complete": connecting.complete,
}


class Import:
    """The program, as `leave.Player` plays it."""

    name = PROGRAM

    def __init__(self, run: Run) -> None:
        self.run = run
        # why it cannot go on, to be said when the screen is gone
        self.problem = ""

    def head(self, width: int) -> list[Line]:
        """What stands above every view."""
        return self.run.head(width)

    def heading(self, _: int) -> list[Line]:
        """The same for somebody who is read to."""
        return [[("", line)] for line in self.run.heading()]

    async def walk(self) -> int:
        """One import after the other, until the person leaves or all is done; the exit code."""
        try:
            while True:
                try:
                    await self._walk_through(self.run)
                except NewSession:
                    self.run = await self._start_over(self.run)
                except Elsewhere as wanted:
                    self.run = await self._resume_elsewhere(self.run, wanted)
        except Ending as ending:
            return self.run.exit_code or ending.code
        except SessionError as error:
            self.run.exit_code = error.exit_code
            self.problem = str(error)
            return error.exit_code

    async def _walk_through(self, run: Run) -> None:
        """One step after the other; only an Ending ends it."""
        run.companion.on_news = run.screen.invalidate
        if run.can_ask and run.companion.is_on:
            # loaded only here: who has no hub does not wait for it
            from session_cli.tui.importing.offered import answer_hub

            run.companion.start()
            run.answer_hub = partial(answer_hub, run)
        await begin(run)
        run.has_begun = True
        while True:
            await self._heed_takeover(run)
            await STEPS[run.step](run)

    async def _heed_takeover(self, run: Run) -> None:
        """Whoever has lost the session to another device stops between two steps."""
        if run.companion.lost and run.can_ask:
            from session_cli.tui.importing.at_hub import tell_takeover

            await tell_takeover(run, run.companion.lost)

    async def _start_over(self, run: Run) -> Run:
        """Another import; what was said about the one before does not hold for it."""
        await self._keep()
        session, archived = run.session, ""
        if session.id:
            with suppress(Raced):
                # only what was shown goes to the archive; else the person is asked what is there
                await archive(run, session.id)
                archived = session.id
        await session.do(session.release)
        await session.do(run.companion.release)
        again = self._again(run, is_new=bool(archived) or not session.id)
        again.archived_before = archived
        again.how = await again.session.do(decide, again)
        return again

    def _again(self, run: Run, is_new: bool) -> Run:
        """Another import of the same program."""
        before = run.options
        options = Options(
            before.dir, before.file, before.called, before.context,
            demo=before.demo, plain=before.plain, new=is_new,
        )  # fmt: skip
        again = Run(options, run.screen)
        again.aside = run.aside
        again.companion = run.companion
        return again

    async def _resume_elsewhere(self, run: Run, wanted: Elsewhere) -> Run:
        """The import that another device saved last; the one that was open here stays here."""
        await self._keep()
        session, again = run.session, self._again(run, is_new=False)
        await session.do(session.release)
        await session.do(run.companion.release)
        from session_cli.tui.importing.at_hub import bring

        if await bring(again, wanted):
            if session.state.uuid != wanted.uuid and is_empty(session.state):
                # what was open here, or was found here and asked about
                await session.do(session.drop, session.id or run.found_id, session.state)
            again.how = start.RESUME
        else:
            again.how = await again.session.do(decide, again)
        return again

    async def settle(self) -> None:
        """The last save, on every road out."""
        await self.run.worker.finish()
        await self._keep()
        session = self.run.session
        self.run.companion.stop()
        await session.do(self._release)
        is_ours = session.id and not self.run.only_looked and not session.problem
        if is_ours and not await session.do(session.is_latest):
            # another program may have removed it; then say so
            session.problem = "this session is no longer the latest"
            session.is_lost, self.run.exit_code = True, 6

    def _release(self) -> None:
        """Lets other devices open the session, unless another terminal here has it by now."""
        session = self.run.session
        if not (session.id and session.other_holder()):
            self.run.companion.release()

    async def _keep(self) -> None:
        if self.run.keep_choice:
            await self.run.keep_choice()
            self.run.keep_choice = None

    def goodbye(self, code: int) -> int:
        """Says what is to be said after the screen; the exit code."""
        run = self.run
        if self.problem:
            complain(self.problem)
        if run.exit_code:
            # a terminal that is gone says more than what was under way
            code = run.exit_code if code != 129 or run.exit_code in (6, 7) else code
        if run.session.problem and not code:
            code = 7
        if run.session.id:
            run.log.line(f"exited at step {run.step}, exit code {code}")
        say_goodbye(run, code)
        run.tell_aside()
        if run.session.unsure:
            complain(run.session.unsure)
        if run.log.problem:
            with suppress(OSError):
                print(run.log.problem, file=sys.stderr)
        run.session.release()
        return code


def show_status(run: Run) -> None:
    """Says where the session is; changes nothing at all."""
    found = run.session.store.read_session()
    room = _room_for(session_boxes.PANEL_WIDTH)
    state = ImportState({**found.state, "session_id": found.session_id}) if found else None
    box = (
        session_boxes.status_box(state, times.now(), room, run.companion.read_facts())
        if state
        else session_boxes.no_session_box(room, run.options.called)
    )
    lines = box.split("\n")
    print_answer(unframe(lines) if run.options.plain else lines)


def refuse_without_terminal(run: Run) -> int:
    """There is nobody to ask; the exit code."""
    # what speaks against it with a terminal does so without one
    decide(run)
    if is_at_terminal():
        run.complain_of_usage(
            "this terminal shows no screens; use --plain to be asked line by line"
        )
        return BadInput.exit_code
    with suppress(SessionError):
        show_status(run)
    run.complain_of_usage("no terminal to prompt on; use --yes and --namespace, or --status")
    return BadInput.exit_code


def is_at_terminal() -> bool:
    """Whether there is somebody at a terminal, whatever that can show."""
    return os.isatty(0) and os.isatty(1)


def _room_for(widest: int) -> int:
    """How wide a box may be on stdout, whether or not that is a terminal."""
    try:
        columns = os.get_terminal_size(1).columns
    except OSError:
        return widest
    return min(widest, columns or widest)


def _refuse_bad_app_space(run: Run) -> None:
    """Before anything of the session that is there is touched; that may have one of its own."""
    if not run.options.app_space or run.how == start.RESUME:
        return
    try:
        with_app_space(ImportState({}), run.options.app_space)
    except BadInput as error:
        complain(str(error))
        raise Failed(error.exit_code) from None


def prepare(run: Run) -> None:
    """Decides how it begins, and makes ready what is needed; raises what speaks against it."""
    run.how = decide(run)
    _refuse_bad_app_space(run)
    init(run.session.store.location)
    run.companion.prepare()
    if run.how != start.NEW and run.session.store.read_session() is None:
        # it was too old, and is in the archive now
        run.how = decide(run)
