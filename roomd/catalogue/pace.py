"""Waiting one's turn with somebody who allows only so many requests: by a quota that all processes share, by less
while Redis is away, and longer after being told that it was too much.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from roomd.domain.refusals import Unavailable
from roomd.store.quota import Quota, Rate

#: A request waits for its turn for so long; then it is not sent.
PATIENCE_MS = 2_000.0
#: After being refused as too many: 1 s, then twice as long each time, up to this. One that names a time gets it.
FIRST_PAUSE_MS = 1_000.0
LONGEST_PAUSE_MS = 8_000.0
LONGEST_ASKED_MS = 60_000.0
#: Without Redis every process has this share of the quota: four of them keep it together.
SHARE = 0.25
#: What Redis is given to answer, and how long it is left alone when it does not. (Its client would wait for 2 s.)
_ANSWER_S = 1.0
_ALONE_MS = 1_000.0
#: What was used longer ago is not owed any more.
_LATELY_S = 5.0


class Turns:
    """A process's share, in the quota's own arithmetic. What was taken from the whole counts here too, so that a
    process which has just used much of that gets nothing more when Redis goes.
    """

    def __init__(self, rate: Rate, now: Callable[[], float]) -> None:
        self._interval_ms = rate.interval_ms / SHARE
        self._tolerance_ms = (max(1, int(rate.burst * SHARE)) - 1) * self._interval_ms
        self._most_owed = int((rate.burst + rate.per_s * _LATELY_S) * SHARE)
        self._now = now
        self._whole = 0.0
        #: How many were used lately without being taken from the whole.
        self.owed = 0

    def take(self, patience_ms: float) -> float | None:
        """As Quota.take."""
        now = self._now()
        wait = max(0.0, self._whole - self._tolerance_ms - now)
        if wait > patience_ms:
            return None
        self._whole = max(now, self._whole) + self._interval_ms
        self.owed = min(self.owed + 1, self._most_owed)
        return wait

    def taken(self) -> None:
        """One was taken from the whole, and what was owed was counted there."""
        now = self._now()
        most = now + 2 * self._tolerance_ms
        self._whole = min(most, max(now, self._whole) + self._interval_ms)
        self.owed = 0


class Pace:
    """`now` is room time in ms. Without a quota only pauses are kept."""

    def __init__(
        self,
        now: Callable[[], float],
        dice: Random,
        quota: Quota | None = None,
        rate: Rate | None = None,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sleep = sleep
        self._now = now
        self._dice = dice
        self._quota = quota
        self._own = Turns(rate, now) if rate else None
        self._without_redis_until = 0.0
        self._paused_until = 0.0
        self._refusals = 0

    async def turn(self) -> bool:
        """Wait for a turn; False, at once, when it would be too long."""
        pause = max(0.0, self._paused_until - self._now())
        wait = await self._take() if pause <= PATIENCE_MS else None
        if wait is None:
            return False
        if max(wait, pause) > 0:
            await self._sleep(max(wait, pause) / 1_000)
        return True

    async def refused(self, asked_ms: float = 0.0) -> None:
        """It was too much: nobody is to ask for a while. `asked_ms`: the time that they named themselves."""
        if self._now() < self._paused_until:
            return  # It was sent before the pause that is under way.
        longest = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2**self._refusals)
        self._refusals = min(self._refusals + 1, 8)
        pause = max(longest * self._dice.uniform(1.0, 1.25), min(asked_ms, LONGEST_ASKED_MS))
        self._paused_until = self._now() + pause
        if self._quota is not None and self._now() >= self._without_redis_until:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    await self._quota.pause(pause)
            except (Unavailable, TimeoutError):
                self._without_redis_until = self._now() + _ALONE_MS

    def answered(self) -> None:
        """It was not too much."""
        self._refusals = 0

    async def _take(self) -> float | None:
        if self._quota is None or self._own is None:
            return 0.0
        if self._now() >= self._without_redis_until:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    wait = await self._quota.take(PATIENCE_MS, self._own.owed)
            except (Unavailable, TimeoutError):
                self._without_redis_until = self._now() + _ALONE_MS
            else:
                if wait is not None:
                    self._own.taken()
                return wait
        return self._own.take(PATIENCE_MS)
