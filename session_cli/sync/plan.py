"""What to do with one session, and how it stands in words. Pure: facts in, a move out.

Ancestry decides, never a number or a clock: what the hub has is ours to replace when this device
has sent it, was based on it, or has it as a snapshot. Where the hub has something else, it wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from session_cli.document import TOOL_OWNED

if TYPE_CHECKING:
    from session_cli.store.sidecar import Sidecar

# how a session stands
CLEAN, CONVERGED, LOCAL_AHEAD, ROLLED_BACK = "clean", "converged", "local_ahead", "rolled_back"
REMOTE_AHEAD, DIVERGED, REMOTE_DELETED = "remote_ahead", "diverged", "remote_deleted"
LOCAL_DELETED, LOCAL_ABSENT, RETURNED = "local_deleted", "local_absent", "returned"
LEASED, LIMITED, LEASE_LOST = "leased", "limited", "lease_lost"
UNREACHABLE, SIGNED_OUT, OTHER_ACCOUNT = "unreachable", "signed_out", "other_account"
DETACHED, HANDED_OVER, REFUSED = "detached", "handed_over", "refused"
NOT_SENT, PUT_AWAY = "not_sent", "put_away"

SYNCED, SAVED_HERE, OFFLINE, SIGN_IN, NEEDS_YOU = (
    "synced",
    "saved here",
    "offline",
    "sign in",
    "needs you",
)
# what people see of it
WORDS = {
    **dict.fromkeys(
        (CLEAN, CONVERGED, REMOTE_AHEAD, LOCAL_DELETED, LOCAL_ABSENT, RETURNED, PUT_AWAY), SYNCED
    ),
    **dict.fromkeys((LOCAL_AHEAD, ROLLED_BACK, LEASED, LIMITED, NOT_SENT), SAVED_HERE),
    UNREACHABLE: OFFLINE,
    SIGNED_OUT: SIGN_IN,
    **dict.fromkeys(
        (DIVERGED, REMOTE_DELETED, DETACHED, OTHER_ACCOUNT, REFUSED, LEASE_LOST, HANDED_OVER),
        NEEDS_YOU,
    ),
}

# what is done with it
KEEP, ADOPT, SEND, LOOK, PULL, REPLACE = "keep", "adopt", "send", "look", "pull", "replace"

# a save that changes nothing but these has changed nothing
UNIMPORTANT = ("revision", "updated_at", "resumed_at", "log_file", "previous_log_file")


class Local(NamedTuple):
    """The session as it stands here: the sha256 of its bytes, the hash of what matters in it, and
    the sha256 of every snapshot of it that is here.
    """

    sha256: str
    content: str
    snapshots: frozenset[str]


class There(NamedTuple):
    """What the hub has: the sha256 and ETag of its document, and once that was read the hash of
    what matters in it, and whether the hub ever had the version that ours is based on.
    """

    sha256: str
    etag: str
    content: str | None = None
    knows_base: bool = False


class Move(NamedTuple):
    """What to do, how the session stands, and the ETag of what is replaced where it is sent."""

    do: str
    state: str
    etag: str | None = None


def decide(local: Local, sidecar: Sidecar, there: There) -> Move:
    """What to do with a session that the hub has."""
    base = sidecar.base
    if local.sha256 == there.sha256:
        is_known = base is not None and base.etag == there.etag and base.local == local.sha256
        return Move(KEEP, CLEAN) if is_known else Move(ADOPT, CONVERGED)
    if base is not None and base.etag == there.etag:
        if sidecar.is_clean(local.sha256):
            return Move(KEEP, CLEAN)
        return Move(SEND, LOCAL_AHEAD, there.etag)
    if is_ours(local, sidecar, there.sha256):
        is_answer = there.sha256 in sidecar.in_flight
        return Move(SEND, LOCAL_AHEAD if is_answer else ROLLED_BACK, there.etag)
    return _decide_about_another(local, sidecar, there)


def is_ours(local: Local, sidecar: Sidecar, sha256: str) -> bool:
    """Whether the session here descends from that document of the hub."""
    return sha256 in sidecar.in_flight or sidecar.knows(sha256) or sha256 in local.snapshots


def _decide_about_another(local: Local, sidecar: Sidecar, there: There) -> Move:
    """The hub has what another device saved."""
    if there.content is None:
        return Move(LOOK, REMOTE_AHEAD)
    if there.content == local.content:
        return Move(ADOPT, CONVERGED)
    is_unchanged = sidecar.base is not None and local.content == sidecar.content
    if is_unchanged and there.knows_base:
        return Move(PULL, REMOTE_AHEAD)
    if local.sha256 in sidecar.in_flight:
        # it may have come, its answer lost, before the other device saved: the hub knows
        return Move(SEND, LOCAL_AHEAD, sidecar.base.etag if sidecar.base else None)
    return Move(REPLACE, DIVERGED)


def what_matters(state: dict[str, object]) -> dict[str, object]:
    """The members of a state by which two saves of it differ in more than their time."""
    return {key: value for key, value in state.items() if key not in UNIMPORTANT}


def explain_not_sent(session_id: str) -> str:
    """Why a session stays here, and how it is sent."""
    return f"begun before you signed in; 'session-cli sync {session_id}' sends it"


# what follows from the step says nothing by itself
NOT_TOLD = (*TOOL_OWNED, "steps_completed")


def known_only_to(loser: dict[str, object], winner: dict[str, object]) -> list[str]:
    """The paths of what one state has and the other has not, or has otherwise: `selections.hub`."""
    return _differing(
        {key: value for key, value in what_matters(loser).items() if key not in NOT_TOLD},
        winner,
        "",
    )


def _differing(mine: dict[str, object], theirs: dict[str, object], above: str) -> list[str]:
    found: list[str] = []
    for key, value in mine.items():
        other = theirs.get(key)
        if value == other:
            continue
        path = f"{above}{key}"
        if isinstance(value, dict) and isinstance(other, dict):
            found += _differing(value, other, f"{path}.")
        else:
            found.append(path)
    return found
