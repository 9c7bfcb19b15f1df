"""What came from a hub becomes the newest snapshot of its session; what it replaces is kept.

A note says what is under way, so that the next writer finishes what a crash interrupted. Every
function here is called under the write lock.
"""

from __future__ import annotations

import posix
from hashlib import sha256

from session_cli import document as doc
from session_cli.errors import BadInput, NotSaved, Refused, SessionError
from session_cli.names import parse_id
from session_cli.store.commit import adopt, make_latest, newest_key, publish_next
from session_cli.store.files import (
    Damaged,
    exists,
    has_content,
    make_folder,
    read_file,
    read_note,
    reason,
    remove,
    sync_folder,
    unlink_quietly,
    unused_name,
    write_new,
)
from session_cli.store.latest import Readable
from session_cli.store.removal import group_by_session
from session_cli.store.sidecar import is_uuid
from session_cli.times import now, stamp

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.latest import Intact, Latest

NOTHING_LOST = -1
# where a copy is written before it gets its name
NEW_COPY = ".new-copy"


class Changed(Exception):
    """The session was saved since it was looked at: it is to be looked at again."""


class NotReceived(SessionError):
    """What came cannot be a session here; nothing was changed."""

    exit_code = Refused.exit_code


class Received:
    """What was published: the sha256 of its bytes, and where the replaced ones are kept, if any."""

    def __init__(self, session_id: str, local: str, kept: str | None) -> None:
        self.session_id = session_id
        self.local = local
        self.kept = kept


class _Step:
    """What is under way: `lost_since` is the revision after which snapshots are set aside."""

    def __init__(self, session_id: str, revision: int, lost_since: int, second: str) -> None:
        self.session_id = session_id
        self.revision = revision
        self.lost_since = lost_since
        self.second = second

    def as_text(self) -> str:
        return f"{self.session_id}/{self.revision}/{self.lost_since}/{self.second}"


def receive(latest: Latest, document: Document, seen: str | None) -> Received:
    """Publishes what came on top of what is here, of which nothing is lost.

    `seen` is the sha256 of the newest snapshot that was looked at, None where there was none.
    Raises Changed when that is no longer the newest, NotReceived for what cannot be a session here.
    """
    session_id = check_document(latest, document)
    newest = _newest_if_seen(latest, session_id, document, seen)
    return _publish(latest, document, newest, NOTHING_LOST, None)


def replace_with(
    latest: Latest, document: Document, seen: str, base: str | None, device: str
) -> Received:
    """Publishes what came in place of what is here, which is first copied to `conflicts/`.

    `base` is the sha256 of the snapshot that both go back to, where one is known; `device` names
    the copy. Raises as `receive` does, and NotSaved, with nothing changed, when there is no copy.
    """
    session_id = check_document(latest, document)
    newest = _newest_if_seen(latest, session_id, document, seen)
    if newest is None:
        raise Changed
    kept = keep_copy(latest, session_id, newest.raw, device)
    lost_since = _revision_with(latest, session_id, base)
    return _publish(latest, document, newest, lost_since, kept)


def check_document(latest: Latest, document: Document) -> str:
    """The session_id of what came; raises NotReceived for what cannot be a session here."""
    session_id = doc.wanted_id(latest.type, document)
    if document.get("type") != latest.type:
        raise NotReceived(f"not pulled: it is not of type {latest.type}")
    if not session_id or not is_uuid(document.get("id")):
        raise NotReceived("not pulled: it has no session_id and id of session-cli")
    if doc.is_newer(document):
        raise NotReceived(
            f"{session_id} was not pulled: version {document.get('version')} of the schema wrote"
            " it; upgrade session-cli"
        )
    try:
        doc.encode(document)
    except BadInput as error:
        raise NotReceived(f"{session_id} was not pulled: {error}") from None
    return session_id


def _newest_if_seen(
    latest: Latest, session_id: str, document: Document, seen: str | None
) -> Intact | None:
    adopt(latest)
    newest = latest.newest_intact(session_id)
    here = newest.state.get("id") if newest else None
    if is_uuid(here) and here != document["id"]:
        raise NotReceived(
            f"{session_id} was not pulled: another session of that name is here; theirs is"
            f" {document['id']}, the one here {here}"
        )
    if (sha256(newest.raw).hexdigest() if newest else None) != seen:
        raise Changed
    return newest


def keep_copy(latest: Latest, session_id: str, raw: bytes, device: str) -> str:
    """Keeps the bytes in `conflicts/`, the same ones once, read back from the disk; the path."""
    conflicts = latest.folder.at("conflicts")
    make_folder(conflicts)
    place = _copy_with(latest, session_id, raw)
    if place is None:
        place = unused_name(conflicts, f"{session_id}.{stamp(now())}.{device[-8:]}.json")
        _write_copy(latest, place, raw)
    sync_folder(conflicts)
    if not has_content(place, raw):
        raise NotSaved(f"{place} does not read back as it was written; nothing was changed")
    return place


