"""Room time is the same on every server, and never steps: on simulated clocks over a real Redis, and for real."""

import asyncio
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from clocks_world import BEGAN_MS, Machine, World, apart, exponential, run, start
from hub_world import eventually, until
from redis.asyncio import Redis
from serving import Served, serving
from tornado.ioloop import IOLoop

from roomd.clock import Clock
from roomd.store.keys import TIME
from roomd.store.redis import connect
from roomd.store.reference import HEAL

HOUR_MS = 3_600_000.0


@pytest.fixture
def redis(io_loop: IOLoop, redis_url: str) -> Iterator[Redis]:
    client = connect(redis_url)
    yield client
    io_loop.run_sync(client.aclose)


class Watch:
    """Looks at machines: how far apart they were at most, and whether anybody's time went by too fast or too slowly."""

    def __init__(self, world: World, *machines: Machine) -> None:
        self.world, self.machines = world, machines
        self.apart = 0.0
        self.shown: list[tuple[float, list[float]]] = []

    def __call__(self, _second: float) -> None:
        self.shown.append((self.world.ms, [machine.clock.now() for machine in self.machines]))
        self.apart = max(self.apart, *(apart(one, self.machines[0]) for one in self.machines))

    def rates(self) -> Iterator[float]:
        """How fast each one's time went by, between two looks."""
        for (before, old), (after, new) in pairwise(self.shown):
            if after > before:
                yield from ((late - early) / (after - before) for early, late in zip(old, new, strict=True))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.gen_test(timeout=60)
async def test_servers_with_other_clocks_agree_within_a_millisecond(redis: Redis, seed: int) -> None:
    world = World()
    one = Machine(world, redis, "one", ahead=3_000, ppm=100, seed=seed)
    other = Machine(world, redis, "other", ppm=-100, seed=seed)
    await start(one, other)
    assert apart(one, other) < 1
    watch = Watch(world, one, other)
    await run(world, 300, one, other, look=watch)
    assert watch.apart < 1
    assert all(abs(rate - 1) < 0.0015 for rate in watch.rates())
    assert one.clock.id == other.clock.id
    assert abs(one.clock.now() - world.redis_now()) < 1
    assert abs(one.keeper.offset()) < 1
    assert 0 < one.keeper.uncertainty() < 1


@pytest.mark.gen_test(timeout=60)
async def test_a_busy_network_costs_little(redis: Redis) -> None:
    world = World()
    slow = exponential(0.3, 2)
    one = Machine(world, redis, "one", ahead=-3_000, ppm=60, up=slow, down=slow)
    other = Machine(world, redis, "other", ppm=-60)
    await start(one, other)
    await run(world, 60, one, other)
    watch = Watch(world, one, other)
    await run(world, 120, one, other, look=watch)
    assert watch.apart < 1


@pytest.mark.parametrize("step", [HOUR_MS, -HOUR_MS, 700.0, -700.0, 60.0])
@pytest.mark.gen_test(timeout=60)
async def test_when_the_clock_of_redis_is_set_nobodys_time_moves(redis: Redis, step: float) -> None:
    world = World()
    one, other = Machine(world, redis, "one", ppm=30), Machine(world, redis, "other", ppm=-30)
    await start(one, other)
    await run(world, 40, one, other)
    base = one.clock.id
    watch = Watch(world, one, other)
    world.redis_ahead = step
    await run(world, 60, one, other, look=watch)
    assert watch.apart < 1
    assert all(abs(rate - 1) < 0.0015 for rate in watch.rates())
    assert abs(one.clock.now() - BEGAN_MS - world.ms) < 60_000 * HEAL + 2
    assert (one.clock.id, other.clock.id) == (base, base)
    # What is left of it goes away slowly, for both at the same rate.
    late = Machine(world, redis, "late")
    await start(late)
    assert apart(late, one) < 1
    assert late.clock.id == base
    gone = abs(one.clock.now() - BEGAN_MS - world.ms)
    await run(world, 100, one, other, late, look=watch)
    assert abs(one.clock.now() - BEGAN_MS - world.ms) == pytest.approx(gone + 100_000 * HEAL, abs=1) or abs(step) < 100


