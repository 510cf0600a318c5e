"""The client of a cluster: what it reads out of addresses and answers, and where commands go while slots move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis_cluster import RedisCluster, Server

from roomd.store.cluster import Cluster
from roomd.store.life import Life
from roomd.store.redis import connect
from roomd.store.seeds import seeds
from roomd.store.slots import SLOTS, read_view, slot, slot_of

BOTH = "return {redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])}"


def test_an_address_may_name_several_servers() -> None:
    found = seeds("rediss://roomd:s%40cret@one.example:7000,two.example,[::1]:7002/0?socket_keepalive=yes")
    assert [seed.address for seed in found] == [("one.example", 7000), ("two.example", 6379), ("::1", 7002)]
    assert {(seed.how["username"], seed.how["password"], seed.how["db"]) for seed in found} == {("roomd", "s@cret", 0)}
    assert len(seeds("redis://one.example/3")) == len(seeds("unix:///run/redis.sock?db=0")) == 1
    with pytest.raises(ValueError, match="database"):
        connect("redis://one,two/3")


def test_a_picture_of_the_cluster_is_read() -> None:
    said = [[0, 99, [b"10.0.0.1", 7000, b"a"], [b"10.0.0.2", 7001, b"b"]], [100, SLOTS - 2, [b"", 7002, b"c"]]]
    view = read_view(said, whole=True, epoch=7, asked="here.example")
    assert view.owners[0] == view.owners[99] == ("10.0.0.1", 7000)
    assert view.owners[100] == view.owners[SLOTS - 2] == ("here.example", 7002)
    assert view.owners[SLOTS - 1] is None
    assert view.masters == [("10.0.0.1", 7000), ("here.example", 7002)]
    assert view.others == {("10.0.0.2", 7001)}


@pytest.mark.parametrize(
    ("args", "key"),
    [
        (("GET", "a"), "a"),
        (("XINFO STREAM", "{room}:log"), "room"),
        (("EVALSHA", "0123", 2, "{room}:one", "{room}:two", "more"), "room"),
        (("publish", b"{room}:bell", b"x"), "room"),
        (("PING",), None),
        (("CONFIG GET", "save"), None),
    ],
)
def test_where_a_command_belongs(args: tuple[object, ...], key: str | None) -> None:
    assert slot_of(args) == (None if key is None else slot(key))


@asynccontextmanager
async def connected(cluster: RedisCluster) -> AsyncIterator[Cluster]:
    redis = connect(cluster.url)
    assert isinstance(redis, Cluster)
    cluster.flush()
    try:
        yield redis
    finally:
        await redis.aclose()


def others(cluster: RedisCluster, key: str) -> tuple[Server, Server]:
    """Who has a key's slot, and somebody who does not."""
    source = cluster.master_of(key)
    return source, next(each for each in cluster.servers if each is not source)


@pytest.mark.logs("start roomd again")
@pytest.mark.gen_test(timeout=30)
async def test_a_cluster_is_not_taken_for_a_single_redis(
    redis_cluster: RedisCluster, caplog: pytest.LogCaptureFixture
) -> None:
    redis = connect(f"redis://127.0.0.1:{redis_cluster.servers[0].port}", Life())
    for _ in range(3):
        with pytest.raises(RedisConnectionError, match="cluster"):
            await redis.get("key")
    assert len(caplog.records) == 1
    await redis.aclose()


@pytest.mark.gen_test(timeout=30)
async def test_a_pipeline_is_split_and_its_answers_come_in_order(redis_cluster: RedisCluster) -> None:
    async with connected(redis_cluster) as redis:
        keys = [f"key {n}" for n in range(60)]
        script = redis.register_script("return redis.call('GET', KEYS[1])")
        async with redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(key, f"of {key}")
                await script(keys=[key], client=pipe)
            assert (await pipe.execute())[1::2] == [f"of {key}".encode() for key in keys]
        await asyncio.to_thread(redis_cluster.move, keys[0], others(redis_cluster, keys[0])[1])
        async with redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.get(key)
            pipe.hget(keys[1], "field")
            answers = await pipe.execute(raise_on_error=False)
        assert answers[:-1] == [f"of {key}".encode() for key in keys]
        assert "WRONGTYPE" in str(answers[-1])
        assert await redis.mget(*keys[:5]) == [f"of {key}".encode() for key in keys[:5]]


@pytest.mark.gen_test(timeout=30)
async def test_what_has_gone_before_its_slot_is_asked_for_where_it_is(redis_cluster: RedisCluster) -> None:
    async with connected(redis_cluster) as redis:
        await asyncio.gather(*(redis.set(f"{{way}}{n}", n) for n in range(10)))
        source, target = others(redis_cluster, "way")
        number = slot("way")
        target.client.execute_command("CLUSTER", "SETSLOT", number, "IMPORTING", source.id)
        source.client.execute_command("CLUSTER", "SETSLOT", number, "MIGRATING", target.id)
        for n in range(5):
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, f"{{way}}{n}", 0, 5_000)
        for _ in range(3):
            found = await asyncio.gather(*(redis.get(f"{{way}}{n}") for n in range(10)))
            assert found == [str(n).encode() for n in range(10)]

        async def read() -> list[bytes]:
            async with redis.pipeline(transaction=True) as pipe:
                pipe.get("{way}1")
                pipe.get("{way}9")
                return list(await pipe.execute())

        # Neither server has both, so these wait until one of them does.
        script = redis.register_script(BOTH)
        waiting = [asyncio.create_task(script(keys=["{way}1", "{way}9"])), asyncio.create_task(read())]
        done, _ = await asyncio.wait(waiting, timeout=0.3)
        assert not done
        await asyncio.to_thread(redis_cluster.finish, "way", source, target)
        assert await asyncio.gather(*waiting) == [[b"1", b"9"]] * 2
