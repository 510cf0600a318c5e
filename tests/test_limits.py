"""Limits that all processes count together: how many they let through, of whom, and what happens without Redis."""

import statistics
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest
from byte_proxy import wire_to
from providers_world import Hands

from roomd.domain.refusals import Limited
from roomd.limiting import AWAY_MS, Limiter, Who
from roomd.limits import LIMITS, NAMED, TELL_S, WRONG_CODE, Here, Limit, Measure
from roomd.store import redis as redis_store
from roomd.store.gcra import Asked, Gcra
from roomd.store.keys import limit_of, told_of

pytestmark = pytest.mark.redis("single", "cluster")
KITCHEN = "192.0.2.7"


@asynccontextmanager
async def limiters(url: str, hands: Hands, count: int = 1, scale: float = 1) -> AsyncIterator[list[Limiter]]:
    """Those of so many processes."""
    clients = [redis_store.connect(url) for _ in range(count)]
    try:
        yield [Limiter(Gcra(client, hands.now), scale, hands.now) for client in clients]
    finally:
        for client in clients:
            await client.aclose(close_connection_pool=True)


async def wait_of(asked: Awaitable[None]) -> float:
    """0 where it was let through, otherwise in how many seconds it is worth asking again."""
    try:
        await asked
    except Limited as refusal:
        return refusal.retry_after_s
    return 0.0


def the(name: str, per: str) -> Limit:
    (limit,) = (each for each in NAMED[name] if each.per == per)
    return limit


def test_the_table_fits_a_party_and_binds_everybody() -> None:
    assert len({(limit.name, limit.per) for limit in LIMITS}) == len(LIMITS)
    # Fifty guests behind one address come in the same minute, each with two tabs and a search for every letter.
    assert the("guest", "address").burst >= 100
    assert the("join", "address").burst >= 100
    assert the("socket", "address").burst >= 500
    assert the("search", "address").per_minute >= 50 * 60
    assert the("wrong_code", "address").burst >= 50
    for name, limits in NAMED.items():
        users = [limit for limit in limits if limit.per == "user"]
        addresses = [limit for limit in limits if limit.per == "address"]
        # Users cost nothing here, so whatever is counted by them is counted by their address too.
        assert not users or addresses, name
        assert all(users[0].burst <= each.burst for each in addresses if users), name
    assert set(WRONG_CODE) < set(NAMED)


def test_a_process_by_itself_keeps_the_same_measure() -> None:
    hands = Hands()
    here, measure = Here(hands.now, most=2), Measure.of(Limit("x", "address", 5, 60), 1)
    assert [here.take("a", measure).taken for _ in range(6)] == [True] * 5 + [False]
    assert here.take("a", measure).wait == pytest.approx(1_000)
    hands.ms += 2_000
    assert [here.take("a", measure).taken for _ in range(3)] == [True, True, False]
    assert not here.take("a", measure, 2).taken
    assert here.take("b", measure, 5).taken
    # Of more than it remembers, those seen last.
    assert here.take("c", measure).taken
    assert not here.take("b", measure).taken
    assert here.take("a", measure, 5).taken


def test_a_scale_allows_more_or_less_and_one_always() -> None:
    limit = Limit("x", "address", 10, 60)
    assert Measure.of(limit, 2) == Measure(500, 19 * 500)
    assert Measure.of(limit, 0.01) == Measure(100_000, 0)
    assert Measure.of(limit, 1).most(500) == 10
    assert Measure.of(limit, 0.01).most(5) == 1


@pytest.mark.gen_test(timeout=30)
async def test_a_burst_and_then_as_many_as_the_rate_has_over_all_processes(redis_url: str) -> None:
    hands, limit = Hands(), the("registration", "address")
    async with limiters(redis_url, hands, 2) as two:
        for number in range(limit.burst):
            assert await wait_of(two[number % 2].use("registration", Who(KITCHEN))) == 0
        for limiter in two:
            assert await wait_of(limiter.use("registration", Who(KITCHEN))) == pytest.approx(60 / limit.per_minute)
        assert await wait_of(two[0].use("registration", Who("192.0.2.8"))) == 0
        let_in = 0
        for _ in range(600):  # Ten minutes, a second each.
            hands.ms += 1_000
            let_in += await wait_of(two[let_in % 2].use("registration", Who(KITCHEN))) == 0
        assert let_in == 10 * limit.per_minute


