"""The parts of one running hub."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from session_hub.buckets import Buckets, for_codes, for_sign_ins

if TYPE_CHECKING:
    from session_hub.auth import Authenticator
    from session_hub.events import Feed
    from session_hub.metrics import Metrics
    from session_hub.stores import Store


@dataclass(frozen=True)
class Settings:
    """What `serve` was told."""

    # where people and clients reach the hub; without a slash at the end
    public_url: str
    # the names that a Host header may have
    hosts: frozenset[str]

    @property
    def is_https(self) -> bool:
        """Whether cookies can be kept to TLS."""
        return self.public_url.startswith("https://")


@dataclass
class Hub:
    """What the routes work with."""

    settings: Settings
    store: Store
    authenticator: Authenticator
    feed: Feed
    buckets: Buckets
    metrics: Metrics
    instance: str
    epoch: str
    # the schema that this version knows
    schema: int
    # set when the hub was told to stop
    stopping: asyncio.Event
    sign_ins: Buckets = field(default_factory=for_sign_ins)
    codes: Buckets = field(default_factory=for_codes)
