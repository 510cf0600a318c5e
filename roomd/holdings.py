"""Which rooms a process answers for: those with sockets of its, and those with commits that it has yet to archive.

It says so before the first socket or commit, once per room, and takes it back when nothing is left to do. When its
lease runs out, another process does for each of these rooms what it has left undone.
"""

import asyncio

from roomd.clock import Clock
from roomd.domain.ids import RoomId
from roomd.store.index import Index

#: Milliseconds that a process is believed to live after it last said so.
LEASE_MS = 8_000.0


class Holdings:
    def __init__(self, index: Index, clock: Clock, process: str) -> None:
        self._index = index
        self._clock = clock
        self.process = process
        self._held: set[RoomId] = set()
        self._order = asyncio.Lock()

    @property
    def held(self) -> frozenset[RoomId]:
        return frozenset(self._held)

    async def hold(self, room: RoomId) -> None:
        if room not in self._held:
            async with self._order:
                await self._index.hold(self.process, room)
                self._held.add(room)

    async def release(self, room: RoomId) -> None:
        """Nothing is left to do for the room. A `hold` meanwhile waits, so that it is not undone by this."""
        async with self._order:
            self._held.discard(room)
            await self._index.release(self.process, room)

    async def renew(self) -> bool:
        """Say that this process lives, and what it holds where nobody knew. True when nobody did."""
        unknown = await self._index.renew(self.process, self._clock.now() + LEASE_MS)
        if unknown:
            for room in self.held:
                await self._index.hold(self.process, room)
        return unknown

    async def suspect(self, process: str, room: RoomId) -> None:
        """A socket in the room is said to be that process's: unless it says so itself, it is taken for dead."""
        await self._index.hold(process, room)
        await self._index.suspect(process, self._clock.now() + LEASE_MS)
