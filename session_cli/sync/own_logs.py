"""Which logs were written here for a session: only these may be sent, and nothing a document names.

They stand in `.sync/<id>.logs.json`, apart from the sidecar: a program notes its log just while
another process sends the session and keeps the answer.
"""

from __future__ import annotations

import os
import re
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, BinaryIO

from session_cli.store.files import not_saved
from session_cli.store.lock import WriteLock
from session_cli.store.sidecar import is_uuid, log_record, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_cli.store.folder import Folder

LONGEST_NAME = 100
READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LONGEST_LIST = 100


class NotSent(Exception):
    """A log stays here; the message says why."""


class OwnLog:
    """A log of ours, as a hub has it.

    `sent` are the bytes of its redacted text that the hub has, `prefix` their sha256; `sending`
    and `sending_prefix` are the same of what was sent last and not answered. `size` is that of the
    log itself when it was `done`, with that `result`. A log that was replaced by another name has
    an empty `path`.
    """

    __slots__ = ("done", "path", "prefix", "result", "sending", "sending_prefix", "sent", "size")

    def __init__(self, path: str) -> None:
        self.path = path
        self.begin_anew()

    def begin_anew(self) -> None:
        """The hub has nothing of it."""
        self.sent = self.sending = self.size = 0
        self.prefix = self.sending_prefix = ""
        self.done = False
        self.result: str | None = None

    def note_sent(self, sent: int, prefix: str) -> None:
        """The hub has so much of it."""
        self.sent, self.prefix = sent, prefix
        self.sending, self.sending_prefix = 0, ""

    def members(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: getattr(self, name) for name in self.__slots__}


def logs_folder() -> str:
    """Where logs are."""
    named = os.environ.get("CONFIGHUB_LOG_DIR")
    return named or f"{os.environ.get('HOME', '')}/.confighub/logs"


def note_log(folder: Folder, uuid: str, path: str) -> None:
    """Notes that the log at this path was written here for the session; raises NotSaved."""
    path = os.path.abspath(path)
    try:
        known = read_logs(folder, uuid)
    except OSError as error:
        raise not_saved(folder.path, error) from None
    if not is_uuid(uuid) or any(each.path == path for each in known.values()):
        return
    _change(folder, uuid, lambda logs: logs.update({free_name(logs, path): OwnLog(path)}))


def read_logs(folder: Folder, uuid: str) -> dict[str, OwnLog]:
    """The logs that were written here for the session, by what they are called at a hub."""
    record = read_record(folder, log_record(uuid)) if is_uuid(uuid) else None
    found = {}
    for name, members in (record or {}).items():
        log = _from_record(members)
        if log is not None and name == _as_name(name):
            found[name] = log
    return found


def write_log(folder: Folder, uuid: str, name: str, log: OwnLog) -> None:
    """Keeps what became of a log; raises NotSaved."""
    _change(folder, uuid, lambda logs: logs.update({name: log}))


def free_name(logs: dict[str, OwnLog], path: str) -> str:
    """What the log at this path is called at a hub, as no other one is: `name.2.log`."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    name, number = _as_name(f"{stem}{suffix}"), 1
    while name in logs:
        number += 1
        name = _as_name(f"{stem[: LONGEST_NAME - 20]}.{number}{suffix}")
    return name


def open_log(path: str, logs: str) -> BinaryIO:
    """The log at this path, if it is a file of ours in the folder `logs`; raises NotSent."""
    place, name = os.path.split(path)
    if place != os.path.abspath(logs):
        raise NotSent(f"it is not in {logs}")
    try:
        file = os.fdopen(_open_in(place, name), "rb")
    except OSError as error:
        raise NotSent(error.strerror or str(error)) from None
    status = os.fstat(file.fileno())
    if not S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink != 1:
        file.close()
        raise NotSent("it is not a file of yours alone")
    return file


def _open_in(place: str, name: str) -> int:
    parent = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.open(name, READ_FLAGS, dir_fd=parent)
    finally:
        os.close(parent)


def _change(folder: Folder, uuid: str, change: Callable[[dict[str, OwnLog]], None]) -> None:
    try:
        with WriteLock(folder.path):
            logs = read_logs(folder, uuid)
            change(logs)
            kept = list(logs.items())[-LONGEST_LIST:]
            record = {name: log.members() for name, log in kept}
            write_record(folder, log_record(uuid), record)
    except OSError as error:
        raise not_saved(folder.path, error) from None


def _as_name(text: str) -> str:
    """What a hub takes as the name of a log."""
    name = re.sub(r"[^a-z0-9._-]", "-", text.lower())[-LONGEST_NAME:]
    return name if name.strip(".") else "log"


def _from_record(members: object) -> OwnLog | None:
    if not isinstance(members, dict) or not isinstance(members.get("path"), str):
        return None
    log = OwnLog(members["path"])
    for name in ("sent", "sending", "size"):
        value = members.get(name)
        setattr(log, name, value if type(value) is int and value >= 0 else 0)
    for name in ("prefix", "sending_prefix"):
        setattr(log, name, str(members.get(name) or ""))
    log.done = members.get("done") is True
    log.result = members["result"] if members.get("result") in ("complete", "error") else None
    return log