def _write_copy(latest: Latest, place: str, raw: bytes) -> None:
    """Whole or not at all: what a crash has cut short is no copy."""
    temporary = latest.folder.at(NEW_COPY)
    unlink_quietly(temporary)
    write_new(temporary, raw)
    posix.rename(temporary, place)


def _copy_with(latest: Latest, session_id: str, raw: bytes) -> str | None:
    """The copy that an interrupted attempt has made of these bytes."""
    conflicts = latest.folder.at("conflicts")
    places = (f"{conflicts}/{name}" for name in posix.listdir(conflicts))
    mine = [each for each in places if each.startswith(f"{conflicts}/{session_id}.")]
    return next((each for each in mine if each.endswith(".json") and _reads_as(each, raw)), None)


def _reads_as(path: str, raw: bytes) -> bool:
    try:
        return has_content(path, raw)
    except OSError:
        return False


def _revision_with(latest: Latest, session_id: str, sha: str | None) -> int:
    """The revision of the snapshot with that sha256; 0 where there is none, so that none counts."""
    if sha is None:
        return 0
    for each in group_by_session(latest, {}).get(session_id, []):
        try:
            raw = read_file(latest.folder.at(each.path))
        except (Damaged, OSError):
            # it cannot be the one
            continue
        if sha256(raw).hexdigest() == sha:
            return doc.revision_of(doc.head(raw))
    return 0


def _publish(
    latest: Latest, document: Document, newest: Intact | None, lost_since: int, kept: str | None
) -> Received:
    session_id = document["session_id"]
    highest = max(newest.highest_revision if newest else 0, doc.revision_of(document))
    state = doc.order_members({**_without_secrets(latest, document), "revision": highest + 1})
    raw = doc.encode(state)
    step = _Step(session_id, highest + 1, lost_since, stamp(now()))
    latest.folder.write_note(latest.pending_receipt, step.as_text())
    latest.folder.sync()
    name = publish_next(latest, newest_key(latest), raw)
    latest.folder.sync()
    _finish(latest, step, name)
    return Received(session_id, sha256(raw).hexdigest(), kept)


def _without_secrets(latest: Latest, document: Document) -> Document:
    from session_cli.redaction import without_secrets

    kept, dropped = without_secrets(document)
    if dropped:
        latest.warn(f"dropped from what was pulled (a credential?): {', '.join(dropped)}")
    return kept


def _finish(latest: Latest, step: _Step, name: str) -> None:
    found = latest.follow()
    if isinstance(found, Readable) and found.session_id == step.session_id:
        make_latest(latest, name, step.session_id, found)
        latest.folder.seal(name)
    if step.lost_since != NOTHING_LOST:
        _set_aside(latest, step)
    remove(latest.pending_receipt)
    latest.folder.sync()


def _set_aside(latest: Latest, step: _Step) -> None:
    """Moves the snapshots that were replaced to `conflicts/`: recovery must not bring them back."""
    place = latest.folder.at(f"conflicts/{step.session_id}.{step.second}")
    lost = [
        each.path
        for each in group_by_session(latest, {}).get(step.session_id, [])
        if step.lost_since < _revision_at(latest, each.path) < step.revision
    ]
    if lost:
        latest.folder.move(lost, place)


def _revision_at(latest: Latest, path: str) -> int:
    try:
        return doc.revision_of(doc.parse_state(read_file(latest.folder.at(path))))
    except (Damaged, doc.NotADocument, OSError):
        # damaged by now: it stays where it is, and recovery passes it over
        return 0


def finish_receipt(latest: Latest) -> None:
    """Finishes what the note describes; warns when that fails."""
    step = _from_text(latest.type, read_note(latest.pending_receipt) or "")
    try:
        newest = latest.newest_intact(step.session_id) if step else None
        is_published = step and newest and doc.revision_of(newest.state) >= step.revision
        if step and newest and is_published and exists(latest.folder.at(newest.name)):
            _finish(latest, step, newest.name)
            return
    except OSError as error:
        latest.warn(f"what was pulled is not finished: {reason(error)}; try again")
        raise
    # nothing was published, or it is in the archive by now: what is here stands
    remove(latest.pending_receipt)


def _from_text(type_: str, text: str) -> _Step | None:
    parts = text.split("/")
    try:
        session_id, revision, lost_since, second = parts
        step = _Step(session_id, int(revision), int(lost_since), second)
    except ValueError:
        return None
    return step if parse_id(type_, session_id) else None
