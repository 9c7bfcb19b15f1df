"""A hub that somebody has signed in to from here: asked as them, from this device."""

from __future__ import annotations

import posix
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from session_cli.errors import Locked, Refused, SessionError, SignedOut, Unavailable
from session_cli.store.files import not_saved
from session_cli.store.sidecar import note_record, read_record
from session_cli.sync import plan
from session_cli.sync.account import Account, note_pin, read_account, require_account
from session_cli.sync.device import find_device
from session_cli.sync.pending import lock_push
from session_cli.sync.pin import is_same_person
from session_cli.sync.remote import ME, Answer, HubUnavailable, Remote, say
from session_cli.times import elapsed, now, parse_http_date, pause, utc

if TYPE_CHECKING:
    from session_cli.document import Document
    from session_cli.store.folder import Folder
    from session_cli.store.sidecar import Sidecar
    from session_cli.store.store import Store

SESSIONS = "/api/v1/sessions/import"
CONTACT = "contact.json"
TIMEOUT = 10.0
# a hub that has had enough says when it has room again; one request waits no longer in all
LONGEST_PAUSE = 10.0
# the process that sends in the background ends by itself after 30 seconds
LOCK_TIMEOUT = 35.0
TOLD_AFTER = 2.0
POLL_SECONDS = 0.05


class OtherAccount(SessionError):
    """The hub is another one than before, or takes us for somebody else: nothing is sent to it."""

    exit_code = Refused.exit_code


class Busy(Locked):
    """Another process of ours sends to the hub."""


class Limited(Unavailable):
    """The hub has had enough for now."""


class Contact(NamedTuple):
    """How the last attempt to reach the hub ended: a state of `plan`, or CLEAN; and when."""

    state: str
    detail: str
    at: str


