"""The entrance: people are let in so many at a time, in the order in which they came.

Thousands who come back at once would otherwise all be begun with, and most be given up before they are done with:
3,000 took 53 s that way, with 12,000 tries; in line they take 10 s, with one each.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import NamedTuple

from roomd.domain.refusals import Limited

#: People who are being let in at the same time. What they ask of Redis in one turn of the loop goes together, so that
#: each costs a fifth less than with 24 of them.
AT_ONCE = 128
#: People who may stand in line, and seconds for which they do. A page gives up when it is not welcome after 12.
LONGEST = 5_000
WAIT_S = 10.0
#: Seconds after which those who were not let in are to come back: at least, and at most.
BACK_S = (1.0, 10.0)

#: What is done around standing in line.
Waiting = Callable[[], AbstractContextManager[None]]


class _Place(NamedTuple):
    """In line, until `until` on the loop's clock; `free` is done once it is one inside, or too late."""

    free: asyncio.Future[None]
    until: float


class Entrance:
    def __init__(self) -> None:
        self._free = AT_ONCE
        self._line: deque[_Place] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.waiting = 0

    def turn(self, waiting: Waiting = nullcontext) -> "Turn":
        """A place inside, after standing in line for it, within `waiting`. Raises Limited when that takes too long."""
        return Turn(self, waiting)

    async def enter(self, waiting: Waiting) -> None:
        """Whoever returns from this is inside, and has to `leave`."""
        if self._free:
            self._free -= 1
            return
        with waiting():
            await self._stand_in_line()

    def leave(self) -> None:
        """The place is that of the first in line, if anybody stands there."""
        while self._line:
            free = self._line.popleft().free
            if not free.done():
                free.set_result(None)
                return
        self._free += 1

    async def _stand_in_line(self) -> None:
        if self.waiting >= LONGEST:
            raise _crowded()
        loop = asyncio.get_running_loop()
        place = _Place(loop.create_future(), loop.time() + WAIT_S)
        self._line.append(place)
        if self._timer is None:
            self._timer = loop.call_at(place.until, self._too_late)
        self.waiting += 1
        try:
            await place.free
        except asyncio.CancelledError:
            if not place.free.cancelled() and place.free.exception() is None:
                self.leave()
            raise
        finally:
            self.waiting -= 1

    def _too_late(self) -> None:
        """One timer for all: the first in line has waited longest."""
        loop = asyncio.get_running_loop()
        while self._line and (self._line[0].free.done() or self._line[0].until <= loop.time()):
            free = self._line.popleft().free
            if not free.done():
                free.set_exception(_crowded())
        self._timer = loop.call_at(self._line[0].until, self._too_late) if self._line else None


class Turn:
    __slots__ = ("_entrance", "_waiting")

    def __init__(self, entrance: Entrance, waiting: Waiting) -> None:
        self._entrance = entrance
        self._waiting = waiting

    async def __aenter__(self) -> None:
        await self._entrance.enter(self._waiting)

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._entrance.leave()


def _crowded() -> Limited:
    """Told apart by chance, so that those who come back do not come together."""
    wait_s = random.uniform(*BACK_S)  # noqa: S311 - only spreads load
    return Limited("Very many people are coming in right now. Try again in a moment.", wait_s, "crowded")
