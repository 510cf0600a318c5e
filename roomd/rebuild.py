"""What a Redis that was emptied has to be told again, out of PostgreSQL; done by one process, under a lease.

Rooms come back by themselves when they are touched. Here is what nobody would miss before it is too late: which
sessions have ended, which rooms are whose; and those that were live are brought back, so that their clocks go on.
"""

import asyncio
import logging
from collections.abc import Sequence

from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.ids import RoomId
from roomd.store.shelf import FIRST, Shelf

#: Seconds between looks whether Redis was emptied.
LOOK_S = 0.5
#: Rooms told of in one go.
BATCH = 500
#: Live rooms brought back in the same few messages; and such groups at once, so that neither store waits for the other.
#: 1,000 rooms take 1.7 s of a core.
GROUP = 25
GROUPS = 2

log = logging.getLogger(__name__)


class Rebuild:
    def __init__(self, core: Core, shelf: Shelf, accounts: Accounts, clock: Clock) -> None:
        self._core = core
        self._shelf = shelf
        self._accounts = accounts
        self._clock = clock
        #: Which rooms come next: those after an id, the live ones first. None: nothing is begun.
        self._next: tuple[bool, RoomId] | None = None
        self._told = 0

    async def run(self) -> float:
        """Do the next step if there is one; in how many seconds to come again. Raises Unavailable."""
        index, process = self._core.index, self._core.holdings.process
        built = await index.built()
        if built is True:
            return LOOK_S
        if self._next is None or built != process:
            await self._begin()
        elif not await self._tell_page() and await index.set_built():
            log.info("Redis was told of %d rooms", self._told)
            return LOOK_S
        return 0.0

    async def _begin(self) -> None:
        await self._accounts.restore_revocations()
        await self._core.index.set_building(self._core.holdings.process)
        self._next, self._told = (True, FIRST), 0

    async def _tell_page(self) -> bool:
        """Tell of the next rooms; False when all are told of."""
        assert self._next is not None
        live, after = self._next
        limit = GROUP * GROUPS if live else BATCH
        page = await self._shelf.page(after, limit, live=live)
        missing = await self._bring_back([each.id for each in page]) if live else set()
        # Those that could not be brought back are looked at by the scheduler, which says why. Those that were there are
        # known already, but not in a cluster of which only a part was lost.
        told = [each for each in page if not live or each.id in missing or self._core.index.in_parts]
        await self._core.index.restore(told, self._clock.now())
        self._told += len(page)
        if len(page) == limit:
            self._next = (live, page[-1].id)
        elif live:
            self._next = (False, FIRST)
        else:
            return False
        return True

    async def _bring_back(self, rooms: Sequence[RoomId]) -> set[RoomId]:
        """Those that did not come."""
        groups = [rooms[n : n + GROUP] for n in range(0, len(rooms), GROUP)]
        missing = await asyncio.gather(*(self._core.keeper.bring_back(group) for group in groups))
        return set().union(*missing)
