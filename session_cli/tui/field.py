"""A line of text that a person types, drawn over the place that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, ConditionalContainer, Float, Window

from session_cli.tui.keys import name_of
from session_cli.tui.parser import clean_paste


class Field:
    """The field; it is there from `begin` to `end`.

    `clean` is how text is shown. A key that is not for the text goes to `press` by its name.
    """

    def __init__(self, clean: Callable[[str], str], press: Callable[[str], None]) -> None:
        self.clean = clean
        self.press = press
        self.buffer = Buffer(multiline=False, on_text_changed=self._changed)
        self.title = ""
        self.typed: asyncio.Future[str | None] | None = None
        self.on_typed: Callable[[str], None] | None = None
        self.is_typing = Condition(self._is_typing)
        window = Window(BufferControl(self.buffer), height=1)
        self.place = Float(
            ConditionalContainer(window, self.is_typing), left=4, top=0, height=1, width=40
        )

    def begin(
        self, title: str, text: str, on_typed: Callable[[str], None] | None
    ) -> asyncio.Future[str | None]:
        """What will have been typed; None when the person thinks better of it."""
        self.title, self.on_typed = title, None
        self.buffer.text = text
        self.buffer.cursor_position = len(text)
        self.on_typed = on_typed
        self.typed = asyncio.get_running_loop().create_future()
        return self.typed

    def end(self) -> None:
        """It is gone, whatever was typed."""
        self.typed, self.on_typed, self.title = None, None, ""

    def _is_typing(self) -> bool:
        return self.typed is not None and not self.typed.done()

    def move(self, row: int, column: int, width: int) -> None:
        """Puts it there on a screen of that width."""
        self.place.top, self.place.left = row, column
        self.place.width = max(1, width - column - 1)

    def _changed(self, buffer: Buffer) -> None:
        if self.on_typed and self._is_typing():
            self.on_typed(buffer.text)

    def _insert(self, text: str) -> None:
        # the person would read what cannot be shown as it is as something else
        self.buffer.insert_text("".join(char for char in text if self.clean(char) == char))

    def _answer(self, event: KeyPressEvent, text: str | None) -> None:
        if self.typed and not self.typed.done():
            self.typed.set_result(text)
            # the next key is not for the field any more
            event.app.layout.focus_last()

    def bindings(self) -> KeyBindings:
        """Its keys, while it is there."""
        keys = KeyBindings()
        is_typing = self.is_typing

        @keys.add(Keys.BracketedPaste, filter=is_typing)
        def _(event: KeyPressEvent) -> None:
            self._insert(clean_paste(event.data))

        @keys.add(Keys.Any, filter=is_typing)
        def _(event: KeyPressEvent) -> None:
            if len(event.data) == 1 and event.data.isprintable():
                self._insert(event.data)

        @keys.add("escape", filter=is_typing, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._answer(event, None)

        @keys.add("enter", filter=is_typing, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._answer(event, self.buffer.text)

        @keys.add("c-u", filter=is_typing, eager=True)
        @keys.add("c-w", filter=is_typing, eager=True)
        def _(_: KeyPressEvent) -> None:
            self.buffer.text = ""

        @keys.add("c-d", filter=is_typing, eager=True)
        def _(event: KeyPressEvent) -> None:
            self._answer(event, None)
            self.press("end-of-input")

        @keys.add("up", filter=is_typing, eager=True)
        @keys.add("down", filter=is_typing, eager=True)
        @keys.add("pageup", filter=is_typing, eager=True)
        @keys.add("pagedown", filter=is_typing, eager=True)
        @keys.add("c-c", filter=is_typing, eager=True)
        @keys.add("c-z", filter=is_typing, eager=True)
        def _(event: KeyPressEvent) -> None:
            key = event.key_sequence[0].key
            self.press(name_of(getattr(key, "value", key), ""))

        return keys
