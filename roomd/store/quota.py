"""How often something may be done, counted for all processes together.

The generic cell rate algorithm: one number per quota, the time at which it will be whole again. Redis' own clock is
asked, so that processes whose clocks differ agree.
"""

from collections.abc import Callable
from typing import NamedTuple

from redis.asyncio import Redis

from roomd.store.keys import quota_of
from roomd.store.redis import answering

# The answer is how long to wait, in ms with three digits; "" where that is longer than the patience, and then nothing
# is taken. Milliseconds since 1970 are exact to some 0.0003, so less than 0.01 is no wait. A pause moves the time so
# far ahead that afterwards they come one by one, not all at once.
_TAKE = """
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local patience, owed, pause, now = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + time[2] / 1000
end
local whole = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local wait = whole - tolerance - now
if wait < 0.01 then
    wait = 0
end
if pause > 0 then
    whole = math.max(whole, now + pause + tolerance)
elseif wait > patience + 0.01 then
    return ''
else
    whole = whole + interval * (1 + owed)
end
redis.call('SET', KEYS[1], string.format('%.3f', whole), 'PX', math.ceil(whole - now) + 1000)
return string.format('%.3f', wait)
"""


class Rate(NamedTuple):
    """`burst` at once, `per_s` a second over time: burst + per_s·t at most in any t seconds."""

    burst: int
    per_s: float

    @property
    def interval_ms(self) -> float:
        return 1_000 / self.per_s

    @property
    def tolerance_ms(self) -> float:
        """How far ahead of its time the last one of a burst is."""
        return (self.burst - 1) * self.interval_ms


class Quota:
    """`now` is for tests: a clock of theirs in ms, instead of Redis' own."""

    def __init__(self, redis: Redis, name: str, rate: Rate, now: Callable[[], float] | None = None) -> None:
        self._key = quota_of(name)
        self._rate = rate
        self._now = now
        self._take = redis.register_script(_TAKE)

    async def take(self, patience_ms: float, owed: int = 0) -> float | None:
        """Take one; how many ms to wait before it may be used. None, and none taken, where that is more than the
        patience. `owed`: so many were used without being taken. Raises Unavailable when Redis does not answer.
        """
        wait = await self._run(patience_ms, owed, 0)
        return float(wait) if wait else None

    async def pause(self, ms: float) -> None:
        """Nobody is to take one for so long. Raises Unavailable when Redis does not answer."""
        await self._run(0, 0, ms)

    async def _run(self, patience_ms: float, owed: int, pause_ms: float) -> bytes:
        now = "" if self._now is None else self._now()
        arguments = [self._rate.interval_ms, self._rate.tolerance_ms, patience_ms, owed, pause_ms, now]
        with answering():
            answer: bytes = await self._take(keys=[self._key], args=arguments)
        return answer