@pytest.mark.gen_test(timeout=30)
async def test_what_one_bound_refuses_takes_nothing_from_another(redis_url: str) -> None:
    hands, mine = Hands(), the("upload", "user").burst
    async with limiters(redis_url, hands, 2) as (one, other):
        for _ in range(mine):
            await one.use("upload", Who(KITCHEN, "alice"))
        for _ in range(the("upload", "address").burst):
            assert await wait_of(one.use("upload", Who(KITCHEN, "alice"))) > 0
        assert await wait_of(other.use("upload", Who(KITCHEN, "alice"))) > 0
        # The kitchen has as much left as alice did not use.
        left = the("upload", "address").burst - mine
        waits = [await wait_of(other.use("upload", Who(KITCHEN, f"guest {n % 40}"))) for n in range(left + 1)]
        assert waits[:-1] == [0] * left
        assert waits[-1] > 0


@pytest.mark.gen_test(timeout=30)
async def test_several_at_once_count_as_many_and_never_more_than_there_can_be(redis_url: str) -> None:
    hands, mine = Hands(), the("link", "user")
    async with limiters(redis_url, hands) as (limiter,):
        await limiter.use("link", Who(KITCHEN, "alice"), 0)
        await limiter.use("link", Who(KITCHEN, "alice"), 100)
        # 100 more are too many now; but one is not.
        assert await wait_of(limiter.use("link", Who(KITCHEN, "alice"), 100)) == pytest.approx(50, abs=0.1)
        assert await wait_of(limiter.use("link", Who(KITCHEN, "alice"))) == 0
        assert await wait_of(limiter.use("link", Who("192.0.2.8", "bob"), 10 * mine.burst)) == 0


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_whoever_goes_on_asking_costs_redis_nothing(redis_url: str) -> None:
    hands = Hands()
    async with wire_to(redis_url) as wire, limiters(wire.url, hands, scale=0.01) as (limiter,):
        await limiter.use("guest", Who(KITCHEN))
        await wire.cut()
        # Had Redis been asked, it would be found away now, and the first one be let through.
        assert await wait_of(limiter.use("guest", Who(KITCHEN))) > 0
        hands.ms += 100_001
        assert await wait_of(limiter.use("guest", Who(KITCHEN))) == 0


@pytest.mark.gen_test(timeout=60)
async def test_guessing_codes_is_hopeless_from_one_address_and_from_many(redis_url: str) -> None:
    hands, mine = Hands(), the("wrong_code", "address")

    async def guesses(limiter: Limiter, address: str, tries: int) -> int:
        made = 0
        for _ in range(tries):
            try:
                limiter.demand_code(address)
            except Limited as refusal:
                assert refusal.code == "too_many_codes"
                break
            await limiter.wrong_code(address)
            made += 1
        return made

    async with limiters(redis_url, hands, 2) as (one, other):
        assert await guesses(one, KITCHEN, 100) == mine.burst
        # Another process learns of it from the first wrong code.
        assert await guesses(other, KITCHEN, 100) == 1
        hands.ms += 60_000
        assert await guesses(one, KITCHEN, 100) == mine.per_minute
        # Ten more addresses, and guessing from many is suspected: each has three guesses in ten minutes.
        for number in range(10):
            await guesses(one, f"198.51.100.{number}", 100)
        assert [await guesses(one, f"203.0.113.{number}", 100) for number in range(5)] == [3] * 5
        hands.ms += 60_000
        assert await guesses(one, "203.0.113.0", 100) == 0
        # Of networks without end, there are no more guesses than all together have.
        most = the("wrong_code_most", "server")
        made = 0
        for number in range(3_000):
            made += (few := await guesses(one, f"2001:db8:0:{number:x}::", 3))
            if not few:
                break
        assert made <= most.burst
        one_minute = 0
        for number in range(1_200):
            hands.ms += 50
            one_minute += await guesses(one, f"2001:db8:1:{number:x}::", 3)
        assert one_minute <= most.per_minute + 2


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_without_redis_each_process_keeps_the_limits_by_itself(redis_url: str) -> None:
    hands, limit = Hands(), the("guest", "address")
    async with wire_to(redis_url) as wire, limiters(wire.url, hands) as (limiter,):
        await wire.cut()
        waits = [await wait_of(limiter.use("guest", Who(KITCHEN))) for _ in range(limit.burst + 1)]
        assert waits[:-1] == [0] * limit.burst
        assert waits[-1] > 0
        await wire.start()
        hands.ms += AWAY_MS + 1
        # Redis has heard of none of them.
        assert await wait_of(limiter.use("guest", Who(KITCHEN))) == 0


