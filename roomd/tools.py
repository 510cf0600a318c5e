"""What commands work with beside a running server, or without one: the same stores, and the same rules."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.refusals import Unavailable
from roomd.embedded.share import shared
from roomd.settings import Settings
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.life import Life
from roomd.store.reference import Reference
from roomd.store.shelf import Shelf
from roomd.timekeeper import Timekeeper

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: Seconds between two times that the command says that it lives.
RENEW_S = 2.0


class Tools(NamedTuple):
    core: Core
    shelf: Shelf
    pool: postgres.PostgresPool
    redis: "Redis"


@asynccontextmanager
async def tools(settings: Settings, clock: Clock) -> AsyncIterator[Tools]:
    """Rooms and all that keeps them. What a command did is archived when it ends. Raises Unavailable."""
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(shared(settings))
        await migrate.migrate(urls.database_url)
        pool = await postgres.connect(urls.database_url)
        stack.push_async_callback(postgres.close, pool)
        life = Life()
        redis = await redis_store.opened(urls.redis_url, life)
        stack.push_async_callback(redis.aclose, close_connection_pool=True)
        core = Core.build(redis, pool, life, clock)
        await Timekeeper(Reference(redis), clock, core.holdings.process).align()
        await core.holdings.renew()
        await core.start()
        stack.push_async_callback(_leave, core)
        renewing = asyncio.create_task(_renew(core))
        stack.callback(renewing.cancel)
        yield Tools(core, Shelf(pool), pool, redis)


async def _renew(core: Core) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        with suppress(Unavailable):
            await core.holdings.renew()


async def _leave(core: Core) -> None:
    """Archive what is left; where that cannot be, a server does it when it finds this process gone."""
    await core.stop()
    with suppress(Unavailable):
        if not core.archiver.behind:
            await core.index.release(core.holdings.process, *core.holdings.held)
            await core.index.bury(core.holdings.process)
