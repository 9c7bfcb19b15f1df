"""Which account of a hub is used here: who is signed in, and what was there before they were.

In `.sync/`, `login.json` has the hub's address and the token, and is gone after `logout`.
`account.json` has the account used last: address, pin, and the sessions that were there when it was
used here first, which are sent only when somebody asks for it.
"""

from __future__ import annotations

import posix  # os would cost every start a millisecond

from session_cli.console import ignore
from session_cli.errors import BadInput, NotSaved, SessionError, SignedOut, unreadable
from session_cli.store import HUB_URL
from session_cli.store.files import not_saved
from session_cli.store.lock import WriteLock
from session_cli.store.sidecar import list_sidecars, read_record, remove_record, write_record
from session_cli.sync.address import EXAMPLE, parse_token, parse_url
from session_cli.sync.pin import is_same_person, parse_pin

TYPE_CHECKING = False  # typing would cost a start more than all of ours
if TYPE_CHECKING:
    from typing import Any

    from session_cli.document import Document
    from session_cli.store.folder import Folder

URL = HUB_URL.decode()
TOKEN = "CONFIGHUB_SESSIONS_TOKEN"
LOGIN = "login.json"
ACCOUNT = "account.json"


class Account:
    """Somebody at a hub: its address, their token, and what is known of them here.

    `pin` is None until the hub was asked who they are; `before` are the sessions that are not sent
    by themselves, known once there is a pin.
    """

    __slots__ = ("before", "is_from_environment", "pin", "token", "url")

    def __init__(
        self,
        url: str,
        token: str,
        pin: Document | None,
        before: list[str],
        is_from_environment: bool,
    ) -> None:
        self.url = url
        self.token = token
        self.pin = pin
        self.before = before
        self.is_from_environment = is_from_environment


def read_account(folder: Folder) -> Account | None:
    """Who is signed in here; None where that is nobody, or cannot be known. Never fails."""
    try:
        return require_account(folder)
    except SessionError:
        # a save does not fail by it; verbs that need the account say what is wrong
        return None


def require_account(folder: Folder) -> Account:
    """Who is signed in here; raises SignedOut, BadInput or Unreadable saying what to type.

    The environment overrides what `login` stored, address and token each; but a stored token goes
    only to the address that it was stored with.
    """
    try:
        stored = _read_login(folder)
        given_url, given_token = _variable(URL), _variable(TOKEN)
        url = _given(URL, given_url, parse_url) or stored[0]
        if not url:
            raise SignedOut(_not_signed_in(bool(given_token)))
        token = _given(TOKEN, given_token, parse_token)
        token = token or (stored[1] if stored[0] == url else "")
        if not token:
            raise SignedOut(
                f"there is no token for {url}; sign in with 'session-cli login {url}', or set"
                f" {TOKEN}"
            )
        return _account(folder, url, token, bool(given_token))
    except OSError as error:
        raise unreadable(error) from None


def is_token_given() -> bool:
    """Whether the token is that of the environment."""
    return bool(_variable(TOKEN))


def is_overridden() -> bool:
    """Whether the environment says something else than what `login` stored, or may."""
    return bool(_variable(URL) or _variable(TOKEN))


def read_stored(folder: Folder) -> Account | None:
    """Who signed in with `login`, whatever the environment says; None for nobody."""
    try:
        url, token = _read_login(folder)
        return _account(folder, url, token, False) if url else None
    except OSError as error:
        raise unreadable(error) from None


def store_login(folder: Folder, url: str, token: str, pin: Document) -> Account:
    """Keeps a sign-in that the hub has confirmed; raises NotSaved.

    All sessions that are there now stay here until they are asked for, unless the same person was
    the last to use this folder.
    """
    account = Account(url, token, None, [], False)
    try:
        make_folder(folder)
        with WriteLock(folder.path):
            _note(folder, account, pin, ())
            # the last: without it nobody is signed in
            write_record(folder, LOGIN, {"url": url, "token": token})
    except OSError as error:
        raise not_saved(folder.path, error) from None
    return account


def note_pin(folder: Folder, account: Account, pin: Document) -> None:
    """Notes who the account is, in it and on the disk; from now on it is the one used last here.

    Takes the write lock; raises NotSaved. The sessions that were there before are noted with
    it. A token in the environment is meant for what is done beside it: then the latest session is
    none of them.
    """
    try:
        make_folder(folder)
        with WriteLock(folder.path):
            _note(folder, account, pin, _latest(folder) if account.is_from_environment else ())
    except OSError as error:
        raise not_saved(folder.path, error) from None


