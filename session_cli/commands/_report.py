"""What long work reports to a script: lines for people on stderr, and DATA to save on stdout.

With --json stdout has all of it, in one document:

  {"step": where the import resumes, or null, "data": DATA for `save`, "said": what happened, a text
   each, "box": a box of text for a person to look at, or null}
"""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any, NoReturn

import click

from session_cli import console
from session_cli import document as doc
from session_cli.commands._gone import Verb, gone_option
from session_cli.commands._output import in_locale
from session_cli.errors import printable
from session_cli.progress import joined
from session_cli.words import plain

_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print a report with the DATA in it, and nothing else."
)
_scratch_option = gone_option("--scratch", "the DATA comes on stdout")


def report_options(command: Verb) -> Verb:
    """The options of every verb that reports: --json, and what went with the bash screens."""
    return _json_option(_scratch_option(command))


class Report:
    """Takes what happens; as a context manager it prints the answer at the end, also on SIGTERM.

    After a failure without DATA there is none, so that what reads it saves nothing.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.said: list[str] = []
        self.data: dict[str, Any] = {}
        self.step: str | None = None
        self.box: str | None = None
        self._doing = ""

    def __enter__(self) -> Report:
        signal.signal(signal.SIGTERM, _leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self.as_json:
            told = {"step": self.step, "data": self.data, "said": self.said, "box": self.box}
            console.write_stdout(doc.dump(told))
        elif self.data or error is None:
            console.write_stdout(doc.dump(self.data))

    def say(self, text: str) -> None:
        """One thing that happened."""
        self.said.append(_shown(text))
        self._tell(text)

    def note(self, text: str) -> None:
        """A line that another program printed when it failed."""
        self._tell(f"| {text}")

    def bar(self, done: int, total: int, text: str, unit: str = "") -> None:
        """How much is done, and what is being done now; reported when that is another thing."""
        if text != self._doing:
            self._doing = text
            self._tell(f"[{done}/{total}] {text}" if total else text)

    def save(self, data: dict[str, Any]) -> None:
        """DATA to be saved; what comes later counts."""
        self.data = joined(self.data, data)

    def resume_at(self, step: str) -> None:
        """The step at which the import resumes."""
        self.step = step
        self._tell(f"resumes at: {step}")

    def show(self, box: str) -> None:
        """A box for a person to look at."""
        self.box = box
        if not self.as_json:
            console.write_stderr(in_locale(box))

    def _tell(self, text: str) -> None:
        if not self.as_json:
            console.write_stderr(f"{_shown(text)}\n".encode("utf-8", "replace"))


def _leave(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _shown(text: str) -> str:
    return printable(text) if console.speaks_utf8() else plain(text)
