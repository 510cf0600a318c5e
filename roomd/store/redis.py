"""Connections to Redis, and its failures as refusals.

Writes are never retried by the client: a reply lost after the write was made would double it (measured: 21 of 1,000
with redis-py's default). The engine repeats a command under the same id instead, and the commit script knows it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.domain.refusals import Unavailable
from roomd.store.life import Life
from roomd.store.link import Link
from roomd.store.quick import Quick

#: Seconds until a command that Redis does not answer is given up.
ANSWER_S = 2.2
CONNECT_S = 1.0
MAX_CONNECTIONS = 32


class Pool(ConnectionPool):
    """So many connections, handed out in the order of asking.

    redis-py's BlockingConnectionPool lets newcomers go before those who wait.
    """

    def __init__(self, timeout: float, **given: Any) -> None:  # noqa: ANN401 - whatever redis-py takes
        super().__init__(**given)
        self._wait_s = timeout
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
        self._lent: set[AbstractConnection] = set()

    async def get_connection(
        self, command_name: str | None = None, *keys: object, **options: object
    ) -> AbstractConnection:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._places.acquire()
        except TimeoutError:
            raise RedisConnectionError("no connection is free") from None
        try:
            connection: AbstractConnection = await super().get_connection()  # type: ignore[no-untyped-call]
        except BaseException:
            self._places.release()
            raise
        self._lent.add(connection)
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        try:
            await super().release(connection)
        finally:
            if connection in self._lent:
                self._lent.discard(connection)
                self._places.release()


def connect(url: str, life: Life | None = None) -> Redis:
    """A client without retries. Nothing is sent before the first command; `life` meets every connection first."""
    meeting = {"redis_connect_func": life.meet} if life else {}
    pool = Pool.from_url(
        url,
        timeout=ANSWER_S,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
        **meeting,
    )
    # Made this way, the client closes the pool when it is closed itself.
    if not Link.fits(url):
        return Redis.from_pool(pool)
    return Quick(pool, Link(url, life or Life()))


@contextmanager
def answering() -> Iterator[None]:
    """Turns Redis' not answering, or not being able to store, into Unavailable."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, OSError, OutOfMemoryError, ReadOnlyError) as fault:
        raise Unavailable("The room store does not answer. Try again in a moment.") from fault
    except RedisError as fault:
        if str(fault).startswith(("LOADING", "MISCONF", "BUSY", "CLUSTERDOWN", "TRYAGAIN")):
            raise Unavailable("The room store is not ready. Try again in a moment.") from fault
        raise
