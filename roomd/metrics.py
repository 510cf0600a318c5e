"""What a server counts, for Prometheus to collect: one registry for each server, no names of rooms or people in it."""

from collections import Counter as Tallied
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from roomd.domain.sync import Report
from roomd.tally import Spans, Tally

#: Milliseconds: an echo begins at 10, lips are out of step at 45, everybody notices 1,000.
_ERRORS_MS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)

#: Milliseconds: from 10 on people in a room hear it, from 1,000 on clients begin to believe that nobody is there.
_LAGS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000)


C = TypeVar("C", bound=Tally | Spans)


class Family(Struct, array_like=True):
    """One metric of one process, to be sent to another: samples are name, labels, and the number as text, which may be
    NaN or infinite.
    """

    name: str
    meaning: str
    kind: str
    samples: list[tuple[str, dict[str, str], str]]


class Counted(NamedTuple):
    """Of all processes since they started, the first of them at `since_ms`: how often something was refused for being
    too much, by code, and how often who answered for each catalogue.
    """

    since_ms: float
    limited: dict[str, int]
    answers: dict[str, dict[str, int]]


def counted_of(told: Mapping[int, Any]) -> Counted:
    """Out of the families of each process, as they answer for `metrics`."""
    began: list[float] = []
    limited: Tallied[str] = Tallied()
    answers: dict[str, Tallied[str]] = {}
    for family in (each for of_one in msgspec.convert(told, dict[int, list[Family]]).values() for each in of_one):
        for name, labels, value in family.samples:
            if name == "process_start_time_seconds":
                began.append(float(value) * 1_000)
            elif name == "roomd_limited_total":
                limited[labels["code"]] += int(float(value))
            elif name == "roomd_catalogue_answers_total":
                answers.setdefault(labels["provider"], Tallied())[labels["by"]] += int(float(value))
    found = {provider: dict(by) for provider, by in answers.items()}
    return Counted(min(began, default=0.0), dict(limited.most_common()), found)


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
        ProcessCollector(registry=self._registry)
        self._shown = _Shown()
        self._registry.register(self._shown)
        self.requests = self.show(Spans("roomd_http_seconds", "How long requests over HTTP took", "status"))
        self.acks = self.show(Spans("roomd_ack_seconds", "From a native command to its acknowledgement", "level"))
        closes = Tally("roomd_socket_closes", "WebSockets that this server has closed", "code", known=("4008",))
        self.closes = self.show(closes)
        self.limited = self.show(Tally("roomd_limited", "What was refused for being too much or too often", "code"))

    def show(self, counted: C) -> C:
        """Have it among what is told."""
        self._shown.all.append(counted)
        return counted

    @property
    def shown(self) -> Sequence[Tally | Spans]:
        """What is counted where it happens."""
        return self._shown.all

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

    def families(self) -> list[Family]:
        """All of it, for `merged`."""
        return [
            Family(each.name, each.documentation, each.type, [(s.name, s.labels, str(s.value)) for s in each.samples])
            for each in self._registry.collect()
        ]

    def merged(self, of: Mapping[int, Any], processes: int) -> bytes:
        """The metrics of several processes in one text, each sample with the number of its process as a label.

        They are not added up here: a process that died begins at 0 again, and in a sum of counters that would look as
        if all had. `roomd_process_answers` has a sample for each of the `processes`, 0 for those that are not in `of`.
        """
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Merged(msgspec.convert(of, dict[int, list[Family]]), processes))
        return generate_latest(registry)


class _Shown(Collector):
    """Tallies and spans as they are now."""

    def __init__(self) -> None:
        self.all: list[Tally | Spans] = []

    def collect(self) -> Iterator[Metric]:
        for each in self.all:
            if isinstance(each, Tally):
                counter = CounterMetricFamily(each.name, each.meaning, labels=each.labels)
                for values, count in each.counts.items():
                    counter.add_metric(values, count)
                yield counter
            else:
                histogram = HistogramMetricFamily(each.name, each.meaning, labels=each.labels)
                for values in each.found:
                    histogram.add_metric(values, list(each.cumulative(values)), each.sums.get(values, 0.0))
                yield histogram


class _Merged(Collector):
    def __init__(self, of: Mapping[int, Iterable[Family]], processes: int) -> None:
        self._of, self._processes = of, processes

    def collect(self) -> Iterator[Metric]:
        answers = Metric("roomd_process_answers", "Whether each process of this server answered just now", "gauge")
        for number in range(1, self._processes + 1):
            answers.add_sample(answers.name, {"process": str(number)}, float(number in self._of))
        yield answers
        found: dict[str, Metric] = {}
        for number, families in sorted(self._of.items()):
            for each in families:
                metric = found.setdefault(each.name, Metric(each.name, each.meaning, each.kind))
                for name, labels, value in each.samples:
                    metric.add_sample(name, labels | {"process": str(number)}, float(value))
        yield from found.values()
