"""The pool of connections to PostgreSQL, and what it means when the database does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from roomd.domain.refusals import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import Pool, PoolConnectionProxy

PostgresPool: TypeAlias = "Pool[asyncpg.Record]"
PostgresConnection: TypeAlias = "PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"

#: Without a limit asyncpg waits for ever on a link that swallows packets.
COMMAND_TIMEOUT_S = 5.0
MOST_CONNECTIONS = 10

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    TimeoutError,
    OSError,
)


class DatabaseAway(Unavailable):
    """PostgreSQL does not answer."""


async def connect(dsn: str) -> PostgresPool:
    """Open the pool. The address may be `postgres://` or `postgresql://`, with `?host=/folder` for a socket."""
    with postgres_needed():
        return await asyncpg.create_pool(
            dsn, min_size=1, max_size=MOST_CONNECTIONS, timeout=COMMAND_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
        )


@contextmanager
def postgres_needed() -> Iterator[None]:
    """Turn a lost or silent database into DatabaseAway. The pool reconnects by itself within about 0.3 s."""
    try:
        yield
    except _LOST:
        raise DatabaseAway("the database does not answer; try again in a moment") from None
    except asyncpg.InterfaceError as fault:
        if isinstance(fault, ValueError):  # an address that is no address: a mistake, not an outage
            raise
        raise DatabaseAway("the database does not answer; try again in a moment") from None


async def ping(pool: PostgresPool) -> None:
    """Raises Unavailable when the database does not answer."""
    with postgres_needed():
        await pool.fetchval("SELECT 1")
