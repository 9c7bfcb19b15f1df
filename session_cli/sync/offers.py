"""What the hub has for a person here: sessions that they left on another device, and handoffs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import Refused, SessionError, printable
from session_cli.names import parse_id
from session_cli.store import SYNCED_TYPE
from session_cli.store.received import Changed
from session_cli.store.restore import resume
from session_cli.store.sidecar import Sidecar, is_uuid, read_sidecar
from session_cli.sync import pull
from session_cli.sync.connection import SESSIONS
from session_cli.sync.copies import read_copy, read_latest
from session_cli.sync.exchange import ATTEMPTS, sync_copy
from session_cli.sync.holder import Holder, holder_of
from session_cli.sync.holding import give_back, take_lease
from session_cli.sync.listing import is_summary, list_visible
from session_cli.times import parse

if TYPE_CHECKING:
    from typing import Any

    from session_cli.document import Document
    from session_cli.store.store import Store
    from session_cli.sync.connection import Connection


class Offered(NamedTuple):
    """A session at the hub, as its summary says: `age` is in seconds, by the hub's clock."""

    uuid: str
    session_id: str
    cluster: str
    step: str
    step_index: int | None
    step_total: int | None
    device: str
    user: str
    owner: str
    status: str
    scope: str
    age: float | None
    holder: Holder | None
    can_resume: bool
    offered_by: str = ""
    offered_to: str = ""


class Handoff(NamedTuple):
    """A session that somebody wants to hand over to us, with their note."""

    session: Offered
    giver: str
    note: str


class Offers(NamedTuple):
    """What the hub has for us: our sessions that another device saved last, newest first, and the
    handoffs.
    """

    sessions: list[Offered]
    handoffs: list[Handoff]


def look(store: Store, connection: Connection) -> Offers:
    """Asks what there is for us; raises what `Connection.ask` raises."""
    items = list(list_visible(connection, "status=active"))
    items += _find_latest(store, connection, {each["id"] for each in items})
    at = connection.asked_at
    sessions = [describe(each, at) for each in items if _is_left_elsewhere(store, connection, each)]
    handoffs = [
        _handoff(each, at)
        for each in items
        if isinstance(each.get("handoff"), dict)
        and (each.get("owner") or {}).get("id") != connection.user_id
    ]
    sessions.sort(key=lambda each: each.age if each.age is not None else float("inf"))
    return Offers(sessions, handoffs)


def _find_latest(store: Store, connection: Connection, known: set[str]) -> list[dict[str, Any]]:
    """The summary of the latest session here, which somebody may have completed elsewhere."""
    copy = read_latest(store)
    if copy is None or copy.uuid is None or copy.uuid in known:
        return []
    answer = connection.ask("GET", f"{SESSIONS}/{copy.uuid}")
    return [answer.body] if answer.status == 200 and is_summary(answer.body) else []


def _is_left_elsewhere(store: Store, connection: Connection, item: dict[str, Any]) -> bool:
    """Whether it is ours, another device saved it last, and we do not have that."""
    if item["owner"].get("id") != connection.user_id:
        return False
    if item["writer"].get("device") == connection.device.id or _is_empty(item):
        return False
    sidecar = read_sidecar(store.folder, item["id"])
    return sidecar is None or not any(each.etag == item.get("etag") for each in sidecar.bases)


def _is_empty(item: dict[str, Any]) -> bool:
    """Whether nothing was chosen in it yet: somebody has looked, and no more."""
    workloads = item.get("workloads")
    counts = workloads if isinstance(workloads, dict) else {}
    return item.get("step") == "scan" and not (counts.get("selected") or counts.get("imported"))


def describe(item: dict[str, Any], at: float | None) -> Offered:
    """A summary as values to show, all of them printable; `at` is the hub's time of the answer."""
    saved_at = parse(item.get("updated_at"))
    age = None if at is None or saved_at is None else max(0.0, at - saved_at)
    index, total = item.get("step_index"), item.get("step_total")
    is_shared = item.get("scope") == "team" and item.get("allow_resume") is True
    return Offered(
        item["id"],
        item["session_id"],
        _shown(item.get("cluster")),
        _shown(item.get("step")),
        index if type(index) is int else None,
        total if type(total) is int else None,
        _shown(item["writer"].get("device_name")),
        _shown(item["writer"].get("user")),
        _shown(item["owner"].get("name")),
        _shown(item.get("status")),
        _shown(item.get("team") if item.get("scope") == "team" else item.get("scope")),
        age,
        holder_of(item),
        is_shared,
        _shown(_handoff_of(item).get("from")),
        _shown(_handoff_of(item).get("to")),
    )


