"""Snapshots of rooms: taken a while after something changed, so that bringing one back replays little.

A room is planned for one with the first commit that is archived after the last (`copier.py`). Nothing depends on it
being taken: what was not is made up for by a longer log.
"""

import asyncio
import logging
from typing import NamedTuple

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.several import several

#: Snapshots taken in one look, and at once.
BATCH = 50
AT_ONCE = 4
#: Seconds between looks at what is due, at most.
LOOK_S = 10.0
#: Seconds that the last ones may take when the server ends.
LAST_S = 3.0
#: Milliseconds until a room is tried again whose snapshot could not be taken, or is not to be had yet.
AGAIN_MS = 60_000.0

log = logging.getLogger(__name__)


class Planned(NamedTuple):
    room: RoomId
    #: The room time at which its snapshot is due.
    at: float


class Snapshots:
    def __init__(self, core: Core, clock: Clock) -> None:
        self._core = core
        self._clock = clock

    async def run(self) -> float:
        """Take the snapshots that are due; in how many seconds the next one is. Raises Unavailable."""
        index, now = self._core.index, self._clock.now()
        due = [Planned(*each) for each in await index.snapshots_due(now, BATCH)]
        await self._take_all(due)
        if len(due) == BATCH:
            return 0.0
        coming = await index.next_snapshot()
        return LOOK_S if coming is None else min(LOOK_S, max(0.05, (coming - self._clock.now()) / 1_000))

    async def last(self) -> None:
        """Take those that are planned for rooms of this process, due or not, as far as `LAST_S` goes: it ends."""
        try:
            async with asyncio.timeout(LAST_S):
                held = sorted(self._core.holdings.held)
                await self._take_all([Planned(*each) for each in await self._core.index.snapshots_planned(held)])
        except (TimeoutError, Unavailable) as fault:
            log.info("some last snapshots were not taken: %r", fault)

    async def _take_all(self, planned: list[Planned]) -> None:
        faults = await several(planned, self._take, AT_ONCE)
        for place, why in faults:
            if isinstance(why, Unavailable):
                raise why
            room, at = planned[place]
            # One room that cannot be read must not cost the others theirs.
            log.error("could not take a snapshot of room %s", room, exc_info=why)
            await self._core.index.snapshot_later(room, at, self._clock.now() + AGAIN_MS)

    async def _take(self, planned: Planned) -> None:
        core, (room_id, at) = self._core, planned
        whole = await core.moves.whole(room_id)
        done = whole is None
        if whole is not None and whole.room.closed:
            done = await core.keeper.buried(whole.room)
        elif whole is not None:
            done = await core.archive.put(whole, self._clock.now())
            if not done:
                # PostgreSQL has given up this history of the room; if Redis has not, it begins a new one.
                await core.keeper.reopen(room_id, whole.room.epoch)
        await core.index.snapshot_later(room_id, at, None if done else self._clock.now() + AGAIN_MS)
