"""The entrance: people are let in so many at a time, in the order in which they came.

Thousands who come back at once would otherwise all be begun with, and most be given up before they are done with:
3,000 took 53 s that way, with 12,000 tries; in line they take 10 s, with one each.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from roomd.domain.refusals import Limited

#: People who are being let in at the same time. What they ask of Redis in one turn of the loop goes together, so that
#: each costs a fifth less than with 24 of them.
AT_ONCE = 128
#: People who may stand in line, and seconds for which they do. A page gives up when it is not welcome after 12.
LONGEST = 5_000
WAIT_S = 10.0
#: Seconds after which those who were not let in are to come back: at least, and at most.
BACK_S = (1.0, 10.0)


class Entrance:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, waiting: Callable[[], AbstractContextManager[None]] = nullcontext) -> AsyncIterator[None]:
        """A place inside, after standing in line for it, within `waiting`. Raises Limited when that takes too long."""
        if self._places.locked():
            with waiting():
                await self._stand_in_line()
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _stand_in_line(self) -> None:
        if self.waiting >= LONGEST:
            raise _crowded()
        self.waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            raise _crowded() from None
        finally:
            self.waiting -= 1


def _crowded() -> Limited:
    """Told apart by chance, so that those who come back do not come together."""
    wait_s = random.uniform(*BACK_S)  # noqa: S311 - only spreads load
    return Limited("Very many people are coming in right now. Try again in a moment.", wait_s, "crowded")
