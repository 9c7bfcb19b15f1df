"""What is known of a session at the hub: a file for each session in `.sync/`, beside its snapshots.

A sidecar that is damaged or lost is as none: the hub is asked again.
"""

from __future__ import annotations

import fcntl
import posix  # os would cost every start a millisecond
from errno import ENOTDIR

from session_cli import document as doc
from session_cli.errors import Locked
from session_cli.store.files import (
    Damaged,
    is_link,
    make_folder,
    read_file,
    remove,
    replace,
    replace_soon,
    sync_folder,
)
from session_cli.times import elapsed, pause

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from session_cli.document import Document
    from session_cli.store.folder import Folder

SYNC = ".sync"
BASES_KEPT = 16
CONFLICTS_KEPT = 20
DELETE = "delete"
# what is not written with the rest: the program that has the session open, and `delete`, do that
OF_OTHERS = ("lease", "intent")
LOCK_FLAGS = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.005
_HEX = set("0123456789abcdef")


class Base:
    """A version of the session that the hub has or had, and that this device knows.

    `sha256` is that of the hub's bytes, `local` that of the bytes here that mean the same: what was
    pulled has a revision of its own.
    """

    __slots__ = ("etag", "local", "sha256")

    def __init__(self, etag: str, sha256: str, local: str) -> None:
        self.etag = etag
        self.sha256 = sha256
        self.local = local


class Sidecar:
    """What is known of one session at the hub.

    `bases` are the versions that it is or was based on, the newest last; `content` is the hash of
    what matters in the newest; `in_flight` are the sha256 of what was sent and not answered;
    `owner` and `pin` say whose it is, and at which hub as whom; `answer` is what the hub said last:
    `{"state", "detail", "at"}`; `synced_at` is when the hub had last what is here; `intent`
    is `delete` until the hub has deleted it; `lease` is the hub's, `{"token", "fence"}`, with
    `"release"` once it is to be given back; `conflicts` are the copies of what was replaced here,
    the newest last: `{"file", "mine", "theirs"}`, each side `{"user", "device"}`.
    """

    def __init__(self, uuid: str, session_id: str) -> None:
        self.uuid = uuid
        self.session_id = session_id
        self.bases: list[Base] = []
        self.content = ""
        self.in_flight: list[str] = []
        self.owner: Document | None = None
        self.pin: Document | None = None
        self.answer: Document | None = None
        self.intent: str | None = None
        self.synced_at: str | None = None
        self.lease: Document | None = None
        self.conflicts: list[Document] = []

    @property
    def base(self) -> Base | None:
        """The version that the session here is based on; None before the hub has one."""
        return self.bases[-1] if self.bases else None

    @property
    def state(self) -> str:
        """The last answer in a word; empty before the first."""
        return str((self.answer or {}).get("state", ""))

    def rebase(self, base: Base, content: str) -> None:
        """Notes that the session here is based on this version now."""
        others = [each for each in self.bases if each.etag != base.etag]
        self.bases = [*others, base][-BASES_KEPT:]
        self.content = content

    def is_clean(self, local: str) -> bool:
        """Whether these bytes here, by their sha256, are what the hub has."""
        base = self.base
        return base is not None and local in (base.local, base.sha256)

    def knows(self, sha256: str) -> bool:
        """Whether the session here is based on that document of the hub, or was."""
        return any(sha256 == each.sha256 for each in self.bases)


def is_uuid(text: object) -> bool:
    """Whether `text` is a UUID in lower case; sidecars are named after it."""
    if not isinstance(text, str) or len(text) != 36:
        return False
    groups = text.split("-")
    return [len(each) for each in groups] == [8, 4, 4, 4, 12] and set("".join(groups)) <= _HEX


def sync_path(folder: Folder, name: str) -> str:
    """The path of a file in `.sync/`."""
    return folder.at(f"{SYNC}/{name}")


def read_record(folder: Folder, name: str) -> Document | None:
    """The object in a file of `.sync/`; None without one, and for a damaged one."""
    try:
        return doc.parse_state(read_file(sync_path(folder, name)))
    except (Damaged, doc.NotADocument, FileNotFoundError, NotADirectoryError):
        return None


