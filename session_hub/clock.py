"""The hub's clock: the only one that decides over leases, logins and retention."""

from __future__ import annotations

import os
import time
from pathlib import Path

# for tests: a file with the seconds to add, so that a running hub's clock can be moved
_OFFSET = os.environ.get("SESSION_HUB_CLOCK_OFFSET")


def now() -> float:
    """The current time in seconds since 1970."""
    return time.time() + (float(Path(_OFFSET).read_text() or 0) if _OFFSET else 0)


def steady() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
