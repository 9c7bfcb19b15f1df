"""Takes in what the hub has: only where a person has asked, and nothing that is here is lost."""

from __future__ import annotations

import posix
from typing import TYPE_CHECKING, NamedTuple

from session_cli import document as doc
from session_cli.errors import NoSession
from session_cli.store import lease, retention
from session_cli.store.received import Changed, Received, keep_copy, receive, replace_with
from session_cli.store.removal import group_by_session, remove_sessions
from session_cli.store.sidecar import Base, Sidecar, write_sidecar
from session_cli.sync import plan
from session_cli.sync.connection import SESSIONS
from session_cli.sync.copies import Copy, content_of, hash_of
from session_cli.sync.plan import There
from session_cli.sync.push import note_answer, note_owner, read_writer, there_of, writer_of
from session_cli.sync.remote import HubUnavailable, say
from session_cli.times import now, utc

if TYPE_CHECKING:
    from typing import Any

    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection


# of an answer: what was about to be done, and what was done
REPLACING, DONE = "replacing", "settled"


class Found(NamedTuple):
    """What the hub answered about one session: the status, its summary, and what stands there with
    its document; None for what it does not have or does not show.
    """

    status: int
    slug: str
    said: str
    summary: dict[str, Any]
    there: There | None
    document: doc.Document | None


def look(connection: Connection, uuid: str, base: Base | None = None) -> Found:
    """Asks for a session with its document, and whether the hub ever had that base."""
    query = f"?base={base.etag.strip(chr(34))}" if base else ""
    answer = connection.ask("GET", f"{SESSIONS}/{uuid}{query}")
    if answer.status != 200:
        return Found(answer.status, answer.slug, say(answer), answer.body, None, None)
    there, text = there_of(answer.body), answer.body.get("document")
    if there is None or answer.body.get("id") != uuid:
        raise HubUnavailable(f"{connection.account.url} did not answer as a hub does")
    if not isinstance(text, str):
        # an offer shows no document before it is accepted
        return Found(200, "", "", answer.body, there, None)
    raw = text.encode("utf-8", "surrogatepass")
    if hash_of(raw) != there.sha256:
        raise HubUnavailable(f"{connection.account.url} sent a document that is not whole")
    try:
        document = doc.parse_state(raw)
    except doc.NotADocument as error:
        raise HubUnavailable(f"{connection.account.url} sent no state: {error}") from None
    knows_base = answer.body.get("base_known") is True
    if document.get("id") not in (None, uuid):
        raise HubUnavailable(f"{connection.account.url} sent the document of another session")
    there = There(there.sha256, there.etag, content_of(document), knows_base)
    return Found(200, "", "", answer.body, there, document)


def is_open_elsewhere(store: Store, session_id: str) -> bool:
    """Whether another program here has the session open: then nothing of it is changed."""
    holder = lease.find_holder(store.folder, session_id)
    return holder is not None and holder.get("pid") not in (posix.getpid(), posix.getppid())


def take_in(
    store: Store, connection: Connection, copy: Copy | None, sidecar: Sidecar, found: Found
) -> Received:
    """Publishes what the hub has on top of what is here, which is its ancestor.

    Raises Changed when the session was saved meanwhile, NotReceived for what cannot be one here,
    and what the write lock raises.
    """
    assert found.document is not None
    with store.writing():
        received = receive(store, found.document, copy.sha256 if copy else None)
    _note(connection, sidecar, found, received, plan.CLEAN, "")
    return received


def replace(
    store: Store, connection: Connection, copy: Copy, sidecar: Sidecar, found: Found
) -> Received:
    """Publishes what the hub has in place of what is here, which is kept in `conflicts/`.

    Raises as `take_in` does.
    """
    assert found.document is not None and found.there is not None
    base = sidecar.base if found.there.knows_base else None
    user, device = read_writer(found.summary)
    _note_replacing(connection, sidecar, f"{writer_of(found.summary)} saved it, too")
    with store.writing():
        received = replace_with(
            store, found.document, copy.sha256, base.local if base else None, connection.device.id
        )
    if base is None:
        # what is here now descends from none of them
        sidecar.bases = []
    sidecar.conflicts.append(
        {
            "file": str(received.kept).rpartition("/")[2],
            "mine": {"user": connection.user, "device": connection.device.name},
            "theirs": {"user": user, "device": device},
        }
    )
    detail = f"{writer_of(found.summary)} saved it, too; yours is kept in {received.kept}"
    _note(connection, sidecar, found, received, plan.DIVERGED, detail)
    return received


def _note_replacing(connection: Connection, sidecar: Sidecar, said: str) -> None:
    """Notes what is about to happen: whoever finds it done after a crash says so."""
    note_answer(connection, sidecar, plan.DIVERGED, f"{said}; yours is kept in conflicts/")
    sidecar.answer = {**(sidecar.answer or {}), REPLACING: True}
    write_sidecar(connection.folder, sidecar)


def was_replacing(sidecar: Sidecar) -> bool:
    """Whether what is here was about to be replaced, and nothing has been noted since."""
    return (sidecar.answer or {}).get(REPLACING) is True


def _note(
    connection: Connection,
    sidecar: Sidecar,
    found: Found,
    received: Received,
    state: str,
    detail: str,
) -> None:
    there = found.there
    assert there is not None
    sidecar.session_id = received.session_id
    sidecar.rebase(Base(there.etag, there.sha256, received.local), there.content or "")
    sidecar.in_flight = []
    sidecar.synced_at = utc(now())
    note_owner(sidecar, found.summary)
    note_answer(connection, sidecar, state, detail)


def archive_deleted(
    store: Store, connection: Connection, copy: Copy, sidecar: Sidecar, said: str
) -> str | None:
    """Archives what was deleted at the hub; where a copy of changes that it never had is kept."""
    kept = None
    with store.writing():
        newest = store.newest_intact(copy.session_id)
        if newest is None or hash_of(newest.raw) != copy.sha256:
            raise Changed
        if not sidecar.is_clean(copy.sha256) and copy.content != sidecar.content:
            kept = keep_copy(store, copy.session_id, copy.raw, connection.device.id)
        action = retention.Action("archive", copy.session_id, "deleted at the hub")
        if not newest.path.startswith("archive/"):
            remove_sessions(store, [action], lambda each: group_by_session(store, {}).get(each, []))
    sidecar.in_flight = []
    note_answer(connection, sidecar, plan.REMOTE_DELETED, said, copy.sha256)
    sidecar.answer = {**(sidecar.answer or {}), DONE: True}
    write_sidecar(connection.folder, sidecar)
    return kept


def is_deletion_done(sidecar: Sidecar) -> bool:
    """Whether the session was archived because it was deleted at the hub; that is done once."""
    is_deleted = sidecar.state == plan.REMOTE_DELETED
    return is_deleted and (sidecar.answer or {}).get(DONE) is True


def refuse_missing(session_id: str) -> NoSession:
    """The error for a session that neither this machine nor the hub has for us."""
    return NoSession(
        f"there is no session {session_id} here, and the hub shows you none;"
        " 'session-cli list --hub' lists what it shows"
    )
