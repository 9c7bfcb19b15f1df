"""Changes to what is the latest session, so that a crash leaves the old state or the new one.

Every function here is called under the write lock.
"""

from __future__ import annotations

import posix  # os would cost every start a millisecond

from session_cli import document as doc
from session_cli.errors import NotSaved, Unreadable
from session_cli.names import SUFFIX, Key, format_id, next_key, parse_name, uuid7
from session_cli.store.files import (
    NO_LINKS,
    Damaged,
    absolute,
    exists,
    has_content,
    is_link,
    link_target,
    read_file,
    remove,
    replace,
    split,
    sync_folder,
    unlink_quietly,
    unsynced,
)
from session_cli.store.latest import Corrupt, Damage, Healthy, PlainFile, Readable, Recovered
from session_cli.times import now, stamp, utc

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from collections.abc import Callable

    from session_cli.document import Document
    from session_cli.store.latest import Found, Latest


def commit(latest: Latest, found: Found | None, state: Document) -> str:
    """Publishes `state` and makes it the latest in place of `found`; the name of its snapshot.

    A state without a session id gets that of its snapshot. What was damaged is set aside.
    """
    given = state["session_id"]

    def encode(session_id: str) -> bytes:
        state["session_id"] = given or session_id
        return doc.encode(state)

    name = _publish(latest, newest_key(latest, found), encode)
    try:
        make_latest(latest, name, state["session_id"], found)
    except OSError as error:
        if _points_to(latest, name):
            done = "saved, but it may not survive a power loss"
            raise unsynced(done, latest.folder.path, error) from None
        # what was not saved must not turn up later as if it had been
        unlink_quietly(latest.folder.at(name))
        raise
    latest.folder.seal(name)
    return name


def _points_to(latest: Latest, name: str) -> bool:
    try:
        return split(link_target(latest.pointer) or "")[1] == name
    except ValueError:
        # where links cannot be made the pointer is a copy
        return has_content(latest.pointer, read_file(latest.folder.at(name)))


def newest_key(latest: Latest, found: Found | None = None) -> Key | None:
    """(stamp, N) of the newest snapshot, with what was found at the pointer: names only grow."""
    if isinstance(found, Healthy):
        return parse_name(latest.type, found.name)
    keys = [latest.folder.newest_key()]
    if isinstance(found, Damage) and found.path != latest.pointer:
        # a name is not used again, even if that snapshot is gone
        keys.append(parse_name(latest.type, split(found.path)[1]))
    return max(filter(None, keys), default=None)


def publish_next(latest: Latest, newest: Key | None, raw: bytes) -> str:
    """Publishes `raw` under the next free name, which it returns; the pointer stays."""
    return _publish(latest, newest, lambda _: raw)


def _publish(latest: Latest, newest: Key | None, encode: Callable[[str], bytes]) -> str:
    """Publishes what `encode` makes of the snapshot's id under the next free name."""
    key = next_key(newest, stamp(now()))
    while True:
        session_id = format_id(latest.type, key)
        try:
            if exists(latest.folder.at(f"archive/{session_id}{SUFFIX}")):
                raise FileExistsError
            latest.folder.publish(session_id + SUFFIX, encode(session_id))
        except FileExistsError:
            key = next_key(key, key[0])
        else:
            return session_id + SUFFIX


def make_latest(latest: Latest, name: str, session_id: str, found: Found | None) -> None:
    """Flips the pointer to `name`; the order of the steps is what a crash cannot break."""
    if latest.current_session() != session_id:
        latest.folder.write_note(latest.session_link, session_id)
        latest.folder.sync()
    damaged = damaged_path(found)
    if damaged:
        latest.folder.keep_damaged(damaged)
    _flip(latest, name)
    latest.folder.sync()
    place = split(latest.pointer)[0]
    if not latest.is_our_folder(place):
        sync_folder(place)
    if damaged and damaged != latest.pointer:
        unlink_quietly(damaged)


def damaged_path(found: Found | None) -> str | None:
    """The path of the damaged file to set aside, if it is still there."""
    return found.path if isinstance(found, Damage) and exists(found.path) else None


def _flip(latest: Latest, name: str) -> None:
    is_beside = latest.is_our_folder(split(latest.pointer)[0])
    path = latest.folder.at(name)
    try:
        latest.folder.point(latest.pointer, name if is_beside else absolute(path))
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        replace(latest.pointer, read_file(path))


def drop_pointer(latest: Latest) -> None:
    """Ends the latest session; a state that only the pointer contains becomes a snapshot."""
    if not is_link(latest.pointer):
        _keep_plain_pointer(latest)
    remove(latest.pointer)
    try:
        sync_folder(split(latest.pointer)[0])
    finally:
        # recovery must not bring back a session that was ended
        remove(latest.session_link)


