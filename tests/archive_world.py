"""A process with everything that keeps rooms, on real stores, each part of which can be taken away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from accounts_world import HandClock
from redis.asyncio import Redis
from rooms_world import ALICE

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.room import Room, RoomSettings
from roomd.domain.words import Command
from roomd.store import postgres
from roomd.store.life import Life
from roomd.store.redis import connect


@dataclass
class Process:
    core: Core
    redis: Redis
    life: Life
    pool: postgres.PostgresPool
    clock: Clock

    async def open(self, **settings: Any) -> Room:
        given: dict[str, Any] = {"name": "Friday", "autoplay": False} | settings
        return await self.core.engine.open(RoomSettings(**given), ALICE)

    async def do(self, room: RoomId, command: Command, once: str | None = None, **by: Any) -> tuple[int, str]:
        """Carry out a command; its rev and how safe it is."""
        receipt = await self.core.engine.handle(room, command, by.get("by", ALICE), once)
        return receipt.rev, await self.core.engine.kept(receipt)

    async def say(self, room: RoomId, *lines: str) -> list[tuple[int, str]]:
        return [await self.do(room, Say(text=line)) for line in lines]

    async def archived(self, room: RoomId) -> list[tuple[int, int]]:
        """The numbers that PostgreSQL has of the room."""
        rows = await self.pool.fetch("SELECT epoch, rev FROM room_events WHERE room = $1 ORDER BY epoch, rev", room)
        return [(row["epoch"], row["rev"]) for row in rows]

    async def settle(self, room: RoomId) -> str:
        at, _ = await self.core.store.at(room)
        assert at is not None
        return await asyncio.wait_for(self.core.archiver.settled(room, *at), 10)


@asynccontextmanager
async def process(redis_url: str, database_url: str, clock: Clock | None = None) -> AsyncIterator[Process]:
    life = Life()
    redis = connect(redis_url, life)
    pool = await postgres.connect(database_url)
    clock = clock or HandClock()
    core = Core.build(redis, pool, life, clock)
    await core.start()
    try:
        yield Process(core, redis, life, pool, clock)
    finally:
        await core.stop()
        await redis.aclose(close_connection_pool=True)
        await pool.close()


@asynccontextmanager
async def locked(database_url: str, table: str = "room_events") -> AsyncIterator[None]:
    """Nobody can write to a table meanwhile: PostgreSQL is there and does not answer."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()
