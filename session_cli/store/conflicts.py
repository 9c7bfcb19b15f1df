"""The copies in `conflicts/`: what a hub has replaced, and DATA that a save refused."""

from __future__ import annotations

import posix

from session_cli import document as doc
from session_cli.errors import Absent, BadInput, Refused
from session_cli.names import format_id, next_key, parse_id
from session_cli.store.commit import complete, new_uuid, newest_key, refuse_newer
from session_cli.store.files import Damaged, read_file, remove, sync_folder
from session_cli.times import DAY, age, now, stamp, stamp_epoch, utc

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.folder import Folder
    from session_cli.store.store import Store

KEPT_SECONDS = 30 * DAY
NEWEST_KEPT = 20


class Kept:
    """A file in `conflicts/`: of which session, since when, by which device if it was replaced.

    `device` is empty for DATA that a save refused.
    """

    def __init__(self, path: str, session_id: str, at: float | None, device: str) -> None:
        self.path = path
        self.session_id = session_id
        self.at = at
        self.device = device

    @property
    def state(self) -> Document | None:
        """What is in it; None where that cannot be read."""
        try:
            return doc.parse_state(read_file(self.path))
        except (Damaged, doc.NotADocument, OSError):
            return None

    @property
    def is_session(self) -> bool:
        """Whether it is a whole session, which can be restored."""
        return self.device != ""


def list_kept(folder: Folder, type_: str) -> list[Kept]:
    """What is kept, the newest first; files of other programs are not listed. Raises OSError."""
    place = folder.at("conflicts")
    try:
        names = posix.listdir(place)
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [each for each in (_parse(place, type_, name) for name in names) if each]
    return sorted(found, key=lambda each: (each.at or 0, each.path), reverse=True)


def _parse(place: str, type_: str, name: str) -> Kept | None:
    """`<session_id>.<UTC>.<device>.json`, or `<session_id>.json` for DATA, also with `.2` behind.

    A folder, where the snapshots of a session that was replaced are, is none of them.
    """
    path = f"{place}/{name}"
    parts = name.split(".")
    if parts[-1].isdigit():
        parts = parts[:-1]
    if parts[-1] != "json" or (parts[0] != type_ and parse_id(type_, parts[0]) is None):
        return None
    if len(parts) == 4 and parts[0] != type_:
        return Kept(path, parts[0], stamp_epoch(parts[1]), parts[2])
    if len(parts) == 2:
        try:
            return Kept(path, parts[0], posix.lstat(path).st_mtime, "")
        except OSError:
            return None
    return None


def find_kept(folder: Folder, type_: str, wanted: str) -> Kept:
    """The file of that name or path; raises Absent, and Refused for one that is no session."""
    name = wanted.rpartition("/")[2]
    for each in list_kept(folder, type_):
        if each.path.rpartition("/")[2] == name and _is_same(folder, wanted, each):
            return each
    raise Absent(
        f"there is no such copy as {wanted}; 'session-cli conflicts' lists those there are"
    )


def _is_same(folder: Folder, wanted: str, kept: Kept) -> bool:
    """Whether a name means that file; a path has to lead to it."""
    if "/" not in wanted:
        return True
    try:
        one, other = posix.stat(wanted), posix.stat(kept.path)
    except OSError:
        return False
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def restore_kept(store: Store, kept: Kept) -> Document:
    """Publishes a copy on top of its session, as the latest; returns the state.

    Raises Refused for DATA that a save refused, Absent for a copy that cannot be read.
    """
    store.prepare()
    with store.changing() as found:
        state = _read_session(store, kept)
        newest = store.newest_intact(kept.session_id)
        if newest is not None and newest.state.get("id") not in (None, state.get("id")):
            raise Refused(
                f"another session is called {kept.session_id} by now;"
                " 'session-cli conflicts restore FILE --as-new' restores it as one of its own"
            )
        revision = max(newest.highest_revision if newest else 0, doc.revision_of(state)) + 1
        state.update(revision=revision, updated_at=utc(now()))
        store.commit(found, doc.order_members(state))
    return state


def restore_as_new(store: Store, kept: Kept) -> Document:
    """Publishes a copy as a session of its own, as the latest; returns the state. Raises as
    `restore_kept` does.
    """
    store.prepare()
    with store.changing() as found:
        state = _read_session(store, kept)
        key = next_key(newest_key(store, found), stamp(now()))
        state.update(
            id=new_uuid(),
            session_id=format_id(store.type, key),
            created_at=utc(now()),
            updated_at=utc(now()),
            revision=1,
        )
        store.commit(found, doc.order_members(state))
    return state


def _read_session(store: Store, kept: Kept) -> Document:
    if not kept.is_session:
        raise Refused(
            f"{kept.path} is DATA that a save refused, not a session; to save it:"
            f" {store.location.command('save', 'STEP', '-')} <{kept.path}"
        )
    try:
        state = doc.parse_state(read_file(kept.path))
    except (Damaged, doc.NotADocument) as damage:
        raise BadInput(f"{kept.path} cannot be restored: {damage}") from None
    refuse_newer(store, state)
    state["session_id"] = kept.session_id
    return complete(store, state, f"{kept.session_id}.json")


def list_old(folder: Folder, type_: str) -> list[Kept]:
    """The copies that are over 30 days old, but for the newest 20; raises OSError."""
    at, beyond = now(), list_kept(folder, type_)[NEWEST_KEPT:]
    return [each for each in beyond if (age(each.at, at) or 0) > KEPT_SECONDS]


def remove_old(store: Store) -> None:
    """Removes those, and reports each. Called under the write lock; raises OSError."""
    old = list_old(store.folder, store.type)
    for each in old:
        remove(each.path)
        store.warn(f"deleted {each.path} (over 30 days old)")
    if old:
        sync_folder(store.folder.at("conflicts"))
