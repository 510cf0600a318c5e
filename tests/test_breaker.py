"""Who does not answer is left alone for a while; who says that it was too much, for as long as they like."""

import asyncio
from random import Random

import pytest
from hub_world import until
from providers_world import Hands, deezer, upstream
from standins.deezer import deezer_standin
from standins.radio import radio_standin
from test_upstream import ask

from roomd.catalogue.breaker import FAILURES, JITTER, OPEN_MS, Breaker, Trouble
from roomd.catalogue.pace import Pace
from roomd.domain.refusals import NotFound, Unavailable

TAGS = "/json/tags"


def opened(breaker: Breaker) -> None:
    for _ in range(FAILURES):
        assert breaker.admits()
        with pytest.raises(Trouble), breaker.attempt():
            raise Trouble("no answer")


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_try_at_a_time_through() -> None:
    hands = Hands()
    breaker = Breaker(hands.now, Random(1))
    for _ in range(FAILURES - 1):
        with pytest.raises(Trouble), breaker.attempt():
            raise Trouble("no answer")
    with breaker.attempt():
        pass
    opened(breaker)
    assert breaker.open and not breaker.admits()
    hands.ms += OPEN_MS * (1 - JITTER) - 1
    assert not breaker.admits()
    hands.ms += OPEN_MS * 2 * JITTER + 2
    assert breaker.admits()
    with pytest.raises(Trouble), breaker.attempt():
        assert not breaker.admits()
        raise Trouble("still no answer")
    assert not breaker.admits()
    hands.ms += OPEN_MS * (1 + JITTER)
    with breaker.attempt():
        pass
    assert breaker.admits() and not breaker.open


def test_a_breaker_is_told_nothing_by_what_was_cancelled() -> None:
    hands = Hands()
    breaker = Breaker(hands.now, Random(1))
    opened(breaker)
    hands.ms += OPEN_MS * 2
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.open and breaker.admits()
    with pytest.raises(NotFound), breaker.attempt(NotFound):
        raise NotFound("It answers that there is none.")
    assert not breaker.open


def test_breakers_do_not_try_again_all_at_once() -> None:
    ends = set()
    for seed in range(20):
        hands = Hands()
        hands.ms = 0.0
        breaker = Breaker(hands.now, Random(seed))
        opened(breaker)
        while not breaker.admits():
            hands.ms += 500
        ends.add(hands.ms)
    assert len(ends) > 10 and min(ends) >= OPEN_MS * (1 - JITTER) and max(ends) <= OPEN_MS * (1 + JITTER) + 500


@pytest.mark.logs("Deezer does not answer, and is left alone for half a minute: status 503")
@pytest.mark.gen_test(timeout=20)
async def test_a_service_that_is_down_is_left_alone_and_tried_again() -> None:
    hands = Hands()
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", hands) as there:
        standin.down = True
        for _ in range(FAILURES + 20):
            assert await ask(there) == "provider_down"
        assert len(standin.requests) == FAILURES
        hands.ms += OPEN_MS * (1 + JITTER)
        assert await ask(there) == "provider_down"
        assert len(standin.requests) == FAILURES + 1
        assert await ask(there) == "provider_down"
        assert len(standin.requests) == FAILURES + 1
        standin.down = False
        standin.slow_s = 0.3
        hands.ms += OPEN_MS * (1 + JITTER)
        first, *others = [asyncio.create_task(ask(there)) for _ in range(4)]
        await until(lambda: len(standin.requests) == FAILURES + 2)
        # The others wait for what comes of the first.
        assert not any(each.done() for each in others)
        assert await asyncio.gather(first, *others) == [""] * 4
        assert len(standin.requests) == FAILURES + 5


@pytest.mark.logs("Deezer does not answer, and is left alone for half a minute: status 503")
@pytest.mark.gen_test(timeout=20)
async def test_a_try_that_is_broken_off_is_followed_by_another() -> None:
    hands = Hands()
    async with deezer_standin() as standin, upstream(standin.url, "Deezer", hands) as there:
        standin.down = True
        for _ in range(FAILURES):
            assert await ask(there) == "provider_down"
        standin.down, standin.broken = False, "silent"
        hands.ms += OPEN_MS * (1 + JITTER)
        first, second, third = [asyncio.create_task(ask(there)) for _ in range(3)]
        await until(lambda: len(standin.requests) == FAILURES + 1)
        standin.broken = "html"
        first.cancel()
        assert await asyncio.gather(second, third) == ["provider_down"] * 2
        assert len(standin.requests) == FAILURES + 2


@pytest.mark.logs("Deezer does not answer, and is left alone for half a minute: status 503")
@pytest.mark.gen_test(timeout=20)
async def test_a_question_of_several_requests_finds_out_that_it_is_back() -> None:
    hands = Hands()
    async with deezer_standin() as standin, deezer(standin.url, hands) as provider:
        standin.down = True
        for _ in range(3):
            with pytest.raises(Unavailable):
                await provider.search("rain", 3)
        standin.down = False
        hands.ms += OPEN_MS * (1 + JITTER)
        assert len((await provider.search("rain", 3)).songs) == 3


@pytest.mark.gen_test(timeout=20)
async def test_being_throttled_is_waited_out_longer_each_time_and_is_no_outage() -> None:
    hands = Hands()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        hands.ms += seconds * 1_000

    pace = Pace(hands.now, Random(1), sleep=sleep)
    async with radio_standin() as standin, upstream(standin.url, "Radio", hands, pace) as there:
        standin.throttled = True
        for number, pause in enumerate((1.0, 2.0, 4.0, 8.0, 8.0, 8.0), 1):
            assert await ask(there, TAGS) == "provider_busy"
            assert len(standin.requests) == number
            if pause > 2:  # Too long to wait for.
                assert await ask(there, TAGS) == "provider_busy"
                assert (len(standin.requests), slept) == (number, [])
            hands.ms += pause * 1_250
        standin.throttled = 0
        assert await ask(there, TAGS) == ""
        standin.throttled = 1
        assert await ask(there, TAGS) == "provider_busy"
        assert await ask(there, TAGS) == "" and 1.0 <= sum(slept) <= 1.25


@pytest.mark.gen_test(timeout=20)
async def test_a_time_that_is_named_is_kept() -> None:
    hands = Hands()
    async with radio_standin() as standin, upstream(standin.url, "Radio", hands) as there:
        standin.throttled, standin.retry_after = 1, "30"
        assert await ask(there, TAGS) == "provider_busy"
        hands.ms += 27_900
        assert await ask(there, TAGS) == "provider_busy"
        assert len(standin.requests) == 1
        hands.ms += 2_101
        assert await ask(there, TAGS) == ""
