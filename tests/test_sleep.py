"""Rooms that nobody uses leave Redis, and come back with the next touch as if they had been there all along."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from accounts_world import HandClock
from archive_world import Process, locked, process
from hub_world import eventually
from redis_cluster import keys_of
from rooms_world import ALICE, BOB, CAROL, DAVE, named, tracks
from tornado.ioloop import IOLoop

from roomd.domain import rules
from roomd.domain.chat import React, Say
from roomd.domain.door import SetDoor
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.membership import Attach, Detach, Join, SetRole
from roomd.domain.moderation import BanUser
from roomd.domain.modes import Up
from roomd.domain.playback import Pause, Play, Seek
from roomd.domain.requests import Ask
from roomd.domain.room import Close, Room, Set
from roomd.domain.whole import Whole
from roomd.sleeper import BATCH, LOOK_S, Sleeper
from roomd.store.keys import ACTIVE, DUE, ROOMS, SNAPSHOTS, code_claim, room_keys
from roomd.store.shelf import Shelf

HOURS = 6.0


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def sleeper(of: Process, hours: float = HOURS) -> Sleeper:
    return Sleeper(of.core, Shelf(of.pool), of.clock, hours)


def hand(of: Process) -> HandClock:
    assert isinstance(of.clock, HandClock)
    return of.clock


async def in_redis(of: Process, room: RoomId) -> bool:
    return bool(await of.core.store.present([room]))


async def state(of: Process, room: RoomId) -> str | None:
    return (await Shelf(of.pool).states([room])).get(room)


async def slept(of: Process, room: RoomId) -> None:
    """Have it go to sleep."""
    hand(of).pass_s(HOURS * 3_600 + 60)
    await sleeper(of).run()
    assert (await in_redis(of, room), await state(of, room)) == (False, "asleep")


async def evening(one: Process) -> Room:
    """A room in which there is something of everything."""
    room = await one.open(entry_mode="public")
    for actor in (BOB, CAROL, DAVE):
        await one.do(room.id, Join(), by=actor)
    await one.do(room.id, SetRole(user=BOB.id, role="cohost"))
    now = (await one.core.engine.handle(room.id, tracks("A", "B", "C"), ALICE)).room
    await one.do(room.id, Set(queue_mode="votes", requests_each=2))
    await one.do(room.id, Up(entry=named(now, "C")), by=CAROL)
    await one.do(room.id, Ask(action="remove", entry=named(now, "B")), by=CAROL)
    await one.do(room.id, BanUser(user=DAVE.id, reason="spam"))
    await one.do(room.id, Play())
    await one.do(room.id, Seek(position=12_000.0))
    await one.do(room.id, Pause())
    await one.say(room.id, "hello", "there")
    line = (await one.core.store.chat(room.id, 1))[0].id
    await one.do(room.id, React(message=line, emoji="👍"), by=BOB)
    await one.do(room.id, SetDoor(entry_mode="password", password_hash="$argon2id$made-up"))
    return await one.core.engine.room(room.id)


async def whole(of: Process, room: RoomId) -> Whole:
    found = await of.core.moves.whole(room)
    assert found is not None
    return found


@pytest.mark.gen_test(timeout=30)
async def test_everything_is_there_when_a_room_wakes(redis_url: str, database_url: str) -> None:
    clock = HandClock()
    async with process(redis_url, database_url, clock) as here, process(redis_url, database_url, clock) as there:
        room = await evening(here)
        before = await whole(here, room.id)
        await there.core.engine.room(room.id)
        await slept(here, room.id)
        assert not await keys_of(here.redis, f"roomd:{{{room.id}}}:*")
        assert await here.redis.get(code_claim(room.code)) is None
        for index in (ROOMS, ACTIVE, DUE, SNAPSHOTS):
            assert await here.redis.zscore(index, room.id) is None
        # Its code still is nobody else's, and finds it.
        assert await there.core.engine.find(room.code) == room.id
        woken = await there.core.engine.room(room.id)
        after = await whole(there, room.id)
        assert (after.chat, after.audit) == (before.chat, before.audit)
        assert after.room == woken
        for field in Room.__struct_fields__:
            if field not in {"epoch", "rev"}:
                assert getattr(woken, field) == getattr(room, field), field
        assert woken.epoch > room.epoch
        assert woken.rev == room.rev + 1
        assert (woken.playback.position, woken.playback.playing) == (12_000.0, False)
        assert await there.say(room.id, "again") == [(woken.rev + 1, "archived")]
        assert (await here.core.engine.room(room.id)).rev == woken.rev + 1
        assert await state(here, room.id) == "live"


@pytest.mark.gen_test(timeout=60)
async def test_many_who_touch_a_sleeping_room_at_once_wake_it_once(redis_url: str, database_url: str) -> None:
    clock = HandClock()
    async with process(redis_url, database_url, clock) as here, process(redis_url, database_url, clock) as there:
        for _ in range(3):
            room = await evening(here)
            await slept(here, room.id)
            epochs = await _epochs(here, room.id)
            found = await asyncio.gather(*(each.core.engine.room(room.id) for _ in range(10) for each in (here, there)))
            assert {(each.epoch, each.rev) for each in found} == {(found[0].epoch, room.rev + 1)}
            assert await _epochs(here, room.id) == [*epochs, found[0].epoch]
            said = await asyncio.gather(*(each.say(room.id, "hi") for _ in range(5) for each in (here, there)))
            assert sorted(rev for ((rev, _),) in said) == list(range(room.rev + 2, room.rev + 12))
            assert {level for ((_, level),) in said} == {"archived"}


async def _epochs(of: Process, room: RoomId) -> list[int]:
    rows = await of.pool.fetch("SELECT epoch FROM room_epochs WHERE room = $1 ORDER BY epoch", room)
    return [row["epoch"] for row in rows]


@pytest.mark.gen_test(timeout=30)
async def test_who_is_there_keeps_a_room_awake_and_is_not_asked_again_and_again(one: Process) -> None:
    used, left = await one.open(), await one.open()
    for room in (used, left):
        await one.do(room.id, Attach(socket=SocketId("p.1")), by=BOB)
    await one.do(left.id, Detach(socket=SocketId("p.1")), by=BOB)
    hand(one).pass_s(HOURS * 3_600 + 60)
    assert await sleeper(one).run() == LOOK_S
    assert [await in_redis(one, each.id) for each in (used, left)] == [True, False]
    assert await one.redis.zscore(ROOMS, used.id) == one.clock.now()
    before = one.clock.now() - HOURS * 3_600_000
    assert await one.core.index.unused(before, None, 10) == []
    # When they go, it counts from then.
    hand(one).pass_s(HOURS * 1_800)
    await one.do(used.id, Detach(socket=SocketId("p.1")), by=BOB)
    hand(one).pass_s(HOURS * 1_800 + 60)
    await sleeper(one).run()
    assert await in_redis(one, used.id)
    await slept(one, used.id)


@pytest.mark.gen_test(timeout=30)
async def test_an_index_that_lies_costs_a_look_and_nothing_else(one: Process) -> None:
    busy, gone, closed = await one.open(), await one.open(), await one.open()
    hand(one).pass_s(HOURS * 3_600)
    await one.say(busy.id, "here")
    await one.do(closed.id, Close())
    await eventually(lambda: _is_gone(one, closed.id))
    await one.redis.zadd(ROOMS, {busy.id: 1.0, closed.id: 1.0, gone.id: 1.0})
    await one.redis.delete(*await keys_of(one.redis, f"roomd:{{{gone.id}}}:*"))
    await sleeper(one).run()
    assert await in_redis(one, busy.id)
    assert await one.redis.zscore(ROOMS, busy.id) == one.clock.now()
    assert await one.redis.zscore(ROOMS, closed.id) is None
    # PostgreSQL takes it for live, so it is to be brought back.
    assert await one.redis.zscore(DUE, gone.id) == one.clock.now()
    assert await one.redis.zscore(ROOMS, gone.id) == one.clock.now()


async def _is_gone(of: Process, room: RoomId) -> bool:
    return not await in_redis(of, room)


@pytest.mark.gen_test(timeout=30)
async def test_what_plays_to_nobody_is_stopped_before_it_sleeps(one: Process) -> None:
    room = await one.open()
    await one.do(room.id, tracks("A"))
    playing = (await one.core.engine.handle(room.id, Play(), ALICE)).room
    assert playing.playback.playing
    await slept(one, room.id)
    assert not (await one.core.engine.room(room.id)).playback.playing


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_is_used_while_it_goes_to_sleep_stays(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await one.open()
    hand(one).pass_s(HOURS * 3_600 + 60)
    put = one.core.archive.put

    async def put_and_say(found: Whole, taken_at: float, *, asleep: bool = False) -> bool:
        kept = await put(found, taken_at, asleep=asleep)
        await one.say(room.id, "wait")
        return kept

    monkeypatch.setattr(one.core.archive, "put", put_and_say)
    await sleeper(one).run()
    assert (await in_redis(one, room.id), await state(one, room.id)) == (True, "live")
    assert [line.text for line in (await whole(one, room.id)).chat] == ["wait"]


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_is_woken_as_soon_as_it_sleeps_is_in_the_indexes(
    one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await one.open()
    await one.do(room.id, Join(), by=BOB)
    now = (await one.core.engine.handle(room.id, tracks("A"), ALICE)).room
    await one.do(room.id, Ask(action="remove", entry=named(now, "A")), by=BOB)
    hand(one).pass_s(HOURS * 3_600 + 60)
    forget = one.core.moves.forget

    async def forget_and_wake(found: Room) -> bool:
        gone = await forget(found)
        one.core.engine.drop(found.id)
        await one.core.engine.room(found.id)
        return gone

    monkeypatch.setattr(one.core.moves, "forget", forget_and_wake)
    await sleeper(one).run()
    woken = await one.core.engine.room(room.id)
    assert await one.redis.zscore(ROOMS, room.id) == one.clock.now()
    assert await one.redis.zscore(ACTIVE, room.id) == woken.last_activity
    assert await one.redis.zscore(DUE, room.id) == rules.deadline(woken)


@pytest.mark.gen_test(timeout=30)
async def test_a_late_snapshot_does_not_make_a_sleeping_room_live(one: Process) -> None:
    room = await one.open()
    late = await whole(one, room.id)
    await slept(one, room.id)
    assert await one.core.archive.put(late, one.clock.now())
    assert await state(one, room.id) == "asleep"


@pytest.mark.gen_test(timeout=30)
async def test_nothing_sleeps_before_it_is_archived(one: Process, database_url: str) -> None:
    room = await one.open()
    await one.settle(room.id)
    async with locked(database_url):
        await one.core.engine.handle(room.id, Say(text="late"), ALICE)
        hand(one).pass_s(HOURS * 3_600 + 60)
        await sleeper(one).run()
        assert await in_redis(one, room.id)
    await eventually(lambda: _sleeps(one, room.id))
    assert [line.text for line in (await _woken(one, room.id)).chat] == ["late"]


async def _sleeps(of: Process, room: RoomId) -> bool:
    hand(of).pass_s(61)
    await sleeper(of).run()
    return not await in_redis(of, room)


async def _woken(of: Process, room: RoomId) -> Whole:
    await of.core.engine.room(room)
    return await whole(of, room)


@pytest.mark.gen_test(timeout=30)
async def test_zero_hours_are_never(one: Process) -> None:
    room = await one.open()
    hand(one).pass_s(10_000 * 3_600)
    assert await sleeper(one, 0.0).run() == LOOK_S
    assert await in_redis(one, room.id)


@pytest.mark.logs("could not put room")
@pytest.mark.gen_test(timeout=60)
async def test_a_room_that_cannot_be_read_does_not_keep_others_awake(one: Process) -> None:
    rooms = [await one.open() for _ in range(BATCH + 20)]
    await one.redis.hset(room_keys(rooms[0].id).meta, "playback", "not JSON")
    hand(one).pass_s(HOURS * 3_600 + 60)
    assert await sleeper(one).run() == 0.0
    assert await sleeper(one).run() == LOOK_S
    assert await one.core.store.present([room.id for room in rooms]) == {rooms[0].id}


@pytest.mark.gen_test(timeout=30)
async def test_a_woken_room_does_not_go_back_to_sleep_at_once(one: Process) -> None:
    room = await one.open()
    await slept(one, room.id)
    await one.core.engine.room(room.id)
    await sleeper(one).run()
    assert await in_redis(one, room.id)
    await slept(one, room.id)


@pytest.mark.gen_test(timeout=30)
async def test_a_sleeping_room_keeps_its_code_and_a_closed_one_does_not(one: Process) -> None:
    room = await one.open()
    await slept(one, room.id)
    assert await one.core.keeper.taken(room.code)
    await one.do(room.id, Close())
    await eventually(lambda: _is_gone(one, room.id))
    assert not await one.core.keeper.taken(room.code)
    assert await state(one, room.id) == "closed"
