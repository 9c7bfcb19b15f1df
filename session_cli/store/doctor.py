"""What is wrong with a sessions folder, and its repair."""

from __future__ import annotations

import os
from dataclasses import dataclass
from stat import S_IMODE, S_ISDIR, S_ISREG

from session_cli import document as doc
from session_cli.errors import BadInput, SessionError, advice
from session_cli.names import parse_name
from session_cli.redaction import without_secrets
from session_cli.store.catalog import snapshots
from session_cli.store.commit import repair
from session_cli.store.files import (
    Damaged,
    describe_dangling,
    exists,
    is_link,
    read_file,
    read_note,
    reason,
    remove,
    split,
    temporary_path,
)
from session_cli.store.latest import Damage
from session_cli.store.lease import LEASES
from session_cli.store.lock import LOCK_NAME, why_not_lockable
from session_cli.store.sidecar import SYNC
from session_cli.store.store import Store
from session_cli.times import now, stamp

FOLDERS = ("archive", "corrupt", "conflicts", LEASES, SYNC)
FILES = (LOCK_NAME, "events.jsonl")
FIX = "fix: session-cli doctor --fix"
MOVE = "move it away; session-cli makes its own"
WHOSE = "check who owns it"
WRITABLE = "make it writable"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where, what, and what to do about it."""

    path: str
    what: str
    advice: str


def diagnose(store: Store) -> list[Finding]:
    """Everything that is wrong, the most important first; changes nothing."""
    path = store.folder.path
    if not path:
        return [Finding("HOME", "it names no folder", "set it, or name a folder with --dir")]
    owner = store.other_owner_of_home()
    if owner:
        return [Finding(split(path)[0], f"it belongs to user {owner}, and you are root", WHOSE)]
    try:
        if not store.folder.is_there():
            return _find_obstacle(path)
    except NotADirectoryError as error:
        return [Finding(path, reason(error), MOVE)]
    except OSError as error:
        return [Finding(error.filename or path, reason(error), WHOSE)]
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += check(store)
        except OSError as error:
            findings.append(Finding(error.filename or path, reason(error), WHOSE))
    return list(dict.fromkeys([*findings, *_check_states(store), *_check_clock(store)]))


def fix(store: Store) -> None:
    """Tightens the rights, repairs the pointer, and sets damaged snapshots aside in corrupt/."""
    store.prepare()
    store.tighten()
    with store.writing():
        repair(store)
        for path in _snapshot_paths(store):
            if _is_damaged(path):
                store.folder.keep_damaged(path)
                remove(path)
        for path in _open_files(store):
            os.chmod(path, 0o600)


def _find_obstacle(path: str) -> list[Finding]:
    """What prevents making a folder that is not there."""
    while not exists(path):
        path = split(path)[0]
    dangling = describe_dangling(path)
    if dangling:
        return [Finding(path, dangling, "make that folder, or remove the link")]
    if not S_ISDIR(os.stat(path).st_mode):
        return [Finding(path, "it is not a folder", MOVE)]
    return _find_unwritable([path])


def _find_unwritable(places: list[str]) -> list[Finding]:
    closed = [place for place in places if not os.access(place, os.W_OK | os.X_OK)]
    return [Finding(place, "it cannot be written to", WRITABLE) for place in closed]


def _check_writing(store: Store) -> list[Finding]:
    place = split(store.pointer)[0]
    beside = [] if store.is_our_folder(place) else _find_obstacle(place)
    return [*_find_unwritable([store.folder.path]), *beside]


def _check_locking(store: Store) -> list[Finding]:
    path = store.folder.path
    if not is_link(store.folder.at(LOCK_NAME)) and os.access(path, os.R_OK):
        error = why_not_lockable(path)
        if error:
            return [Finding(path, f"it cannot be locked: {reason(error)}", advice(error))]
    return []


def _check_places(store: Store) -> list[Finding]:
    """What is in the place of a file or folder that session-cli needs."""
    at = store.folder.at
    folders = [found for name in FOLDERS for found in _check_folder(at(name))]
    files = [found for path in _file_places(store) for found in _check_file(path)]
    links = [store.session_link, store.pending_removal, store.pending_receipt]
    names = [
        at(".new-snapshot"),
        at(".new-copy"),
        *links,
        *map(temporary_path, [store.pointer, *links]),
    ]
    return [
        *folders,
        *files,
        *(Finding(path, "it is a folder, and in the way", MOVE) for path in names if _is_dir(path)),
    ]


def _file_places(store: Store) -> list[str]:
    """Where our files are, those of `.sync/` as far as there are any."""
    sync = store.folder.at(SYNC)
    if is_link(sync):
        # it is not followed
        return [*map(store.folder.at, FILES), sync]
    return [*map(store.folder.at, FILES), *(f"{sync}/{name}" for name in _names_in(sync))]


def _names_in(place: str) -> list[str]:
    return os.listdir(place) if _is_dir(place) else []


def _check_folder(path: str) -> list[Finding]:
    return _find_obstacle(path) if exists(path) else []


def _check_file(path: str) -> list[Finding]:
    if not exists(path):
        return []
    if not S_ISREG(os.lstat(path).st_mode):
        return [Finding(path, "it is not a regular file", MOVE)]
    if not os.access(path, os.R_OK | os.W_OK):
        return [Finding(path, "it cannot be written to", WRITABLE)]
    return []


def _is_dir(path: str) -> bool:
    return exists(path) and S_ISDIR(os.lstat(path).st_mode)


def _check_rights(store: Store) -> list[Finding]:
    folder = [store.folder.path] if store.folder.is_open() else []
    return [
        Finding(path, "readable by other users", FIX) for path in [*folder, *_open_files(store)]
    ]


def _open_files(store: Store) -> list[str]:
    """Our files that other users have rights on."""
    kept = [
        f"{store.folder.at(place)}/{name}"
        for place in ("corrupt", "conflicts", SYNC)
        for name in _names_in(store.folder.at(place))
    ]
    ours = [store.pointer, *_snapshot_paths(store), *kept, store.folder.at("events.jsonl")]
    return [path for path in ours if exists(path) and _is_open_to_others(path)]


def _is_open_to_others(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return S_ISREG(mode) and S_IMODE(mode) & 0o077 != 0


def _check_pointer(store: Store) -> list[Finding]:
    try:
        found = store.find()
    except SessionError as error:
        return [Finding(store.pointer, str(error), WHOSE)]
    if found is None:
        return []
    if isinstance(found, Damage):
        return [Finding(store.pointer, found.problem, FIX)]
    if doc.is_newer(found.state):
        return [Finding(store.pointer, "a newer version wrote it", "upgrade session-cli")]
    if doc.is_deep(found.state):
        what = f"it is nested over {doc.MAX_DEPTH} levels deep, so it cannot be saved again"
        return [Finding(store.pointer, what, "archive it: session-cli new")]
    if not is_link(store.pointer):
        return [Finding(store.pointer, "it is a file, not a link to a snapshot", FIX)]
    return []


def _check_removal(store: Store) -> list[Finding]:
    if not exists(store.pending_removal) or _is_dir(store.pending_removal):
        return []
    what = f"a removal was interrupted: {read_note(store.pending_removal)}"
    return [Finding(store.pending_removal, what, "the next save finishes it; so does --fix")]


def _check_states(store: Store) -> list[Finding]:
    """The snapshots that are damaged, cannot be read, or contain a credential."""
    pointer = [store.pointer] if exists(store.pointer) and not is_link(store.pointer) else []
    return [found for path in [*pointer, *_snapshot_paths(store)] for found in _check_state(path)]


def _check_state(path: str) -> list[Finding]:
    try:
        dropped = _secrets_in(doc.parse_state(read_file(path)))
    except (Damaged, doc.NotADocument) as damage:
        return [Finding(path, str(damage), FIX)]
    except OSError as error:
        return [Finding(path, reason(error), WHOSE)]
    if not dropped:
        return []
    what = f"it contains what looks like a credential: {', '.join(dropped)}"
    return [Finding(path, what, "renew the credential; after the next save remove this file")]


def _secrets_in(state: doc.Document) -> list[str]:
    try:
        doc.refuse_deep(state)
    except BadInput:
        return []
    return without_secrets(state)[1]


def _snapshot_paths(store: Store) -> list[str]:
    return [store.folder.at(snapshot.path) for snapshot in reversed(snapshots(store))]


def _is_damaged(path: str) -> bool:
    try:
        doc.parse_state(read_file(path))
    except (Damaged, doc.NotADocument):
        return True
    return False


def _check_clock(store: Store) -> list[Finding]:
    today = stamp(now())
    late = [each for each in snapshots(store) if _stamp(store, each.name) > today]
    return [
        Finding(store.folder.at(each.path), "its timestamp is in the future", "check the clock")
        for each in late[:1]
    ]


def _stamp(store: Store, name: str) -> str:
    return (parse_name(store.type, name) or ("",))[0]


# each may fail by itself, and the others are still done
CHECKS = (
    _check_writing,
    _check_locking,
    _check_places,
    _check_rights,
    _check_pointer,
    _check_removal,
)
