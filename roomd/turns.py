"""One command of a room at a time, in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable

#: Seconds that a command waits for those before it in the same room.
TURN_S = 1.8


class Turns:
    def __init__(self) -> None:
        self._locks: WeakValueDictionary[RoomId, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, room_id: RoomId) -> AsyncIterator[None]:
        """Raises Unavailable when those before take too long."""
        lock = self._locks.setdefault(room_id, asyncio.Lock())
        try:
            async with asyncio.timeout(TURN_S):
                await lock.acquire()
        except TimeoutError:
            raise too_busy() from None
        try:
            yield
        finally:
            lock.release()


class TooBusy(Unavailable):
    """It did not come to the command's turn: nothing was done."""


def too_busy() -> TooBusy:
    return TooBusy("The room is too busy. Try again in a moment.")
