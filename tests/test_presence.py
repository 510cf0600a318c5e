"""Presence on a real Redis: a socket is open for as long as its process lives and holds it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from accounts_world import HandClock
from byte_proxy import wire_to
from hub_world import SETTINGS, House, eventually, house, until
from rooms_world import ALICE, BOB

from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.membership import Lapse
from roomd.domain.room import Close
from roomd.engine import SYSTEM
from roomd.holdings import LEASE_MS

pytestmark = pytest.mark.redis("single", "cluster")


async def sockets(house: House, room_id: RoomId, actor: Actor) -> tuple[SocketId, ...]:
    member = (await house.engine.room(room_id)).members.get(actor.id)
    return member.sockets if member else ()


async def until_sockets(house: House, room_id: RoomId, actor: Actor, wanted: tuple[SocketId, ...]) -> None:
    async def look() -> bool:
        return await sockets(house, room_id, actor) == wanted

    await eventually(look)


@asynccontextmanager
async def two(redis_url: str) -> AsyncIterator[tuple[House, House, HandClock, RoomId]]:
    """Two processes on one clock of the test's; both have said that they live."""
    clock = HandClock()
    async with house(redis_url, clock) as here, house(redis_url, clock) as there:
        room = await here.engine.open(SETTINGS, ALICE)
        for each in (here, there):
            await each.presence.renew()
        yield here, there, clock, room.id


@pytest.mark.gen_test(timeout=20)
async def test_sockets_are_attached_and_detached(redis_url: str) -> None:
    async with two(redis_url) as (here, there, _, room_id):
        one, other = here.presence.new_socket(), there.presence.new_socket()
        assert one.startswith(f"{here.presence.process}.")
        epoch, rev = await here.presence.attach(room_id, BOB, one)
        assert await there.presence.attach(room_id, BOB, other) == (epoch, rev + 1)
        assert await sockets(here, room_id, BOB) == (one, other)
        here.presence.detach(room_id, BOB, one)
        await until_sockets(there, room_id, BOB, (other,))
        assert await here.index.held_by(there.presence.process) == [room_id]


@pytest.mark.gen_test(timeout=20)
async def test_the_sockets_of_a_process_that_died_are_closed_by_another(redis_url: str) -> None:
    async with two(redis_url) as (here, there, clock, room_id):
        mine, its = here.presence.new_socket(), there.presence.new_socket()
        await here.presence.attach(room_id, ALICE, mine)
        await there.presence.attach(room_id, BOB, its)
        gone = await here.engine.open(SETTINGS, BOB)
        await there.presence.attach(gone.id, BOB, its)
        await here.engine.handle(gone.id, Close(), BOB)
        clock.pass_s(LEASE_MS / 2_000)
        await here.presence.renew()
        await here.presence.lapse()
        assert await sockets(here, room_id, BOB) == (its,)
        clock.pass_s(LEASE_MS / 2_000 + 0.1)
        await here.presence.lapse()
        assert await sockets(here, room_id, BOB) == ()
        assert await sockets(here, room_id, ALICE) == (mine,)
        assert await here.index.held_by(there.presence.process) == []
        assert await here.index.dead(clock.now()) == []


@pytest.mark.gen_test(timeout=20)
async def test_nobody_lapses_themselves(redis_url: str) -> None:
    async with two(redis_url) as (here, _, clock, room_id):
        mine = here.presence.new_socket()
        await here.presence.attach(room_id, ALICE, mine)
        clock.pass_s(60)
        await here.presence.lapse()
        assert await sockets(here, room_id, ALICE) == (mine,)


@pytest.mark.gen_test(timeout=20)
async def test_a_process_that_stood_still_takes_its_sockets_back_and_can_still_die(redis_url: str) -> None:
    async with two(redis_url) as (here, there, clock, room_id):
        ear = there.ear(BOB)
        rev = await there.presence.attach(room_id, BOB, ear.id)
        await there.hub.enter(ear, room_id, rev, None, lambda view, resumed, upto: None)
        clock.pass_s(LEASE_MS / 1_000 + 1)
        await here.presence.renew()
        await here.presence.lapse()
        await until(lambda: [e for c in ear.told("commit") for e in c["events"] if e.get("online") is True])
        assert await sockets(here, room_id, BOB) == (ear.id,)
        presence = [e["online"] for c in ear.told("commit") for e in c["events"] if e["type"] == "presence"]
        assert presence == [False, True]
        await there.presence.renew()
        assert await here.index.held_by(there.presence.process) == [room_id]
        clock.pass_s(LEASE_MS / 1_000 + 1)
        there.hub.forget(ear, room_id)
        await here.presence.renew()
        await here.presence.lapse()
        assert await sockets(here, room_id, BOB) == ()


@pytest.mark.gen_test(timeout=20)
async def test_a_socket_that_closed_is_not_taken_back(redis_url: str) -> None:
    async with two(redis_url) as (here, _, _, room_id):
        mine = here.presence.new_socket()
        await here.presence.attach(room_id, BOB, mine)
        here.presence.reattach(room_id, BOB, mine)
        here.presence.detach(room_id, BOB, mine)
        here.presence.reattach(room_id, BOB, mine)
        await until(lambda: not here.presence._tasks)
        assert await sockets(here, room_id, BOB) == ()


@pytest.mark.redis("single")
@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_a_socket_that_closes_while_redis_is_away_is_told_of_later(redis_url: str) -> None:
    async with wire_to(redis_url) as wire, house(redis_url) as here, house(wire.url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        kept, its = there.presence.new_socket(), there.presence.new_socket()
        await there.presence.attach(room_id, BOB, its)
        await wire.cut()
        there.presence.detach(room_id, BOB, its)
        await until(lambda: not there.engine._warm, "the first try to have failed")
        assert await sockets(here, room_id, BOB) == (its,)
        await wire.start()
        await until_sockets(here, room_id, BOB, ())
        await there.presence.attach(room_id, BOB, kept)
        await here.engine.handle(room_id, Close(), ALICE)
        there.presence.detach(room_id, BOB, kept)
        await until(lambda: not there.presence._tasks)


@pytest.mark.redis("single")
@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=20)
async def test_a_socket_that_closes_before_it_could_be_taken_back_stays_closed(redis_url: str) -> None:
    async with wire_to(redis_url) as wire, house(redis_url) as here, house(wire.url) as there:
        room_id = (await here.engine.open(SETTINGS, ALICE)).id
        its = there.presence.new_socket()
        await there.presence.attach(room_id, BOB, its)
        await here.engine.handle(room_id, Lapse(process=there.presence.process), SYSTEM)
        assert not (await there.engine.room(room_id)).members[BOB.id].online
        await wire.cut()
        there.presence.reattach(room_id, BOB, its)
        await until(lambda: not there.engine._warm, "the first try to have failed")
        await wire.start()
        there.presence.detach(room_id, BOB, its)
        await until(lambda: not there.presence._tasks)
        assert await sockets(here, room_id, BOB) == ()
