"""The whole catalogue on real stores: a folder with a little music, and Deezer as its stand-in plays it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import media_files as files
from providers_world import Hands, deezer
from redis.asyncio import Redis
from standins.deezer import DeezerStandin

from roomd.catalogue.cache import Cache
from roomd.catalogue.catalogue import Catalogue
from roomd.catalogue.local import LocalFolder
from roomd.catalogue.own import OwnMusic
from roomd.catalogue.provider import Provider
from roomd.catalogue.seal import Seal
from roomd.store.answers import LastingAnswers, RecentAnswers
from roomd.store.postgres import PostgresPool
from roomd.store.postgres import connect as connect_postgres
from roomd.store.redis import connect as connect_redis
from roomd.store.songs import Songs

HOUR, DAY = 3_600_000.0, 86_400_000.0


class Shop:
    """One process's catalogue. `again` is that of another process over the same stores."""

    def __init__(self, redis: Redis, pool: PostgresPool, hands: Hands, providers: list[Provider]) -> None:
        self.redis = redis
        self.pool = pool
        self.hands = hands
        self.providers = providers
        self.seal = Seal("a secret of this test's own, long enough")
        self.songs = Songs(pool)
        self.opened: list[Catalogue] = []
        self.catalogue = self.again()

    def again(self) -> Catalogue:
        cache = Cache(RecentAnswers(self.redis), LastingAnswers(self.pool), self.hands.now, Random(1))
        self.opened.append(Catalogue(self.providers, cache, self.songs, self.seal, self.hands.now))
        return self.opened[-1]

    async def kept(self) -> int:
        """Answers in PostgreSQL."""
        return int(await self.pool.fetchval("SELECT count(*) FROM catalogue_answers"))


@asynccontextmanager
async def shop(redis_url: str, database_url: str, root: Path, standin: DeezerStandin) -> AsyncIterator[Shop]:
    tags = ["TITLE=Rain", "ARTIST=Alice Own", "ALBUM=Weather", "GENRE=Rock"]
    files.put(root / "rain.flac", files.flac(60, tags))
    redis, pool, hands = connect_redis(redis_url), await connect_postgres(database_url), Hands()
    folder = LocalFolder(root, b"k" * 32)
    await folder.rescan()
    async with deezer(standin.url, hands) as remote:
        made = Shop(redis, pool, hands, [OwnMusic(folder, hands.now), remote])
        try:
            yield made
        finally:
            for catalogue in made.opened:
                await catalogue.stop()
            await redis.aclose(close_connection_pool=True)
            await pool.close()
