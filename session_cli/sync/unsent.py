"""Which sessions here are to be sent without being asked: it is never written down, but seen."""

from __future__ import annotations

from collections.abc import Iterator

from session_cli.store.latest import Latest
from session_cli.store.sidecar import Sidecar, read_sidecar
from session_cli.sync import plan
from session_cli.sync.account import Account
from session_cli.sync.copies import Copy, read_copies, read_latest
from session_cli.sync.pin import is_same_person
from session_cli.sync.push import is_refused

# what a person has to look at is sent when they have
SETTLED = (plan.REMOTE_DELETED, plan.DETACHED, plan.HANDED_OVER)


def read_unsent(latest: Latest, account: Account) -> Iterator[Copy]:
    """The sessions that the hub has not as they stand here, the latest first."""
    newest = read_latest(latest)
    if newest and is_unsent(latest, account, newest):
        yield newest
    for copy in read_copies(latest):
        is_newest = newest is not None and copy.session_id == newest.session_id
        if not is_newest and is_unsent(latest, account, copy):
            yield copy


def is_unsent(latest: Latest, account: Account, copy: Copy) -> bool:
    """Whether a session is sent without being asked, and the hub has not these bytes of it."""
    if copy.uuid is None:
        # another program saved it; it gets an id with its next save
        return False
    sidecar = read_sidecar(latest.folder, copy.uuid)
    if sidecar is None:
        return copy.session_id not in account.before
    return not (
        sidecar.intent
        or sidecar.is_clean(copy.sha256)
        or is_refused(sidecar, copy.sha256)
        or sidecar.state in SETTLED
        or is_of_another_account(sidecar, account)
    )


def is_of_another_account(sidecar: Sidecar, account: Account) -> bool:
    """Whether what is known of a session was learnt at another hub, or as somebody else."""
    both_known = sidecar.pin is not None and account.pin is not None
    return both_known and not is_same_person(sidecar.pin, account.pin)
