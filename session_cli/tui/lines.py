"""Line by line, for screen readers and simple terminals: texts are said once, lines are read.

The terminal stays as it was given: it echoes, and keeps what is typed before a question, so that it
can be made to forget that.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
from collections.abc import Callable, Iterable, Mapping, Sequence

from session_cli import console
from session_cli.errors import SessionError
from session_cli.text.boxes import unframe
from session_cli.tui.dialogue import Dialogue, begin_dialogue, text_of
from session_cli.tui.keys import QUIT
from session_cli.tui.list_views import Browsing
from session_cli.tui.outside import Visit
from session_cli.tui.show import choose_show
from session_cli.tui.theme import Line
from session_cli.tui.timer import Timer
from session_cli.tui.views import View

STDIN = 0
USUAL_COLUMNS = 80
BUSY_SECONDS = 1.0


class Lines:
    """In place of a screen. `leave` and `on_idle` are those of every screen; see `run.Screen`."""

    can_ask = True
    can_page = False

    def __init__(self) -> None:
        self.leave: Callable[[int], None] = lambda _: None
        self.head: Callable[[int], Sequence[Line]] = lambda _: []
        self.on_idle: Callable[[], None] | None = None
        self.visit = Visit()
        self.clean = choose_show()
        self.closed = asyncio.Event()
        self.has_ended = False
        self.dialogue: Dialogue | None = None
        # of the head, what was said last
        self.said: Sequence[str] = ()
        # the prompt under which somebody may be typing
        self.prompt = ""
        self.typed = b""
        self.is_asking = False
        self.explained: set[str] = set()
        self.busy_timer = Timer(BUSY_SECONDS)

    @property
    def columns(self) -> int:
        try:
            return os.get_terminal_size(1).columns or USUAL_COLUMNS
        except OSError:
            return USUAL_COLUMNS

    def takes(self, name: str) -> bool:
        """No head names keys here: they are said with each question."""
        return False

    async def run(self) -> None:
        """Goes on until `close`; raises EOFError when nothing more can be typed."""
        await self.closed.wait()
        if self.has_ended:
            raise EOFError

    def close(self) -> None:
        """What is said from now on stands in lines of its own."""
        self._end_prompt()
        self.closed.set()

    # what is said

    def say(self, step: str, text: str) -> None:
        """One thing that happened."""
        self._tell([text])

    def invalidate(self) -> None:
        """Says what is new in the head, to whoever is asked something; else with the next view."""
        if self.is_asking:
            self._tell_news()

    def renew(self) -> None:
        """Says what is new in the view, too; a line begun before that is no answer to it."""
        if self.is_asking and self.dialogue:
            if self.dialogue.view.is_grave:
                self._discard_typed()
            self._tell_news()
            self._tell(self.dialogue.news(self.columns))

    def _tell_news(self) -> None:
        lines = unframe(map(text_of, self.head(self.columns)))
        news = [line for line in lines if line and line not in self.said]
        self.said = lines
        self._tell(news)

    def _tell(self, lines: Iterable[str]) -> None:
        """Says the lines; whoever was typing is prompted again."""
        text = "".join(f"{self.clean(line)}\n" for line in lines)
        if text:
            prompt = self.prompt
            self._end_prompt()
            _write(text)
            self._show_prompt(prompt)

    def _show_prompt(self, prompt: str) -> None:
        self.prompt = prompt
        _write(prompt)

    def _end_prompt(self) -> None:
        if self.prompt:
            _write("\n")
        self.prompt = ""

    def show_busy(self, text: str) -> None:
        """Says what is being done, when it takes a moment."""
        self.busy_timer.start(self._tell, [f"{text} ..."])

    def ring(self) -> None:
        """Tells who listens elsewhere that something is done, or cannot go on."""
        _write("\a")

    def title(self, text: str) -> None:
        """The window keeps its name."""

    # what is asked

    async def show(self, view: View) -> str:
        """Says what the view shows; the key that answers it."""
        self.busy_timer.cancel()
        self._tell_news()
        dialogue = self.dialogue
        if dialogue and dialogue.view is view:
            self._tell(dialogue.go_on())
        else:
            dialogue = begin_dialogue(view)
            self._tell(dialogue.begin(self.columns))
        if dialogue.only_answer:
            return dialogue.only_answer
        self.dialogue = dialogue
        self._explain(dialogue.explanation)
        if view.is_grave and self._discard_typed():
            return QUIT.name
        return await self._ask(dialogue)

    def _explain(self, text: str) -> None:
        """Says it the first time."""
        if text not in self.explained:
            self._tell([text])
        self.explained.add(text)

    async def _ask(self, dialogue: Dialogue) -> str:
        self.is_asking = True
        try:
            while True:
                reply = dialogue.take(await self._read(dialogue.prompt), self.columns)
                self._tell(reply.lines)
                if reply.answer:
                    return reply.answer
                if self.on_idle:
                    self.on_idle()
        finally:
            self.is_asking = False

    async def filter(self, view: Browsing) -> None:
        """A list is filtered by the line that begins with a slash."""

    async def edit(self, title: str, text: str) -> str | None:
        """Asks for a line; None when nothing is typed, and what there is stays."""
        self.busy_timer.cancel()
        self._tell([f"{title}. Now it is: {text}", "Type another, or Enter alone to keep it."])
        return (await self._read("> ")).strip() or None

    async def outside(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Runs a program that has the terminal to itself; its exit code."""
        return await self.visit.run(command, environment)

    @property
    def is_outside(self) -> bool:
        return self.visit.is_under_way

    # what is typed

    async def _read(self, prompt: str) -> str:
        """The next line; it never comes once the input has ended."""
        self._show_prompt(prompt)
        while b"\n" not in self.typed:
            await _wait_for_input()
            self._take_input()
            if self.has_ended:
                await asyncio.Event().wait()
        line, _, self.typed = self.typed.partition(b"\n")
        # the echo has ended it
        self.prompt = ""
        return line.decode("utf-8", "replace")

    def _take_input(self) -> None:
        try:
            raw = os.read(STDIN, 4096)
        except BlockingIOError:
            return
        except OSError:
            # the terminal is gone
            raw = b""
        self.typed += raw
        if not raw:
            self.has_ended = True
            self.closed.set()

    def _discard_typed(self) -> bool:
        """Forgets what was typed before the question; whether it was to leave, which loses nothing.

        Half a line is still with the terminal, which forgets it, too.
        """
        while not self.has_ended and select.select([STDIN], [], [], 0)[0]:
            self._take_input()
        lines = self.typed.decode("utf-8", "replace").lower().split("\n")[:-1]
        self.typed = b""
        with contextlib.suppress(termios.error):
            termios.tcflush(STDIN, termios.TCIFLUSH)
        return any(line.strip() == QUIT.name for line in lines)


async def _wait_for_input() -> None:
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(STDIN, came.set)
    try:
        await came.wait()
    finally:
        loop.remove_reader(STDIN)


def _write(text: str) -> None:
    with contextlib.suppress(SessionError):
        # whether the terminal is gone is for its input to tell
        console.write_stdout(text.encode("utf-8", "replace"))
