"""How the sessions here stand at the hub, as far as is known without asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import printable
from session_cli.store.sidecar import read_sidecar
from session_cli.sync import plan
from session_cli.sync.account import read_account
from session_cli.sync.connection import read_contact
from session_cli.sync.unsent import is_of_another_account
from session_cli.times import parse

if TYPE_CHECKING:
    from session_cli.store.folder import Folder
    from session_cli.store.sidecar import Sidecar
    from session_cli.sync.account import Account
    from session_cli.sync.connection import Contact
    from session_cli.sync.copies import Copy

# what a failed attempt to reach the hub says of all that is not sent
OF_ALL = (plan.UNREACHABLE, plan.SIGNED_OUT, plan.OTHER_ACCOUNT, plan.LIMITED)


class SyncFacts(NamedTuple):
    """How a session stands: one of the five words, the state of `plan`, a reason for people where
    there is one, and when the hub had last what was here, in seconds since 1970.
    """

    state: str
    why: str
    detail: str
    at: float | None


def sync_facts(folder: Folder, copy: Copy) -> SyncFacts | None:
    """How a session here stands; None where nobody is signed in. Asks nobody."""
    account = read_account(folder)
    if account is None:
        return None
    sidecar = read_sidecar(folder, copy.uuid) if copy.uuid else None
    why, detail = _why(sidecar, copy, account, read_contact(folder, account))
    return SyncFacts(plan.WORDS[why], why, detail, parse(sidecar.synced_at) if sidecar else None)


def _why(
    sidecar: Sidecar | None, copy: Copy, account: Account, contact: Contact | None
) -> tuple[str, str]:
    state = sidecar.state if sidecar else ""
    detail = printable(str((sidecar.answer or {}).get("detail") or "")) if sidecar else ""
    if sidecar is not None and is_of_another_account(sidecar, account):
        return plan.OTHER_ACCOUNT, ""
    if sidecar is not None and sidecar.is_clean(copy.sha256):
        # what needs a person goes on doing so until they have looked
        is_settled = plan.WORDS.get(state) == plan.NEEDS_YOU
        return (state, detail) if is_settled else (plan.CLEAN, "")
    if contact is not None and contact.state in OF_ALL:
        return contact.state, printable(contact.detail)
    if sidecar is None and copy.session_id in account.before:
        return plan.NOT_SENT, plan.explain_not_sent(copy.session_id)
    is_of_these_bytes = sidecar is not None and (sidecar.answer or {}).get("sha256") == copy.sha256
    if is_of_these_bytes and state in plan.WORDS and state != plan.CLEAN:
        return state, detail
    if plan.WORDS.get(state) == plan.NEEDS_YOU and state not in (plan.REFUSED, plan.DIVERGED):
        return state, detail
    return plan.LOCAL_AHEAD, ""


def line(why: str, detail: str = "") -> str:
    """How a session stands, in one line for people."""
    more = f": {detail}" if detail else ""
    word = plan.WORDS[why]
    if why == plan.LOCAL_DELETED and detail:
        return f"deleted here, and not yet at the hub{more}"
    if word == plan.SYNCED:
        return f"synced{more}"
    if why == plan.NOT_SENT:
        return f"saved here{more}"
    if word == plan.SAVED_HERE:
        return f"saved here, will sync{more}"
    if word == plan.OFFLINE:
        return "offline: saved here, will sync"
    if word == plan.SIGN_IN:
        # the reason has the command, with the address
        return f"saved here, not sent{more}"
    return f"needs you{more}"
