"""Snapshots are taken when they are due, of every room that can be read, and nothing depends on it."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from accounts_world import HandClock
from archive_world import Process, locked, process
from hub_world import eventually
from rooms_world import ALICE
from serving import serving
from tornado.ioloop import IOLoop

from roomd import snapshots
from roomd.copier import SNAPSHOT_MS
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Close, Room
from roomd.snapshots import AGAIN_MS, BATCH, LOOK_S, Snapshots
from roomd.store.keys import SNAPSHOTS, room_keys


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def pass_s(of: Process, seconds: float) -> None:
    assert isinstance(of.clock, HandClock)
    of.clock.pass_s(seconds)


async def planned(of: Process) -> set[RoomId]:
    found: Any = await of.redis.zrange(SNAPSHOTS, 0, -1)
    return {RoomId(room.decode()) for room in found}


async def rev(of: Process, room: Room) -> int | None:
    found: int | None = await of.pool.fetchval("SELECT rev FROM room_snapshots WHERE room = $1", room.id)
    return found


async def spoken_in(of: Process, *lines: str) -> Room:
    """A room whose snapshot is planned."""
    room = await of.open()
    await of.say(room.id, *lines)

    async def look() -> bool:
        return room.id in await planned(of)

    await eventually(look)
    return room


@pytest.mark.gen_test(timeout=30)
async def test_a_snapshot_is_taken_once_it_is_due_and_planned_again_by_what_happens_next(one: Process) -> None:
    room = await spoken_in(one, "one", "two")
    job = Snapshots(one.core, one.clock)
    assert 0 < await job.run() <= LOOK_S
    assert await rev(one, room) is None
    pass_s(one, SNAPSHOT_MS / 1_000)
    assert await job.run() == LOOK_S
    assert (await rev(one, room), await planned(one)) == (3, set())
    await one.say(room.id, "three")
    await eventually(lambda: _is_planned(one, room))
    whole = await one.core.archive.read(room.id)
    assert whole is not None
    assert [line.text for line in whole.chat] == ["one", "two", "three"]


async def _is_planned(of: Process, room: Room) -> bool:
    return room.id in await planned(of)


@pytest.mark.gen_test(timeout=30)
async def test_the_next_look_is_when_the_next_snapshot_is_due(one: Process) -> None:
    await spoken_in(one, "one")
    pass_s(one, SNAPSHOT_MS / 1_000 - 3)
    assert 2.5 < await Snapshots(one.core, one.clock).run() <= 3.0


@pytest.mark.logs("could not take a snapshot of room")
@pytest.mark.gen_test(timeout=60)
async def test_one_room_that_cannot_be_read_does_not_cost_others_theirs(one: Process) -> None:
    rooms = [await spoken_in(one, "one") for _ in range(BATCH + 5)]
    await one.redis.hset(room_keys(rooms[0].id).meta, "playback", "not JSON")
    pass_s(one, SNAPSHOT_MS / 1_000)
    job = Snapshots(one.core, one.clock)
    assert await job.run() == 0.0
    assert await job.run() == LOOK_S
    assert [await rev(one, room) for room in rooms] == [None, *[2] * (BATCH + 4)]
    assert await one.redis.zscore(SNAPSHOTS, rooms[0].id) == one.clock.now() + AGAIN_MS


@pytest.mark.gen_test(timeout=30)
async def test_while_postgresql_is_away_the_plan_stays(one: Process, database_url: str) -> None:
    room = await spoken_in(one, "one")
    pass_s(one, SNAPSHOT_MS / 1_000)
    async with locked(database_url, "room_snapshots"):
        with pytest.raises(Unavailable):
            await Snapshots(one.core, one.clock).run()
    assert await planned(one) == {room.id}
    await Snapshots(one.core, one.clock).run()
    assert (await rev(one, room), await planned(one)) == (2, set())


@pytest.mark.gen_test(timeout=30)
async def test_a_closed_room_that_is_still_there_is_removed_and_one_that_is_gone_is_forgotten(one: Process) -> None:
    closed, gone = await spoken_in(one, "one"), await spoken_in(one, "one")
    await one.do(gone.id, Close())
    one.core.keeper.bury = lambda room: None  # type: ignore[method-assign]
    await one.do(closed.id, Close())
    assert await one.core.store.present([closed.id]) == {closed.id}
    pass_s(one, SNAPSHOT_MS / 1_000)
    await Snapshots(one.core, one.clock).run()
    assert await one.core.store.present([closed.id, gone.id]) == set()

    async def nothing_is_planned() -> bool:
        # The closing itself may have planned one a moment ago.
        pass_s(one, SNAPSHOT_MS / 1_000)
        await Snapshots(one.core, one.clock).run()
        return not await planned(one)

    await eventually(nothing_is_planned)


@pytest.mark.gen_test(timeout=30)
async def test_a_history_that_postgresql_has_given_up_is_begun_anew(one: Process) -> None:
    room = await spoken_in(one, "one")
    assert await one.core.archive.take(room.id, 0) is not None
    pass_s(one, SNAPSHOT_MS / 1_000)
    await Snapshots(one.core, one.clock).run()
    assert (await one.core.engine.room(room.id)).epoch > room.epoch
    assert await planned(one) == {room.id}
    pass_s(one, AGAIN_MS / 1_000)
    await Snapshots(one.core, one.clock).run()
    assert await rev(one, room) == 3


@pytest.mark.gen_test(timeout=30)
async def test_the_last_ones_are_those_of_this_process_and_do_not_take_long(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock()
    async with process(redis_url, database_url, clock) as here, process(redis_url, database_url, clock) as there:
        mine, theirs = await spoken_in(here, "one"), await spoken_in(there, "one")
        await Snapshots(here.core, clock).last()
        assert [await rev(here, room) for room in (mine, theirs)] == [2, None]
        await here.core.engine.handle(mine.id, Say(text="two"), ALICE)
        monkeypatch.setattr(snapshots, "LAST_S", 0.3)
        async with locked(database_url, "room_snapshots"):
            began = asyncio.get_running_loop().time()
            await Snapshots(there.core, clock).last()
            assert asyncio.get_running_loop().time() - began < 3.0
        assert await planned(there) >= {theirs.id}


@pytest.mark.gen_test(timeout=60)
async def test_a_server_that_ends_takes_them(redis_url: str, database_url: str, data_dir: Path) -> None:
    async with serving(redis_url, database_url, data_dir) as served:
        code = await served.room(await served.person("Alice"))
        room = await served.services.engine.find(code)
        await eventually(lambda: served.services.index.snapshots_planned([room]))
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT rev FROM room_snapshots WHERE room = $1", room) == 1
    await connection.close()
