"""What this process notes of itself once a minute, for the curves at the admin pages, and those curves."""

import contextlib
from collections.abc import Sequence
from math import isfinite

from roomd.clock import Clock
from roomd.domain.vitals import level, mean, rate
from roomd.metrics import Metrics
from roomd.scheduler import Job
from roomd.store.postgres import DatabaseAway
from roomd.store.vitals import VitalsStore

EVERY_S = 60.0
KEPT_MS = 49 * 3_600_000.0
_POINTS = 96
#: What of the metrics is kept: counters and gauges by their name, of histograms sum and count.
KEPT = frozenset(
    {
        "roomd_sockets",
        "roomd_commands_total",
        "roomd_limited_total",
        "roomd_ack_seconds_sum",
        "roomd_ack_seconds_count",
        "roomd_loop_lag_ms_sum",
        "roomd_loop_lag_ms_count",
    }
)
#: How each curve is made of which metric, and by what it is multiplied.
_CURVES = {
    "sockets": (level, "roomd_sockets", 1),
    "commands": (rate, "roomd_commands_total", 1),
    "ack_ms": (mean, "roomd_ack_seconds", 1_000),
    "lag_ms": (mean, "roomd_loop_lag_ms", 1),
    "limits": (rate, "roomd_limited_total", 1),
}


class Vitals:
    def __init__(self, store: VitalsStore, metrics: Metrics, clock: Clock, process: str) -> None:
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._process = process

    def job(self) -> Job:
        return Job("vitals", False, self.note)

    async def note(self) -> float:
        """While PostgreSQL is away, nothing is noted."""
        now = self._clock.now()
        with contextlib.suppress(DatabaseAway):
            await self._store.note(now, self._process, self._figures(), now - KEPT_MS)
        return EVERY_S

    async def curves(self, hours: float) -> dict[str, object]:
        """`from` and `to` in ms, and for each curve its points, null where nothing was noted. Raises Unavailable."""
        now = self._clock.now()
        begin = now - hours * 3_600_000
        samples = await self._store.since(begin)
        edges: Sequence[float] = [(begin + (now - begin) * n / _POINTS) / 1_000 for n in range(_POINTS + 1)]
        curves = {
            name: [None if point is None else round(point * times, 3) for point in how(samples, metric, edges)]
            for name, (how, metric, times) in _CURVES.items()
        }
        return {"from": begin, "to": now, "curves": curves}

    def _figures(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for family in self._metrics.families():
            for name, _, value in family.samples:
                if name in KEPT and isfinite(float(value)):
                    found[name] = found.get(name, 0.0) + float(value)
        return found