def _keep_plain_pointer(latest: Latest) -> None:
    found = latest.follow()
    refuse_unknown_file(latest, found)
    if isinstance(found, Damage):
        latest.folder.keep_damaged(latest.pointer)
    elif found:
        _take_over(latest, found)


def refuse_unknown_file(latest: Latest, found: Found | None) -> None:
    """Raises NotSaved for a plain file, at a pointer that the caller chose, that is no state.

    It may be a file of another program, so it is not moved.
    """
    if not isinstance(found, Damage) or found.path != latest.pointer or is_link(latest.pointer):
        return
    place, name = split(latest.pointer)
    is_ours = name == f"{latest.type}-latest{SUFFIX}" and latest.is_our_folder(place)
    is_empty = isinstance(found, Corrupt) and not found.raw.strip()
    if not is_ours and not is_empty:
        raise NotSaved(
            f"not saved: {found.problem}; it is not a session file; choose another --file"
        )


def refuse_newer(latest: Latest, state: Document) -> None:
    """Raises Unreadable when a later version wrote `state`: a save would lose some of it."""
    if doc.is_newer(state):
        raise Unreadable(
            f"{latest.pointer} was written by version {state.get('version')} of the schema,"
            f" newer than {doc.VERSION}; it is left as it is: upgrade session-cli,"
            " or start over with 'session-cli new'"
        )


def adopt(latest: Latest) -> None:
    """Turns a pointer that is a plain file, as the draft leaves it, into a link to a snapshot."""
    if exists(latest.pointer) and not is_link(latest.pointer):
        found = latest.follow()
        if isinstance(found, PlainFile) and not doc.is_newer(found.state):
            repair(latest)


def repair(latest: Latest) -> None:
    """Points to the newest intact state again, by a link; what is damaged is set aside."""
    found = latest.follow()
    if isinstance(found, (PlainFile, Recovered)):
        name = _snapshot_of(latest, found)
        make_latest(latest, name, latest.session_id(found.state, name), found)
    elif isinstance(found, Damage):
        drop_pointer(latest)


def _snapshot_of(latest: Latest, found: PlainFile | Recovered) -> str:
    # an archived snapshot is no target for the pointer
    if isinstance(found, Recovered) and exists(latest.folder.at(found.name)):
        return found.name
    return _take_over(latest, found)


def adopt_state(latest: Latest, found: Readable) -> Document:
    """The state that was found with every member that ours have, and its history kept.

    A plain file gets a snapshot first.
    """
    if isinstance(found, (Healthy, Recovered)):
        name = found.name
    else:
        # refused before it gets a snapshot, which would be one too many
        doc.refuse_deep(found.state)
        name = _take_over(latest, found)
    state = complete(latest, found.state, name)
    return {**state, "revision": found.highest_revision} if isinstance(found, Recovered) else state


def complete(latest: Latest, state: Document, name: str) -> Document:
    """`state`, read from the snapshot `name`, with every member that ours have."""
    return {
        "version": doc.VERSION,
        "created_at": utc(now()),
        "id": state.get("id") or _earlier_id(latest, latest.session_id(state, name)) or new_uuid(),
        **(state if doc.is_ours(state) else _without_secrets(latest, state)),
        "type": latest.type,
        "session_id": latest.session_id(state, name),
    }


def _earlier_id(latest: Latest, session_id: str) -> object:
    """The id of an older snapshot of a session that another program has written anew."""
    for path in latest.folder.paths_since():
        if latest.session_at(path) == session_id:
            try:
                unique = doc.parse_state(read_file(latest.folder.at(path))).get("id")
            except (Damaged, doc.NotADocument, OSError):
                continue
            if unique:
                return unique
    return None


def new_uuid() -> str:
    """A UUID of version 7, of this moment."""
    return uuid7(now(), posix.urandom(10))


def _take_over(latest: Latest, found: Readable) -> str:
    """Publishes the state in a plain file as a snapshot of its own; the name of that."""
    raw = found.raw
    if not doc.is_newer(found.state) and not doc.is_deep(found.state):
        kept = _without_secrets(latest, found.state)
        if kept != found.state:
            found.state, raw = kept, doc.dump(kept)
    newest = next(latest.folder.names_since(), None)
    if newest and has_content(latest.folder.at(newest), raw):
        return newest
    return publish_next(latest, latest.folder.newest_key(), raw)


def _without_secrets(latest: Latest, state: Document) -> Document:
    """What another program wrote, without its credentials."""
    from session_cli.redaction import without_secrets

    doc.refuse_deep(state)
    kept, dropped = without_secrets(state)
    if dropped:
        latest.warn(f"dropped from the state (looks like a credential): {', '.join(dropped)}")
    return kept