def _handoff_of(item: dict[str, Any]) -> dict[str, Any]:
    handoff = item.get("handoff")
    return handoff if isinstance(handoff, dict) else {}


def _shown(value: Any) -> str:
    return printable(value) if isinstance(value, str) else ""


def _handoff(item: dict[str, Any], at: float | None) -> Handoff:
    offer = _handoff_of(item)
    return Handoff(describe(item, at), _shown(offer.get("from")), _shown(offer.get("note")))


def find(connection: Connection, wanted: str) -> str:
    """The UUID of a session at the hub, by that or by its session_id; raises NoSession, Refused."""
    if is_uuid(wanted):
        return wanted
    if parse_id(SYNCED_TYPE, wanted) is None:
        raise pull.refuse_missing(printable(wanted))
    found = {each["id"] for each in list_visible(connection, "status=all") if _has(each, wanted)}
    if len(found) > 1:
        ids = " or ".join(sorted(found))
        raise Refused(f"{len(found)} sessions at the hub are called {wanted}: name {ids}")
    if not found:
        raise pull.refuse_missing(wanted)
    return str(found.pop())


def _has(item: dict[str, Any], session_id: str) -> bool:
    return bool(item["session_id"] == session_id)


def refuse_namesake(store: Store, session_id: str, uuid: str) -> None:
    """Raises Refused where a session of the hub could not be here, beside one of that name."""
    here = read_copy(store, session_id)
    if here is not None and here.uuid not in (uuid, None):
        raise Refused(
            f"another session here is called {session_id}; theirs is {uuid}, the one here"
            f" {here.uuid}. Have it in another folder, with --dir"
        )


def bring(store: Store, connection: Connection, uuid: str) -> str:
    """Has a session of the hub here, as it stands there; the pointer moves only if it named that
    session. Its session_id. Raises NoSession, NotReceived, and what `sync_one` raises.
    """
    sidecar = read_sidecar(store.folder, uuid)
    here = read_copy(store, sidecar.session_id) if sidecar else None
    if here is not None and here.uuid == uuid:
        sync_copy(store, connection, here, {}, is_asked=True)
        return here.session_id
    for _ in range(ATTEMPTS):
        found = pull.look(connection, uuid)
        if found.document is None:
            raise pull.refuse_missing(sidecar.session_id if sidecar else uuid)
        session_id = str(found.document.get("session_id"))
        here = read_copy(store, session_id) if parse_id(SYNCED_TYPE, session_id) else None
        known = sidecar or Sidecar(uuid, session_id)
        if here is not None and here.uuid == uuid:
            sync_copy(store, connection, here, {}, is_asked=True)
            return session_id
        try:
            return pull.take_in(store, connection, here, known, found).session_id
        except Changed:
            continue
    raise Refused(f"{uuid} is being saved again and again; try again later")


def take(
    store: Store, connection: Connection, uuid: str, *, takes_over: bool = False, reason: str = ""
) -> Document:
    """Resumes a session of the hub here: takes its lease, pulls it, and makes it the latest.

    Returns its state. Raises HeldElsewhere while another device has it open, and what `bring`
    raises.
    """
    found = pull.look(connection, uuid)
    if found.status == 200 and found.document is None:
        raise Refused(f"{uuid} is offered to you: 'session-cli accept {uuid}' takes it")
    session_id = str(found.summary.get("session_id"))
    if parse_id(SYNCED_TYPE, session_id):
        refuse_namesake(store, session_id, uuid)
    sidecar = read_sidecar(store.folder, uuid) or Sidecar(uuid, session_id)
    take_lease(connection, sidecar, takes_over=takes_over, reason=reason)
    try:
        return resume(store, bring(store, connection, uuid))
    except SessionError:
        with suppress(SessionError, OSError):
            give_back(connection, sidecar)
        raise