@pytest.mark.gen_test(timeout=30)
async def test_what_processes_count_by_themselves_they_tell_each_other(redis_url: str) -> None:
    hands, limit = Hands(), the("command", "user")
    rate = limit.per_minute / 60

    def tried(limiter: Limiter, times: int, user: str = "alice") -> int:
        done = 0
        for _ in range(times):
            try:
                limiter.use_here("command", Who("", user))
            except Limited:
                break
            done += 1
        return done

    async def told(four: list[Limiter]) -> None:
        hands.ms += 1_000 * TELL_S
        for limiter in four:
            await limiter.tell()

    async with limiters(redis_url, hands, 4) as four:
        # Before they have told each other, each lets through what one may.
        assert [tried(limiter, 1_000) for limiter in four] == [limit.burst] * 4
        await told(four)
        # Nobody else waits with her.
        assert tried(four[3], 1) == 0
        assert tried(four[3], limit.burst, "bob") == limit.burst
        minutes = []
        for _ in range(4):
            minutes.append(0)
            for _ in range(int(60 / TELL_S)):
                # Never faster than one process would let through, so that by itself none finds anything wrong with it.
                minutes[-1] += sum(tried(limiter, int(rate * TELL_S)) for limiter in four)
                await told(four)
        # What was too much at first is waited for, and over time all of them let through what one does.
        assert 4 * limit.burst + sum(minutes) <= limit.burst + 4.5 * limit.per_minute
        assert 0.8 * limit.per_minute <= minutes[-1] <= 1.1 * limit.per_minute
        # Whoever does little is nobody's business.
        client = redis_store.connect(redis_url)
        assert tried(four[0], 1, "carol") == 1
        await told(four)
        known = [await client.exists(told_of(f"command:user:{user}")) for user in ("alice", "bob", "carol")]
        assert known == [1, 1, 0]
        await client.aclose(close_connection_pool=True)


@pytest.mark.redis("single")
@pytest.mark.gen_test(timeout=30)
async def test_no_limits_ask_nobody(redis_url: str) -> None:
    hands = Hands()
    async with wire_to(redis_url) as wire, limiters(wire.url, hands, scale=0) as (limiter,):
        await wire.cut()
        for _ in range(1_000):
            await limiter.use("registration", Who(KITCHEN))
            await limiter.wrong_code(KITCHEN)
            limiter.use_here("socket", Who(KITCHEN))
            await limiter.tell()
            limiter.demand_code(KITCHEN)
            limiter.demand("wrong_password", Who(room="r"))


@pytest.mark.gen_test(timeout=30)
async def test_redis_own_clock_is_asked_nothing_stays_behind_and_it_is_quick(redis_url: str) -> None:
    client = redis_store.connect(redis_url)
    gcra, measure = Gcra(client), Measure.of(Limit("x", "address", 2, 60), 1)
    asked = [Asked("x", "a", *measure, 1), Asked("y", "b", *measure, 1)]
    assert [taken for taken, _ in await gcra.take(asked)] == [True, True]
    assert 1_000 < await client.pttl(limit_of("x", "a")) <= 2_000
    took = []
    for _ in range(200):
        began = time.perf_counter()
        await gcra.take(asked)
        took.append(1_000 * (time.perf_counter() - began))
    await client.aclose(close_connection_pool=True)
    # Alone on the machine it is 0.12 ms over a socket file; this is for a busy one.
    assert statistics.median(took) < 5
