"""What this process notes of itself once a minute, for the curves at the admin pages, and those curves."""

import contextlib
from collections.abc import Sequence

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
        "roomd_rooms_live",
        "roomd_commands_total",
        "roomd_slow_disconnects_total",
        "roomd_limits_hit_total",
        "roomd_loop_lag_ms_sum",
        "roomd_loop_lag_ms_count",
        "roomd_ack_ms_sum",
        "roomd_ack_ms_count",
        "roomd_archive_behind",
    }
)
_CURVES = {
    "sockets": (level, "roomd_sockets"),
    "commands": (rate, "roomd_commands_total"),
    "limits": (rate, "roomd_limits_hit_total"),
    "lag_ms": (mean, "roomd_loop_lag_ms"),
    "ack_ms": (mean, "roomd_ack_ms"),
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
        curves = {name: how(samples, metric, edges) for name, (how, metric) in _CURVES.items()}
        return {"from": begin, "to": now, "curves": curves}

    def _figures(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for family in self._metrics.families():
            for name, _, value in family.samples:
                if name in KEPT:
                    found[name] = found.get(name, 0.0) + float(value)
        return found
