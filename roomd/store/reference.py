"""The time that all servers share: that of Redis, moved by what makes it go on where room time was.

A Redis elsewhere, or one whose wall clock was set, tells another time. The first server to notice says how far its own
room time is from that (a new *turn*), and the others take it over, so nobody's room time moves. What the two are apart
by then goes away slowly, at the same rate for everybody.
"""

from collections.abc import Callable
from typing import NamedTuple

from redis.asyncio import Redis

from roomd.store.keys import TIME
from roomd.store.redis import answering

#: What room time is apart from Redis' goes away at this rate: 3 s in 17 hours. Pages fit drifts of up to 150 ppm.
HEAL = 50e-6
#: Seconds for which the turn is kept after the last process.
_KEEP_MS = 60_000
#: Milliseconds since another process found all in order, within which nobody else may say that it is not.
_SEEN_MS = 2_500

# A turn begins where there is none, or when it is asked for of the present one by the only process that still agreed to
# it lately, or when nobody did: then Redis' clock was set, and not the asker's.
_READ = """
local process, id, mine, doubted, agreed = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local now = tonumber(ARGV[8])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + time[2] / 1000
end
local shown = string.format('%.3f', now)
local kept = redis.call('HMGET', KEYS[1], 'turn', 'shift', 'since', 'id', 'seen', 'by')
local turn, shift, since, name, seen, by = kept[1], kept[2], kept[3], kept[4], kept[5], kept[6]
if not turn or (doubted == turn and (by == process or math.abs(now - seen) > tonumber(ARGV[6]))) then
    turn, shift, since, name = process .. '@' .. shown, '0', shown, name or id
    if mine then
        shift = string.format('%.3f', mine - now)
    end
    redis.call('HSET', KEYS[1], 'turn', turn, 'shift', shift, 'since', since, 'id', name, 'seen', shown, 'by', process)
elseif agreed ~= '' and doubted == '' then
    redis.call('HSET', KEYS[1], 'seen', agreed, 'by', process)
end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return {shown, turn, shift, since, name}
"""


class Asking(NamedTuple):
    """What a process says of itself: its room time (None before it has any), the turn that it doubts, and Redis' time
    when it last found all in order.
    """

    process: str
    id: str
    mine: float | None = None
    doubted: str = ""
    agreed: float | None = None


class Reading(NamedTuple):
    """Redis' time, the turn, and how far room time was from it `since` then; the id of the time base."""

    time: float
    turn: str
    shift: float
    since: float
    id: str

    @property
    def room_time(self) -> float:
        healed = HEAL * max(0.0, self.time - self.since)
        return self.time + (max(0.0, self.shift - healed) if self.shift > 0 else min(0.0, self.shift + healed))


class Reference:
    """`now` is for tests: a clock of theirs in ms, instead of Redis' own."""

    def __init__(self, redis: Redis, now: Callable[[], float] | None = None) -> None:
        self._read = redis.register_script(_READ)
        self._now = now

    async def read(self, asking: Asking) -> Reading:
        """Raises Unavailable when Redis does not answer."""
        mine = "" if asking.mine is None else f"{asking.mine:.3f}"
        agreed = "" if asking.agreed is None else f"{asking.agreed:.3f}"
        now = "" if self._now is None else f"{self._now():.3f}"
        arguments = [asking.process, asking.id, mine, asking.doubted, agreed, str(_SEEN_MS), str(_KEEP_MS), now]
        with answering():
            time, turn, shift, since, name = await self._read(keys=[TIME], args=arguments)
        return Reading(float(time), turn.decode(), float(shift), float(since), name.decode())
