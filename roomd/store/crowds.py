"""How many sockets each process has open of somebody, told by each of them and added up: a hash a subject."""

from collections.abc import Callable, Mapping

from redis.asyncio import Redis

from roomd.store.keys import crowd_of
from roomd.store.redis import answering

#: Milliseconds for which a process is believed, so that what one that died had open is forgotten.
VALID_MS = 8_000
#: Subjects in one call.
_AT_ONCE = 500

# ARGV: the time, or nothing; who tells; for how long it counts; and how many of each.
_TELL = """
local now, mine, valid = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local answer = {}
for n, key in ipairs(KEYS) do
    local told, others = redis.call('HGETALL', key), 0
    for i = 1, #told, 2 do
        local at, count = string.match(told[i + 1], '^(%S+) (%d+)$')
        if tonumber(at) < now - valid then
            redis.call('HDEL', key, told[i])
        elseif told[i] ~= mine then
            others = others + tonumber(count)
        end
    end
    redis.call('HSET', key, mine, string.format('%.0f %s', now, ARGV[n + 3]))
    redis.call('PEXPIRE', key, valid)
    answer[n] = others
end
return answer
"""


class Crowds:
    """`now` is for tests: a clock of theirs in ms, instead of Redis' own."""

    def __init__(self, redis: Redis, process: str, now: Callable[[], float] | None = None) -> None:
        self._process = process
        self._now = now
        self._tell = redis.register_script(_TELL)

    async def tell(self, counts: Mapping[str, int]) -> dict[str, int]:
        """What all other processes have open of those of whom this one has so much. Raises Unavailable."""
        subjects, elsewhere = list(counts), dict[str, int]()
        for n in range(0, len(subjects), _AT_ONCE):
            batch = subjects[n : n + _AT_ONCE]
            said = ["" if self._now is None else self._now(), self._process, VALID_MS]
            with answering():
                answer = await self._tell(
                    keys=[crowd_of(each) for each in batch], args=[*said, *(counts[each] for each in batch)]
                )
            elsewhere |= zip(batch, answer, strict=True)
        return elsewhere
