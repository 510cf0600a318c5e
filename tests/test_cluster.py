"""A real Redis Cluster under writers: slots that move, a master that dies, one that stands still."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from accounts_world import World, open_world
from archive_world import process
from cluster_world import Ledger, crowd, in_order, kept, room_at, told
from hub_world import eventually, until
from redis_cluster import RedisCluster, running
from rooms_world import ALICE
from tornado.ioloop import IOLoop

from roomd.doctor import redis as doctor
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.engine import Engine
from roomd.rebuild import LOOK_S, Rebuild
from roomd.settings import Settings, check
from roomd.store.keys import ACTIVE, room_keys
from roomd.store.redis import opened
from roomd.store.shelf import Shelf

#: Seconds in which a command is answered or refused.
LIMIT_S = 2.5
WRITERS, LINES = 20, 15


@pytest.fixture
def replicated() -> Iterator[RedisCluster]:
    """Of the test's own, with a replica for each master."""
    with running(replicas=3) as cluster:
        yield cluster


@pytest.fixture
def world(io_loop: IOLoop, redis_cluster: RedisCluster, database_url: str) -> Iterator[World]:
    redis_cluster.flush()
    with open_world(io_loop, redis_cluster.url, database_url) as built:
        yield built


@pytest.mark.gen_test(timeout=60)
async def test_a_slot_moves_under_writers_and_nothing_is_lost_or_shown_anew(
    redis_cluster: RedisCluster, database_url: str
) -> None:
    url = redis_cluster.url
    async with told(url, database_url) as here, told(url, database_url) as there:
        room = (await here.process.open()).id
        key, ledger = room_keys(room).meta, Ledger()
        epoch = (await here.process.core.engine.room(room)).epoch
        ears = [await each.listen(room, name) for each, name in ((here, "a"), (there, "b"))]
        writing = asyncio.create_task(crowd(ledger, [here.process, there.process], room, WRITERS, LINES))
        for _ in range(3):
            said = len(ledger.acked)
            await until(lambda said=said: len(ledger.acked) > said + WRITERS, "writers go on")
            source = redis_cluster.master_of(key)
            target = next(each for each in redis_cluster.servers if each is not source)
            await asyncio.to_thread(redis_cluster.move, key, target, 0.01)
        await writing
        await kept(here.process, room, ledger)
        last = await here.process.core.engine.room(room)
        assert last.epoch == epoch
        assert len(ledger.acked) == WRITERS * LINES
        await until(lambda: all(ear.rev == last.rev for ear in ears), "all of it is told")
        assert [in_order(ear) for ear in ears] == [True, True]
        assert ledger.slowest < LIMIT_S


@pytest.mark.logs("lost the subscription")
@pytest.mark.gen_test(timeout=90)
async def test_a_master_dies_and_its_replica_takes_over_with_all_that_was_acknowledged(
    replicated: RedisCluster, database_url: str
) -> None:
    url = replicated.url
    async with told(url, database_url) as here, told(url, database_url) as there:
        room, ledger = (await here.process.open()).id, Ledger()
        epoch = (await here.process.core.engine.room(room)).epoch
        ears = [await each.listen(room, name) for each, name in ((here, "a"), (there, "b"))]
        writing = asyncio.create_task(crowd(ledger, [here.process, there.process], room, WRITERS, LINES))
        await until(lambda: len(ledger.acked) > WRITERS * 2, "writers go on")
        dead = replicated.master_of(room_keys(room).meta)
        await asyncio.to_thread(dead.kill)
        await asyncio.wait_for(writing, 60)
        assert ledger.refused > 0, "the master's death was not noticed"
        await kept(there.process, room, ledger)
        last = await there.process.core.engine.room(room)
        assert last.epoch > epoch
        await until(lambda: all(ear.rev == last.rev for ear in ears), "all of it is told")
        assert [in_order(ear) for ear in ears] == [True, True]
        assert ledger.slowest < LIMIT_S


@pytest.mark.logs("archived up to 11; it comes from there")
@pytest.mark.gen_test(timeout=60)
async def test_what_a_fail_over_lost_comes_back_from_the_archive(replicated: RedisCluster, database_url: str) -> None:
    async with process(replicated.url, database_url) as one:
        room, ledger = (await one.open()).id, Ledger()
        await ledger.write(one, room, "before", 5)
        master = replicated.master_of(room_keys(room).meta)
        replica = replicated.replica_of(master)
        # The replica keeps what it has by now, and hears nothing any more until it is to take over.
        await asyncio.to_thread(replica.client.save)
        await asyncio.to_thread(replica.kill)
        await ledger.write(one, room, "unheard", 5)
        assert set(ledger.acked.values()) == {"archived"}
        await asyncio.to_thread(master.kill)
        replica.start()
        await ledger.write(one, room, "after", 1)
        await kept(one, room, ledger)


