"""The screen of work under way: what is being done and asked, since when, and what has happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from session_cli import processes, times
from session_cli.tui.keys import HELP, LOG, QUIT, TABS, Key
from session_cli.tui.theme import Line
from session_cli.tui.views import View, fold

BAR_CELLS = 30
SPINNER = "|/-\\"
TURNS_A_SECOND = 4
_STYLES = {"!": "warn", "ok:": "ok", "changed:": "warn", "gone:": "error", "unknown:": "warn"}


class Board(View):
    """What is shown while work goes on; it hears what the work reports."""

    keys: Sequence[Key] = (TABS, LOG, QUIT, HELP)

    def __init__(
        self,
        title: str,
        keys: Sequence[Key] = keys,
        hidden: Sequence[Key] = (),
        last_line: Callable[[], str] = lambda: "",
    ) -> None:
        self.title = title
        # of another program that the work waits for
        self.last_line = last_line
        self.shown = keys
        self.keys = (*keys, *hidden)
        self.began = times.elapsed()
        self.told: list[str] = []
        self.progress: tuple[int, int, str] = (0, 0, "")
        self.unit = ""

    @property
    def seconds(self) -> float:
        """How long the work has taken, in seconds."""
        return times.elapsed() - self.began

    def say(self, text: str) -> None:
        """One thing that happened."""
        self.told.append(text)

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        """How much is done, and what is being done now."""
        self.progress, self.unit = (done, total, text), unit

    def body(self, width: int, height: int) -> list[Line]:
        head: list[Line] = [
            self._heading(),
            self._bar(),
            *self._asked(width),
            *self._other(width),
            [],
        ]
        room = max(0, height - len(head))
        told = [line for text in self.told[-room:] for line in _told(text, width)] if room else []
        return [*head, *told[-room:]] if room else head

    def facts(self, width: int) -> list[Line]:
        """How far it is, in words."""
        _, total, text = self.progress
        far = ", ".join(filter(None, (self._count() if total else "", text)))
        head = [("", f"{self.title}: {self.seconds:.0f} s")]
        return [head, *([[("", far)]] if far else []), *self._asked(width)]

    def line(self, width: int) -> Line:
        """All of it in one line, beside something that can be worked with meanwhile."""
        heading = self._heading()
        text = self.progress[2] or "".join(self.told[-1:])
        room = max(0, width - sum(len(each) for _, each in heading) - 3)
        return [*heading, ("dim", f"   {text[:room]}")]

    def _heading(self) -> Line:
        turn = SPINNER[int(self.seconds * TURNS_A_SECOND) % len(SPINNER)]
        return [("accent", f"  {turn} "), ("strong", self.title), ("", f"   {self.seconds:.0f} s")]

    def _bar(self) -> Line:
        done, total, text = self.progress
        if not total:
            return [("", f"    {text}")]
        full = min(BAR_CELLS, done * BAR_CELLS // total)
        drawn = [("accent", "#" * full), ("", " " * (BAR_CELLS - full))]
        return [("", "    ["), *drawn, ("", f"] {self._count()}   {text}")]

    def _count(self) -> str:
        """`3 of 6`, or `20 of 120 s`."""
        done, total, _ = self.progress
        return f"{done} of {total} {self.unit}".rstrip()

    def _asked(self, width: int) -> list[Line]:
        """What is asked at the moment, and when that gives up."""
        call = processes.current_call()
        if call is None:
            return []
        words = " ".join(call.command[:3])
        text = f"{words}: {call.seconds:.0f} s, gives up after {ceil(call.timeout)} s"
        return [[("dim", line)] for line in fold(text, width, "    ")]

    def _other(self, width: int) -> list[Line]:
        """The last that the other program wrote."""
        line = self.last_line()
        return [[("dim", each)] for each in fold(line, width, "    | ")[:1]] if line else []


def _told(text: str, width: int) -> list[Line]:
    style = next((each for start, each in _STYLES.items() if text.startswith(start)), "")
    return [[(style, line)] for line in fold(text, width, "    ")]
