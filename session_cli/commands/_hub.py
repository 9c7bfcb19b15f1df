"""What the verbs that ask the hub have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from session_cli.errors import BadInput, NoSession, Refused, SessionError
from session_cli.store.folder import Folder
from session_cli.sync.device import find_device
from session_cli.sync.remote import HubUnavailable, Remote, say

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store import Location
    from session_cli.sync.account import Account
    from session_cli.sync.remote import Answer


def folder_of(location: Location) -> Folder:
    """The sessions folder; its path is empty where there is none."""
    # only imports are synced
    return Folder(location.folder or "", "import")


def remote_of(folder: Folder, account: Account) -> Remote:
    """The hub, asked as who is signed in, from this device."""
    return Remote(account.url, account.token, find_device(folder))


def name_of(pin: Document) -> str:
    """A person of a hub as people write them: `alex (home)`."""
    return f"{pin['user']['name']} ({pin['org']['name']})"


def refusal_of(remote: Remote, answer: Answer) -> SessionError:
    """The error for an answer that is no success: 2 not understood, 3 not there, 8 not now, 6 not
    allowed.
    """
    if answer.status in (400, 422):
        return BadInput(say(answer))
    if answer.status in (404, 410):
        return NoSession(f"{remote.url}: {say(answer)}")
    if answer.status in (408, 421, 429):
        return HubUnavailable(f"the hub at {remote.url} cannot do that now: {say(answer)}")
    return Refused(f"the hub at {remote.url} refuses that: {say(answer)}")