@pytest.mark.gen_test(timeout=60)
async def test_a_small_correction_of_the_clock_of_redis_is_followed(redis: Redis) -> None:
    world = World()
    one, other = Machine(world, redis, "one"), Machine(world, redis, "other")
    await start(one, other)
    await run(world, 40, one, other)
    world.redis_ahead = 3.0
    watch = Watch(world, one, other)
    await run(world, 10, one, other, look=watch)
    assert abs(one.clock.now() - world.redis_now()) < 1
    assert apart(one, other) < 1
    assert all(abs(rate - 1) < 0.0105 for rate in watch.rates())


@pytest.mark.gen_test(timeout=60)
async def test_an_emptied_redis_with_another_clock_is_told_the_time(redis: Redis) -> None:
    world = World()
    one, other = Machine(world, redis, "one"), Machine(world, redis, "other")
    await start(one, other)
    await run(world, 40, one, other)
    base = one.clock.id
    await redis.delete(TIME)
    world.redis_ahead = 20_000
    watch = Watch(world, one, other)
    await run(world, 30, one, other, look=watch)
    assert watch.apart < 1
    assert abs(one.clock.now() - BEGAN_MS - world.ms) < 5
    assert (one.clock.id, other.clock.id) == (base, base)


@pytest.mark.gen_test(timeout=60)
async def test_without_redis_time_goes_on_by_what_is_known_of_the_drift(redis: Redis) -> None:
    world = World()
    one, other = Machine(world, redis, "one", ppm=100), Machine(world, redis, "other", ppm=-100)
    await start(one, other)
    await run(world, 120, one, other)
    # 200 ppm apart, that would be 12 ms.
    world.ms += 60_000
    assert apart(one, other) < 1
    await run(world, 5, one, other)
    assert apart(one, other) < 1


@pytest.mark.logs("this machine stood still")
@pytest.mark.gen_test(timeout=60)
async def test_a_machine_that_stood_still_comes_back_to_the_others(redis: Redis) -> None:
    world = World()
    one, other = Machine(world, redis, "one"), Machine(world, redis, "other")
    third = Machine(world, redis, "third")
    await start(one, other, third)
    await run(world, 40, one, other, third)
    watch = Watch(world, one, other)
    third.stood = 30_000
    await run(world, 30, one, other, third, look=watch)
    assert watch.apart < 1
    assert all(abs(rate - 1) < 0.0015 for rate in watch.rates())
    assert apart(one, third) < 1


def within(served: Served) -> float:
    """Milliseconds that a server's room time is off the shared one at most, by its own metrics."""
    samples = (sample for family in served.services.telemetry.metrics.families() for sample in family.samples)
    told = {name: float(value) for name, _, value in samples}
    return abs(told["roomd_clock_offset_ms"]) + told["roomd_clock_uncertainty_ms"]


@pytest.mark.gen_test(timeout=60)
async def test_two_servers_whose_machines_differ_by_three_seconds(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    ahead = Clock(lambda: time.time_ns() + 3_000_000_000)
    fast = Clock(monotonic_ns=lambda: round(time.monotonic_ns() * (1 + 100e-6)))
    async with (
        serving(redis_url, database_url, data_dir, ahead) as one,
        serving(redis_url, database_url, data_dir, fast) as other,
    ):

        def far() -> float:
            # Read on both sides, so that what passes between two readings is not counted.
            first, second, third = ahead.now(), fast.now(), ahead.now()
            return max(first - second, second - third, 0.0)

        # A millisecond on a machine with nothing else to do, as on simulated clocks; here, what each says of itself.
        assert far() <= within(one) + within(other)
        assert ahead.id == fast.id
        assert abs(ahead.now() - time.time() * 1_000) < 1_000
        began = time.monotonic()
        while time.monotonic() - began < 3:
            await asyncio.sleep(0.25)
            assert far() <= within(one) + within(other) < 1_000
        assert one.services.clock is ahead
        assert other.services.clock is fast


@pytest.mark.gen_test(timeout=60)
async def test_it_asks_once_a_second_and_forgets_after_the_last_server(
    redis_url: str, database_url: str, data_dir: Path
) -> None:
    async with serving(redis_url, database_url, data_dir) as served:
        redis = connect(redis_url)
        base = served.services.clock.id

        async def turn() -> bytes | str | None:
            return await redis.hget(TIME, "turn")

        assert await turn()
        await redis.delete(TIME)

        async def told() -> bool:
            return await turn() is not None

        await eventually(told)
        assert 0 < await redis.pttl(TIME) <= 60_000
        assert await redis.hget(TIME, "id") == base.encode()
        await until(lambda: served.services.clock.id == base)
        await redis.aclose()
