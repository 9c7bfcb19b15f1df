"""The full screen: a head, a view, its keys; drawn by prompt_toolkit.

Nothing here waits for anything but the person: whoever shows a view awaits the key that answers it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import (
    KeyBindings,
    KeyPress,
    KeyPressEvent,
    merge_key_bindings,
)
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import FloatContainer, HSplit, Layout, Window

from session_cli.tui.canvas import Canvas, lay_out
from session_cli.tui.colours import style_for
from session_cli.tui.field import Field
from session_cli.tui.keys import HELP, name_of
from session_cli.tui.list_views import Browsing
from session_cli.tui.outside import Visit
from session_cli.tui.paint import paint
from session_cli.tui.show import choose_show
from session_cli.tui.terminal import (
    ESCAPE_WAITS,
    TerminalInput,
    TerminalOutput,
    close_quietly,
    suspend,
)
from session_cli.tui.theme import Line
from session_cli.tui.timer import Timer
from session_cli.tui.typeahead import TypeAhead
from session_cli.tui.views import Help, View

# what takes less long needs no sign of life
BUSY_SECONDS = 0.15
IDLE_SECONDS = 1.0
# a second pane that followed each key would be most of what a slow line has to carry
REST_SECONDS = 0.1
WHEEL_ROWS = 3


class FullScreen:
    """A screen of its own in the terminal, from `run` to `close`.

    `head` draws what stands above every view. `leave` is called with the exit code when the person
    presses Ctrl-C; `on_idle` when no key was pressed for a second.
    """

    can_ask = True
    can_page = True

    def __init__(self, input_: TerminalInput, output: TerminalOutput) -> None:
        self.input = input_
        self.output = output
        self.head: Callable[[int], Sequence[Line]] = lambda _: []
        self.leave: Callable[[int], None] = lambda _: None
        self.clean = choose_show()
        self.view: View | None = None
        self.help: Help | None = None
        self.busy = ""
        self.answer: asyncio.Future[str] | None = None
        self.is_armed = False
        self.ahead = TypeAhead()
        self.is_away = False
        self.visit = Visit()
        self.on_idle: Callable[[], None] | None = None
        self.idle_timer = Timer(IDLE_SECONDS)
        self.rest_timer = Timer(REST_SECONDS)
        self.busy_timer = Timer(BUSY_SECONDS)
        self.field = Field(self.clean, self._press_in_field)
        self.app = self._build()

    # how it is drawn

    def _build(self) -> Application[None]:
        canvas = Canvas(self._page, self.clean, self._click, self._scroll)
        self.canvas = Window(canvas)
        root = FloatContainer(HSplit([self.canvas]), [self.field.place])
        app: Application[None] = Application(
            Layout(root, focused_element=self.canvas),
            style=style_for(self.output.get_default_color_depth()),
            key_bindings=merge_key_bindings([self._bindings(), self.field.bindings()]),
            full_screen=True,
            mouse_support=Condition(lambda: isinstance(self.view, Browsing)),
            output=self.output,
            input=self.input,
            terminal_size_polling_interval=None,
        )
        app.ttimeoutlen = ESCAPE_WAITS
        app.before_render += self._arm
        return app

    def _page(self, width: int, height: int) -> list[Line]:
        head = list(self.head(width))
        view = self.help or self.view

        def body(room: int) -> list[Line]:
            lines = self._body(view, width, room)
            self._place_field(len(head), lines, width)
            return lines

        return lay_out(head, body, lambda: self._foot(view, width), height)

    def _foot(self, view: View | None, width: int) -> list[Line]:
        if self.field.is_typing():
            return [paint("  [Enter] Confirm    [Esc] Back")]
        if view is None or (self.busy and not self.help):
            return []
        return list(view.foot(width))

    def _body(self, view: View | None, width: int, room: int) -> list[Line]:
        if self.busy and not self.help:
            return [[("", f"  {self.busy} ...")]]
        if self.field.title:
            return [[("", f"  {self.field.title}")], [], [("", "  > ")]]
        return list(view.body(width, room)) if view else []

    def _place_field(self, head: int, body: Sequence[list[tuple[str, str]]], width: int) -> None:
        """The field stands after the title, or after the facts of the list that it filters."""
        if not self.field.is_typing():
            return
        row = 2
        if not self.field.title:
            row = len(body) - 2
            body[row].append(("", "   /"))
        column = sum(len(text) for _, text in body[row])
        self.field.move(head + row, column, width)

    def invalidate(self) -> None:
        """Draws anew what has changed."""
        self.app.invalidate()

    def _arm(self, _: object) -> None:
        """A grave view is about to stand on the screen: from here on keys are meant for it.

        Not later: whoever sees it may press a key before all of it is written.
        """
        if self.answer is None or self.is_armed or self.is_away or self.help:
            return
        self.ahead.add(self.input.read_keys())
        self.input.flush_keys()
        self.ahead.discard()
        self.is_armed = True
        if self.ahead.wants_out:
            self._give("q")

    # keys

    def _bindings(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.Any, filter=~self.field.is_typing)
        @keys.add(Keys.BracketedPaste, filter=~self.field.is_typing)
        def _(event: KeyPressEvent) -> None:
            for press in event.key_sequence:
                self._take_press(press)

        return keys

    def _press_in_field(self, name: str) -> None:
        if name == "end-of-input":
            self.ahead.wants_out = True
        elif name in ("interrupt", "suspend"):
            self.press(name)
        elif self.view:
            self.view.press(name)
            self._restart_idle()

    def _take_press(self, press: KeyPress) -> None:
        name = name_of(getattr(press.key, "value", press.key), press.data)
        if self._awaits_key() or self.help or name in ("interrupt", "suspend"):
            self.press(name)
        else:
            self.ahead.add([press])

    def _awaits_key(self) -> bool:
        return self.answer is not None and not self.answer.done()

    def _take_ahead(self) -> None:
        """What was typed ahead is for what is there now, in the order in which it came."""
        ahead = self.ahead.take()
        if ahead and self.app.loop and self.app.context is not None:
            keys = self.app.key_processor
            keys.feed_multiple(ahead, first=True)
            self.app.loop.call_soon(keys.process_keys, context=self.app.context.copy())

    def press(self, name: str) -> None:
        """Takes a key by its name."""
        if name == "interrupt":
            self.leave(130)
        elif name == "suspend":
            asyncio.get_running_loop().create_task(self.suspend())
        elif self.help:
            self.help = None if self.help.press(name) else self.help
        elif not self._awaits_key() or not self.is_armed:
            # typed before the question stood on the screen
            self.ahead.discard_key(name)
        elif name and self.view:
            self._take(self.view, name)
        self.invalidate()

    def _take(self, view: View, name: str) -> None:
        if name == HELP.name:
            self.help = Help(view)
            return
        if name == "half-down" and not view.moves:
            # elsewhere than in what can be moved in, Ctrl-D is the end of input
            name = "q"
        answer = view.press(name)
        self._restart_idle()
        if answer:
            self._give(answer)

    def _give(self, answer: str) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_result(answer)

    def _click(self, row: int) -> None:
        if self.view and not self.help and self.is_armed and self.answer:
            answer = self.view.click(row - len(self.head(self.columns)))
            self._restart_idle()
            if answer:
                self._give(answer)

    def _scroll(self, name: str) -> None:
        if self.view and self.is_armed:
            for _ in range(WHEEL_ROWS):
                (self.help or self.view).press(name)

    def _restart_idle(self) -> None:
        self.idle_timer.start(self._be_idle)
        if isinstance(self.view, Browsing) and self.view.details:
            self.rest_timer.start(self._catch_up, self.view)

    def _catch_up(self, view: Browsing) -> None:
        if view.catch_up():
            self.invalidate()

    def _be_idle(self) -> None:
        if self.on_idle and self.answer and not self.answer.done():
            self.on_idle()

    # what a program does with it

    @property
    def columns(self) -> int:
        return self.output.get_size().columns

    def takes(self, name: str) -> bool:
        """Whether what is shown answers the key of that name."""
        return self.view is not None and any(key.name == name for key in self.view.keys)

    async def run(self) -> None:
        """Shows the screen until `close`; raises EOFError when the terminal or the input ends."""
        try:
            await self.app.run_async(handle_sigint=False, set_exception_handler=False)
        finally:
            close_quietly(self.input, self.output)

    def close(self) -> None:
        """Gives the terminal back."""
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def say(self, step: str, text: str) -> None:
        """What happens is shown on a board."""

    async def show(self, view: View) -> str:
        """Shows the view; the key that answers it."""
        self.busy_timer.cancel()
        if self.help and view is not self.view:
            # somebody reads it: it stays until they close it, and is about what is below it now
            self.help = Help(view)
        self.view, self.busy = view, ""
        self.is_armed = not view.is_grave
        self.answer = asyncio.get_running_loop().create_future()
        if self.is_armed and self.ahead.wants_out:
            self._give("q")
        elif self.is_armed:
            self._take_ahead()
        else:
            self.ahead.discard()
        self.invalidate()
        try:
            return await self.answer
        finally:
            self.answer = None

    def renew(self) -> None:
        """What is shown has changed: of a grave view, keys pressed before that are no answer."""
        self.is_armed = self.is_armed and not (self.view and self.view.is_grave)
        self.invalidate()

    def show_busy(self, text: str) -> None:
        """Says what is being done, when it takes a moment."""

        def show() -> None:
            if self.answer is None:
                self.busy = text
                self.invalidate()

        self.busy_timer.start(show)

    async def filter(self, view: Browsing) -> None:
        """Lets the person type what the rows of the list are to contain."""
        before = view.rows.filter

        def apply(text: str) -> None:
            view.rows.set_filter(text)
            self._restart_idle()
            self.invalidate()

        view.is_filtering = True
        try:
            typed = await self._type("", before, apply)
        finally:
            view.is_filtering = False
        view.rows.set_filter("" if typed is None else typed)

    async def edit(self, title: str, text: str) -> str | None:
        """Lets the person change a line of text; None when they think better of it."""
        return await self._type(title, text, None)

    async def _type(
        self, title: str, text: str, on_typed: Callable[[str], None] | None
    ) -> str | None:
        self.busy = ""
        typed = self.field.begin(title, text, on_typed)
        self.app.layout.focus(self.field.buffer)
        self._take_ahead()
        self.invalidate()
        try:
            return await typed
        finally:
            self.field.end()
            self.app.layout.focus(self.canvas)

    async def outside(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Runs a program that has the terminal to itself; its exit code."""
        self.is_away = True
        # the question before it must not seem to be asked again
        self.view = None
        try:
            async with in_terminal():
                return await self.visit.run(command, environment)
        finally:
            self.is_away = False

    @property
    def is_outside(self) -> bool:
        return self.visit.is_under_way

    async def suspend(self) -> None:
        """Gives the shell its terminal back until `fg`."""
        await suspend(self.app)

    def ring(self) -> None:
        """Tells who looks elsewhere that something is done, or cannot go on."""
        self.output.bell()
        self.output.flush()

    def title(self, text: str) -> None:
        """Names the terminal's window; the words are ours."""
        self.output.set_title(text)
        self.output.flush()
