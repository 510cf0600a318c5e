"""The three levels: who is asked, how often, and what is told when nobody answers."""

import asyncio
from contextlib import AbstractAsyncContextManager

import pytest
from cache_world import DAY, HOUR, MINUTE, World, world
from hub_world import eventually, until
from redis_cluster import keys_of

from roomd.catalogue.cache import PROBES, Cache
from roomd.domain.refusals import NotFound, Unavailable
from roomd.store import answers
from roomd.store.answers import LastingAnswers
from roomd.store.postgres import MOST_CONNECTIONS, DatabaseAway, PostgresConnection, PostgresPool, acquired

DOWN = Unavailable("Alice's shop is closed.", "provider_down")
GONE = NotFound("There is no such track.", "no_such_track")


async def seen(made: World, about: str = "1") -> None:
    """Have it answered once, and kept in PostgreSQL; then a day goes by in which nobody asks."""
    before = await made.kept()
    await made.ask(made.cache(), about)
    await eventually(lambda: _more(made, before), "an answer in PostgreSQL")
    made.clock.at += 2 * DAY
    made.teller.calls = 0


async def _more(made: World, before: int) -> bool:
    return await made.kept() > before


@pytest.mark.gen_test(timeout=20)
async def test_what_was_answered_is_not_asked_again(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        one, other = made.cache(), made.cache()
        assert (await made.ask(one)).value.title == "Rain"
        made.teller.title = "Storm"
        for cache in (one, other, one, other):
            answer = await made.ask(cache)
            assert (answer.value.title, answer.stale) == ("Rain", False)
        assert made.teller.calls == 1
        made.clock.at += 20 * HOUR
        assert (await made.ask(one)).value.title == "Rain", "memory has it for a minute, Redis for a day"
        made.clock.at += 8 * HOUR
        assert (await made.ask(one)).value.title == "Storm"
        assert made.teller.calls == 2
        assert told_by(one) == {"provider": 2, "memory": 2, "redis": 1}
        assert told_by(other) == {"redis": 1, "memory": 1}


def told_by(cache: Cache) -> dict[str, int]:
    """How many answers came from where."""
    return {by: count for (_, by), count in cache.answers.counts.items()}


@pytest.mark.gen_test(timeout=20)
async def test_memory_answers_without_redis_for_a_minute(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        cache = made.cache()
        await made.ask(cache)
        await made.redis.flushall()
        await made.ask(cache)
        assert made.teller.calls == 1
        made.clock.at += 1.1 * MINUTE
        await made.ask(cache)
        assert made.teller.calls == 2


@pytest.mark.gen_test(timeout=20)
async def test_many_who_ask_at_once_ask_once(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        one, other = made.cache(), made.cache()
        made.teller.may.clear()
        asking = [asyncio.create_task(made.ask(cache)) for cache in (one, other) for _ in range(20)]
        await until(lambda: made.teller.calls, "the provider is asked")
        made.teller.may.set()
        assert {answer.value.title for answer in await asyncio.gather(*asking)} == {"Rain"}
        assert made.teller.calls == 1


@pytest.mark.gen_test(timeout=20)
async def test_who_waits_for_another_process_asks_when_that_one_fails(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        one, other = made.cache(), made.cache()
        made.teller.may.clear()
        made.teller.fault = DOWN
        first = asyncio.create_task(made.ask(one))
        await until(lambda: made.teller.calls, "the first one asks")
        second = asyncio.create_task(made.ask(other))
        made.teller.may.set()
        with pytest.raises(Unavailable):
            await first
        with pytest.raises(Unavailable):
            await second
        assert made.teller.calls == 2


@pytest.mark.gen_test(timeout=20)
async def test_a_failure_is_never_kept(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        cache = made.cache()
        made.teller.fault = DOWN
        for _ in range(2):
            with pytest.raises(Unavailable) as refusal:
                await made.ask(cache)
            assert refusal.value.code == "provider_down"
        assert (made.teller.calls, await made.kept(), await keys_of(made.redis, "roomd:answer:*")) == (2, 0, [])
        made.teller.fault = None
        answer = await made.ask(cache)
        assert (answer.value.title, answer.stale) == ("Rain", False)


@pytest.mark.gen_test(timeout=20)
async def test_that_something_is_not_there_is_known_for_ten_minutes(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        await seen(made)
        one, other = made.cache(), made.cache()
        made.teller.fault = GONE
        for cache in (one, other, one):
            with pytest.raises(NotFound) as refusal:
                await made.ask(cache)
            assert (refusal.value.code, refusal.value.message) == (GONE.code, GONE.message)
        assert made.teller.calls == 1
        await eventually(lambda: _none(made), "what is gone leaves PostgreSQL")
        made.teller.fault = None
        made.clock.at += 8 * MINUTE
        with pytest.raises(NotFound):
            await made.ask(one)
        made.clock.at += 4 * MINUTE
        assert (await made.ask(one)).value.title == "Rain"


async def _none(made: World) -> bool:
    return await made.kept() == 0


@pytest.mark.gen_test(timeout=20)
async def test_what_was_seen_before_is_told_while_nobody_answers(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        await seen(made)
        made.teller.fault = DOWN
        cache = made.cache()
        for _ in range(5):
            answer = await made.ask(cache)
            assert (answer.value.title, answer.stale) == ("Rain", True)
        assert made.teller.calls == 1, "and it is not asked at every turn"
        assert told_by(cache) == {"postgresql": 1, "memory": 4}
        made.teller.fault, made.teller.title = None, "Storm"
        made.clock.at += MINUTE
        await eventually(lambda: _fresh(made), "what the provider says when it is back")


async def _fresh(made: World) -> bool:
    answer = await made.ask(made.caches[-1])
    made.clock.at += MINUTE / 10
    return (answer.value.title, answer.stale) == ("Storm", False)


@pytest.mark.gen_test(timeout=20)
async def test_who_is_slow_is_waited_for_once_and_heard_later(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(redis_url, database_url) as made:
        await seen(made, "1")
        made.clock.at -= 2 * DAY
        await seen(made, "2")
        cache = made.cache()
        made.teller.may.clear()
        made.teller.title = "Storm"
        assert (await made.ask(cache, "1")).stale
        # Now that it is known to be slow, nobody waits at all: a wait of this length would not end within the test.
        monkeypatch.setattr("roomd.catalogue.cache.PATIENCE_S", 1_000.0)
        for about in ("2", "2", "1"):
            answer = await made.ask(cache, about)
            assert (answer.value.title, answer.stale) == ("Rain", True)
        await until(lambda: made.teller.calls == 2, "each is asked for once")
        made.teller.may.set()

        async def heard() -> bool:
            return not (await made.ask(cache, "1")).stale and not (await made.ask(cache, "2")).stale

        await eventually(heard, "what it said in the end")
        assert (await made.ask(cache, "2")).value.title == "Storm"
        assert made.teller.calls == 2


@pytest.mark.gen_test(timeout=20)
async def test_whoever_gives_up_waiting_does_not_stop_the_asking(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        cache = made.cache()
        made.teller.may.clear()
        impatient = asyncio.create_task(made.ask(cache))
        await until(lambda: made.teller.calls, "the provider is asked")
        impatient.cancel()
        await asyncio.wait({impatient})
        made.teller.may.set()
        assert (await made.ask(cache)).value.title == "Rain"
        assert made.teller.calls == 1


@pytest.mark.redis("single")  # It is taken away by its address.
@pytest.mark.gen_test(timeout=20)
@pytest.mark.redis("single")  # It is taken away by its address.
async def test_without_the_stores_the_provider_still_answers(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        cache = made.cache()
        await made.pool.close()
        made.redis.connection_pool.connection_kwargs["path"] = "/nowhere"
        await made.redis.connection_pool.disconnect()
        for _ in range(2):
            assert (await made.ask(cache)).value.title == "Rain"
        assert made.teller.calls == 1


@pytest.mark.gen_test(timeout=20)
@pytest.mark.parametrize("body", [b"", b"nonsense", b"x\x9c\x03\x00\x00\x00\x00\x01"])
async def test_what_another_version_kept_is_not_understood_and_asked_anew(
    redis_url: str, database_url: str, body: bytes
) -> None:
    async with world(redis_url, database_url) as made:
        await made.ask(made.cache())
        (key,) = await keys_of(made.redis, "roomd:answer:*")
        await made.redis.set(key, body)
        assert (await made.ask(made.cache())).value.title == "Rain"
        assert made.teller.calls == 2


@pytest.mark.gen_test(timeout=20)
async def test_what_is_old_or_too_much_goes(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        lasting, now = LastingAnswers(made.pool), made.clock.at
        for days in range(10):
            await lasting.keep({f"alice:song:{days}": b"x"}, now - days * DAY)
        await lasting.keep({"alice:song:0": b"older"}, now - 20 * DAY)
        assert await lasting.get("alice:song:0") == b"x", "what is newer stays"
        assert await lasting.forget(now - 6.5 * DAY, 100, 2) == 2
        assert await lasting.forget(now - 6.5 * DAY, 100, 2) == 1
        assert await lasting.forget(now - 6.5 * DAY, 100, 2) == 0
        assert await lasting.forget(now - 6.5 * DAY, 4, 100) == 3
        assert await made.kept() == 4
        assert await lasting.get("alice:song:3") == b"x"


@pytest.mark.gen_test(timeout=20)
async def test_few_questions_are_put_to_who_is_in_trouble(redis_url: str, database_url: str) -> None:
    async with world(redis_url, database_url) as made:
        asked = [str(n) for n in range(20)]
        for about in asked:
            await made.ask(made.cache(), about)
        await eventually(lambda: _all(made, len(asked)), "all answers in PostgreSQL")
        made.clock.at += 2 * DAY
        made.teller.calls = 0
        cache = made.cache()
        made.teller.may.clear()
        for about in asked:
            assert (await made.ask(cache, about)).stale
        await until(lambda: made.teller.calls >= PROBES, "some are asked for")
        assert made.teller.calls == PROBES


async def _all(made: World, count: int) -> bool:
    return await made.kept() == count


@pytest.mark.gen_test(timeout=60)
async def test_looks_into_postgres_are_in_turn_and_leave_connections_to_others(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LOOK_S", 30.0)
    begun: list[str] = []

    def begins(pool: PostgresPool, within_s: float) -> AbstractAsyncContextManager[PostgresConnection]:
        task = asyncio.current_task()
        assert task is not None
        begun.append(task.get_name())
        return acquired(pool, within_s)

    monkeypatch.setattr(answers, "acquired", begins)
    async with world(redis_url, database_url) as made:
        lasting = LastingAnswers(made.pool)
        ended: list[int] = []

        async def look(number: int) -> None:
            assert await lasting.get(f"key {number}") is None
            ended.append(number)

        async with made.pool.acquire() as connection, asyncio.TaskGroup() as group, connection.transaction():
            await connection.execute("LOCK TABLE catalogue_answers IN ACCESS EXCLUSIVE MODE")
            for number in range(40):
                group.create_task(look(number), name=f"look {number}")
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'catalogue_answers'::regclass"

            async def all_wait() -> bool:
                return int(await connection.fetchval(waiting)) == answers.LOOKS

            await eventually(all_wait, "looks that wait for PostgreSQL")
            others = [made.pool.fetchval("SELECT 1") for _ in range(MOST_CONNECTIONS - answers.LOOKS - 1)]
            assert await asyncio.gather(*others) == [1] * len(others) and not ended
        assert sorted(ended) == list(range(40))
        assert begun == [f"look {number}" for number in range(40)]


@pytest.mark.gen_test(timeout=60)
async def test_nobody_waits_for_their_turn_for_long(
    redis_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LOOKS", 1)
    async with world(redis_url, database_url) as made:
        lasting = LastingAnswers(made.pool)
        async with made.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE catalogue_answers IN ACCESS EXCLUSIVE MODE")
            began = asyncio.get_running_loop().time()
            looks = await asyncio.gather(*(lasting.get("key") for _ in range(5)), return_exceptions=True)
            assert all(isinstance(each, DatabaseAway) for each in looks)
            assert asyncio.get_running_loop().time() - began < 3 * answers.LOOK_S + 2
        assert await lasting.get("key") is None, "each turn was given back"
