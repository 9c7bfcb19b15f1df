"""Homes of people with `session-cli`: each as on a machine of its own, beside a real hub."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import waiting
from guard import SCRIPTS
from processes import Answer, Command, forked, runner
from system.conftest import load_verbs
from system.folders import BEGIN, clock

from session_cli import quick

Row = dict[str, Any]
# what stands on the command line of the process that sends
SENDING = b"/session_cli/sync/__main__.py"


class Home:
    """A HOME in which `session-cli` runs as a real process; its clock moves a second at each call.

    `laptop("save", "scan")` runs the verb; what it needs of the hub it asks at `url`.
    """

    def __init__(self, folder: Path, url: str, token: str, now: float = BEGIN) -> None:
        self.folder, self.url, self.token, self.now = folder, url, token, now
        # for every call from here on
        self.env: dict[str, str | None] = {}
        self.command: Command = runner(str(SCRIPTS / "session-cli"))
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def sessions(self) -> Path:
        """The sessions folder."""
        return self.folder / ".confighub" / "sessions"

    def play_in_forks(self) -> Home:
        """From here on a fork of this process runs the verbs, which takes no start of Python."""
        load_verbs()
        self.command = forked(quick.main)
        return self

    def environment(self) -> dict[str, str | None]:
        """What a call changes of the environment."""
        return {"HOME": str(self.folder), **clock(self.now), **self.env}

    def __call__(
        self,
        *words: str,
        stdin: bytes | None = None,
        env: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """What the verb answers."""
        self.now += 1
        return self.command(*words, stdin=stdin, env={**self.environment(), **(env or {})})

    def do(self, *words: str, stdin: bytes | None = None, code: int = 0) -> str:
        """What the verb prints, which has to end with this exit code; its lines end in stdout."""
        answer = self(*words, stdin=stdin)
        assert answer.code == code, (words, answer)
        refuse_traceback(answer)
        return answer.stdout.decode()

    def login(self, url: str = "", token: str = "") -> Answer:
        """Signs in with a token on stdin."""
        stdin = f"{token or self.token}\n".encode()
        answer = self("login", url or self.url, "--token", "-", stdin=stdin)
        assert answer.code == 0, answer
        return answer

    def save(self, step: str = "scan", **members: Any) -> Row:
        """Saves, and waits until whoever was started to send it has ended; the state."""
        state = self.save_only(step, **members)
        self.settle()
        return state

    def save_only(self, step: str = "scan", **members: Any) -> Row:
        """Saves; the state, which may be under way to the hub."""
        data = json.dumps(members).encode()
        self.do("save", step, "-", stdin=data)
        return self.load()

    def load(self) -> Row:
        """The latest state; an empty one where there is none."""
        raw = self.raw()
        state: Row = json.loads(raw) if raw else {}
        return state

    def raw(self) -> bytes:
        """The bytes of the latest state."""
        try:
            return (self.sessions / "import-latest.json").read_bytes()
        except FileNotFoundError:
            return b""

    def sync(self, *words: str, code: int = 0) -> list[Row]:
        """What `sync --json` says of each session that it looked at."""
        rows: list[Row] = json.loads(self.do("sync", *words, "--json", code=code))
        return rows

    def sync_one(self, *words: str, code: int = 0) -> Row:
        """The same where there is one session."""
        (row,) = self.sync(*words, code=code)
        return row

    def status(self) -> Any:
        """What `sync status --json` says."""
        return json.loads(self.do("sync", "status", "--json"))

    def snapshots(self) -> dict[str, bytes]:
        """The snapshots that are not archived, by name."""
        return {path.name: path.read_bytes() for path in self.sessions.glob("import-2*.json")}

    def archived(self) -> dict[str, bytes]:
        """Those in the archive."""
        return {path.name: path.read_bytes() for path in self.sessions.glob("archive/*.json")}

    def conflicts(self) -> dict[str, bytes]:
        """The files in `conflicts/`, by their path in it."""
        place = self.sessions / "conflicts"
        return {
            str(path.relative_to(place)): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file()
        }

    def everything(self) -> set[str]:
        """The sha256 of every file that holds a state, wherever it stands here."""
        raws = [*self.snapshots().values(), *self.archived().values(), *self.conflicts().values()]
        return set(map(sha256, raws))

    def sidecar(self, unique: str) -> Row:
        """What is known here of a session at the hub; an empty one where that is nothing."""
        try:
            record: Row = json.loads((self.sync_folder / f"{unique}.json").read_bytes())
        except FileNotFoundError:
            return {}
        return record

    def sidecars(self) -> list[str]:
        """The ids of the sessions that something is known of."""
        return sorted(path.stem for path in self.sync_folder.glob("????????-*.json"))

    @property
    def sync_folder(self) -> Path:
        """Where the client keeps what is its own."""
        return self.sessions / ".sync"

    @property
    def device(self) -> str:
        """The id of this device."""
        record = json.loads((self.sync_folder / "device.json").read_bytes())
        return str(record["id"])

    def settle(self) -> None:
        """Waits until nobody sends any more."""
        waiting.eventually(lambda: not self.is_sending(), self._work, "somebody still sends")

    def is_sending(self) -> bool:
        """Whether somebody sends, or has been told to."""
        return self._is_locked() or bool(self.processes())

    def _is_locked(self) -> bool:
        """Whether somebody has the lock of who sends; not tried, for that would hold it.

        One that has just been started has it, and does not look like itself yet.
        """
        try:
            inode = (self.sync_folder / "push.lock").stat().st_ino
        except FileNotFoundError:
            return False
        return f":{inode} " in Path("/proc/locks").read_text()

    def _work(self) -> tuple[int, ...]:
        return tuple(self.processes())

    def processes(self) -> list[int]:
        """Those that send what was saved here."""
        name = b"HOME=" + os.fsencode(self.folder)
        return [
            int(pid)
            for pid in filter(str.isdigit, os.listdir("/proc"))
            if SENDING in told_of(pid, "cmdline") and name in told_of(pid, "environ").split(b"\0")
        ]

    @contextmanager
    def nobody_sends(self) -> Iterator[None]:
        """As while another process is sending: what is saved meanwhile stays here."""
        self.sync_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.sync_folder / "push.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def told_of(pid: str, what: str) -> bytes:
    """A file of a process in /proc; nothing where it is another person's, or has ended."""
    try:
        with open(f"/proc/{pid}/{what}", "rb") as file:
            return file.read()
    except OSError:
        return b""


def sha256(raw: bytes) -> str:
    """As the hub and the sidecars write it."""
    return hashlib.sha256(raw).hexdigest()


def refuse_traceback(answer: Answer) -> None:
    """Nobody ever sees one."""
    assert "Traceback" not in answer.stderr, answer.stderr
    assert "internal error" not in answer.stderr, answer.stderr


def lines(answer: Answer) -> list[str]:
    """What stderr said, without the program's name."""
    return [line.removeprefix("session-cli: ") for line in answer.stderr.splitlines()]
