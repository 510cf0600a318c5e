"""How fast a search is answered from each level of the cache: python scripts/bench_catalogue.py [SEARCHES]

Real stores of our own in a temporary folder, and a provider that takes 80 ms for an answer of 20 songs, 10 artists and
10 albums. So many different searches (1,000) are asked for one after the other: first of the provider, then of this
process's memory, of Redis (by another process), and of PostgreSQL (two days later, while the provider is down). Then
32 people ask at the same time.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from roomd.catalogue.cache import Answer, Cache
from roomd.catalogue.catalogue import SEARCH
from roomd.domain.refusals import Unavailable
from roomd.domain.song import Album, Artist, Found, Song
from roomd.embedded import stores
from roomd.serve import spare_what_stays
from roomd.settings import Settings
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.answers import LastingAnswers, RecentAnswers

PROVIDER_S = 0.08
AT_ONCE = 32
DAY_MS = 86_400_000.0

Ask = Callable[[int], Awaitable[Answer[Found]]]


class Shop:
    """A provider, and the clock of everybody who asks it."""

    def __init__(self) -> None:
        self.down = False
        self.asked = 0
        self.later_ms = 0.0

    def now(self) -> float:
        return time.time() * 1_000 + self.later_ms

    async def search(self, q: int) -> Found:
        self.asked += 1
        if self.down:
            raise Unavailable("The provider is down.", "provider_down")
        await asyncio.sleep(PROVIDER_S)
        return found(q)


def found(q: int) -> Found:
    picture = "https://pictures.example/images/cover/0123456789abcdef0123456789abcdef/500x500-000000-80-0-0.jpg"
    return Found(
        songs=[
            Song(
                id=f"shop:{q}{n}",
                title=f"Song {n} of search {q}",
                artist=f"Artist {q % 97}",
                artist_id=f"shop:{q % 97}",
                album=f"Album {q % 89}",
                album_id=f"shop:{q % 89}",
                cover=picture,
                url=f"/media/shop/{q}{n}",
                duration_ms=200_000.0 + n,
                playable_ms=30_000.0,
                mime="audio/mpeg",
            )
            for n in range(20)
        ],
        artists=[Artist(id=f"shop:{n}", name=f"Artist {n}", picture=picture, fans=n * 1_000) for n in range(10)],
        albums=[Album(id=f"shop:{n}", title=f"Album {n}", artist="Alice", cover=picture) for n in range(10)],
    )


async def spans(ask: Ask, searches: Sequence[int], at_once: int = 1) -> list[float]:
    """Milliseconds for each, so many at a time."""
    taken: list[float] = []
    waiting = iter(searches)

    async def one() -> None:
        for q in waiting:
            began = time.perf_counter()
            await ask(q)
            taken.append((time.perf_counter() - began) * 1_000)

    await asyncio.gather(*(one() for _ in range(at_once)))
    return taken


def report(level: str, taken: list[float], asked: int) -> None:
    taken.sort()
    median, p99 = taken[len(taken) // 2], taken[int(len(taken) * 0.99)]
    print(f"{level:<34} | {median:>8.2f} | {p99:>8.2f} | {taken[-1]:>8.2f} | {asked:>5}")


async def kept(pool: postgres.PostgresPool, count: int) -> float:
    """Wait until so many answers are in PostgreSQL; the bytes that one takes."""
    while await pool.fetchval("SELECT count(*) FROM catalogue_answers") < count:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.05)
    return float(await pool.fetchval("SELECT avg(length(body)) FROM catalogue_answers"))


async def bench(folder: Path, count: int) -> None:
    shop, searches = Shop(), range(count)
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(stores(Settings(data_dir=folder), print))
        await migrate.migrate(urls.database_url)
        pool = await postgres.connect(urls.database_url)
        stack.push_async_callback(pool.close)
        redis = redis_store.connect(urls.redis_url)
        spare_what_stays()
        stack.push_async_callback(redis.aclose, close_connection_pool=True)

        def process() -> Ask:
            cache = Cache(RecentAnswers(redis), LastingAnswers(pool), shop.now)
            stack.push_async_callback(cache.stop)
            return lambda q: cache.ask(SEARCH, "shop", f"20 search {q}", lambda: shop.search(q))

        async def level(name: str, ask: Ask, at_once: int = 1) -> None:
            shop.asked = 0
            report(name, await spans(ask, searches, at_once), shop.asked)

        print(f"{'level':<34} | p50, ms  | p99, ms  | most, ms | asked")
        first = process()
        await level("provider (80 ms), 32 at once", first, AT_ONCE)
        await level("memory", first)
        await level("Redis", process())
        await level("Redis, 32 at once", process(), AT_ONCE)
        size = await kept(pool, count)
        shop.later_ms, shop.down = 2 * DAY_MS, True
        await level("PostgreSQL, provider down", process())
        await level("PostgreSQL, down, 32 at once", process(), AT_ONCE)
        print(f"An answer takes {size:.0f} bytes.")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="roomd-bench-", dir="/tmp") as temporary:
        Path(temporary).chmod(0o755)
        asyncio.run(bench(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
