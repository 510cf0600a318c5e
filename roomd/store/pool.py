"""Connections to one Redis server, bounded in time and number."""

import asyncio
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

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


def bounds() -> dict[str, Any]:
    """What every pool is made with: its limits of time, and no retries."""
    return {
        "timeout": ANSWER_S,
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": CONNECT_S,
        "retry": Retry(NoBackoff(), 0),
    }
