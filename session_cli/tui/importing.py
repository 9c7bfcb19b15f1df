"""map-import: seven steps, each saved, left at any time."""

from __future__ import annotations

import asyncio
import sys

from session_cli import console
from session_cli.errors import SessionError
from session_cli.store.store import Store
from session_cli.tui import begin, choosing, connecting
from session_cli.tui.goodbye import say_goodbye
from session_cli.tui.run import Ending, NewSession, Run, complain
from session_cli.verbs import init

STEPS = {
    "scan": choosing.scan,
    "review": choosing.review,
    "select": choosing.select,
    "connect": connecting.connect,
    "worker_connecting": connecting.connect_worker,
    "targets_waiting": connecting.await_targets,
    "verify": connecting.verify,
    "complete": connecting.complete,
}


class Import:
    """The program; see `leave.Program`."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.head = run.head

    async def walk(self) -> int:
        """One step after the other, until the person leaves or all is done; the exit code."""
        run = self.run
        while True:
            try:
                await begin.begin(run)
                while True:
                    await STEPS[run.step](run)
            except NewSession:
                await self._start_over()
            except Ending as ending:
                return run.exit_code or ending.code
            except SessionError as error:
                run.exit_code = error.exit_code
                complain(str(error))
                return error.exit_code

    async def _start_over(self) -> None:
        """Another session; what was said about the one before does not hold for it."""
        run = self.run
        archived = ""
        await self._keep()
        if run.session.id:
            try:
                # only what was shown goes to the archive; else the person is asked what is there now
                await run.session.do(run.session.archive, run.session.id)
                archived = run.session.id
            except SessionError:
                pass
        await run.session.do(run.session.release)
        run.start_over(archived)

    async def settle(self) -> None:
        """The last save, on every road out."""
        await self._keep()
        session = self.run.session
        if session.id and not self.run.only_looked and not session.problem:
            if not await session.do(session.is_latest):
                # another program may have removed it; then say so
                session.problem = "this session is no longer the latest"
                session.is_lost, self.run.exit_code = True, 6

    async def _keep(self) -> None:
        if self.run.keep_choice:
            await self.run.keep_choice()
            self.run.keep_choice = None

    def goodbye(self, code: int) -> int:
        """Says what is to be said after the screen; the exit code."""
        run = self.run
        if run.exit_code:
            # a terminal that is gone says more than what was under way
            code = run.exit_code if code != 129 or run.exit_code in (6, 7) else code
        if run.session.problem and not code:
            code = 7
        if run.session.id:
            run.log.line(f"exited at step {run.step}, exit code {code}")
        say_goodbye(run, code)
        run.tell_aside()
        for line in filter(None, (run.session.unsure,)):
            complain(line)
        if run.log.problem:
            print(run.log.problem, file=sys.stderr)
        return code


def show_status(run: Run) -> int:
    """Where the session is; changes nothing at all."""
    from session_cli import times
    from session_cli.text import session_boxes

    session = run.session.store.read_session()
    if session is None:
        print(run.text(session_boxes.panel_box(None, times.now())))
        return 0
    run.session.read()
    print(run.text(session_boxes.status_box(run.session.state, times.now())))
    return 0


def prepare(run: Run) -> None:
    """Makes the folder, and archives what is too old."""
    init(run.session.store.location)
    Store(run.session.store.location, console.warn)
    asyncio.get_running_loop()
