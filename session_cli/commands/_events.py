"""Long work as lines that a TUI reads meanwhile: what happened, how far it is, what to save.

Each line is a kind and its text, with tabs between: `say TEXT`, `note TEXT`, `bar DONE TOTAL TEXT`,
`save FILE` (DATA to be saved, in a file of the reader's scratch folder), `step STEP`, `show FILE`.
"""

from __future__ import annotations

import os
import signal
from typing import Any, NoReturn

import click

from session_cli import console
from session_cli import document as doc
from session_cli.commands._output import in_locale
from session_cli.errors import NotSaved, printable
from session_cli.times import elapsed
from session_cli.words import plain

SECONDS_BETWEEN_SAVES = 1.0

scratch_option = click.option(
    "--scratch",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    help="A folder of the caller's own, for what is too large for a line.",
)


class Stream:
    """Writes the lines; the reader's scratch folder takes what is too large for one.

    As a context manager it hands over what is unsaved at the end, also on SIGTERM.
    """

    def __init__(self, scratch: str) -> None:
        self.scratch = scratch
        self.unsaved: dict[str, Any] = {}
        self.saved_at = -SECONDS_BETWEEN_SAVES

    def __enter__(self) -> Stream:
        signal.signal(signal.SIGTERM, _leave)
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def say(self, text: str) -> None:
        """One thing that happened."""
        self._line("say", _shown(text))

    def note(self, text: str) -> None:
        """A line of another program's output, for the log."""
        self._line("note", _shown(text))

    def bar(self, done: int, total: int, text: str) -> None:
        """How much is done, and what is being done now."""
        self._line("bar", str(done), str(total), _shown(text))

    def save(self, data: dict[str, Any]) -> None:
        """DATA to be saved, at once or within the second."""
        self.unsaved = _joined(self.unsaved, data)
        self.tick()

    def tick(self) -> None:
        """Hands over what is to be saved, when the last time is a second ago."""
        if self.unsaved and elapsed() - self.saved_at >= SECONDS_BETWEEN_SAVES:
            self.flush()

    def flush(self) -> None:
        """Hands over what is to be saved, now."""
        if self.unsaved:
            self._line("save", self._file("data-", doc.dump(self.unsaved)))
            self.unsaved = {}
            self.saved_at = elapsed()

    def step(self, step: str) -> None:
        """The step at which the import resumes."""
        self._line("step", step)

    def show(self, text: str) -> None:
        """A box for the person to look at."""
        self._line("show", self._file("box-", in_locale(text)))

    def _line(self, *fields: str) -> None:
        console.write_stdout("\t".join(fields).encode("utf-8", "replace") + b"\n")

    def _file(self, prefix: str, raw: bytes) -> str:
        # imported only here: the verbs that share this module and write no file start sooner
        from tempfile import mkstemp

        try:
            fd, path = mkstemp(prefix=prefix, dir=self.scratch)
            with os.fdopen(fd, "wb") as file:
                file.write(raw)
        except OSError as error:
            raise NotSaved(
                f"not saved: {self.scratch}: {error.strerror}; free some space"
            ) from None
        return path


def _leave(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def _joined(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """The DATA of both, where they differ that of `then`."""
    joined = {**first, **then}
    for key in first.keys() & then.keys():
        if isinstance(first[key], dict) and isinstance(then[key], dict):
            joined[key] = _joined(first[key], then[key])
    return joined


def _shown(text: str) -> str:
    return printable(text) if console.speaks_utf8() else plain(text)
