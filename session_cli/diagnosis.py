"""What is wrong with a sessions folder: findings first, mending apart from them."""

from __future__ import annotations

import posix
from dataclasses import dataclass
from stat import S_IMODE, S_ISLNK

from session_cli import document as doc
from session_cli.errors import SessionError
from session_cli.files import Damaged, exists, is_link, noted, read_file, reason, remove, split
from session_cli.names import parse_name
from session_cli.sessions import snapshots
from session_cli.store import Store
from session_cli.times import now, stamp

FIX = "'session-cli doctor --fix' mends it"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: where, what, and what to do about it."""

    path: str
    what: str
    advice: str


def diagnose(store: Store) -> list[Finding]:
    """Everything that is wrong, the most important first; changes nothing."""
    if not store.folder.path:
        return [Finding("HOME", "it names no folder", "set it, or name a folder with --dir")]
    try:
        if not store.folder.is_there():
            return []
        looks = (_unwritable, _rights, _pointer, _interrupted, _unreadable, _future)
        return [finding for look in looks for finding in look(store)]
    except OSError as error:
        return [Finding(error.filename or store.folder.path, reason(error), "see who owns it")]


def mend(store: Store) -> None:
    """Tightens the rights, takes over a plain pointer, repairs a damaged one, sweeps up."""
    store.prepare()
    store.tighten()
    with store.writing():
        store.repair()
        for path in _paths(store):
            if _damage(path):
                store.folder.keep_damaged(path)
                remove(path)
            else:
                posix.chmod(path, 0o600)


def _unwritable(store: Store) -> list[Finding]:
    places = {store.folder.path, split(store.pointer)[0]}
    shut = [place for place in places if not posix.access(place, posix.W_OK | posix.X_OK)]
    return [Finding(place, "it cannot be written to", "make it yours to write") for place in shut]


def _rights(store: Store) -> list[Finding]:
    paths = [store.folder.path, *_paths(store)]
    open_to_others = [path for path in paths if _is_open_to_others(path)]
    return [Finding(path, "others can look into it", FIX) for path in open_to_others]


def _is_open_to_others(path: str) -> bool:
    mode = posix.lstat(path).st_mode
    return not S_ISLNK(mode) and S_IMODE(mode) & 0o077 != 0


def _pointer(store: Store) -> list[Finding]:
    try:
        found = store.find()
    except SessionError as error:
        return [Finding(store.pointer, str(error), "see who owns it")]
    if found is None:
        return []
    if found.problem:
        return [Finding(store.pointer, found.problem, FIX)]
    if found.state and doc.is_newer(found.state):
        return [Finding(store.pointer, "a newer version wrote it", "upgrade session-cli")]
    if not is_link(store.pointer):
        return [Finding(store.pointer, "it is a file, not a link to a snapshot", FIX)]
    return []


def _interrupted(store: Store) -> list[Finding]:
    if not exists(store.leaving_link):
        return []
    what = f"this was interrupted: {noted(store.leaving_link)}"
    return [Finding(store.leaving_link, what, "the next save finishes it; so does --fix")]


def _unreadable(store: Store) -> list[Finding]:
    damaged = ((path, _damage(path)) for path in _paths(store))
    return [Finding(path, what, FIX) for path, what in damaged if what]


def _paths(store: Store) -> list[str]:
    return [store.folder.at(snapshot.path) for snapshot in snapshots(store)]


def _damage(path: str) -> str | None:
    try:
        doc.parse_state(read_file(path))
    except (Damaged, doc.NotADocument) as damage:
        return str(damage)
    return None


def _future(store: Store) -> list[Finding]:
    today = stamp(now())
    late = [each for each in snapshots(store) if _stamp(store, each.name) > today]
    return [
        Finding(
            store.folder.at(each.path), "it is from the future", "see whether your clock is right"
        )
        for each in late[-1:]
    ]


def _stamp(store: Store, name: str) -> str:
    return (parse_name(store.type, name) or ("",))[0]
