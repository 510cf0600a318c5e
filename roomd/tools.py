"""What commands work with beside a running server, or without one: the same stores, and the same rules."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from roomd.clock import Clock
from roomd.core import Core
from roomd.embedded.share import shared
from roomd.settings import Settings
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.life import Life


@asynccontextmanager
async def tools(settings: Settings, clock: Clock) -> AsyncIterator[Core]:
    """Rooms and all that keeps them. What a command did is archived when it ends. Raises Unavailable."""
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(shared(settings))
        await migrate.migrate(urls.database_url)
        pool = await postgres.connect(urls.database_url)
        stack.push_async_callback(pool.close)
        life = Life()
        redis = redis_store.connect(urls.redis_url, life)
        stack.push_async_callback(redis.aclose, close_connection_pool=True)
        core = Core.build(redis, pool, life, clock)
        await core.holdings.renew()
        await core.start()
        stack.push_async_callback(core.stop)
        yield core