class Connection:
    """Made by `connect`. `until` is when we must be done, as `times.elapsed` counts, if ever."""

    def __init__(self, folder: Folder, account: Account, until: float | None, timeout: float):
        self.folder = folder
        self.account = account
        self.device = find_device(folder)
        self.remote = Remote(account.url, account.token, self.device, timeout)
        self.timeout = timeout
        self.until = until
        self.pin: Document = {}
        self._date = ""

    @property
    def asked_at(self) -> float | None:
        """When the hub answered last, by its own clock; None where it did not say."""
        return parse_http_date(self._date)

    @property
    def user_id(self) -> str:
        """Who we are there."""
        return str(self.pin["user"]["id"])

    @property
    def user(self) -> str:
        """What we are called there."""
        return str(self.pin["user"]["name"])

    def check_pin(self) -> None:
        """Asks who we are there; raises OtherAccount unless that is who we were before."""
        pin = self._ask_who()
        known = self.account.pin
        if known is None:
            note_pin(self.folder, self.account, pin)
        elif not is_same_person(known, pin):
            raise OtherAccount(_describe_other(self.account.url, known, pin))
        self.pin = pin

    def accept_pin(self) -> None:
        """Asks who we are there, and takes that for who we are from now on."""
        self.pin = self._ask_who()
        note_pin(self.folder, self.account, self.pin)

    def _ask_who(self) -> Document:
        return self.remote.read_pin(self.ask("GET", ME))

    def is_known(self, sidecar: Sidecar) -> bool:
        """Whether what is known of a session was learnt at this hub as this person."""
        return sidecar.pin is None or is_same_person(sidecar.pin, self.pin)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Document | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Asks the hub, again after a pause where it has had enough; raises Limited when it goes on
        so, and what `Remote.ask` raises.
        """
        waited = 0.0
        while True:
            self._hurry()
            answer = self.remote.ask(method, path, body, headers or {})
            self._date = answer.headers.get("date", "")
            if answer.status != 429:
                return answer
            seconds = _pause_of(answer)
            waited += seconds
            if waited > LONGEST_PAUSE or (self.until and elapsed() + seconds > self.until):
                raise Limited(f"{self.account.url}: {say(answer)}")
            pause(seconds)

    def _hurry(self) -> None:
        """Gives the next request no more time than is left."""
        if self.until is not None:
            left = self.until - elapsed()
            if left <= 0:
                raise HubUnavailable(f"{self.account.url} did not answer in time")
            self.remote.timeout = min(self.timeout, left)

    def close(self) -> None:
        """Ends the connection."""
        self.remote.close()


def connect(folder: Folder, until: float | None = None, timeout: float = TIMEOUT) -> Connection:
    """A connection to the hub, which is asked who we are; raises OtherAccount, and what
    `require_account` and `Remote.ask` raise.
    """
    connection = open_connection(folder, until, timeout)
    connection.check_pin()
    return connection


def open_connection(
    folder: Folder, until: float | None = None, timeout: float = TIMEOUT
) -> Connection:
    """The same, before the hub is asked anything; raises what `require_account` raises."""
    return Connection(folder, require_account(folder), until, timeout)


@contextmanager
def connected(
    store: Store, *, lock_timeout: float = LOCK_TIMEOUT, timeout: float | None = None
) -> Iterator[Connection]:
    """The hub, while nothing else of ours sends; how that ended is noted.

    `lock_timeout` is how long is waited for whatever sends, `timeout` how long the hub may take in
    all, both in seconds.
    Raises what `connect` raises, and Busy when something else goes on sending.
    """
    # who is not signed in leaves nothing behind
    require_account(store.folder)
    store.prepare()
    store.finish_interrupted()
    lock = _wait_for_lock(store, lock_timeout)
    error: SessionError | None = None
    try:
        until = None if timeout is None else elapsed() + timeout
        with closing(connect(store.folder, until, timeout or TIMEOUT)) as connection:
            yield connection
    except SessionError as problem:
        error = problem
        raise
    except BrokenPipeError:
        raise
    except OSError as problem:
        # what came of the hub's answers could not be written
        raise not_saved(store.folder.path, problem) from None
    finally:
        _let_go(lock)
        if error is None or isinstance(error, (SignedOut, Unavailable, OtherAccount)):
            note_contact(store.folder, error)


def _let_go(lock: int) -> None:
    try:
        posix.close(lock)
    except OSError:
        # nothing was written to it, and the lock is released either way
        pass


def _wait_for_lock(store: Store, lock_timeout: float) -> int:
    began, is_told = elapsed(), False
    while True:
        try:
            lock = lock_push(store.folder)
        except OSError as error:
            raise not_saved(store.folder.path, error) from None
        if lock is not None:
            return lock
        waited = elapsed() - began
        if waited >= lock_timeout:
            raise Busy("another process is sending to the hub; try again")
        if waited > TOLD_AFTER and not is_told:
            store.warn("waiting for the process that sends in the background")
            is_told = True
        pause(POLL_SECONDS)


def _describe_other(url: str, known: Document, pin: Document) -> str:
    if known.get("instance") != pin.get("instance"):
        what = f"another hub answers at {url} than before"
    else:
        was, is_now = (f"{each['user']['name']} ({each['org']['name']})" for each in (known, pin))
        what = f"at {url} you are {is_now} now, not {was}"
    return f"{what}: nothing was sent; 'session-cli login {url}' uses it from now on"


def _pause_of(answer: Answer) -> float:
    try:
        return max(0.05, float(answer.headers.get("retry-after", "1")))
    except ValueError:
        return 1.0


def note_contact(folder: Folder, error: SessionError | None) -> None:
    """Notes how the last attempt to reach the hub ended, for what is shown without asking it."""
    detail = "" if error is None else str(error)
    account = read_account(folder)
    if account is None:
        return
    record = {
        "url": account.url,
        "state": _state_of(error),
        "detail": detail,
        "at": utc(now()),
    }
    try:
        note_record(folder, CONTACT, record)
    except OSError:
        # it is shown, no more
        pass


def _state_of(error: SessionError | None) -> str:
    if error is None:
        return plan.CLEAN
    if isinstance(error, SignedOut):
        return plan.SIGNED_OUT
    if isinstance(error, OtherAccount):
        return plan.OTHER_ACCOUNT
    return plan.LIMITED if isinstance(error, Limited) else plan.UNREACHABLE


def read_contact(folder: Folder, account: Account) -> Contact | None:
    """How the last attempt to reach that hub ended; None before the first."""
    record = read_record(folder, CONTACT)
    if record is None or record.get("url") != account.url:
        return None
    return Contact(*(str(record.get(key, "")) for key in ("state", "detail", "at")))
