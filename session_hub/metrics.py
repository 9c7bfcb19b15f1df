"""What monitoring reads: counters in this process, shown on a port of their own."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from session_cli import __version__

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The hub's counters."""

    def __init__(self) -> None:
        # of each series, when it began: nobody has asked for it, and it doubles the page
        disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._registry = registry
        self._requests = Counter(
            "session_hub_requests",
            "Requests answered; status 499 is one whose client had left.",
            ("operation", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "session_hub_request_seconds",
            "From the request's headers to the end of its answer.",
            ("operation",),
            buckets=SECONDS,
            registry=registry,
        )
        self._of_requests: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._saves = Counter(
            "session_hub_saves", "Saves of sessions.", ("result",), registry=registry
        )
        self._takeovers = Counter(
            "session_hub_takeovers", "Live leases that were taken over.", registry=registry
        )
        self._streams = Gauge(
            "session_hub_streams", "Streams of the live feed that are open.", registry=registry
        )
        self._log_bytes = Counter(
            "session_hub_log_bytes", "Bytes of logs that were uploaded.", registry=registry
        )
        self._purged = Counter(
            "session_hub_purged_rows",
            "Rows that retention has removed.",
            ("kind",),
            registry=registry,
        )
        self._purged_at = Gauge(
            "session_hub_retention_timestamp_seconds",
            "When retention last went through to its end, by the hub's clock.",
            registry=registry,
        )
        self._auth_failures = Counter(
            "session_hub_auth_failures",
            "Requests with no valid token or cookie.",
            registry=registry,
        )
        Gauge(
            "session_hub_build_info",
            "What runs.",
            ("version", "python", "sqlite"),
            registry=registry,
        ).labels(__version__, platform.python_version(), sqlite3.sqlite_version).set(1)

    def show(self, host: str, port: int) -> None:
        """Answers /metrics there; raises OSError when the port is taken."""
        start_http_server(port, host, self._registry)

    def watch(self, writer: Watched) -> None:
        """Shows what the writer counts."""
        self._registry.register(_WriterCollector(writer))

    def count_save(self, result: str) -> None:
        """created, updated, unchanged, replayed, conflict."""
        self._saves.labels(result).inc()

    def count_takeover(self) -> None:
        """A live lease was taken over."""
        self._takeovers.inc()

    def count_request(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""
        key = (operation, status)
        if key not in self._of_requests:
            # to find them by their labels takes longer than to count
            self._of_requests[key] = (
                self._requests.labels(operation, str(status)),
                self._seconds.labels(operation),
            )
        requests, duration = self._of_requests[key]
        requests.inc()
        duration.observe(seconds)

    def count_stream(self, change: int) -> None:
        """A stream was opened (1) or has ended (-1)."""
        self._streams.inc(change)

    def count_log_bytes(self, number: int) -> None:
        """So many bytes of a log were stored."""
        self._log_bytes.inc(number)

    def count_purged(self, kind: str, rows: int) -> None:
        """Retention has removed rows."""
        self._purged.labels(kind).inc(rows)

    def note_retention(self, at: float) -> None:
        """Retention went through to its end."""
        self._purged_at.set(at)

    def count_auth_failure(self) -> None:
        """Somebody came without a valid token or cookie."""
        self._auth_failures.inc()


class Watched(Protocol):
    """What a writer counts by itself."""

    is_writable: bool
    commits: int
    writes: int


class _WriterCollector(Collector):
    def __init__(self, writer: Watched) -> None:
        self._writer = writer

    def collect(self) -> Iterator[Metric]:
        writer = self._writer
        yield CounterMetricFamily(
            "session_hub_commits", "Commits; each has many writes.", value=writer.commits
        )
        yield CounterMetricFamily(
            "session_hub_writes", "Writes that were committed.", value=writer.writes
        )
        yield GaugeMetricFamily(
            "session_hub_writable",
            "1 while the store takes writes; 0 when the last one failed, as on a full disk.",
            value=writer.is_writable,
        )
