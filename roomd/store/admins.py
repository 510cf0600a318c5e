"""Who administers this server, in PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from roomd.domain.ids import UserId
from roomd.store.postgres import PostgresPool, postgres_needed

#: Any number that nothing else in the same database locks: "admin" in ASCII.
_LOCK = int.from_bytes(b"admin")
_ANY = "SELECT EXISTS (SELECT FROM users WHERE is_admin)"


class AdminStore:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def any(self) -> bool:
        with postgres_needed():
            return bool(await self._pool.fetchval(_ANY))

    async def promote(self, user: UserId) -> None:
        with postgres_needed():
            await self._pool.execute("UPDATE users SET is_admin = true WHERE id = $1", user)

    @asynccontextmanager
    async def first(self) -> AsyncIterator[bool]:
        """Whether there is no admin yet; of several processes that ask, one has its answer at a time."""
        with postgres_needed():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                yield not await connection.fetchval(_ANY)
