"""Who has a session open at the hub, as it says. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

from session_cli.errors import printable


class Holder(NamedTuple):
    """Who has a session open at the hub: person, device, since when, and for how many seconds."""

    user: str
    device: str
    since: str
    expires_in: float
    device_id: str = ""

    @property
    def name(self) -> str:
        """`sam on desktop`."""
        return f"{self.user} on {self.device}" if self.device else self.user


def holder_of(body: dict[str, Any]) -> Holder | None:
    """Who has the session open, of an answer or a summary; None where nobody does."""
    lease = body.get("lease")
    if not isinstance(lease, dict):
        return None
    user, device, since = (
        printable(str(lease.get(key) or "")) for key in ("user", "device_name", "since")
    )
    expires = lease.get("expires_in")
    seconds = float(expires) if isinstance(expires, (int, float)) else 0.0
    return Holder(user, device, since, seconds, printable(str(lease.get("device") or "")))
