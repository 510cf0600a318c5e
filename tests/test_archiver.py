"""Copying logs to PostgreSQL: in order, by several processes, with a bound, and trimming only what is safe."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from archive_world import Process, locked, process
from hub_world import eventually
from rooms_world import ALICE
from tornado.ioloop import IOLoop

from roomd import archiver, copier
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.store import commit_script, moves
from roomd.store.keys import SNAPSHOTS, room_keys


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


@pytest.mark.gen_test(timeout=30)
async def test_what_two_processes_do_in_turn_is_archived_in_order(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is archived, not how soon: a machine with other work may take longer.
    monkeypatch.setattr(copier, "ACK_S", 10.0)
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        levels = [(await each.say(room.id, f"line {n}"))[0] for n in range(20) for each in (here, there, there, here)]
        assert levels == [(rev, "archived") for rev in range(2, 82)]
        assert await here.archived(room.id) == [(room.epoch, rev) for rev in range(1, 82)]


@pytest.mark.gen_test(timeout=30)
async def test_what_a_dead_process_left_is_archived_by_who_adopts_the_room(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here, process(redis_url, database_url) as there:
        room = await here.open()
        await here.settle(room.id)
        await here.core.archiver.stop()
        for n in range(30):
            await here.core.engine.handle(room.id, Say(text=f"line {n}"), ALICE)
        assert len(await there.archived(room.id)) == 1
        assert room.id in await there.core.index.held_by(here.core.holdings.process)
        assert await there.core.engine.adopt(room.id)
        await eventually(lambda: _archived(there, room.id, 31))
        # It answers for the room now.
        assert room.id in there.core.holdings.held


async def _archived(one: Process, room: RoomId, many: int) -> bool:
    return bool(await one.pool.fetchval("SELECT count(*) FROM room_events WHERE room = $1", room) == many)


@pytest.mark.gen_test(timeout=30)
async def test_a_log_goes_as_far_as_it_is_archived(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copier, "TRIM_EVERY", 50)
    monkeypatch.setattr(moves, "LOG_LENGTH", 100)
    room = await one.open()
    for _ in range(8):
        await asyncio.gather(*(one.say(room.id, f"line {n}") for n in range(100)))
    await eventually(lambda: _is_shorter(one, room.id, 400))
    # Redis trims whole nodes of a hundred entries or so.
    assert 100 <= await one.redis.xlen(room_keys(room.id).events) < 400
    assert len(await one.core.store.log(room.id, 701, 801)) == 100
    assert len(await one.archived(room.id)) == 801


async def _is_shorter(one: Process, room: RoomId, than: int) -> bool:
    return bool(await one.redis.xlen(room_keys(room).events) < than)


@pytest.mark.logs("rooms go on without being archived")
@pytest.mark.gen_test(timeout=30)
async def test_nothing_of_a_log_goes_that_is_not_archived(
    one: Process, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copier, "TRIM_EVERY", 50)
    monkeypatch.setattr(moves, "LOG_LENGTH", 10)
    room = await one.open()
    async with locked(database_url):
        await asyncio.gather(*(one.say(room.id, f"line {n}") for n in range(300)))
        await eventually(lambda: _away(one))
        assert await one.redis.xlen(room_keys(room.id).events) == 301
    await eventually(lambda: _archived(one, room.id, 301))


async def _away(one: Process) -> bool:
    return one.core.archiver.away


@pytest.mark.logs("rooms go on without being archived")
@pytest.mark.gen_test(timeout=30)
async def test_what_waits_to_be_archived_is_bounded(
    one: Process, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiver, "MOST_BEHIND", 20)
    room = await one.open()
    async with locked(database_url):
        await one.say(room.id, "a")
        await eventually(lambda: _away(one))
        with pytest.raises(Unavailable) as caught:
            await one.say(room.id, *(f"line {n}" for n in range(40)))
        assert caught.value.code == "archive_behind"
        assert 15 <= one.core.archiver.behind <= 25
    await eventually(lambda: _archived_all(one))
    assert (await one.say(room.id, "and on"))[0][1] == "archived"


async def _archived_all(one: Process) -> bool:
    return not one.core.archiver.away and one.core.archiver.behind == 0


@pytest.mark.gen_test(timeout=30)
async def test_a_room_whose_log_is_full_takes_no_more_until_it_is_archived(
    one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_script, "LOG_MOST", 5)
    room = await one.open()
    await one.say(room.id, "2", "3", "4", "5")
    with pytest.raises(Unavailable) as caught:
        await one.say(room.id, "6")
    assert caught.value.code == "archive_behind"


@pytest.mark.gen_test(timeout=30)
async def test_a_changed_room_has_its_snapshot_planned_once(one: Process) -> None:
    room = await one.open()
    await one.say(room.id, "a")
    planned = await one.redis.zscore(SNAPSHOTS, room.id)
    assert planned is not None
    assert 0 < planned - one.clock.now() <= copier.SNAPSHOT_MS
    await one.say(room.id, "b", "c")
    assert await one.redis.zscore(SNAPSHOTS, room.id) == planned


@pytest.mark.gen_test(timeout=30)
async def test_stopping_archives_what_is_on_its_way(redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url) as here:
        room = await here.open()
        receipts = [await here.core.engine.handle(room.id, Say(text=f"line {n}"), ALICE) for n in range(50)]
        await here.core.stop()
        assert {await here.core.engine.kept(receipt) for receipt in receipts} == {"archived"}
        assert len(await here.archived(room.id)) == 51
