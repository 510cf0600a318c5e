"""What PostgreSQL keeps for so long and no longer: commits behind their room's snapshot, closed rooms, sleepers."""

import logging

from roomd.clock import Clock
from roomd.settings import Settings
from roomd.store.pruning import Pruning

DAY_MS = 24 * 3_600_000.0
#: Rows removed in one go: a tenth of a second or so.
BATCH = 5_000
#: Seconds between two looks when nothing is left to do.
LOOK_S = 3_600.0

log = logging.getLogger(__name__)


class Retention:
    def __init__(self, pruning: Pruning, settings: Settings, clock: Clock) -> None:
        self._pruning = pruning
        self._keep_days = settings.keep_events_days
        self._forget_days = settings.forget_days
        self._clock = clock

    async def run(self) -> float:
        """Remove one batch of what is too old; in how many seconds to come again. Raises Unavailable."""
        return 0.0 if await self._forgotten() or await self._old() else LOOK_S

    async def _forgotten(self) -> int:
        if not self._forget_days:
            return 0
        now = self._clock.now()
        many = await self._pruning.forgotten(now - self._forget_days * DAY_MS, BATCH, now)
        if many:
            log.info("%d rooms that nobody had used for %g days are closed", many, self._forget_days)
        return many

    async def _old(self) -> int:
        if not self._keep_days:
            return 0
        before, pruning = self._clock.now() - self._keep_days * DAY_MS, self._pruning
        # A closed room's commits go before the room: nothing else says whose they were.
        return (
            await pruning.events(before, BATCH)
            or await pruning.closed_rooms(before, BATCH)
            or await pruning.epochs(before, BATCH)
        )
