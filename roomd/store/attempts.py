"""How often somebody at one address tried to sign in to one account. Guessing gets slower and slower; it never locks
the account, so nobody can shut its owner out by guessing.
"""

import hashlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from roomd.domain.refusals import Limited
from roomd.store.outages import redis_needed

if TYPE_CHECKING:
    from redis.asyncio import Redis

FREE = 5
LONGEST_WAIT_S = 300
#: After this long without a try, all is forgotten.
_FORGOTTEN_MS = 3_600_000

# Asking and counting are one step: fifty tries sent at once get no more answers than fifty sent in turn.
_BEGIN = """
local now, free, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = redis.call('HMGET', KEYS[1], 'tries', 'until')
local wait = tonumber(known[2] or 0) - now
if wait > 0 then
    return math.ceil(math.min(wait, longest))
end
local tries = tonumber(known[1] or 0) + 1
local pause = 0
if tries >= free then
    pause = math.min(1000 * 2 ^ math.min(tries - free + 1, 30), longest)
end
redis.call('HSET', KEYS[1], 'tries', tries, 'until', string.format('%.0f', now + pause))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
"""


class Attempts:
    """Five tries are free; then each waits twice as long as the one before: 2, 4, 8, … 300 seconds."""

    def __init__(self, redis: "Redis", now: Callable[[], float]) -> None:
        self._redis = redis
        self._now = now
        self._begin = redis.register_script(_BEGIN)

    async def begin(self, account: str, address: str) -> None:
        """Count one try, to be called before the password is looked at. Raises Limited when it is too soon."""
        arguments = [int(self._now()), FREE, LONGEST_WAIT_S * 1000, _FORGOTTEN_MS]
        with redis_needed():
            wait_ms = int(await self._begin(keys=[_key(account, address)], args=arguments))
        if wait_ms > 0:
            wait_s = wait_ms / 1_000
            said = "too many attempts to sign in; wait a little"
            raise Limited(said, wait_s, "too_many_attempts", {"wait_s": math.ceil(wait_s)})

    async def clear(self, account: str, address: str) -> None:
        """The password was right."""
        with redis_needed():
            await self._redis.delete(_key(account, address))


def _key(account: str, address: str) -> str:
    digest = hashlib.sha256(f"{account}\0{address}".encode(errors="replace")).hexdigest()
    return f"roomd:attempts:{digest[:32]}"
