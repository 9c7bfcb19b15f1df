"""A session made the latest again: its newest snapshot, or an earlier one, is published anew."""

from __future__ import annotations

from session_cli import document as doc
from session_cli.errors import Absent
from session_cli.store.catalog import history, no_session, resolve_id
from session_cli.store.commit import (
    complete,
    new_uuid,
    newest_key,
    publish_next,
    refuse_newer,
)
from session_cli.store.latest import ANY_SESSION, Binding, Readable
from session_cli.times import now, utc

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.latest import Found, Intact
    from session_cli.store.store import Store


def resume(store: Store, session_id: str | None, if_revision: int | None = None) -> Document:
    """Publishes the newest snapshot of a session again, as the latest; returns its state.

    With `if_revision` it raises Refused unless that session is the latest, at that revision.
    """
    binding = ANY_SESSION if if_revision is None else Binding(session_id, if_revision)
    store.prepare()
    # adopted first: flipping a plain pointer would lose what only it holds
    with store.changing(binding) as found:
        newest = _newest(store, session_id)
        return _publish_again(store, found, newest, newest.name, newest.state, "resumed_at")


def rollback(store: Store, revision: int) -> Document:
    """Publishes that revision of the latest session again, as the newest; returns its state."""
    store.prepare()
    with store.changing() as found:
        newest = _newest(store, None)
        name, state = _at_revision(store, newest, revision)
        return _publish_again(store, found, newest, name, state, "updated_at")


def add_id(store: Store, session_id: str) -> None:
    """Publishes a session of another program again with all that ours have, an id above all.

    The pointer moves only if it leads to that session. Raises NoSession, and what `resume` raises.
    """
    _publish_anew(store, session_id, {})


def change_id(store: Store, session_id: str) -> None:
    """Publishes a session again with another id, by which no hub knows it. As `add_id` else."""
    _publish_anew(store, session_id, {"id": new_uuid()})


def _publish_anew(store: Store, session_id: str, members: Document) -> None:
    store.prepare()
    with store.changing() as found:
        newest = _newest(store, session_id)
        refuse_newer(store, newest.state)
        state = {**complete(store, newest.state, newest.name), **members}
        state = doc.order_members({**state, "revision": newest.highest_revision + 1})
        if isinstance(found, Readable) and found.session_id == session_id:
            store.commit(found, state)
        else:
            publish_next(store, newest_key(store), doc.encode(state))
            store.folder.sync()


def _newest(store: Store, session_id: str | None) -> Intact:
    wanted = resolve_id(store, session_id)
    newest = store.newest_intact(wanted)
    if newest is None:
        raise no_session(wanted)
    return newest


def _at_revision(store: Store, newest: Intact, revision: int) -> tuple[str, Document]:
    session_id = store.session_id(newest.state, newest.name)
    for snapshot, state in history(store, session_id):
        if doc.revision_of(state) == revision:
            return snapshot.name, state
    raise Absent(f"{session_id} has no revision {revision}; 'session-cli history' lists them")


def _publish_again(
    store: Store, found: Found | None, newest: Intact, name: str, state: Document, when: str
) -> Document:
    """Publishes the state of the snapshot `name` as the latest; `when` is the time it sets."""
    refuse_newer(store, state)
    _report_damaged(store, newest)
    state = {**complete(store, state, name), "revision": newest.highest_revision + 1}
    state[when] = utc(now())
    store.commit(found, doc.order_members(state))
    return state


def _report_damaged(store: Store, newest: Intact) -> None:
    for path, damage in newest.damaged:
        revision, session_id = doc.revision_of(newest.state), newest.state.get("session_id")
        store.warn(
            f"{path} is damaged ({damage}); revision {revision} of {session_id} is the newest"
            " that is intact"
        )
