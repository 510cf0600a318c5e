"""A connection to PostgreSQL that is not given back between questions that follow each other closely.

The archive is asked after each command that comes alone, and taking a connection out of the pool and giving it back is
two tasks and half the time of the question.
"""

import asyncio
from typing import Any

import asyncpg

from roomd.store.postgres import (
    SILENT_S,
    PooledConnection,
    PostgresPool,
    acquired,
    given_back,
    postgres_needed,
)
from roomd.store.watchdog import Watchdog

#: Seconds without a question after which the connection goes back.
IDLE_S = 0.25


class KeptConnection:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._connection: PooledConnection | None = None
        #: Whether it is being asked, and was broken off in that.
        self._busy = self._broken = False
        #: When it was asked last, by the loop's clock.
        self._used = 0.0
        self._watchdog = Watchdog(self._silent)
        #: Looks whether it is still asked; one, however often the connection was replaced.
        self._timer: asyncio.TimerHandle | None = None
        self._giving_back: set[asyncio.Task[None]] = set()

    async def fetchval(self, query: str, *args: object, within_s: float = SILENT_S) -> Any:  # noqa: ANN401 - as asyncpg's
        """The first value of the first row. Raises DatabaseAway, also where there is no answer within so many seconds.

        A second question meanwhile has a connection of its own.
        """
        if self._busy:
            async with acquired(self._pool, within_s) as another:
                return await another.fetchval(query, *args)
        self._busy = True
        well = False
        try:
            with postgres_needed():
                connection = await self._taken(within_s)
                self._broken = False
                self._watchdog.begin(within_s)
                try:
                    answer = await connection.fetchval(query, *args)
                    well = True
                except AttributeError:
                    # As in `postgres.broken_off_after`.
                    if self._broken:
                        raise TimeoutError from None
                    raise
                finally:
                    self._watchdog.over()
                    if not well:
                        self._connection = None
                        await given_back(self._pool, connection, within_s)
                return answer
        finally:
            self._busy, self._used = False, asyncio.get_running_loop().time()

    def _silent(self) -> None:
        """It is broken off, as in `postgres.acquired`."""
        if self._connection is not None:
            self._broken = True
            self._connection.terminate()

    async def _taken(self, within_s: float) -> PooledConnection:
        connection, self._connection = self._connection, None
        if connection is not None:
            if _is_open(connection):
                self._connection = connection
                return connection
            await given_back(self._pool, connection, within_s)
        self._connection = connection = await self._pool.acquire(timeout=within_s)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE_S, self._look)
        return connection

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if self._busy or loop.time() - self._used < IDLE_S:
            self._timer = loop.call_later(IDLE_S, self._look)
            return
        self._timer = None
        self._watchdog.stop()
        connection, self._connection = self._connection, None
        if connection is not None:
            task = loop.create_task(given_back(self._pool, connection, SILENT_S))
            self._giving_back.add(task)
            task.add_done_callback(self._gave_back)

    def _gave_back(self, task: asyncio.Task[None]) -> None:
        """Whether a connection that was not needed any more could be given back in good order is of no interest."""
        self._giving_back.discard(task)
        if not task.cancelled():
            task.exception()


def _is_open(connection: PooledConnection) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool has noticed that it was lost, and taken it back.
        return False
