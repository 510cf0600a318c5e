"""A cache of answers on real stores, a clock that is moved by hand, and a provider that is told what to say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from redis.asyncio import Redis

from roomd.catalogue.cache import Answer, Cache, Question
from roomd.domain.song import Song
from roomd.store.answers import LastingAnswers, RecentAnswers
from roomd.store.postgres import PostgresPool
from roomd.store.postgres import connect as connect_postgres
from roomd.store.redis import connect as connect_redis

SONG = Question("song", Song, 24 * 3_600_000.0)
MINUTE, HOUR, DAY = 60_000.0, 3_600_000.0, 86_400_000.0


class HandClock:
    """Room time that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1_800_000_000_000.0

    def now(self) -> float:
        return self.at


class Teller:
    """What is asked: answers with a song of the title that it is told, or fails as it is told, when it is let."""

    def __init__(self) -> None:
        self.calls = 0
        self.title = "Rain"
        self.fault: Exception | None = None
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> Song:
        self.calls += 1
        await self.may.wait()
        if self.fault is not None:
            raise self.fault
        return Song(id="alice:1", title=self.title)


class World:
    """Several processes' caches over the same stores."""

    def __init__(self, redis: Redis, pool: PostgresPool) -> None:
        self.redis = redis
        self.pool = pool
        self.clock = HandClock()
        self.teller = Teller()
        self.caches: list[Cache] = []

    def cache(self) -> Cache:
        self.caches.append(
            Cache(RecentAnswers(self.redis), LastingAnswers(self.pool), self.clock.now, Random(len(self.caches)))
        )
        return self.caches[-1]

    async def ask(self, cache: Cache, about: str = "1") -> Answer[Song]:
        return await cache.ask(SONG, "alice", about, self.teller)

    async def kept(self) -> int:
        """Rows in PostgreSQL."""
        return int(await self.pool.fetchval("SELECT count(*) FROM catalogue_answers"))


@asynccontextmanager
async def world(redis_url: str, database_url: str) -> AsyncIterator[World]:
    redis, pool = connect_redis(redis_url), await connect_postgres(database_url)
    made = World(redis, pool)
    try:
        yield made
    finally:
        made.teller.may.set()
        for cache in made.caches:
            await cache.stop()
        await redis.aclose(close_connection_pool=True)
        await pool.close()
