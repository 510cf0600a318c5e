"""Private ids of clients without a token: known again when Redis was emptied, and never for longer than they should."""

from collections.abc import Iterator

import pytest
from archive_world import Process, locked, process
from redis_cluster import keys_of
from rooms_world import ALICE, BOB
from tornado.ioloop import IOLoop

from roomd.store.capabilities import Capabilities


@pytest.fixture
def one(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[Process]:
    running = process(redis_url, database_url)
    yield io_loop.run_sync(running.__aenter__)
    io_loop.run_sync(lambda: running.__aexit__(None, None, None), timeout=60)


@pytest.mark.gen_test(timeout=20)
async def test_an_id_stands_for_its_user_also_when_redis_was_emptied(one: Process) -> None:
    ids = Capabilities(one.redis, one.pool)
    alice, bob = await ids.issue(ALICE), await ids.issue(BOB)
    for _ in range(2):
        assert await ids.actor(alice.upper()) == ALICE
        assert await ids.actor(bob) == BOB
        await one.redis.flushall()
    for wrong in ("", "alice", alice[:-1], "00000000-0000-4000-8000-000000000000"):
        assert await ids.actor(wrong) is None


@pytest.mark.gen_test(timeout=20)
async def test_nobody_can_read_an_id_out_of_the_stores(one: Process) -> None:
    secret = await Capabilities(one.redis, one.pool).issue(ALICE)
    digest = await one.pool.fetchval("SELECT digest FROM private_ids")
    keys = await keys_of(one.redis)
    assert secret.encode() not in digest
    assert not any(secret.encode() in key for key in keys)


@pytest.mark.gen_test(timeout=20)
async def test_an_id_that_ran_out_is_nobody_and_goes(one: Process) -> None:
    ids = Capabilities(one.redis, one.pool)
    secret = await ids.issue(ALICE)
    await one.redis.flushall()
    await one.pool.execute("UPDATE private_ids SET expires_at = now()")
    assert await ids.actor(secret) is None
    await ids.issue(BOB)
    assert await one.pool.fetchval("SELECT count(*) FROM private_ids") == 1


@pytest.mark.gen_test(timeout=20)
async def test_ids_are_issued_and_known_while_postgres_does_not_answer(one: Process, database_url: str) -> None:
    ids = Capabilities(one.redis, one.pool)
    async with locked(database_url, "private_ids"):
        assert await ids.actor(await ids.issue(ALICE)) == ALICE
