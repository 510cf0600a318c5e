"""What commands work with: alive for as long as they take, and gone without a trace when they end."""

import asyncio
from collections.abc import Iterator

import pytest
from hub_world import eventually
from redis.asyncio import Redis
from rooms_world import ALICE
from tornado.ioloop import IOLoop

from roomd import tools as module
from roomd.clock import Clock
from roomd.domain.chat import Say
from roomd.domain.room import RoomSettings
from roomd.settings import Settings
from roomd.store.keys import PROCESSES
from roomd.store.redis import connect
from roomd.store.shelf import Shelf
from roomd.tools import tools


@pytest.fixture
def redis(io_loop: IOLoop, redis_url: str) -> Iterator[Redis]:
    made = connect(redis_url)
    yield made
    io_loop.run_sync(made.aclose)


@pytest.mark.gen_test(timeout=30)
async def test_a_command_lives_while_it_works_and_leaves_nothing_undone(
    redis: Redis, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_S", 0.02)
    settings = Settings(redis_url=redis_url, database_url=database_url)
    async with tools(settings, Clock()) as (core, shelf, *_):
        process = core.holdings.process
        room = await core.engine.open(RoomSettings(name="Friday"), ALICE)
        await core.engine.handle(room.id, Say(text="hello"), ALICE)
        assert await redis.smembers(f"roomd:process:{process}:rooms") == {room.id.encode()}
        # Taken for dead, it says that it lives.
        await redis.zadd(PROCESSES, {process: 1.0})
        await eventually(lambda: _lives(redis, process))
        await eventually(lambda: _archived(shelf), "the room is archived")
    assert await redis.zrange(PROCESSES, 0, -1) == []
    assert not await redis.exists(f"roomd:process:{process}:rooms")
    async with tools(settings, Clock()) as (core, shelf, *_):
        archived = await core.archive.read(room.id)
        assert archived is not None
        assert [line.text for line in archived.chat] == ["hello"]
    assert not [task for task in asyncio.all_tasks() if "_renew" in repr(task)]


async def _archived(shelf: Shelf) -> bool:
    return await shelf.count() == 1


async def _lives(redis: Redis, process: str) -> bool:
    return (await redis.zscore(PROCESSES, process) or 0.0) > 1.0
