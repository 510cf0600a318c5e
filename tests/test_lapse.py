"""Processes that died: what they left is done by another, room by room, whatever is wrong with one of them."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from accounts_world import HandClock
from archive_world import Process, process
from hub_world import eventually
from rooms_world import BOB
from tornado.ioloop import IOLoop

from roomd.domain.ids import SocketId
from roomd.domain.membership import Attach
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.holdings import LEASE_MS, REST_MS
from roomd.presence import FAULTY_MS, Presence
from roomd.sleeper import Sleeper
from roomd.store.keys import PROCESSES, room_keys
from roomd.store.shelf import Shelf


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    stack = AsyncExitStack()
    yield io_loop.run_sync(lambda: stack.enter_async_context(process(redis_url, database_url)))
    io_loop.run_sync(stack.aclose)


def presence(of: Process) -> Presence:
    return Presence(of.core.engine, of.core.index, of.core.holdings, of.clock)


def pass_s(of: Process, seconds: float) -> None:
    assert isinstance(of.clock, HandClock)
    of.clock.pass_s(seconds)


async def left_by(of: Process, dead: str) -> Room:
    """A room in which a process that is about to die has a socket of Bob's."""
    room = await of.open()
    await of.core.index.hold(dead, room.id)
    await of.core.index.renew(dead, of.clock.now() + LEASE_MS)
    await of.do(room.id, Attach(socket=SocketId(f"{dead}.1")), by=BOB)
    return room


async def online(of: Process, room: Room) -> bool:
    of.core.engine.drop(room.id)
    return (await of.core.engine.room(room.id)).members[BOB.id].online


@pytest.mark.logs("could not close the sockets of process p in room")
@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_cannot_be_read_stops_neither_other_rooms_nor_other_processes(one: Process) -> None:
    broken, sound, others = await left_by(one, "p"), await left_by(one, "p"), await left_by(one, "q")
    playback = await one.redis.hget(room_keys(broken.id).meta, "playback")
    assert playback is not None
    await one.redis.hset(room_keys(broken.id).meta, "playback", "not JSON")
    one.core.engine.drop(broken.id)
    pass_s(one, LEASE_MS / 1_000 + 1)
    await presence(one).lapse()
    assert [await online(one, room) for room in (sound, others)] == [False, False]
    assert await one.core.index.held_by("p") == [broken.id]
    # It is not looked at again and again, and once it can be read it is put right.
    assert await one.core.index.dead(one.clock.now()) == []
    await one.redis.hset(room_keys(broken.id).meta, "playback", playback)
    pass_s(one, FAULTY_MS / 1_000)
    await presence(one).lapse()
    assert not await online(one, broken)
    assert await one.redis.zrange(PROCESSES, 0, -1) == []


@pytest.mark.gen_test(timeout=30)
async def test_what_cannot_be_done_now_is_done_later(one: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    late, sound, others = await left_by(one, "p"), await left_by(one, "p"), await left_by(one, "q")
    adopt = one.core.engine.adopt

    async def away(room_id: str) -> bool:
        if room_id == late.id:
            raise Unavailable("not now")
        return await adopt(late.id if room_id == late.id else sound.id if room_id == sound.id else others.id)

    monkeypatch.setattr(one.core.engine, "adopt", away)
    pass_s(one, LEASE_MS / 1_000 + 1)
    with pytest.raises(Unavailable, match="not now"):
        await presence(one).lapse()
    assert [await online(one, room) for room in (late, sound, others)] == [True, False, False]
    monkeypatch.undo()
    await presence(one).lapse()
    assert not await online(one, late)


@pytest.mark.gen_test(timeout=30)
async def test_a_room_that_sleeps_is_not_woken_for_it(one: Process) -> None:
    room = await one.open()
    await one.settle(room.id)
    pass_s(one, 7 * 3_600)
    await one.core.index.hold("p", room.id)
    await one.core.index.renew("p", one.clock.now() - 1)
    await Sleeper(one.core, Shelf(one.pool), one.clock, 6.0).run()
    await presence(one).lapse()
    assert await one.core.store.present([room.id]) == set()
    assert await one.core.index.held_by("p") == []


@pytest.mark.gen_test(timeout=30)
async def test_rooms_without_sockets_here_are_let_go_of_once_they_are_archived(one: Process) -> None:
    at, core = presence(one), one.core
    empty, used = await one.open(), await one.open()
    mine = at.new_socket()
    await at.attach(used.id, BOB, mine)
    for room in (empty, used):
        await one.settle(room.id)
    assert core.holdings.held == {empty.id, used.id}
    pass_s(one, REST_MS / 1_000 + 1)
    assert await at.release_unused(lambda room_id: room_id == empty.id) == 0
    assert await at.release_unused(core.archiver.busy) == 1
    assert core.holdings.held == {used.id}
    # The next commit says it anew.
    await one.say(empty.id, "again")
    assert core.holdings.held == {empty.id, used.id}
    at.detach(used.id, BOB, mine)
    await eventually(lambda: _is_gone(one, used))


async def _is_gone(of: Process, room: Room) -> bool:
    return not await online(of, room)
