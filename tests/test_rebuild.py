"""A Redis that was emptied is told again what nobody would miss before it is too late."""

import time
from collections.abc import Iterator

import pytest
from accounts_world import HERE, World, code_of, open_world
from archive_world import Process, process
from hub_world import eventually, house
from rooms_world import ALICE, BOB, CAROL, tracks
from tornado.ioloop import IOLoop

from roomd import rebuild
from roomd.domain.membership import Join
from roomd.domain.playback import Play
from roomd.holdings import Holdings
from roomd.presence import Presence
from roomd.rebuild import LOOK_S, Rebuild
from roomd.scheduler import Job, Scheduler
from roomd.sleeper import Sleeper
from roomd.store.keys import ACTIVE, BUILT, DUE, ROOMS, YES
from roomd.store.shelf import Shelf


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as built:
        yield built


def rebuilding(of: Process, world: World) -> Rebuild:
    return Rebuild(of.core, Shelf(of.pool), world.accounts, of.clock)


async def rebuilt(job: Rebuild) -> None:
    while await job.run() != LOOK_S:
        pass


@pytest.mark.gen_test(timeout=60)
async def test_rooms_are_known_again_and_the_live_ones_are_due(
    world: World, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 3)
    async with process(redis_url, database_url, world.clock) as one:
        asleep = [await one.open(name="Asleep") for _ in range(4)]
        await one.do(asleep[0].id, Join(), by=BOB)
        world.clock.pass_s(7 * 3_600)
        await Sleeper(one.core, Shelf(one.pool), one.clock, 6.0).run()
        live = [await one.open(name="Live") for _ in range(4)]
        hidden = await one.open(name="Hidden", visibility="private")
        await one.do(live[0].id, Join(), by=CAROL)
        for room in (*live, hidden):
            await one.settle(room.id)
        await one.redis.flushall()
        await rebuilt(rebuilding(one, world))
        rooms = {room.id.encode() for room in live}
        assert set(await one.redis.zrange(ACTIVE, 0, -1)) == rooms
        for index in (ROOMS, DUE):
            assert set(await one.redis.zrange(index, 0, -1)) == {*rooms, hidden.id.encode()}
        assert await one.redis.zscore(DUE, live[0].id) == one.clock.now()
        everybodys = await one.core.index.rooms_of(ALICE.id, 50)
        assert sorted(everybodys) == sorted(room.id for room in (*asleep, *live, hidden))
        assert await one.core.index.rooms_of(BOB.id, 50) == [asleep[0].id]
        assert await one.redis.get(BUILT) == YES
        # Who came since the last snapshot is known again when the room is.
        assert await one.core.index.rooms_of(CAROL.id, 50) == []
        await one.core.engine.room(live[0].id)
        assert await one.core.index.rooms_of(CAROL.id, 50) == [live[0].id]


@pytest.mark.gen_test(timeout=30)
async def test_a_redis_that_is_emptied_meanwhile_is_told_all_of_it(
    world: World, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    async with process(redis_url, database_url, world.clock) as one:
        rooms = [await one.open() for _ in range(6)]
        for room in rooms:
            await one.settle(room.id)
        job = rebuilding(one, world)
        await one.redis.flushall()
        for _ in range(3):
            assert await job.run() == 0.0
        await one.redis.flushall()
        await rebuilt(job)
        assert await one.redis.zcard(ROOMS) == 6
        # And when it is emptied later, once more.
        await one.redis.flushall()
        assert await job.run() == 0.0
        await rebuilt(job)
        assert await one.redis.zcard(ROOMS) == 6


@pytest.mark.gen_test(timeout=30)
async def test_who_signed_out_stays_out_when_redis_is_emptied(world: World, redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url, world.clock) as one:
        bob, carol = await world.accounts.guest("Bob", HERE), await world.accounts.guest("Carol", HERE)
        await world.accounts.logout(await world.accounts.authenticate(bob.access))
        job = rebuilding(one, world)
        await rebuilt(job)
        await one.redis.flushall()
        # Before Redis is told anything, PostgreSQL is asked.
        assert await code_of(world.build().authenticate(bob.access)) == "token_revoked"
        assert (await world.build().authenticate(carol.access)).name == "Carol"
        await rebuilt(job)
        keys = [key async for key in one.redis.scan_iter("roomd:revoked:*")]
        assert len(keys) == 1
        assert await one.redis.ttl(keys[0]) > 3_600
        assert await code_of(world.build().authenticate(bob.access)) == "token_revoked"
        assert (await world.build().authenticate(carol.access)).name == "Carol"
        # Long ago is long enough: no access token of then is good any more.
        world.clock.pass_s(30 * 24 * 3_600)
        await one.redis.flushall()
        await rebuilt(job)
        assert [key async for key in one.redis.scan_iter("roomd:revoked:*")] == []


@pytest.mark.gen_test(timeout=120)
async def test_rooms_play_on_by_themselves_after_redis_was_emptied(
    world: World, redis_url: str, database_url: str
) -> None:
    async with process(redis_url, database_url, world.clock) as one:
        rooms = [await one.open() for _ in range(60)]
        for room in rooms:
            await one.do(room.id, tracks("A", "B"))
            await one.do(room.id, Play())
            one.core.engine.drop(room.id)
        await one.redis.flushall()
        presence = Presence(one.core.engine, one.core.index, Holdings(one.core.index, one.clock, "p"), one.clock)
        jobs = {
            job.name: job
            for job in Scheduler(one.core.engine, one.core.index, presence, one.clock, world.accounts).jobs()
        }
        began = time.perf_counter()
        await rebuilt(rebuilding(one, world))
        while len(await one.core.store.present([room.id for room in rooms])) < len(rooms):
            await jobs["tick"].run()
        assert time.perf_counter() - began < 30.0
        world.clock.pass_s(61)
        await jobs["tick"].run()
        for room in rooms:
            now = await one.core.engine.room(room.id)
            assert now.playback.playing
            assert now.entries[now.playback.entry or ""].track.title == "B"  # type: ignore[index]


@pytest.mark.gen_test(timeout=30)
async def test_a_server_builds_the_indexes_when_it_starts(world: World, redis_url: str, database_url: str) -> None:
    async with process(redis_url, database_url, world.clock) as one, house(redis_url, world.clock) as other:
        job = rebuilding(one, world)
        running = Scheduler(
            other.engine, other.index, other.presence, other.clock, world.accounts, more=[Job("rebuild", True, job.run)]
        )
        await running.start()
        await eventually(lambda: _is_built(one))
        await one.redis.flushall()
        await eventually(lambda: _is_built(one))
        await running.stop()


async def _is_built(of: Process) -> bool:
    return await of.core.index.built() is True
