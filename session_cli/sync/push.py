"""Sends one session to the hub, and what was deleted here; changes nothing here but the sidecar."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import printable
from session_cli.store.sidecar import (
    Base,
    Sidecar,
    note_sidecar,
    read_sidecar,
    remove_sidecar,
    set_intent,
    write_sidecar,
)
from session_cli.sync import plan
from session_cli.sync.connection import SESSIONS
from session_cli.sync.holder import holder_of
from session_cli.sync.plan import There
from session_cli.sync.remote import HubUnavailable, say
from session_cli.times import now, utc

if TYPE_CHECKING:
    from typing import Any

    from session_cli.sync.connection import Connection
    from session_cli.sync.copies import Copy
    from session_cli.sync.remote import Answer

# so often is a session sent anew when the hub turns out to have another version of ours
ATTEMPTS = 8


class Verdict(NamedTuple):
    """How a session stands after it was sent: a state of `plan`, a sentence of the hub, and what
    the hub has where that is another device's.
    """

    state: str
    detail: str = ""
    there: There | None = None


def sidecar_of(connection: Connection, copy: Copy) -> Sidecar:
    """What is known of a session here at the hub; a new one where that is nothing."""
    assert copy.uuid is not None
    found = read_sidecar(connection.folder, copy.uuid)
    sidecar = found or Sidecar(copy.uuid, copy.session_id)
    sidecar.session_id = copy.session_id
    return sidecar


def send(connection: Connection, copy: Copy, sidecar: Sidecar, etag: str | None) -> Verdict:
    """Sends the session to replace the version of that ETag, or to begin with where that is None;
    its sidecar says how that ended.

    What the hub has instead may be a version of ours whose answer was lost: it is sent again then.
    Raises what `Connection.ask` raises, after which nothing is known of what was sent.
    """
    verdict = Verdict(plan.LOCAL_AHEAD, "the hub had another version each time")
    for _ in range(ATTEMPTS):
        answer = _post(connection, copy, sidecar, etag)
        if answer.status in (200, 201):
            verdict = _take_success(connection, copy, sidecar, answer)
            break
        there = there_of(answer.body.get("current")) if answer.status == 412 else None
        if there and plan.is_ours(copy.local(with_snapshots=True), sidecar, there.sha256):
            etag = there.etag
            continue
        if answer.status == 404 and etag is not None and _is_mine(connection, sidecar):
            # it has lost what it had
            etag = None
            continue
        verdict = _judge_refusal(copy, sidecar, answer, there)
        break
    if verdict.state in (plan.CLEAN, plan.REMOTE_AHEAD, plan.DIVERGED, plan.REMOTE_DELETED):
        sidecar.in_flight = []
    note_answer(connection, sidecar, verdict.state, verdict.detail, copy.sha256)
    return verdict


def _post(connection: Connection, copy: Copy, sidecar: Sidecar, etag: str | None) -> Answer:
    if copy.sha256 not in sidecar.in_flight:
        # on the disk before a byte leaves: the answer may be lost
        sidecar.in_flight.append(copy.sha256)
        sidecar.pin = connection.pin
        write_sidecar(connection.folder, sidecar)
    headers = {"If-Match": etag} if etag else {"If-None-Match": "*"}
    if sidecar.lease:
        headers["Session-Lease"] = str(sidecar.lease.get("token", ""))
    return connection.ask("POST", SESSIONS, copy.raw, headers)


def _take_success(connection: Connection, copy: Copy, sidecar: Sidecar, answer: Answer) -> Verdict:
    there, replayed = there_of(answer.body), answer.body.get("replayed")
    if there is None or answer.body.get("id") != copy.uuid:
        raise HubUnavailable(f"{connection.account.url} did not answer as a hub does")
    note_owner(sidecar, answer.body)
    sidecar.synced_at = utc(now())
    if there.sha256 == copy.sha256:
        sidecar.rebase(Base(there.etag, copy.sha256, copy.sha256), copy.content)
        return Verdict(plan.CLEAN)
    if type(replayed) is not int:
        raise HubUnavailable(f"{connection.account.url} did not answer as a hub does")
    # it had arrived before, its answer was lost, and somebody has saved since
    etag = f'"{replayed}-{copy.sha256[:16]}"'
    sidecar.rebase(Base(etag, copy.sha256, copy.sha256), copy.content)
    return Verdict(plan.REMOTE_AHEAD, _by_whom(answer.body), there)


def _is_mine(connection: Connection, sidecar: Sidecar) -> bool:
    return sidecar.owner is None or sidecar.owner.get("id") == connection.user_id


def _judge_refusal(copy: Copy, sidecar: Sidecar, answer: Answer, there: There | None) -> Verdict:
    if there is not None:
        is_unchanged = bool(sidecar.bases) and copy.content == sidecar.content
        state = plan.REMOTE_AHEAD if is_unchanged else plan.DIVERGED
        return Verdict(state, _by_whom(answer.body["current"]), there)
    state = {
        403: plan.HANDED_OVER if answer.slug == "handed-over" else plan.DETACHED,
        404: plan.DETACHED,
        409: plan.LEASE_LOST if answer.slug == "lease-lost" else plan.REFUSED,
        410: plan.REMOTE_DELETED,
        423: plan.LEASED,
    }.get(answer.status, plan.REFUSED)
    if answer.status == 404:
        return Verdict(state, "it is no longer available to you")
    return Verdict(state, _why(answer))


def there_of(summary: Any) -> There | None:
    """What the hub has, of a summary that it answered; None where it is none."""
    if not isinstance(summary, dict):
        return None
    sha256, etag = summary.get("sha256"), summary.get("etag")
    if not isinstance(sha256, str) or not isinstance(etag, str) or not etag.startswith('"'):
        return None
    return There(sha256, etag)


def _by_whom(summary: dict[str, Any]) -> str:
    return f"{writer_of(summary)} saved it, too"


def writer_of(summary: dict[str, Any]) -> str:
    """Who saved last what the hub has: `sam on desktop`."""
    user, device = read_writer(summary)
    return f"{user or 'somebody'} on {device}" if device else user or "somebody"


def read_writer(summary: dict[str, Any]) -> tuple[str, str]:
    """The person who saved last what the hub has, and their device; printable, "" if not said."""
    writer = summary.get("writer")
    names = (writer.get(key) for key in ("user", "device_name")) if isinstance(writer, dict) else ()
    user, device = [printable(each) if isinstance(each, str) else "" for each in names] or ("", "")
    return user, device


def note_owner(sidecar: Sidecar, summary: dict[str, Any]) -> None:
    """Remembers whose session it is."""
    owner = summary.get("owner")
    if isinstance(owner, dict) and isinstance(owner.get("id"), str):
        sidecar.owner = {"id": owner["id"], "name": str(owner.get("name") or "")}


def note_answer(
    connection: Connection, sidecar: Sidecar, state: str, detail: str = "", sha256: str = ""
) -> None:
    """Writes the sidecar, with how the session stands at the hub.

    `sha256` is that of what was sent: a refused document is not sent again as it is.
    """
    sidecar.pin = connection.pin
    sidecar.answer = {"state": state, "detail": detail, "sha256": sha256, "at": utc(now())}
    # without it the hub is asked again
    note_sidecar(connection.folder, sidecar)


def said_of(sidecar: Sidecar) -> str:
    """The reason for how the session stands; "" where none was given."""
    detail = (sidecar.answer or {}).get("detail")
    return detail if isinstance(detail, str) else ""


def is_refused(sidecar: Sidecar, sha256: str) -> bool:
    """Whether the hub has refused these bytes."""
    return sidecar.state == plan.REFUSED and (sidecar.answer or {}).get("sha256") == sha256


def send_delete(connection: Connection, sidecar: Sidecar) -> Verdict:
    """Deletes the session at the hub, if it still is what was deleted here.

    Else the intent is dropped: what somebody else saved since is theirs.
    """
    base = sidecar.base
    etag = base.etag if base else None
    path = f"{SESSIONS}/{sidecar.uuid}"
    for _ in range(ATTEMPTS):
        if etag is None:
            found = connection.ask("GET", path)
            there = there_of(found.body) if found.status == 200 else None
            if there is None or there.sha256 not in sidecar.in_flight:
                return _end_intent(connection, sidecar, found, there)
            etag = there.etag
        answer = connection.ask("DELETE", path, None, {"If-Match": etag})
        there = there_of(answer.body.get("current")) if answer.status == 412 else None
        if there is None:
            return _end_intent(connection, sidecar, answer, None)
        if there.sha256 not in sidecar.in_flight and not sidecar.knows(there.sha256):
            return _end_intent(connection, sidecar, answer, there)
        etag = there.etag
    return Verdict(plan.LOCAL_DELETED, "the hub had another version each time")


def _end_intent(
    connection: Connection, sidecar: Sidecar, answer: Answer, there: There | None
) -> Verdict:
    if there is not None:
        summary = answer.body.get("current", answer.body)
        detail = f"deleted here, but {_by_whom(summary)}: it comes back with the next sync"
        sidecar.in_flight = []
        set_intent(connection.folder, sidecar, None)
        note_answer(connection, sidecar, plan.RETURNED, detail)
        return Verdict(plan.RETURNED, detail, there)
    if answer.status in (204, 410) or (answer.status == 404 and not sidecar.bases):
        remove_sidecar(connection.folder, sidecar.uuid)
        return Verdict(plan.LOCAL_DELETED)
    if answer.status in (403, 404):
        # it is not ours to delete, or no longer there
        remove_sidecar(connection.folder, sidecar.uuid)
        return Verdict(plan.LOCAL_DELETED, say(answer))
    # somebody has it open: it is tried again
    detail = _why(answer)
    note_answer(connection, sidecar, plan.LOCAL_DELETED, detail)
    return Verdict(plan.LOCAL_DELETED, detail)


def _why(answer: Answer) -> str:
    """Why not, for people; how to take a session over is for programs."""
    holder = holder_of(answer.body)
    if holder and answer.status == 423:
        return f"{holder.name} has it open"
    if holder and answer.slug == "lease-lost":
        return f"{holder.name} has taken it over; what is saved here stays here"
    return say(answer)
