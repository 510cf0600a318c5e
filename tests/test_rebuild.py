"""A Redis that was emptied is told again what nobody would miss before it is too late."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from accounts_world import HERE, World, code_of, open_world
from archive_world import Process, process
from hub_world import eventually, house
from redis_cluster import keys_of
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
from roomd.store.keys import ACTIVE, DUE, ROOMS
from roomd.store.shelf import Shelf


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as built:
        yield built


def rebuilding(of: Process, world: World) -> Rebuild:
    return Rebuild(of.core, Shelf(of.pool), world.accounts, of.clock)


def jobs_of(of: Process, world: World) -> dict[str, Job]:
    presence = Presence(of.core.engine, of.core.index, Holdings(of.core.index, of.clock, "p"), of.clock)
    scheduler = Scheduler(of.core.engine, of.core.index, presence, of.clock, world.accounts)
    return {job.name: job for job in scheduler.jobs()}


async def rebuilt(job: Rebuild) -> None:
    while await job.run() != LOOK_S:
        pass


@pytest.mark.gen_test(timeout=60)
async def test_rooms_are_known_again_and_the_live_ones_are_back(
    world: World, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 3)
    monkeypatch.setattr(rebuild, "GROUP", 1)
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
        assert await one.core.store.present([room.id for room in (*asleep, *live, hidden)]) == {
            room.id for room in (*live, hidden)
        }
        assert set(await one.redis.zrange(ACTIVE, 0, -1)) == rooms
        assert set(await one.redis.zrange(ROOMS, 0, -1)) == {*rooms, hidden.id.encode()}
        everybodys = await one.core.index.rooms_of(ALICE.id, 50)
        assert sorted(everybodys) == sorted(room.id for room in (*asleep, *live, hidden))
        assert await one.core.index.rooms_of(BOB.id, 50) == [asleep[0].id]
        assert await one.core.index.built() is True
        assert await one.core.index.rooms_of(CAROL.id, 50) == [live[0].id]


@pytest.mark.logs("could not bring a room back", "could not look at room")
@pytest.mark.gen_test(timeout=60)
async def test_a_room_that_cannot_be_brought_back_keeps_no_other_from_it(
    world: World, redis_url: str, database_url: str
) -> None:
    async with process(redis_url, database_url, world.clock) as one:
        rooms = [await one.open() for _ in range(5)]
        for room in rooms:
            await one.settle(room.id)
        await one.pool.execute("UPDATE room_events SET body = 'not JSON' WHERE room = $1", rooms[2].id)
        await one.redis.flushall()
        for room in rooms:
            one.core.engine.drop(room.id)
        await rebuilt(rebuilding(one, world))
        sound = {room.id for room in rooms} - {rooms[2].id}
        assert await one.core.store.present([room.id for room in rooms]) == sound
        # The scheduler tries it again, and says why it cannot.
        assert await one.redis.zscore(DUE, rooms[2].id) == one.clock.now()
        await jobs_of(one, world)["tick"].run()


@pytest.mark.gen_test(timeout=60)
async def test_who_asks_for_rooms_that_are_being_brought_back_gets_them(
    world: World, redis_url: str, database_url: str
) -> None:
    async with (
        process(redis_url, database_url, world.clock) as one,
        process(redis_url, database_url, world.clock) as two,
    ):
        rooms = [await one.open() for _ in range(30)]
        for room in rooms:
            await one.settle(room.id)
            one.core.engine.drop(room.id)
        await one.redis.flushall()
        asked = [each.core.engine.room(room.id) for room in rooms for each in (one, two)]
        found, _ = await asyncio.gather(asyncio.gather(*asked), rebuilt(rebuilding(one, world)))
        for mine, theirs in zip(found[::2], found[1::2], strict=True):
            assert (mine.id, mine.epoch, mine.rev) == (theirs.id, theirs.epoch, theirs.rev)
            assert (await two.say(mine.id, "hello"))[0] == (mine.rev + 1, "archived")
        # Each came back once.
        epochs = await one.pool.fetch("SELECT count(*) FROM room_epochs GROUP BY room")
        assert [row["count"] for row in epochs] == [2] * 30


@pytest.mark.gen_test(timeout=30)
async def test_a_redis_that_is_emptied_meanwhile_is_told_all_of_it(
    world: World, redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "GROUP", 1)
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
        keys = await keys_of(one.redis, "roomd:revoked:*")
        assert len(keys) == 1
        assert await one.redis.ttl(keys[0]) > 3_600
        assert await code_of(world.build().authenticate(bob.access)) == "token_revoked"
        assert (await world.build().authenticate(carol.access)).name == "Carol"
        # Long ago is long enough: no access token of then is good any more.
        world.clock.pass_s(30 * 24 * 3_600)
        await one.redis.flushall()
        await rebuilt(job)
        assert await keys_of(one.redis, "roomd:revoked:*") == []


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
        jobs = jobs_of(one, world)
        began = time.perf_counter()
        await rebuilt(rebuilding(one, world))
        # 1,000 take 1.6 s of a core.
        assert time.perf_counter() - began < 20.0
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
