"""How often somebody may ask: a token bucket for each token and each address, in memory."""

from __future__ import annotations

from session_cli.times import elapsed
from session_hub import limits
from session_hub.problems import Problem

# beyond so many, those that are full again are forgotten
_MANY = 10_000


class Buckets:
    """Each holds `burst` requests and fills at `rate` a second."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str, cost: float = 1) -> None:
        """Takes from the bucket of `key`; raises Problem when it is empty."""
        at = elapsed()
        level, since = self._levels.get(key, (self._burst, at))
        level = min(self._burst, level + (at - since) * self._rate)
        if level < cost:
            wait = int((cost - level) / self._rate) + 1
            raise Problem(
                "rate-limited",
                f"Too many requests: wait {wait} s, then go on.",
                headers={"retry-after": str(wait)},
            )
        self._levels[key] = (level - cost, at)
        if len(self._levels) > _MANY:
            self._forget(at)

    def give_back(self, key: str) -> None:
        """Undoes one `take`: what succeeded is not counted."""
        level, since = self._levels.get(key, (self._burst, elapsed()))
        self._levels[key] = (min(self._burst, level + 1), since)

    def _forget(self, at: float) -> None:
        self._levels = {
            key: (level, since)
            for key, (level, since) in self._levels.items()
            if level + (at - since) * self._rate < self._burst
        }


def for_requests() -> Buckets:
    """Of each token, or of each address that has none."""
    return Buckets(limits.REQUESTS_A_SECOND, limits.REQUEST_BURST)


def for_codes() -> Buckets:
    """Of wrong codes that a person types to approve a device."""
    return Buckets(limits.CODE_TRIES / limits.DEVICE_LOGIN_SECONDS, limits.CODE_TRIES)


def for_sign_ins() -> Buckets:
    """Of each address and each code: attempts that failed, and device logins begun."""
    return Buckets(limits.SIGN_INS_A_MINUTE / limits.MINUTE, limits.SIGN_INS_A_MINUTE)
