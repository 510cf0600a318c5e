"""What a process answers for, and when it does not any more."""

import asyncio
from collections.abc import Iterator

import pytest
from accounts_world import HandClock
from redis.asyncio import Redis
from tornado.ioloop import IOLoop

from roomd.domain.ids import RoomId
from roomd.holdings import REST_MS, Holdings
from roomd.store.index import Index
from roomd.store.keys import PROCESSES
from roomd.store.redis import connect

ONE, TWO, THREE = (RoomId(f"7b0d7e1c-0000-4000-8000-00000000000{n}") for n in range(1, 4))


@pytest.fixture
def redis(io_loop: IOLoop, redis_url: str) -> Iterator[Redis]:
    made = connect(redis_url)
    yield made
    io_loop.run_sync(made.aclose)


def never(room: RoomId) -> bool:
    return False


@pytest.mark.gen_test(timeout=20)
async def test_what_nobody_asks_for_is_let_go_of_unless_it_is_used(redis: Redis) -> None:
    clock, index = HandClock(), Index(redis)
    holdings = Holdings(index, clock, "p")
    for room in (ONE, TWO, THREE):
        await holdings.hold(room)
    assert await holdings.release_unused(never) == 0
    clock.pass_s(REST_MS / 1_000 - 1)
    # A commit under way.
    await holdings.hold(TWO)
    clock.pass_s(2)
    assert await holdings.release_unused(lambda room: room == THREE) == 1
    assert holdings.held == {TWO, THREE}
    assert await index.held_by("p") == [TWO, THREE]
    await holdings.hold(ONE)
    assert await index.held_by("p") == [ONE, TWO, THREE]
    clock.pass_s(REST_MS / 1_000 + 1)
    assert await holdings.release_unused(never) == 3
    assert not holdings.held
    assert await index.held_by("p") == []


@pytest.mark.gen_test(timeout=20)
async def test_who_asks_while_it_is_let_go_of_holds_it(redis: Redis) -> None:
    clock, index = HandClock(), Index(redis)
    holdings = Holdings(index, clock, "p")
    for _ in range(50):
        await holdings.hold(ONE)
        clock.pass_s(REST_MS / 1_000 + 1)
        await asyncio.gather(holdings.release_unused(never), holdings.hold(ONE), holdings.hold(ONE))
        assert holdings.held == {ONE}
        assert await index.held_by("p") == [ONE]


@pytest.mark.gen_test(timeout=20)
async def test_a_redis_that_was_emptied_is_told_what_is_held(redis: Redis) -> None:
    index = Index(redis)
    holdings = Holdings(index, HandClock(), "p")
    assert await holdings.renew()
    for room in (ONE, TWO):
        await holdings.hold(room)
    assert not await holdings.renew()
    await redis.flushall()
    assert await holdings.renew()
    assert await index.held_by("p") == [ONE, TWO]


@pytest.mark.gen_test(timeout=20)
async def test_a_dead_process_that_holds_something_after_all_is_found_dead_again(redis: Redis) -> None:
    index = Index(redis)
    await index.renew("p", 1.0)
    await index.bury("p")
    assert await index.dead(10.0) == []
    await index.renew("p", 1.0)
    await index.hold("p", ONE)
    await index.bury("p")
    assert await index.dead(10.0) == ["p"]
    assert await redis.zcard(PROCESSES) == 1
