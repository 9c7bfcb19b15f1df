"""What comes from a terminal: keys, mouse events, pastes, and the terminal's own answers.

A sequence may come in pieces, with pauses between them; what has come of it is held. prompt_toolkit
would take a sequence it does not know, or half of one, for Escape and letters: with this parser
only keys it knows reach a program, and what a terminal answers never does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from time import monotonic
from typing import Any

from prompt_toolkit.application import Application, get_app_or_none
from prompt_toolkit.input import Input
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

# in seconds; no terminal takes longer for the rest of a sequence
LONGEST_PAUSE = 10.0
# the same after its escape was taken for the key
LONGEST_LATE = 5.0
# a paste whose end does not come ends then
LONGEST_PASTE_PAUSE = 2.0

ESC = "\x1b"
_PASTE, _PASTE_END = f"{ESC}[200~", f"{ESC}[201~"
_STRINGS = "]P_^X"
# one character that stands for two; of a terminal that sends bytes, not UTF-8, as surrogates
_OPENERS = {ESC: ESC} | {
    chr(base + code): ESC + chr(code - 0x40)
    for base in (0, 0xDC00)
    for code in (0x8F, 0x90, 0x98, 0x9B, 0x9D, 0x9E, 0x9F)
}

_WHOLE = re.compile(r"\x1b(?:\[\[[!-~]|\[(?![\[M])[ -?]*[@-~]|O[0-9;]*[A-Za-z])")
_BEGUN = re.compile(r"\x1b(?:\[\[|\[[ -?]*|\[M|O[0-9;]*)")
# longer than any that means something
_LONGEST_HELD = 64

# how an answer of a terminal begins; anything else was a key with Alt
_ANSWER_BEGINS = {
    "]": re.compile("[0-9lL]"),
    "P": re.compile(r"[0-9>!$+|]"),
    "_": re.compile("G"),
    "^": re.compile("[ -~]"),
    "X": re.compile("[ -~]"),
}
# BEL, ST; and what a person types who waits for the end of one that has none: CR, LF, CAN, SUB
_STRING_ENDS = "\a\x9c\udc9c\r\n\x18\x1a"

_MOUSE = re.compile(r"\x1b\[<\d{1,3};\d{1,5};\d{1,5}[Mm]|\x1b\[\d{1,3};\d{1,5};\d{1,5}M")
_OLD_MOUSE = f"{ESC}[M"
_OLD_MOUSE_EVENTS = b' !"#@ABC`a'

_SEQUENCE_IN_PASTE = re.compile(
    r"(?:\x1b\[|\x9b)[ -?]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
)


class QuietParser(Vt100Parser):
    """Names keys as prompt_toolkit does, of whole sequences only."""

    def __init__(
        self,
        feed_key_callback: Callable[[KeyPress], None],
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._now = now
        super().__init__(feed_key_callback)

    def reset(self, request: bool = False) -> None:
        super().reset(request)
        # what has come of a sequence
        self._held = ""
        # its escape was returned as a key, so the rest is none
        self._is_late = False
        self._pasted: list[str] | None = None
        self._seam = ""
        # when something came, or was found to be late
        self._at = self._now()

    def feed(self, data: str) -> None:
        """Takes what came; calls back with every key that is whole."""
        if not data:
            return
        self._give_up()
        self._at = self._now()
        start = 0
        while start < len(data):
            if self._pasted is None:
                self._take(data[start])
                start += 1
            else:
                data, start = self._take_pasted(self._pasted, data[start:]), 0

    def flush(self) -> None:
        """Nothing came for a while: an escape alone is the key, and a paste without an end ends."""
        if self._pasted is not None:
            self._flush_paste(self._pasted)
        elif self._held == ESC and not self._is_late:
            self._press(ESC)
            self.forget()
        elif self._held in (f"{ESC}^", f"{ESC}X"):
            # no terminal begins an answer so and then pauses
            self._break_off()

    def forget(self) -> None:
        """What is held is no key any more, whatever comes; for keys pressed before a question."""
        if self._held:
            self._is_late = True
            self._at = self._now()

    def _give_up(self) -> None:
        """Drops what was held for so long that its rest cannot come any more."""
        longest = LONGEST_LATE if self._is_late else LONGEST_PAUSE
        if self._now() - self._at > longest and (self._is_late or self._held != ESC):
            self._drop_held()

    # sequences

    def _take(self, char: str) -> None:
        held = self._held
        if not held:
            self._begin(char)
        elif held == ESC:
            self._take_after_escape(char)
        elif held[1] in _STRINGS:
            self._take_string(held, char)
        elif held.startswith(_OLD_MOUSE):
            self._take_click(held + char)
        elif _WHOLE.fullmatch(held + char):
            self._finish(held + char)
        elif _BEGUN.fullmatch(held + char):
            self._held = held[:_LONGEST_HELD] + char
        else:
            # what came instead is looked at by itself
            self._break_off()
            self._begin(char)

    def _begin(self, char: str) -> None:
        opener = _OPENERS.get(char)
        if opener:
            self._held = opener
        else:
            self._press(char)

    def _take_after_escape(self, char: str) -> None:
        if char in "[O]P_" or (char in "^X" and not self._is_late):
            self._held = ESC + char
        else:
            if not self._is_late:
                self._press(ESC)
            self._drop_held()
            self._begin(char)

    def _take_string(self, held: str, char: str) -> None:
        """An OSC, DCS, APC, PM or SOS; its text is not kept."""
        if len(held) == 2:
            if _ANSWER_BEGINS[held[1]].match(char):
                self._held += char
            else:
                self._break_off()
                self._begin(char)
        elif held.endswith(ESC):
            if char == "\\":
                self._drop_held()
            elif char != ESC:
                # another sequence begins in the middle of it
                self._drop_held()
                self._begin(ESC)
                self._take(char)
        elif char in _STRING_ENDS:
            self._drop_held()
        elif char == ESC:
            self._held += char

    def _take_click(self, sequence: str) -> None:
        """A click as old terminals tell it: three bytes follow, whatever they are."""
        told = sequence[3:].encode("utf-8", "surrogateescape")
        if len(told) < 3:
            self._held = sequence
            return
        if told[0] in _OLD_MOUSE_EVENTS and len(told) == 3 and not self._is_late:
            data = _OLD_MOUSE + told.decode("ascii", "surrogateescape")
            self.feed_key_callback(KeyPress(Keys.Vt100MouseEvent, data))
        self._drop_held()

    def _finish(self, sequence: str) -> None:
        was_late = self._is_late
        self._drop_held()
        if sequence == _PASTE:
            self._pasted = []
        elif not was_late:
            key = _key_of(sequence)
            if key:
                self.feed_key_callback(KeyPress(key, sequence))

    def _drop_held(self) -> None:
        self._held = ""
        self._is_late = False

    def _break_off(self) -> None:
        """Drops what was held, but not what a person typed: a letter after an escape that was a key
        long ago, or an escape and a letter. The Alt of `ESC ]` and its like is not worth a key.
        """
        held, was_late = self._held, self._is_late
        self._drop_held()
        if len(held) == 2 and (was_late or held[1] in "^X"):
            if not was_late:
                self._press(ESC)
            self._press(held[1])

    def _press(self, char: str) -> None:
        key = ANSI_SEQUENCES.get(char)
        if isinstance(key, Keys) and char != "\0":
            self.feed_key_callback(KeyPress(key, char))
        elif char.isprintable():
            self.feed_key_callback(KeyPress(char, char))

    # pastes

    def _take_pasted(self, pasted: list[str], data: str) -> str:
        """Adds `data` to the paste; returns what comes after its end."""
        pasted.append(data)
        seam = self._seam + data
        if _PASTE_END not in seam:
            self._seam = seam[-len(_PASTE_END) :]
            return ""
        text, _, rest = "".join(pasted).partition(_PASTE_END)
        self._end_paste(text)
        return rest

    def _end_paste(self, text: str) -> None:
        self._pasted = None
        self._seam = ""
        self.feed_key_callback(KeyPress(Keys.BracketedPaste, clean_paste(text)))

    def _flush_paste(self, pasted: list[str]) -> None:
        missing = self._at + LONGEST_PASTE_PAUSE - self._now()
        # a timer may be a bit early
        if missing < 0.05:
            self._end_paste("".join(pasted))
            return
        app = get_app_or_none()
        if app is not None:
            app.create_background_task(self._flush_later(app, missing))

    async def _flush_later(self, app: Application[Any], seconds: float) -> None:
        """Flushes once more: the application does so only once after something came."""
        await asyncio.sleep(seconds)
        # else an escape that has just come would be a key too early
        if self._pasted is not None:
            app.key_processor.feed_multiple(app.input.flush_keys())
            app.key_processor.process_keys()


def _key_of(sequence: str) -> Keys | None:
    """The key of a whole sequence; None for an answer, an unknown one, and a key with Alt, which
    prompt_toolkit takes for Escape and the key.
    """
    if _MOUSE.fullmatch(sequence):
        return Keys.Vt100MouseEvent
    key = ANSI_SEQUENCES.get(sequence)
    return key if isinstance(key, Keys) and key != Keys.Ignore else None


def clean_paste(text: str) -> str:
    """`text` in one line, without what acts on a terminal or turns what is read."""
    text = _SEQUENCE_IN_PASTE.sub("", text)
    # a line that was copied whole
    text = re.sub(r"(?:\r\n|\r|\n)\Z", "", text)
    text = re.sub(r"[\t\n\r\u2028\u2029]|[^\S\x00-\x1f\x7f-\x9f]", " ", text)
    return "".join(char for char in text if char.isprintable())


def quiet(input_: Input) -> None:
    """Makes `input_` yield only keys; what is no terminal has no parser."""
    if isinstance(input_, Vt100Input):
        input_.vt100_parser = QuietParser(input_.vt100_parser.feed_key_callback)
