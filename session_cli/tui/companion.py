"""What a program knows of the hub: nothing where nobody has signed in (else `hub_companion`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from session_cli.store.store import Store

if TYPE_CHECKING:
    from session_cli.sync.holding import Lost
    from session_cli.sync.offers import Handoff, Offered
    from session_cli.sync.status import SyncFacts


class Offers(NamedTuple):
    """The sessions of other devices, newest first, and what other people offer."""

    sessions: Sequence[Offered] = ()
    handoffs: Sequence[Handoff] = ()


class Companion:
    """What is known of the hub, for one program on one folder.

    `is_on` while somebody is signed in; `offers` is what could be resumed from there; `facts` is
    how the latest session stands there; `lost` says who has taken over the one that we had open;
    `is_unsure` when nobody can say that. `on_news` is called in the loop when any of it changes.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_on = False
        self.is_unsure = False
        # the hub does not know who we are any more
        self.is_signed_out = False
        self.offers = Offers()
        self.facts: SyncFacts | None = None
        self.lost: Lost | None = None
        self.on_news: Callable[[], None] = lambda: None

    @contextmanager
    def heard_by(self, hear: Callable[[], None]) -> Iterator[None]:
        """A block during which `hear` is called in place of whoever else hears the news."""
        before, self.on_news = self.on_news, hear
        try:
            yield
        finally:
            self.on_news = before

    def prepare(self) -> None:
        """Notes what was there before the sign-in, before anything is saved."""

    def start(self) -> None:
        """Asks what the hub has, and from now on keeps an eye on it."""

    def stop(self) -> None:
        """Nothing more is asked; nobody waits for what was."""

    def read_facts(self) -> SyncFacts | None:
        """How the latest session stands at the hub."""
        return None

    def send(self) -> None:
        """Has what was saved sent; called in the thread of the saver, or of the hub."""

    def hold(self, uuid: str) -> None:
        """Has the session open at the hub from now on, as soon as the hub has it."""

    def release(self) -> None:
        """Lets other devices open the session; nobody waits until they can."""
