"""A limit on time that holds: whatever does not let go when it is cancelled is cancelled again, until it does.

asyncio.timeout cancels once. On Python 3.11 that is now and then lost inside redis-py while it connects: against a
Redis that stands still, a limit of 0.2 s took 2.4, and commands 4.6 to be refused.

Nearly all is done in time, so no limit has a timer of its own: setting one and taking it back costs 4 to 10 µs, and
those that were taken back fill the loop's heap. One wheel looks at all of them, 50 ms late at most.
"""

import asyncio
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

from roomd.wheel import Wheel

#: Seconds from one cancelling to the next.
AGAIN_S = 0.05

_wheels: "WeakKeyDictionary[asyncio.AbstractEventLoop, Wheel]" = WeakKeyDictionary()


class Deadline:
    """`async with`; raises TimeoutError when the time is up. Cancelling from outside stays that."""

    __slots__ = ("_before", "_cancels", "_look_at", "_loop", "_seconds", "_task", "_when")

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._cancels = 0
        self._before = 0
        self._task: asyncio.Task[object] | None = None
        self._when: float | None = None
        #: When the wheel looks at this next.
        self._look_at = float("inf")

    @property
    def expired(self) -> bool:
        return self._cancels > 0

    def now(self) -> float:
        """The loop's time."""
        return self._loop.time()

    def when(self) -> float | None:
        """When the time is up, on the loop's clock; None while it stands still."""
        return self._when

    def reschedule(self, when: float | None) -> None:
        """Another time; None: it stands still until the next call."""
        if self.expired:
            return
        self._when = when
        if when is not None and when < self._look_at:
            self._look_at = when
            _wheel_of(self._loop).watch(self, when)

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task(self._loop)
        assert self._task is not None
        self._before = self._task.cancelling()
        self.reschedule(self.now() + self._seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if not self._cancels:
            return
        assert task is not None
        for _ in range(self._cancels):
            task.uncancel()
        if kind is asyncio.CancelledError and task.cancelling() <= self._before:
            raise TimeoutError from fault

    def look(self, now: float) -> float | None:
        """What the wheel asks; when it is to ask again."""
        if self._task is None:
            return None
        if self._when is None:
            self._look_at = float("inf")
            return None
        if now >= self._when:
            self._cancels += 1
            self._task.cancel()
            self._when = now + AGAIN_S
        self._look_at = self._when
        return self._when

    def drop(self) -> None:
        """The wheel ends; nobody looks any more."""


def _wheel_of(loop: asyncio.AbstractEventLoop) -> Wheel:
    wheel = _wheels.get(loop)
    if wheel is None:
        wheel = _wheels[loop] = Wheel()
    return wheel
