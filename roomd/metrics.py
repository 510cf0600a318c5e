"""What a server counts, for Prometheus to collect: one registry for each server, no names of rooms or people in it."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from roomd.domain.sync import Report

#: Milliseconds: an echo begins at 10, lips are out of step at 45, everybody notices 1,000.
_ERRORS_MS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)

#: Milliseconds: from 10 on people in a room hear it, from 1,000 on clients begin to believe that nobody is there.
_LAGS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._errors = Histogram(
            "roomd_sync_error_ms",
            "What players report as the 95th percentile of their distance from the room's line, in milliseconds",
            ["player"],
            buckets=_ERRORS_MS,
            registry=self._registry,
        )
        #: Milliseconds by which the event loop was late.
        self.lag = Histogram(
            "roomd_loop_lag_ms",
            "How late the event loop is, in milliseconds",
            buckets=_LAGS_MS,
            registry=self._registry,
        ).observe
        self._reports = Counter("roomd_sync_reports", "Reports of players that were taken in", registry=self._registry)

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Show a number that is looked at when somebody asks."""
        Gauge(name, meaning, registry=self._registry).set_function(read)

    def heard(self, report: Report) -> None:
        self._reports.inc()
        if report.p95 is not None:
            self._errors.labels(report.player or "unknown").observe(report.p95)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)
