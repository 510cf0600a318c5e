"""What catalogues' providers answered: lately, in Redis, for all processes; and for a month, in PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from roomd.store import keys
from roomd.store.accounts import timestamp
from roomd.store.outages import redis_needed
from roomd.store.postgres import PostgresPool, acquired, postgres_needed

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: Seconds that a look into PostgreSQL may take: somebody waits, and the provider may still answer.
LOOK_S = 1.0
#: Looks at once, of the pool's ten connections: the archive needs some too. Whoever waits here is served in turn, which
#: the pool does not see to: whoever comes just when a connection is free is faster than those who were woken for it.
#: Of 32 at once the slowest in a hundred take 31 to 67 ms so (medians of three runs), and 125 to 213 ms without.
LOOKS = 4

_GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
"""

#: In one order, so that two who keep the same answers do not wait for each other.
_KEEP = """
    INSERT INTO catalogue_answers AS a (key, body, fetched_at)
    SELECT key, body, $3 FROM unnest($1::text[], $2::bytea[]) AS q(key, body) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET body = excluded.body, fetched_at = excluded.fetched_at
    WHERE a.fetched_at < excluded.fetched_at
"""

#: In turns, oldest first: what is older than so long, or more than so many.
_FORGET = """
    DELETE FROM catalogue_answers WHERE key IN (
        SELECT key FROM catalogue_answers
        WHERE fetched_at < greatest(
            $1, (SELECT fetched_at FROM catalogue_answers ORDER BY fetched_at DESC OFFSET $2 - 1 LIMIT 1))
        ORDER BY fetched_at LIMIT $3
    )
"""


class RecentAnswers:
    """In Redis. What is there is fresh: it goes when it is not any more."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._give_back = redis.register_script(_GIVE_BACK)

    async def get(self, key: str) -> bytes | None:
        with redis_needed():
            body = await self._redis.get(keys.answer(key))
        return body if isinstance(body, bytes) else None

    async def keep(self, key: str, body: bytes, for_ms: float) -> None:
        with redis_needed():
            await self._redis.set(keys.answer(key), body, px=max(1, int(for_ms)))

    async def take(self, key: str, who: str, for_ms: int) -> bool:
        """Whether it is `who` that asks the provider, for so long."""
        with redis_needed():
            return bool(await self._redis.set(keys.lease(f"answer:{key}"), who, nx=True, px=for_ms))

    async def give_back(self, key: str, who: str) -> None:
        with redis_needed():
            await self._give_back(keys=[keys.lease(f"answer:{key}")], args=[who])


class LastingAnswers:
    """In PostgreSQL: what was answered last, however long ago."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._looks = asyncio.Semaphore(LOOKS)

    async def get(self, key: str) -> bytes | None:
        with postgres_needed():
            async with asyncio.timeout(LOOK_S):
                await self._looks.acquire()
        try:
            async with acquired(self._pool, LOOK_S) as connection:
                body: bytes | None = await connection.fetchval("SELECT body FROM catalogue_answers WHERE key = $1", key)
                return body
        finally:
            self._looks.release()

    async def keep(self, answers: Mapping[str, bytes], now_ms: float) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(_KEEP, list(answers), list(answers.values()), timestamp(now_ms))

    async def drop(self, keys: Collection[str]) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute("DELETE FROM catalogue_answers WHERE key = ANY($1::text[])", list(keys))

    async def forget(self, before_ms: float, most: int, batch: int) -> int:
        """Remove a batch of what is older than that, or beyond the newest so many; how many there were."""
        async with acquired(self._pool) as connection:
            done = await connection.execute(_FORGET, timestamp(before_ms), most, batch)
        return int(done.rpartition(" ")[2])