def make_place(folder: Folder) -> str:
    """The path of `.sync/`, which is made if it is missing; raises OSError for a link."""
    place = folder.at(SYNC)
    if is_link(place):
        raise NotADirectoryError(ENOTDIR, "it is a link, and not followed", place)
    make_folder(place)
    return place


def write_record(folder: Folder, name: str, record: Document) -> None:
    """Puts an object into a file of `.sync/`; it is on the disk before this returns."""
    place = make_place(folder)
    replace(sync_path(folder, name), doc.dump(record))
    sync_folder(place)


def note_record(folder: Folder, name: str, record: Document) -> None:
    """Puts what can be found out again into a file of `.sync/`; a power loss may take it back."""
    make_place(folder)
    replace_soon(sync_path(folder, name), doc.dump(record))


def remove_record(folder: Folder, name: str) -> None:
    """Removes a file of `.sync/`, if it is there."""
    try:
        remove(sync_path(folder, name))
    except NotADirectoryError:
        pass


def read_sidecar(folder: Folder, uuid: str) -> Sidecar | None:
    """What is known of the session with that UUID; None where that is nothing."""
    record = read_record(folder, f"{uuid}.json") if is_uuid(uuid) else None
    return _from_record(record, uuid) if record is not None else None


def write_sidecar(folder: Folder, sidecar: Sidecar) -> None:
    """Writes what sending and pulling know of the session; it is on the disk before this returns.

    Lease and intent stay as they are there: others may have changed them meanwhile.
    """
    with _Alone(folder):
        _write(folder, sidecar, write_record)


def note_sidecar(folder: Folder, sidecar: Sidecar) -> None:
    """The same where a power loss may take it back: for what the hub has answered."""
    with _Alone(folder):
        _write(folder, sidecar, note_record)


def _write(
    folder: Folder, sidecar: Sidecar, write: Callable[[Folder, str, Document], None]
) -> None:
    there = read_sidecar(folder, sidecar.uuid) or Sidecar(sidecar.uuid, sidecar.session_id)
    record = _as_record(sidecar)
    record.update({key: value for key, value in _as_record(there).items() if key in OF_OTHERS})
    write(folder, f"{sidecar.uuid}.json", record)


def change_sidecar(
    folder: Folder, uuid: str, session_id: str, change: Callable[[Sidecar], None]
) -> Sidecar:
    """Reads it, anew where there is none, has `change` change it, and writes it, all at once."""
    with _Alone(folder):
        sidecar = read_sidecar(folder, uuid) or Sidecar(uuid, session_id)
        change(sidecar)
        write_record(folder, f"{uuid}.json", _as_record(sidecar))
    return sidecar


