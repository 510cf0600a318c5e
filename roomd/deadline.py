"""A limit on time that holds: whatever does not let go when it is cancelled is cancelled again, until it does.

asyncio.timeout cancels once. On Python 3.11 that is now and then lost inside redis-py while it connects: against a
Redis that stands still, a limit of 0.2 s took 2.4, and commands 4.6 to be refused.
"""

import asyncio
from types import TracebackType
from typing import Self

#: Seconds from one cancelling to the next.
AGAIN_S = 0.05


class Deadline:
    """`async with`; raises TimeoutError when the time is up. Cancelling from outside stays that."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._cancels = 0
        self._before = 0
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._when: float | None = None

    @property
    def expired(self) -> bool:
        return self._cancels > 0

    def when(self) -> float | None:
        """When the time is up, on the loop's clock; None while it stands still."""
        return self._when

    def reschedule(self, when: float | None) -> None:
        """Another time; None: it stands still until the next call."""
        if self.expired:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._when = when
        loop = asyncio.get_running_loop()
        self._timer = None if when is None else loop.call_at(when, self._expire)

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        assert self._task is not None
        self._before = self._task.cancelling()
        self.reschedule(asyncio.get_running_loop().time() + self._seconds)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._task is not None
        if self._timer is not None:
            self._timer.cancel()
        for _ in range(self._cancels):
            self._task.uncancel()
        if self.expired and kind is asyncio.CancelledError and self._task.cancelling() <= self._before:
            raise TimeoutError from fault

    def _expire(self) -> None:
        assert self._task is not None
        self._cancels += 1
        self._task.cancel()
        self._timer = asyncio.get_running_loop().call_later(AGAIN_S, self._expire)
