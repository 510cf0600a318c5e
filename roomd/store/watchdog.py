"""Limits of time for what is asked often and answered soon; a timer for each would cost 10 µs."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any


class Watchdog:
    """Calls `late` where what has begun is not over in time. One thing at a time; its timer stays for the next."""

    __slots__ = ("_due", "_late", "_timer")

    def __init__(self, late: Callable[[], object]) -> None:
        self._late = late
        #: When it has to be over, by the loop's clock; None while nothing is under way.
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._due = due = loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due, self._look)

    def over(self) -> None:
        self._due = None

    def stop(self) -> None:
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._due:
            self._timer = loop.call_at(self._due, self._look)
            return
        self._due = None
        self._late()


class Patience:
    """Cancels answers that are not there in time. They come in the order of their being asked for, or nearly so."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._watchdog = Watchdog(self._look)

    def wait(self, answer: "asyncio.Future[Any]", until: float) -> None:
        """`until` is by the loop's clock."""
        loop = asyncio.get_running_loop()
        self._forget()
        self._waiting.append((until, answer))
        if len(self._waiting) == 1:
            self._watchdog.begin(until - loop.time())

    def _forget(self) -> None:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= now):
            self._waiting.popleft()[1].cancel()
        if self._waiting:
            self._watchdog.begin(self._waiting[0][0] - now)
