"""The log of an import: what happened, for people to read afterwards.

A log that cannot be written is reported once, at the end, and stops nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from session_cli import times
from session_cli.errors import printable
from session_cli.names import SUFFIX
from session_cli.sync.own_logs import logs_folder

PREFIX = "tui-import-"
RULE = "=" * 80


class Log:
    """A log of its own for each run, called after the second in which it began.

    `stamp` is that of no session that is there; `path` is None where there is no log, and
    `problem` says why.
    """

    def __init__(self, sessions: str) -> None:
        self.sessions = sessions
        self.folder = Path(logs_folder())
        self.path: Path | None = None
        self.stamp = ""
        self.problem = ""
        self.early: list[str] = []

    def begin(self, gone: str = "") -> None:
        """Makes a new log; its stamp is not that of the session `gone` either."""
        second = times.stamp(times.now())
        self.path, self.problem, self.stamp = None, "", second
        number = 1
        try:
            _make_folder(self.folder)
        except OSError:
            self.problem = f"no log: cannot create {self.folder}"
        # of programs that begin in the same second none has the log or the session of another
        while f"import-{self.stamp}" == gone or not self._is_free() or not self._make():
            number += 1
            self.stamp = f"{second}-{number}"

    def _is_free(self) -> bool:
        name = f"import-{self.stamp}{SUFFIX}"
        places = (f"{self.sessions}/{name}", f"{self.sessions}/archive/{name}")
        return not any(map(os.path.lexists, places))

    def _make(self) -> bool:
        """Makes the file; False only where there is one of that name."""
        if self.problem:
            return True
        path = self.folder / f"{PREFIX}{self.stamp}.log"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        except OSError:
            self.problem = f"no log: cannot write to {self.folder}"
            return True
        self.path = path
        return True

    def head(self, session_id: str, earlier: str = "") -> None:
        """The first lines: which session it is of, and which log it continues."""
        continues = [f"Continues: {earlier}"] if earlier else []
        started = f"Started: {times.utc(times.now())}"
        title = "ConfigHub Import TUI"
        self._write([RULE, title, started, f"Session: {session_id}", *continues, RULE, ""])
        self._write(self.early)
        self.early = []

    def line(self, text: str) -> None:
        """One thing that happened."""
        self._write([_with_time(text)])

    def complaint(self, text: str) -> None:
        """The same; what comes before there is a log is kept for it."""
        if self.stamp:
            self.line(text)
        else:
            self.early.append(_with_time(text))

    def section(self, name: str) -> None:
        """The beginning of a piece of work."""
        self._write(["", f"--- {name.upper()} ---"])

    def _write(self, lines: Iterable[str]) -> None:
        if self.path is None:
            return
        text = "".join(f"{printable(line)}\n" for line in lines)
        try:
            # never made anew: whoever removed it wanted it gone
            with open(self.path, "a", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError:
            self.problem = f"cannot write the log: {self.path}"

    @property
    def short(self) -> str:
        """The path with ~ for HOME, as the session keeps it; "" without a log."""
        home = os.environ.get("HOME", "")
        path = str(self.path or "")
        return f"~{path[len(home) :]}" if home and path.startswith(f"{home}/") else path

    def worker_log(self) -> str:
        """Where a worker that is started writes: its words are its own, so it is no log of ours."""
        if self.path is None:
            return os.devnull
        return str(self.path.with_name(f"worker-{self.path.name.removeprefix(PREFIX)}"))


def _with_time(text: str) -> str:
    return f"[{times.utc(times.now())[11:19]}] {text}"


def _make_folder(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    finally:
        os.umask(before)


def find_log(named: str) -> Path | None:
    """The log that a session names, if it is one of ours: a session may say anything."""
    path = Path(os.path.expanduser(named) if named.startswith("~/") else named)
    folder = Path(logs_folder())
    is_ours = path.parent == folder and path.name.startswith(PREFIX) and path.suffix == ".log"
    return path if is_ours and path.is_file() and not path.is_symlink() else None