class _Alone:
    """Holds `.sync/.lock` while the block runs; for the moment of one change."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.fd = -1

    def __enter__(self) -> None:
        make_place(self.folder)
        self.fd = posix.open(sync_path(self.folder, ".lock"), LOCK_FLAGS, 0o600)
        until = elapsed() + TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if elapsed() > until:
                    posix.close(self.fd)
                    path = sync_path(self.folder, ".lock")
                    raise Locked(
                        f"another process has held {path} for {TIMEOUT_SECONDS} s; find it with"
                        f" 'fuser -v {path}', then try again"
                    ) from None
                pause(POLL_SECONDS)
            else:
                return

    def __exit__(self, *_: object) -> None:
        # closing releases it
        posix.close(self.fd)


def remove_sidecar(folder: Folder, uuid: str) -> None:
    """Forgets all that is known of the session at the hub."""
    remove_record(folder, log_record(uuid))
    remove_record(folder, f"{uuid}.json")


def log_record(uuid: str) -> str:
    """The file in `.sync/` that has the logs that were written here for the session."""
    return f"{uuid}.logs.json"


def list_sidecars(folder: Folder) -> list[Sidecar]:
    """All of them, in no order that means anything."""
    try:
        names = posix.listdir(folder.at(SYNC))
    except (FileNotFoundError, NotADirectoryError):
        return []
    uuids = [name[:-5] for name in sorted(names) if name.endswith(".json") and is_uuid(name[:-5])]
    return [each for each in (read_sidecar(folder, uuid) for uuid in uuids) if each]


def find_sidecar(folder: Folder, session_id: str) -> Sidecar | None:
    """That of the session of this id here; None where nothing is known of it."""
    mine = [each for each in list_sidecars(folder) if each.session_id == session_id]
    return mine[-1] if mine else None


def note_delete(folder: Folder, uuid: object) -> None:
    """Notes that the session is deleted here, so that it is at the hub, too; before that is done.

    Nothing is noted of a session that no hub has.
    """
    sidecar = read_sidecar(folder, uuid) if isinstance(uuid, str) else None
    if sidecar is None:
        return
    if not sidecar.bases and not sidecar.in_flight:
        remove_sidecar(folder, sidecar.uuid)
        return
    set_intent(folder, sidecar, DELETE)


def set_intent(folder: Folder, sidecar: Sidecar, intent: str | None) -> None:
    """Notes that the session is to be deleted at the hub, or no longer."""

    def change(there: Sidecar) -> None:
        there.intent = sidecar.intent = intent

    change_sidecar(folder, sidecar.uuid, sidecar.session_id, change)


def set_lease(folder: Folder, sidecar: Sidecar, lease: Document | None) -> None:
    """Keeps the lease of the hub, or forgets it."""

    def change(there: Sidecar) -> None:
        there.lease = sidecar.lease = lease

    change_sidecar(folder, sidecar.uuid, sidecar.session_id, change)


def _from_record(record: Document, uuid: str) -> Sidecar:
    sidecar = Sidecar(uuid, _text(record.get("session_id")))
    sidecar.bases = [
        Base(*(each[key] for key in ("etag", "sha256", "local")))
        for each in _list(record.get("bases"))
        if isinstance(each, dict)
        and all(isinstance(each.get(key), str) for key in ("etag", "sha256", "local"))
    ]
    sidecar.content = _text(record.get("content"))
    sidecar.in_flight = [each for each in _list(record.get("in_flight")) if isinstance(each, str)]
    sidecar.owner = _named(record.get("owner"))
    sidecar.pin = _pin(record.get("pin"))
    sidecar.answer = _object(record.get("answer"))
    sidecar.intent = DELETE if record.get("intent") == DELETE else None
    sidecar.synced_at = _text(record.get("synced_at")) or None
    sidecar.lease = _lease(record.get("lease"))
    sidecar.conflicts = [each for each in _list(record.get("conflicts")) if isinstance(each, dict)]
    return sidecar


def _as_record(sidecar: Sidecar) -> Document:
    return {
        "id": sidecar.uuid,
        "session_id": sidecar.session_id,
        "bases": [
            {"etag": each.etag, "sha256": each.sha256, "local": each.local}
            for each in sidecar.bases
        ],
        "content": sidecar.content,
        "in_flight": sidecar.in_flight,
        "owner": sidecar.owner,
        "pin": sidecar.pin,
        "answer": sidecar.answer,
        "intent": sidecar.intent,
        "synced_at": sidecar.synced_at,
        "lease": sidecar.lease,
        "conflicts": sidecar.conflicts[-CONFLICTS_KEPT:],
    }


def _lease(value: Any) -> Document | None:
    return value if isinstance(value, dict) and isinstance(value.get("token"), str) else None


def _pin(value: Any) -> Document | None:
    """Whose it is and where, as `sync.pin` has it; None for what is none."""
    if not isinstance(value, dict) or not isinstance(value.get("instance"), str):
        return None
    org, user = _named(value.get("org")), _named(value.get("user"))
    if org is None or user is None:
        return None
    return {"instance": value["instance"], "org": org, "user": user}


def _named(value: Any) -> Document | None:
    if not isinstance(value, dict):
        return None
    named = {key: value.get(key) for key in ("id", "name")}
    return named if all(isinstance(each, str) for each in named.values()) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Document | None:
    return value if isinstance(value, dict) else None
