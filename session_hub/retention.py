"""Removing what is older than the hub keeps things, by the hub's clock.

It writes no tombstones: what was removed for its age is missing, not deleted, and no client takes
it away from anybody. Its owner may offer it again; nobody else may, for its logs are still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from session_hub import limits
from session_hub.clock import now, steady
from session_hub.hub import Hub
from session_hub.sessions import audit
from session_hub.stores import Store
from session_hub.writer import Row, Stale, Statement, Unwritable

log = logging.getLogger("session_hub")
# how soon it is noticed that the next run is due, also when the clock was set
_LOOK_SECONDS = 1.0
# in `meta`
_SEEN_AT, _DOUBT = "retention_seen_at", "retention_doubt"


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows found by the statement `old_<name>`, each removed by `purge_<name>`."""

    name: str
    keep: float
    batch: int = limits.RETENTION_BATCH


KINDS = (
    Kind("versions", limits.KEEP_VERSIONS),
    # each may have 16 MiB
    Kind("logs", limits.KEEP_LOGS, batch=1),
    Kind("audit", limits.KEEP_AUDIT),
    # after all that they keep others from reading
    Kind("tombstones", limits.KEEP_TOMBSTONES),
    Kind("former_sessions", limits.KEEP_TOMBSTONES),
)
# found by `expired_<name>`: these end by themselves, and leave no record
EXPIRING = ("device_logins", "sign_in_links", "browser_sessions")


class Watch:
    """Whether the clock is believed: one that jumps ahead makes all look old at once.

    Times are seconds since 1970 (`at`), and of a clock that nobody sets (`steady`). `seen_at` is
    when a hub on this store last looked, `doubt` how many seconds one has still to run until the
    last jump is believed.
    """

    def __init__(self, seen_at: float, doubt: float, steady: float) -> None:
        self.seen_at = seen_at
        self.doubt = doubt
        self._steady = steady
        # a hub may have been stopped since then
        self._may_jump = limits.LONGEST_STOP

    def find_jump(self, at: float, steady: float) -> float | None:
        """By how much the clock has jumped ahead since the last look, if it is too much."""
        ran = steady - self._steady
        jump = at - self.seen_at - ran
        is_too_much = jump > self._may_jump
        self.doubt = limits.DOUBT_SECONDS if is_too_much else max(0.0, self.doubt - ran)
        self.seen_at, self._steady, self._may_jump = at, steady, limits.LARGEST_JUMP
        return jump if is_too_much else None


async def run(hub: Hub) -> None:
    """Purges now and every hour, until it is cancelled."""
    watch = await _begin(hub.store)
    while True:
        at, since = now(), steady()
        try:
            if await _believes(hub.store, watch, at, since):
                await purge(hub, at)
        except Unwritable:
            log.warning("retention waits until the store takes writes again")
        except Exception:
            log.exception("retention failed; it is tried again in an hour")
        # also where the clock was set back
        while max(now() - at, steady() - since) < limits.RETENTION_EVERY:
            await asyncio.sleep(_LOOK_SECONDS)


async def _begin(store: Store) -> Watch:
    seen_at, doubt = [await store.one("find_meta", key=key) for key in (_SEEN_AT, _DOUBT)]
    watch = Watch(
        float(seen_at["value"]) if seen_at is not None else now(),
        float(doubt["value"]) if doubt is not None else 0.0,
        steady(),
    )
    if watch.doubt:
        log.warning(
            "the clock had moved ahead: retention removes nothing until the hub has run for another"
            " %.0f hours",
            watch.doubt / limits.HOUR,
        )
    return watch


async def _believes(store: Store, watch: Watch, at: float, since: float) -> bool:
    jump = watch.find_jump(at, since)
    if jump is not None:
        log.warning(
            "the clock has moved ahead by %.0f days since retention last looked: it removes nothing"
            " until the hub has run for a day; if the time is wrong, set this machine's clock",
            jump / limits.DAY,
        )
    # a restart is no reason to believe it
    await store.writer.put(
        Statement("set_meta", {"key": _SEEN_AT, "value": str(at)}),
        Statement("set_meta", {"key": _DOUBT, "value": str(watch.doubt)}),
    )
    return not watch.doubt


async def purge(hub: Hub, at: float) -> None:
    """Removes what is too old at that time, a few rows at a time: no save waits for it long."""
    counts: Counter[str] = Counter()
    async for sessions in _find_old_sessions(hub.store, at):
        counts["sessions"] += await _purge_sessions(hub, sessions, at - limits.KEEP_SESSIONS)
    for kind in KINDS:
        async for rows in _find(hub.store, f"old_{kind.name}", kind.batch, at - kind.keep):
            counts[kind.name] += await _purge(hub.store, kind.name, rows)
    for name in EXPIRING:
        async for rows in _find(hub.store, f"expired_{name}", limits.RETENTION_BATCH):
            await hub.store.writer.put(*(Statement(f"purge_{name}", dict(row)) for row in rows))
            counts[name] += len(rows)
    _tell(hub, counts)
    hub.metrics.note_retention(at)


def _tell(hub: Hub, counts: Counter[str]) -> None:
    for name, count in counts.items():
        hub.metrics.count_purged(name, count)
    if counts.total():
        log.info("retention removed %s", ", ".join(f"{n} {name}" for name, n in counts.items()))


async def _find(
    store: Store, statement: str, limit: int, before: float | None = None
) -> AsyncIterator[Sequence[Row]]:
    """What the statement finds, until it finds nothing more; each batch is to be removed."""
    while rows := await store.all(statement, before=before, limit=limit):
        yield rows


async def _purge(store: Store, name: str, rows: Sequence[Row]) -> int:
    statements = [Statement(f"purge_{name}", dict(row)) for row in rows]
    await store.writer.put(*statements, *_records(name, rows))
    return len(rows)


def _records(name: str, rows: Sequence[Row]) -> list[Statement]:
    """One record for each organization that has lost rows."""
    counts = Counter(row["org_id"] for row in rows)
    return [
        audit.statement(org_id, "retention.purge", detail={name: count})
        for org_id, count in counts.items()
    ]


async def _find_old_sessions(store: Store, at: float) -> AsyncIterator[list[Row]]:
    """Those that nobody has saved for long, complete or archived, has open or is offered."""
    after = ""
    while rows := await store.all(
        "walk_sessions",
        after=after,
        before=at - limits.KEEP_SESSIONS,
        limit=limits.RETENTION_WINDOW,
    ):
        old = [row for row in rows if row["is_old"]]
        for start in range(0, len(old), limits.RETENTION_BATCH):
            yield old[start : start + limits.RETENTION_BATCH]
        after = rows[-1]["id"]


async def _purge_sessions(hub: Hub, rows: Sequence[Row], before: float) -> int:
    """One that was saved, opened or offered meanwhile keeps its whole batch until the next hour."""
    noted = [Statement("note_former_session", {"id": row["id"]}) for row in rows]
    statements = [
        Statement("purge_session", {"id": row["id"], "before": before}, guards=True) for row in rows
    ]
    removed: list[Row] = []
    with contextlib.suppress(Stale):
        written = await hub.store.writer.put(*noted, *statements, *_records("sessions", rows))
        removed = written[len(noted) : len(noted) + len(statements)]
    for row in removed:
        hub.feed.publish_gone(row)
    return len(removed)
