"""One timer for all connections: who is to be looked at when.

Timers of its own would cost each connection some 300 bytes, and a place in the loop's heap.
"""

import asyncio
import heapq
from typing import Protocol

#: Seconds between two looks; nobody is looked at before their time, nor (unless the process stands still) this late.
TICK_S = 0.05
#: Connections looked at before others have their turn: a look that sends a ping takes some 10 µs.
SLICE = 100


class Watched(Protocol):
    """A connection, as far as time is concerned."""

    def look(self, now: float) -> float | None:
        """Do what is due. When to look again, in the loop's seconds; None: never."""
        ...

    def drop(self) -> None:
        """Let go of the connection without a word to anybody: the process ends."""
        ...


class Wheel:
    def __init__(self) -> None:
        #: By the number of their tick, and those numbers as a heap.
        self._due: dict[int, list[Watched]] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, watched: Watched, at: float) -> None:
        """Look at it once, and again when that says so. `at` is in the loop's seconds."""
        tick = int(at / TICK_S) + 1
        if tick in self._due:
            self._due[tick].append(watched)
            return
        self._due[tick] = [watched]
        heapq.heappush(self._ticks, tick)
        if self._ticks[0] == tick:
            self._set()

    def close(self) -> None:
        """Let go of every connection."""
        due, self._due, self._ticks = self._due, {}, []
        self._set()
        for bucket in due.values():
            for watched in bucket:
                watched.drop()

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._ticks:
            self._timer = asyncio.get_running_loop().call_at(self._ticks[0] * TICK_S, self._turn)

    def _turn(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        try:
            for _ in range(SLICE):
                if (watched := self._next(now)) is None:
                    break
                again = watched.look(now)
                if again is not None:
                    self.watch(watched, max(again, now))
        finally:
            # What is left over is due already, so its turn is the loop's next.
            self._set()

    def _next(self, now: float) -> Watched | None:
        """One of those whose time has come."""
        if not self._ticks or self._ticks[0] * TICK_S > now:
            return None
        bucket = self._due[self._ticks[0]]
        watched = bucket.pop()
        if not bucket:
            del self._due[heapq.heappop(self._ticks)]
        return watched
