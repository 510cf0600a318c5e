"""A quota that all processes share: how many it lets through, what happens without Redis, and after being told off."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from byte_proxy import wire_to
from providers_world import Hands
from standins.deezer import deezer_standin

from roomd.catalogue.deezer import RATE
from roomd.catalogue.pace import PATIENCE_MS, SHARE, Pace
from roomd.store import redis as redis_store
from roomd.store.quota import Quota, Rate

WINDOW_MS = 5_000.0
MOST = 40
NOWHERE = "unix:///tmp/nobody-listens-here.sock"


@asynccontextmanager
async def quotas(url: str, hands: Hands | None, count: int = 2, rate: Rate = RATE) -> AsyncIterator[list[Quota]]:
    """The same quota, over connections of their own."""
    clients = [redis_store.connect(url) for _ in range(count)]
    try:
        yield [Quota(client, "deezer", rate, hands.now if hands else None) for client in clients]
    finally:
        for client in clients:
            await client.aclose(close_connection_pool=True)


def most_in_a_window(at: Sequence[float]) -> int:
    """Of the times in ms: how many there are at most in any five seconds."""
    times = sorted(at)
    return max(sum(1 for time in times if begin <= time < begin + WINDOW_MS) for begin in times)


@pytest.mark.gen_test(timeout=60)
async def test_never_more_than_40_in_5_s_however_many_want_to(redis_url: str) -> None:
    hands = Hands()
    begun = hands.ms
    used: list[float] = []
    refused = 0
    async with quotas(redis_url, hands) as two:
        for number in range(500 * 12):  # 500 a second, for 12 seconds.
            hands.ms = begun + number * 2
            wait = await two[number % 2].take(PATIENCE_MS if number % 3 else 0)
            if wait is None:
                refused += 1
            else:
                assert wait <= PATIENCE_MS
                used.append(hands.ms + wait)
    assert most_in_a_window(used) <= MOST
    # And not much less than that: 15 at once, then 5 a second for the 12 s, and the 2 s that the last ones wait.
    assert len(used) >= 15 + 5 * 12
    assert refused == 6_000 - len(used)


@pytest.mark.gen_test(timeout=30)
async def test_a_burst_is_let_through_at_once_and_then_they_wait_in_turn(redis_url: str) -> None:
    hands = Hands()
    async with quotas(redis_url, hands) as (one, other):
        waits = [await (one, other)[number % 2].take(PATIENCE_MS) for number in range(27)]
        assert waits[:15] == [0.0] * 15
        # To a thousandth of a ms, which is what Redis keeps.
        assert [wait for wait in waits[15:] if wait is not None] == pytest.approx(
            [200 * n for n in range(1, 11)], abs=0.01
        )
        assert waits[25:] == [None, None]
        hands.ms += 60_000
        assert [await one.take(0) for _ in range(16)] == [0.0] * 15 + [None]


@pytest.mark.gen_test(timeout=30)
async def test_a_pause_holds_for_all_and_they_come_back_one_by_one(redis_url: str) -> None:
    hands = Hands()
    async with quotas(redis_url, hands) as (one, other):
        await one.pause(4_000)
        assert await other.take(PATIENCE_MS) is None
        hands.ms += 2_500
        assert await other.take(PATIENCE_MS) == pytest.approx(1_500, abs=0.01)
        assert await one.take(PATIENCE_MS) == pytest.approx(1_700, abs=0.01)
        await other.pause(100)  # A shorter one takes nothing back.
        assert await one.take(PATIENCE_MS) == pytest.approx(1_900, abs=0.01)


@pytest.mark.gen_test(timeout=30)
async def test_redis_own_clock_is_asked_and_nothing_is_left_behind(redis_url: str) -> None:
    async with quotas(redis_url, None, 1, Rate(2, 1_000)) as (quota,):
        assert [await quota.take(0), await quota.take(0)] == [0.0, 0.0]
        client = redis_store.connect(redis_url)
        assert 0 < await client.pttl("roomd:quota:deezer") <= 1_100
        await client.aclose(close_connection_pool=True)


class Waiting:
    """Sleeps by moving the clock."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.hands.ms += seconds * 1_000


@pytest.mark.gen_test(timeout=30)
async def test_without_redis_a_process_has_a_share() -> None:
    hands = Hands()
    begun = hands.ms
    async with quotas(NOWHERE, hands, 1) as (quota,):
        pace = Pace(hands.now, Random(1), quota, RATE, sleep=Waiting(hands))
        used = []
        for _ in range(200):
            if await pace.turn():
                used.append(hands.ms)
            hands.ms += 50
    assert most_in_a_window(used) <= MOST * SHARE
    assert len(used) >= SHARE * 5 * (hands.ms - begun) / 1_000


