"""The clock, and time as text. Times are UTC and, in memory, float seconds since 1970."""

# Every save loads this module: it imports what is built in, and the rest where it is needed.
from __future__ import annotations

import posix  # os would cost every start a millisecond
import time

HOUR = 60 * 60
DAY = 24 * HOUR
_YEAR_10000 = 253402300800


def now() -> float:
    """The current time; for tests SESSION_CLI_NOW, in seconds since 1970, replaces it."""
    try:
        given = float(posix.environ[b"SESSION_CLI_NOW"])
    except (KeyError, ValueError):
        return time.time()
    return given if _is_in_range(given) else time.time()


def elapsed() -> float:
    """Seconds since some moment, for timeouts: setting the clock does not move it."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Waits before something that changes by itself is checked again."""
    time.sleep(seconds)


def utc(epoch: float) -> str:
    """The time in documents: `2026-01-09T14:30:22Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


def stamp(epoch: float) -> str:
    """The time in file names and session ids: `2026-01-09-143022`."""
    return time.strftime("%Y-%m-%d-%H%M%S", time.gmtime(epoch))


def minute(epoch: float) -> str:
    """The time as people read it: `2026-01-09 14:30`."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(epoch))


def stamp_epoch(text: str) -> float | None:
    """The time that `stamp` writes as exactly `text`; None when there is none."""
    from datetime import datetime

    day, clock = text[:10], text[11:]
    try:
        moment = datetime.fromisoformat(f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:]}+00:00")
    except ValueError:
        return None
    epoch = moment.timestamp()
    return epoch if stamp(epoch) == text else None


def parse(text: object) -> float | None:
    """The time in an ISO 8601 text that another program may have written, or None.

    None is for what is no string, no date, without a time zone, or outside 1970 to 9999.
    """
    if not isinstance(text, str):
        return None
    ours = _parse_ours(text)
    if ours is None and _has_iso_shape(text):
        return _parse_iso(text)
    return ours


def _parse_ours(text: str) -> float | None:
    from datetime import datetime

    if len(text) != len("2026-01-09T14:30:22Z"):
        return None
    try:
        epoch = datetime.fromisoformat(f"{text[:-1]}+00:00").timestamp()
    except ValueError:
        return None
    return epoch if utc(epoch) == text else None


def _parse_iso(text: str) -> float | None:
    try:
        from dateutil.parser import isoparse

        epoch = isoparse(text).timestamp()
    except (ImportError, ValueError, OverflowError):
        # without the library, which a save does not need, only our own times are understood
        return None
    return epoch if _is_in_range(epoch) else None


def parse_http_date(text: str) -> float | None:
    """The time in the header `Date` of HTTP, such as `Sun, 29 Nov 2026 14:30:22 GMT`, or None."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def latest(*texts: object) -> float | None:
    """The latest of several times as `parse` reads them, without regard to absent (None) ones.

    None when all are absent, or when one of them is no time: it might have been the latest.
    """
    moments = [parse(text) for text in texts if text is not None]
    known = [moment for moment in moments if moment is not None]
    return max(known) if known and len(known) == len(moments) else None


def age(then: float | None, now: float) -> float | None:
    """The seconds from `then` to `now`; None when `then` is unknown or in the future."""
    return None if then is None or then > now else now - then


def ago(age: float | None) -> str:
    """An age in words: `2 hours ago`."""
    if age is None:
        return "an unknown time ago"
    for unit, seconds in (("day", DAY), ("hour", HOUR), ("minute", 60)):
        count = int(age // seconds)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def short_ago(age: float | None) -> str:
    """The same where there is little room: `2h ago`."""
    words = ago(age).split()
    return f"{words[0]}{words[1][0]} ago" if len(words) == 3 else " ".join(words)


def _is_in_range(epoch: float) -> bool:
    return 0 <= epoch < _YEAR_10000


def _has_iso_shape(text: str) -> bool:
    # Releases of dateutil differ in what else they take: `2026- 1-09`, `2_26-01-09`, `+05:0`.
    import re

    day, clock, zone = r"\d+(-\d+)*", r"\d+(:\d+)*([.,]\d+)?", r"(Z|[+-]\d\d(:?\d\d)?)"
    return re.fullmatch(f"{day}T{clock}{zone}", text) is not None
