"""The pool of connections to PostgreSQL, and what it means when the database does not answer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from roomd.domain.refusals import Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import Pool, PoolConnectionProxy

PostgresPool: TypeAlias = "Pool[asyncpg.Record]"
PooledConnection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
PostgresConnection: TypeAlias = "PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"

#: Without a limit asyncpg waits for ever on a link that swallows packets.
COMMAND_TIMEOUT_S = 5.0
#: Seconds after which the archive takes a silent PostgreSQL for away.
SILENT_S = 2.0
#: Seconds that it may take to say that it is there.
PING_S = 1.0
#: Seconds in which connections are given back when all ends.
CLOSE_S = 2.0
MOST_CONNECTIONS = 10

log = logging.getLogger(__name__)

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    # What a connection that was broken off in the middle of something says of itself.
    asyncpg.InternalClientError,
    TimeoutError,
    OSError,
)


class DatabaseAway(Unavailable):
    """PostgreSQL does not answer."""


async def connect(dsn: str) -> PostgresPool:
    """Open the pool. The address may be `postgres://` or `postgresql://`, with `?host=/folder` for a socket."""
    with postgres_needed():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            timeout=COMMAND_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            reset=_as_it_is,
        )


async def close(pool: PostgresPool) -> None:
    """asyncpg waits for ever for a connection that is in use; here it is cut off after a while."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await pool.close()
    except TimeoutError:
        log.warning("a connection to PostgreSQL was still in use at the end")
        pool.terminate()


async def _as_it_is(connection: PostgresConnection) -> None:
    """Nothing here outlives a transaction, so nothing has to be reset: 0.3 ms of every acknowledgement otherwise."""


class _Needed:
    """Without a generator: it stands around every question, and one takes 3 µs."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> None:
        # An address that is no address is a mistake, not an outage.
        away = isinstance(fault, asyncpg.InterfaceError) and not isinstance(fault, ValueError)
        if fault is not None and (away or isinstance(fault, _LOST)):
            raise DatabaseAway("the database does not answer; try again in a moment") from None


_NEEDED = _Needed()


def postgres_needed() -> AbstractContextManager[None]:
    """Turn a lost or silent database into DatabaseAway. The pool reconnects by itself within about 0.3 s."""
    return _NEEDED


@asynccontextmanager
async def acquired(pool: PostgresPool, within_s: float = SILENT_S) -> AsyncIterator[PostgresConnection]:
    """A connection for so many seconds; beyond, it is broken off and whatever waits for it fails. Raises DatabaseAway.

    Cancelling would not do: on a link that swallows packets, the rollback and the reset that follow it wait too.
    """
    with postgres_needed():
        connection = await pool.acquire(timeout=within_s)
        try:
            with broken_off_after(connection, within_s):
                yield connection
        finally:
            await given_back(pool, connection, within_s)


@contextmanager
def broken_off_after(connection: PooledConnection, seconds: float) -> Iterator[None]:
    broken = False

    def break_off() -> None:
        nonlocal broken
        broken = True
        connection.terminate()

    watchdog = asyncio.get_running_loop().call_later(seconds, break_off)
    try:
        yield
    except AttributeError:
        # Broken off just when an answer came, asyncpg goes on to ask through what is not there any more.
        if broken:
            raise TimeoutError from None
        raise
    finally:
        watchdog.cancel()


async def given_back(pool: PostgresPool, connection: PooledConnection, within_s: float) -> None:
    await pool.release(connection, timeout=within_s)


async def ping(pool: PostgresPool) -> None:
    """Raises DatabaseAway when the database does not answer within a second."""
    async with acquired(pool, PING_S) as connection:
        await connection.fetchval("SELECT 1")