# It may be the one that the bell is heard over.
@pytest.mark.logs(maybe="lost the subscription")
@pytest.mark.gen_test(timeout=60)
async def test_a_master_that_stands_still_holds_up_only_what_is_its_own(
    redis_cluster: RedisCluster, database_url: str
) -> None:
    async with told(redis_cluster.url, database_url) as one:
        rooms = [await room_at(redis_cluster, one.process, server) for server in redis_cluster.servers]
        for room in rooms:
            await one.process.say(room, "hello")
        still = redis_cluster.servers[1]
        still.send(signal.SIGSTOP)
        try:
            took = await asyncio.gather(*(_saying(one.process.core.engine, room, 3.0) for room in rooms))
            await asyncio.wait_for(one.process.core.store.ping(), 1.0)
        finally:
            still.send(signal.SIGCONT)
        assert max(took[1]) < LIMIT_S
        assert max(took[0] + took[2]) < 1.0
        assert min(len(took[0]), len(took[2])) > 100

        async def goes_on() -> bool:
            try:
                await one.process.say(rooms[1], "back")
            except Unavailable:
                return False
            return True

        await eventually(goes_on, "the room of the master that stood still")


async def _saying(engine: Engine, room: RoomId, seconds: float) -> list[float]:
    """Say one line after the other for so long; how long each took to be answered or refused."""
    loop, took = asyncio.get_running_loop(), []
    end = loop.time() + seconds
    while (began := loop.time()) < end:
        with suppress(Unavailable):
            await engine.handle(room, Say(text="on we go"), ALICE)
        took.append(loop.time() - began)
    return took


@pytest.mark.gen_test(timeout=60)
async def test_a_master_that_comes_back_empty_is_told_again_what_it_had(
    world: World, redis_cluster: RedisCluster, database_url: str
) -> None:
    async with process(redis_cluster.url, database_url, world.clock) as one:
        rooms = [await room_at(redis_cluster, one, server) for server in redis_cluster.servers]
        for room in rooms:
            assert await one.settle(room) == "archived"
        rebuild = Rebuild(one.core, Shelf(one.pool), world.accounts, one.clock)
        while await rebuild.run() != LOOK_S:
            pass
        lost = redis_cluster.master_of(ACTIVE)
        elsewhere = {room for room in rooms if redis_cluster.master_of(room_keys(room).meta) is not lost}
        assert len(elsewhere) == 2
        await asyncio.to_thread(lost.kill)
        lost.start()
        await asyncio.to_thread(redis_cluster.wait)

        async def noticed() -> bool:
            with suppress(Unavailable):
                return await one.core.index.built() is not True and not await one.core.index.active(20)
            return False

        await eventually(noticed, "the loss")
        assert await one.core.store.present(rooms) == elsewhere

        async def told_again() -> bool:
            with suppress(Unavailable):
                return await rebuild.run() == LOOK_S
            return False

        await eventually(told_again, "the indexes")
        assert await one.core.index.built() is True
        assert await one.core.store.present(rooms) == set(rooms)
        assert set(rooms) <= set(await one.core.index.active(200))


@pytest.mark.gen_test(timeout=20)
async def test_one_address_is_enough_and_is_found_to_be_a_cluster(redis_cluster: RedisCluster) -> None:
    redis = await opened(f"redis://127.0.0.1:{redis_cluster.servers[1].port}")
    try:
        keys = [f"key {n}" for n in range(50)]
        for key in keys:
            await redis.set(key, key)
        assert await redis.mget(keys) == [key.encode() for key in keys]
    finally:
        await redis.aclose()


@pytest.mark.gen_test(timeout=20)
async def test_a_start_with_a_server_away_needs_another_that_is_named(redis_cluster: RedisCluster) -> None:
    nobody = "127.0.0.1:1"
    redis = await opened(f"redis://{nobody},127.0.0.1:{redis_cluster.servers[0].port}")
    try:
        await redis.set("key", "value")
        assert await redis.get("key") == b"value"
    finally:
        await redis.aclose()


@pytest.mark.gen_test(timeout=20)
async def test_the_doctor_looks_at_all_masters(redis_cluster: RedisCluster) -> None:
    check(Settings(redis_url=redis_cluster.url, debug=True))
    lines = {line.check: (line.state, line.found) for line in await doctor.look(redis_cluster.url, own=False)}
    assert lines["answers"][0] == "ok"
    assert lines["memory"][0] == "ok"
    assert lines["cluster"] == ("warn", "3 masters, 3 of them without a replica")
