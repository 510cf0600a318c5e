"""How many rooms there are in all, looked up when somebody asks for the metrics."""

from contextlib import suppress
from functools import partial
from time import monotonic

from roomd.domain.refusals import Unavailable
from roomd.metrics import Metrics
from roomd.store.postgres import PostgresPool
from roomd.store.shelf import Shelf
from roomd.tally import Tally

#: Seconds for which a count is told again.
KEPT_S = 10.0


class Census:
    """Of all servers over one PostgreSQL; whoever was not asked lately does not know."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._found: dict[str, int] = {}
        self._until = 0.0

    async def look(self) -> None:
        """Count, unless that was done just now."""
        if monotonic() > self._until:
            self._found, self._until = {}, monotonic() + KEPT_S
            with suppress(Unavailable):
                self._found = {"live": 0, "asleep": 0} | await self._shelf.counts()

    def of(self, state: str) -> float:
        """NaN where that is not known."""
        known = monotonic() <= self._until
        return float(self._found.get(state, "nan")) if known else float("nan")


def open_census(pool: PostgresPool, answers: Tally, metrics: Metrics) -> Census:
    """How many rooms there are, and what catalogues were asked, among what is told."""
    census = Census(Shelf(pool))
    metrics.show(answers)
    for state in ("live", "asleep"):
        metrics.gauge(f"roomd_rooms_{state}", f"Rooms that are {state}, of all servers", partial(census.of, state))
    return census