@pytest.mark.gen_test(timeout=30)
async def test_redis_is_asked_again_when_it_is_back_and_told_what_was_used(redis_url: str) -> None:
    hands = Hands()
    async with wire_to(redis_url) as wire, quotas(wire.url, hands) as (one, other):
        pace = Pace(hands.now, Random(1), one, RATE, sleep=Waiting(hands))
        await wire.cut()
        assert [await pace.turn() for _ in range(3)] == [True] * 3
        await wire.start()
        hands.ms += 1_001
        assert await pace.turn()
        waits = [await other.take(0) for _ in range(12)]
        assert waits == [0.0] * 11 + [None]  # 15 at once, less the three from before and this one.


@pytest.mark.gen_test(timeout=60)
async def test_a_redis_that_comes_and_goes_makes_few_more(redis_url: str) -> None:
    """50 are allowed; the share of each process, at most, is beyond the 40 when Redis goes."""
    hands = Hands()
    begun, used = hands.ms, []
    async with wire_to(redis_url) as wire, quotas(wire.url, hands) as two:

        async def nap(seconds: float) -> None:
            waits.append(seconds * 1_000)

        waits: list[float] = []
        paces = [Pace(hands.now, Random(1), quota, RATE, sleep=nap) for quota in two]
        for number in range(2_000):  # 100 a second, for 20 seconds; Redis is there for 1.5 s and away for 1.5 s.
            hands.ms = begun + number * 10
            if number % 150 == 0:
                await (wire.cut() if number // 150 % 2 else wire.start() if number else asyncio.sleep(0))
            waits.clear()
            if await paces[number % 2].turn():
                used.append(hands.ms + sum(waits))
    assert most_in_a_window(used) <= 50
    assert len(used) > 40


@pytest.mark.gen_test(timeout=30)
async def test_being_refused_holds_every_process_back(redis_url: str) -> None:
    hands = Hands()
    waiting = Waiting(hands)
    async with quotas(redis_url, hands) as (one, other):
        told, untold = (Pace(hands.now, Random(1), quota, RATE, sleep=waiting) for quota in (one, other))
        assert await told.turn() and await untold.turn()
        assert waiting.slept == []
        await told.refused()
        await told.refused()  # Sent before the pause: it says nothing new.
        assert await untold.turn()
        assert 1.0 <= waiting.slept[0] <= 1.25
        await told.refused(30_000)
        assert not await untold.turn()
        hands.ms += 28_500
        assert await untold.turn()


ASKING = """
import asyncio, json, sys, time
from random import Random
sys.path.insert(0, "tests")
from providers_world import Hands, deezer
from roomd.catalogue.deezer import RATE
from roomd.catalogue.pace import Pace
from roomd.domain.refusals import Unavailable
from roomd.store import redis as redis_store
from roomd.store.quota import Quota

async def main(redis_url, base, seconds):
    client = redis_store.connect(redis_url)
    now = lambda: time.time() * 1000
    codes = {}
    async with deezer(base, None, Pace(now, Random(1), Quota(client, "deezer", RATE), RATE)) as provider:
        async def one():
            try:
                await provider.genres()
                codes["answered"] = codes.get("answered", 0) + 1
            except Unavailable as refusal:
                codes[refusal.code] = codes.get(refusal.code, 0) + 1
        begun, tasks = time.monotonic(), []
        while (due := int((time.monotonic() - begun) * 250)) < seconds * 250:
            tasks += [asyncio.create_task(one()) for _ in range(due - len(tasks))]
            await asyncio.sleep(0.004)
        await asyncio.gather(*tasks)
    await client.aclose(close_connection_pool=True)
    print(json.dumps(codes))

asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
"""


@pytest.mark.gen_test(timeout=60)
async def test_two_processes_that_ask_500_times_a_second_stay_under_what_deezer_allows(redis_url: str) -> None:
    async with deezer_standin() as standin:
        standin.quota = 50  # In 5 seconds, as Deezer's.
        asking = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", ASKING, redis_url, standin.url, "6"),
                cwd=Path(__file__).parent.parent,
                stdout=asyncio.subprocess.PIPE,
            )
            for _ in range(2)
        ]
        codes = [json.loads((await process.communicate())[0]) for process in asking]
    answered = sum(each.get("answered", 0) for each in codes)
    assert len(standin.requests) == answered, codes  # None of them was one too many.
    assert all(each.keys() <= {"answered", "provider_busy"} and each["provider_busy"] > 500 for each in codes)
    assert answered >= 15 + 5 * 6
    assert most_in_a_window([asked.at * 1_000 for asked in standin.requests]) <= 50
