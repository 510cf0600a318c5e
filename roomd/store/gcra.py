"""Limits that all processes count together: several asked for at once, in one call of a script.

The generic cell rate algorithm: one number per subject, the time at which it will be whole again. Redis' own clock is
asked, so that processes whose clocks differ agree.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from redis.asyncio import Redis

from roomd.store.keys import limit_of, told_of
from roomd.store.redis import answering

# Either all are taken or none (ARGV[2] empty), or each by itself. Two answers for each key: 1 where it was taken, and
# in how many ms there is room again. Less than 0.01 ms is no wait: milliseconds since 1970 are exact to some 0.0003.
_TAKE = """
local now, alone = tonumber(ARGV[1]), ARGV[2] ~= ''
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + time[2] / 1000
end
local whole, wait, room = {}, {}, true
for n, key in ipairs(KEYS) do
    local interval, tolerance, uses = tonumber(ARGV[3 * n]), tonumber(ARGV[3 * n + 1]), tonumber(ARGV[3 * n + 2])
    whole[n] = math.max(now, tonumber(redis.call('GET', key) or 0))
    wait[n] = whole[n] + interval * (uses - 1) - tolerance - now
    room = room and wait[n] < 0.01
end
local answer = {}
for n, key in ipairs(KEYS) do
    local interval, tolerance, uses = tonumber(ARGV[3 * n]), tonumber(ARGV[3 * n + 1]), tonumber(ARGV[3 * n + 2])
    local taken = wait[n] < 0.01
    if taken and (room or alone) then
        whole[n] = whole[n] + interval * uses
        redis.call('SET', key, string.format('%.3f', whole[n]), 'PX', math.ceil(whole[n] - now) + 1000)
        wait[n] = whole[n] - tolerance - now
    end
    answer[2 * n - 1] = taken and 1 or 0
    answer[2 * n] = string.format('%.3f', math.max(0, wait[n]))
end
return answer
"""

# What was used already, for good or ill: it is added, and the answer is in how many ms each is whole again.
_ADD = """
local now = tonumber(ARGV[1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + time[2] / 1000
end
local answer = {}
for n, key in ipairs(KEYS) do
    local whole = math.max(now, tonumber(redis.call('GET', key) or 0)) + tonumber(ARGV[n + 1])
    redis.call('SET', key, string.format('%.3f', whole), 'PX', math.ceil(whole - now) + 1000)
    answer[n] = string.format('%.3f', whole - now)
end
return answer
"""


class Asked(NamedTuple):
    """A limit by its name, of whom it is, and what it allows: see `limits.Measure`."""

    name: str
    subject: str
    interval: float
    tolerance: float
    uses: int


class Gcra:
    """`now` is for tests: a clock of theirs in ms, instead of Redis' own."""

    def __init__(self, redis: Redis, now: Callable[[], float] | None = None) -> None:
        self._now = now
        self._take = redis.register_script(_TAKE)
        self._add = redis.register_script(_ADD)

    async def take(self, asked: Sequence[Asked], *, alone: bool = False) -> list[tuple[bool, float]]:
        """All of them, or none where one has no room; `alone`: each that has room. For each, whether it had, and in how
        many ms it has room again. Raises Unavailable when Redis does not answer.
        """
        keys = [limit_of(each.name, each.subject) for each in asked]
        arguments: list[str | float] = ["" if self._now is None else self._now(), "1" if alone else ""]
        for each in asked:
            arguments += [each.interval, each.tolerance, each.uses]
        with answering():
            answer = await self._take(keys=keys, args=arguments)
        return [(answer[2 * n] == 1, float(answer[2 * n + 1])) for n in range(len(asked))]

    async def add(self, used: Sequence[tuple[str, float]]) -> list[float]:
        """Add what was used, by subject and in ms; in how many ms each is whole again. Raises Unavailable."""
        keys = [told_of(subject) for subject, _ in used]
        with answering():
            answer = await self._add(
                keys=keys, args=["" if self._now is None else self._now(), *(ms for _, ms in used)]
            )
        return [float(each) for each in answer]