def is_noted(folder: Folder, account: Account) -> bool:
    """Whether it is the account used last here, so that what was here before it is noted."""
    return bool(_read_used(folder)["url"] == account.url)


def note_before(folder: Folder, account: Account) -> None:
    """Notes which sessions are here before the account is used, and before it is known whose it is.

    Raises OSError.
    """
    record = {"url": account.url, "pin": None, "before": _session_ids(folder)}
    write_record(folder, ACCOUNT, record)


def list_waiting(folder: Folder, account: Account) -> list[str]:
    """The sessions that were here before the account was, and that nobody has asked to send."""
    before, asked = set(account.before), {each.session_id for each in list_sidecars(folder)}
    return [each for each in _session_ids(folder) if each in before and each not in asked]


def make_folder(folder: Folder) -> None:
    """Makes the sessions folder if it is missing; raises NotSaved where it has no place."""
    if not folder.path:
        raise NotSaved(
            "not saved: HOME is not set to a folder; set it, or name a folder with --dir"
        )
    folder.make()


def forget_login(folder: Folder) -> None:
    """Removes the sign-in that `login` stored, if there is one; raises NotSaved."""
    try:
        if folder.path and folder.is_there():
            with WriteLock(folder.path):
                remove_record(folder, LOGIN)
    except OSError as error:
        raise not_saved(folder.path, error) from None


def _variable(name: str) -> str:
    """What the environment says, without blanks around it."""
    return posix.environ.get(name.encode(), b"").decode("utf-8", "replace").strip()


def _given(name: str, text: str, parse: Any) -> str:
    """A setting of the environment, parsed; "" where there is none."""
    if not text:
        return ""
    try:
        return str(parse(text))
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from None


def _not_signed_in(has_token: bool) -> str:
    if has_token:
        return f"{TOKEN} is set, but not {URL}; set it to the hub's address, such as {EXAMPLE}"
    return "you are not signed in to a hub; sign in with 'session-cli login URL'"


def _read_login(folder: Folder) -> tuple[str, str]:
    """(address, token) as `login` stored them; empty where it did not, or they are damaged."""
    record = (read_record(folder, LOGIN) if folder.path else None) or {}
    url, token = record.get("url"), record.get("token")
    if not isinstance(url, str) or not isinstance(token, str):
        return "", ""
    try:
        return parse_url(url), parse_token(token)
    except BadInput:
        return "", ""


def _account(folder: Folder, url: str, token: str, is_from_environment: bool) -> Account:
    used = _read_used(folder)
    pin, before = (used["pin"], used["before"]) if used["url"] == url else (None, [])
    return Account(url, token, pin, before, is_from_environment)


def _read_used(folder: Folder) -> Document:
    """The account used last: `{"url", "pin", "before"}`, empty where there was none."""
    record = (read_record(folder, ACCOUNT) if folder.path else None) or {}
    before = record.get("before")
    return {
        "url": record.get("url"),
        "pin": parse_pin(record.get("pin")),
        "before": [each for each in before if isinstance(each, str)]
        if isinstance(before, list)
        else [],
    }


def _note(folder: Folder, account: Account, pin: Document, but: tuple[str, ...]) -> None:
    used = _read_used(folder)
    is_noted_before = used["pin"] is None and used["url"] == account.url
    if is_noted_before or is_same_person(used["pin"], pin):
        before = used["before"]
    else:
        before = [each for each in _session_ids(folder) if each not in but]
    write_record(folder, ACCOUNT, {"url": account.url, "pin": pin, "before": before})
    account.pin, account.before = pin, before


def _session_ids(folder: Folder) -> list[str]:
    from session_cli.store.catalog import list_sessions

    return [session.session_id for session in list_sessions(_open(folder))]


def _latest(folder: Folder) -> tuple[str, ...]:
    """The session that the pointer names, if there is one."""
    from session_cli.store.latest import Readable

    try:
        found = _open(folder).find()
    except SessionError:
        return ()
    return (found.session_id,) if isinstance(found, Readable) else ()


def _open(folder: Folder) -> Any:
    """What reads the sessions of the type that is synced."""
    from session_cli.store import locate
    from session_cli.store.latest import Latest

    return Latest(locate(folder.path, None, "import"), ignore)
