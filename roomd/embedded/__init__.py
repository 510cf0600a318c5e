"""A real Redis and a real PostgreSQL of our own, for a server that was given none.

    async with stores(settings, on_lost) as (redis_url, database_url): ...

Both live on unix sockets inside the data folder, end with this process however it ends, and are restarted when
they die. One roomd at a time: two Redis servers on one folder would both start and spoil each other's data.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import NamedTuple

from roomd.embedded import postgres, redis
from roomd.embedded.child import Child
from roomd.embedded.error import EmbeddedError, in_words
from roomd.embedded.folder import opened
from roomd.embedded.spawn import Tie, best_tie
from roomd.settings import Settings

__all__ = ["EmbeddedError", "Stores", "stores"]


class Stores(NamedTuple):
    redis_url: str
    database_url: str


@contextlib.asynccontextmanager
async def stores(
    settings: Settings, on_lost: Callable[[str], None], *, durable: bool = True, tie: Tie | None = None
) -> AsyncIterator[Stores]:
    """Run what the settings give no URL for, and stop it afterwards. Raises EmbeddedError.

    `on_lost` is called, at most once, when a store keeps dying: the server cannot go on. `durable=False` trades
    the data for speed, for tests. `tie` is how the stores are made to end with us, by default the best way here.
    """
    if settings.redis_at is not None and settings.database_url is not None:
        yield Stores(settings.redis_at, settings.database_url)
        return
    tie = tie or best_tie()
    with opened(settings) as folder:
        children = []
        with in_words("the embedded stores"):
            if settings.redis_url is None:
                children.append(Child(redis.plan(settings, folder, durable=durable), tie))
            if settings.database_url is None:
                children.append(Child(postgres.plan(settings, folder, tie, durable=durable), tie))
        async with _running(children, on_lost):
            yield Stores(settings.redis_at or redis.url(folder), settings.database_url or postgres.url(folder))


@contextlib.asynccontextmanager
async def _running(children: list[Child], on_lost: Callable[[str], None]) -> AsyncIterator[None]:
    told: list[str] = []

    def lost(message: str) -> None:
        if not told:
            told.append(message)
            on_lost(message)

    try:
        await _together([child.start() for child in children])
        guards = [asyncio.create_task(child.guard(lost)) for child in children]
        try:
            yield
        finally:
            for guard in guards:
                guard.cancel()
            await asyncio.wait(guards)
    finally:
        await _together([child.stop() for child in children])
    for guard in guards:
        if not guard.cancelled():
            guard.result()


async def _together(work: list[Coroutine[None, None, None]]) -> None:
    """Do all at once; when one fails, the others are called off before its error goes on."""
    tasks = [asyncio.create_task(part) for part in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
