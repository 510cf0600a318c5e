"""Jobs that need not be punctual share their moments; who holds a job's lease does not ask for it each time."""

import asyncio
from collections.abc import Iterator

import pytest
from accounts_world import World, open_world
from hub_world import house, until
from hypothesis import given
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from roomd.domain.refusals import Unavailable
from roomd.scheduler import BEAT_S, LEASE_MS, Job, Scheduler, aligned
from roomd.store.keys import lease

THIRD_S = LEASE_MS / 3_000


@pytest.fixture
def world(io_loop: IOLoop, redis_url: str, database_url: str) -> Iterator[World]:
    with open_world(io_loop, redis_url, database_url) as built:
        yield built


@given(st.floats(0, 4_000), st.floats(0, 1e6))
def test_what_need_not_be_punctual_comes_on_a_beat_and_never_late(wait: float, now: float) -> None:
    found = aligned(wait, now)
    assert max(0.0, wait - BEAT_S - 1e-6) <= found <= wait
    if wait > BEAT_S:
        off = (now + found) % BEAT_S
        assert min(off, BEAT_S - off) < 1e-6
    else:
        assert found == wait


@pytest.mark.gen_test(timeout=20)
async def test_a_lease_that_is_held_is_asked_for_when_a_third_is_over(world: World, redis_url: str) -> None:
    ran: list[float] = []
    async with house(redis_url, world.clock) as built:
        key = lease("count")

        async def run() -> float:
            ran.append(asyncio.get_running_loop().time())
            if len(ran) == 2:
                # Somebody else's from now on, which is found out when it is asked for.
                await built.redis.set(key, "another", px=60_000)
            return 0.02

        job = Job("count", True, run)
        scheduler = Scheduler(built.engine, built.index, built.presence, built.clock, world.accounts, more=[job])
        await scheduler.start()
        await until(lambda: len(ran) > 2 and asyncio.get_running_loop().time() - ran[-1] > THIRD_S)
        await scheduler.stop()
        assert ran[-1] - ran[0] <= THIRD_S + 0.5
        assert await built.redis.get(key) == b"another"


@pytest.mark.logs("job (fails failed|away waits)")
@pytest.mark.gen_test(timeout=20)
async def test_a_job_with_a_fault_begins_anew_and_one_whose_store_is_away_waits(
    world: World, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roomd.scheduler.FAILED_S", 0.01)
    ran: list[str] = []

    async def fails() -> float:
        ran.append("fails")
        raise ZeroDivisionError

    async def away() -> float:
        ran.append("away")
        raise Unavailable("not now")

    async with house(redis_url, world.clock) as built:
        jobs = [Job("fails", False, fails), Job("away", False, away)]
        scheduler = Scheduler(built.engine, built.index, built.presence, built.clock, world.accounts, more=jobs)
        await scheduler.start()
        await until(lambda: ran.count("fails") >= 3 and ran.count("away") >= 2)
        await scheduler.stop()
        assert not {"fails", "away"} & {task.get_name() for task in asyncio.all_tasks()}
