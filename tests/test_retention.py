"""What PostgreSQL lets go of in time, and what it never does."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from accounts_world import HandClock
from archive_world import Process, process
from hub_world import eventually
from rooms_world import BOB
from tornado.ioloop import IOLoop

from roomd import retention
from roomd.domain.membership import Join
from roomd.domain.refusals import NotFound
from roomd.domain.room import Close, Room
from roomd.retention import LOOK_S, Retention
from roomd.settings import Settings
from roomd.sleeper import Sleeper
from roomd.store.pruning import Pruning
from roomd.store.shelf import Shelf


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def pass_days(of: Process, days: float) -> None:
    assert isinstance(of.clock, HandClock)
    of.clock.pass_s(days * 24 * 3_600)


async def prune(of: Process, keep: float = 30, forget: float = 0) -> int:
    """Let go of what is due; in how many looks."""
    job = Retention(Pruning(of.pool), Settings(keep_events_days=keep, forget_days=forget), of.clock)
    looks = 1
    while await job.run() != LOOK_S:
        looks += 1
    return looks


async def revs(of: Process, room: Room) -> list[int]:
    return [rev for _, rev in await of.archived(room.id)]


async def snap(of: Process, room: Room) -> None:
    whole = await of.core.moves.whole(room.id)
    assert whole is not None
    assert await of.core.archive.put(whole, of.clock.now())


async def sleep(of: Process) -> None:
    await Sleeper(of.core, Shelf(of.pool), of.clock, 6.0).run()


@pytest.mark.gen_test(timeout=30)
async def test_old_commits_behind_a_snapshot_go_and_no_others(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    snapped, plain = await one.open(), await one.open()
    for room in (snapped, plain):
        await one.say(room.id, "one", "two")
    await snap(one, snapped)
    pass_days(one, 20)
    for room in (snapped, plain):
        await one.say(room.id, "three")
    assert await prune(one) == 1
    pass_days(one, 11)
    # Three commits of the one room, two at a time.
    assert await prune(one) == 3
    assert (await revs(one, snapped), await revs(one, plain)) == ([4], [1, 2, 3, 4])
    await one.redis.flushall()
    for room in (snapped, plain):
        one.core.engine.drop(room.id)
        await one.core.engine.room(room.id)
        assert [line.text for line in await one.core.store.chat(room.id, 9)] == ["one", "two", "three"]
        assert (await one.say(room.id, "four"))[0][1] == "archived"


@pytest.mark.gen_test(timeout=30)
async def test_zero_days_are_never(one: Process) -> None:
    room, closed = await one.open(), await one.open()
    await snap(one, room)
    await one.do(closed.id, Close())
    pass_days(one, 1)
    await sleep(one)
    pass_days(one, 9_000)
    assert await prune(one, keep=0, forget=0) == 1
    assert (await revs(one, room), await revs(one, closed)) == ([1], [1, 2])
    assert await Shelf(one.pool).states([room.id, closed.id]) == {room.id: "asleep", closed.id: "closed"}


@pytest.mark.gen_test(timeout=30)
async def test_closed_rooms_go_with_all_that_was_kept_of_them(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    closed = [await one.open() for _ in range(3)]
    for room in closed:
        await one.say(room.id, "one")
        await snap(one, room)
    pass_days(one, 20)
    for room in closed:
        await one.do(room.id, Close())
    pass_days(one, 20)
    await prune(one)
    assert [await revs(one, room) for room in closed] == [[3]] * 3
    assert await one.pool.fetchval("SELECT count(*) FROM rooms") == 3
    pass_days(one, 11)
    await prune(one)
    for table in ("rooms", "room_epochs", "room_events", "room_snapshots"):
        assert await one.pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    with pytest.raises(NotFound):
        await one.core.engine.room(closed[0].id)


@pytest.mark.gen_test(timeout=30)
async def test_sleepers_that_nobody_uses_are_closed_and_then_go(one: Process) -> None:
    old, used = await one.open(), await one.open()
    await one.do(used.id, Join(), by=BOB)
    pass_days(one, 1)
    await sleep(one)
    pass_days(one, 80)
    await one.say(used.id, "still here")
    pass_days(one, 20)
    await sleep(one)
    await prune(one, forget=99)
    assert await Shelf(one.pool).states([old.id, used.id]) == {old.id: "closed", used.id: "asleep"}
    assert not await one.core.keeper.taken(old.code)
    with pytest.raises(NotFound):
        await one.core.engine.room(old.id)
    assert BOB.id in (await one.core.engine.room(used.id)).members
    pass_days(one, 31)
    await prune(one, forget=99)
    assert await Shelf(one.pool).states([old.id]) == {}


@pytest.mark.gen_test(timeout=30)
async def test_old_histories_are_forgotten_and_the_latest_is_not(one: Process) -> None:
    room = await one.open()
    for _ in range(3):
        pass_days(one, 20)
        await sleep(one)
        await one.say(room.id, "awake")
    await eventually(lambda: _has_epochs(one, 4))
    await prune(one)
    assert await _has_epochs(one, 2)
    assert (await one.say(room.id, "on"))[0][1] == "archived"


async def _has_epochs(of: Process, many: int) -> bool:
    return bool(await of.pool.fetchval("SELECT count(*) FROM room_epochs") == many)
