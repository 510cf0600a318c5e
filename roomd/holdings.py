"""Which rooms a process answers for: those with sockets of its, and those with commits that it has yet to archive.

It says so before the first socket or commit, once per room, and takes it back when nothing is left to do. When its
lease runs out, another process does for each of these rooms what it has left undone.
"""

import asyncio
from collections.abc import Callable

from roomd.clock import Clock
from roomd.domain.ids import RoomId
from roomd.store.index import Index

#: Milliseconds that a process is believed to live after it last said so.
LEASE_MS = 8_000.0
#: Milliseconds for which a room is held after anybody last asked for that: longer than anything under way takes.
REST_MS = 30_000.0
#: Rooms named in one message.
_BATCH = 1_000


class Holdings:
    def __init__(self, index: Index, clock: Clock, process: str) -> None:
        self._index = index
        self._clock = clock
        self.process = process
        #: By when somebody last asked for it.
        self._held: dict[RoomId, float] = {}
        self._order = asyncio.Lock()
        #: Not set while rooms are being let go.
        self._let_go = asyncio.Event()
        self._let_go.set()

    @property
    def held(self) -> frozenset[RoomId]:
        return frozenset(self._held)

    async def hold(self, *rooms: RoomId) -> None:
        now = self._clock.now()
        if fresh := [room for room in rooms if room not in self._held]:
            await self._let_go.wait()
            await self._index.hold(self.process, *fresh)
        self._held.update(dict.fromkeys(rooms, now))

    def still(self, room: RoomId) -> bool:
        """As `hold`, where the room is held already; whether it is."""
        held = room in self._held
        if held:
            self._held[room] = self._clock.now()
        return held

    async def release_unused(self, used: Callable[[RoomId], bool]) -> int:
        """Let go of rooms for which nothing is left to do here; how many.

        A `hold` meanwhile waits, so that it is not undone by this; and one whose commit is still under way was asked
        for a moment ago.
        """
        async with self._order:
            before = self._clock.now() - REST_MS
            idle = [room for room, asked in self._held.items() if asked < before and not used(room)]
            for room in idle:
                del self._held[room]
            self._let_go.clear()
            try:
                for n in range(0, len(idle), _BATCH):
                    await self._index.release(self.process, *idle[n : n + _BATCH])
            finally:
                self._let_go.set()
        return len(idle)

    async def renew(self) -> bool:
        """Say that this process lives, and what it holds where nobody knew. True when nobody did."""
        unknown = await self._index.renew(self.process, self._clock.now() + LEASE_MS)
        if unknown:
            async with self._order:
                held = list(self._held)
                for n in range(0, len(held), _BATCH):
                    await self._index.hold(self.process, *held[n : n + _BATCH])
        return unknown

    async def suspect(self, process: str, *rooms: RoomId) -> None:
        """A socket in each room is said to be that process's: unless it says so itself, it is taken for dead."""
        await self._index.hold(process, *rooms)
        await self._index.suspect(process, self._clock.now() + LEASE_MS)
