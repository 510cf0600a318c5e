"""A connection to PostgreSQL stays taken while it is asked often, goes back later, and is replaced when it is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from hub_world import until

from roomd.store import postgres
from roomd.store.kept import KeptConnection
from roomd.store.postgres import DatabaseAway, PostgresPool

ME = "SELECT pg_backend_pid()"


@asynccontextmanager
async def opened(database_url: str) -> AsyncIterator[PostgresPool]:
    pool = await postgres.connect(database_url)
    try:
        yield pool
    finally:
        await postgres.close(pool)


async def _asked(kept: KeptConnection) -> int:
    return int(await kept.fetchval(ME))


@pytest.mark.gen_test(timeout=20)
async def test_it_stays_while_it_is_asked_and_goes_back_when_it_is_not(database_url: str) -> None:
    async with opened(database_url) as pool:
        kept = KeptConnection(pool)
        first = await _asked(kept)
        assert await _asked(kept) == first
        assert pool.get_idle_size() == pool.get_size() - 1
        await until(lambda: pool.get_idle_size() == pool.get_size(), "it goes back")
        assert await _asked(kept) > 0


@pytest.mark.gen_test(timeout=20)
async def test_two_questions_at_once_have_a_connection_each(database_url: str) -> None:
    async with opened(database_url) as pool:
        kept = KeptConnection(pool)

        slow = "SELECT pg_backend_pid() FROM pg_sleep(0.05)"
        assert len(set(await asyncio.gather(*(kept.fetchval(slow) for _ in range(3))))) == 3


@pytest.mark.gen_test(timeout=20)
async def test_one_that_was_lost_is_replaced_and_a_fault_gives_it_back(database_url: str) -> None:
    async with opened(database_url) as pool:
        kept = KeptConnection(pool)
        first = await _asked(kept)
        # Lost while nobody asks: once that is known, the next question does not notice.
        await pool.execute("SELECT pg_terminate_backend($1)", first)
        await until(lambda: pool.get_size() == 1, "the pool notices")
        second = await _asked(kept)
        assert second != first
        # Lost while it is asked: that question fails, as an outage.
        with pytest.raises(DatabaseAway):
            await kept.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(asyncpg.UndefinedTableError):
            await kept.fetchval("SELECT * FROM nowhere")
        assert pool.get_idle_size() == pool.get_size()
        assert await _asked(kept) not in {first, second}


@pytest.mark.gen_test(timeout=20)
async def test_a_silent_one_is_broken_off(database_url: str) -> None:
    async with opened(database_url) as pool:
        kept = KeptConnection(pool)
        with pytest.raises(DatabaseAway):
            await kept.fetchval("SELECT pg_sleep(10)", within_s=0.05)
        assert await _asked(kept) > 0


@pytest.mark.gen_test(timeout=20)
async def test_one_that_is_broken_off_just_when_it_answers_is_away_too(database_url: str) -> None:
    async with opened(database_url) as pool:
        kept = KeptConnection(pool)
        await _asked(kept)
        asking = asyncio.create_task(kept.fetchval("SELECT 42", within_s=0.05))
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251
        with pytest.raises(DatabaseAway):
            await asking
        assert await _asked(kept) > 0
        with pytest.raises(DatabaseAway):
            async with postgres.acquired(pool, 0.05) as connection:
                asking = asyncio.create_task(connection.fetchval("SELECT 42"))
                await asyncio.sleep(0)
                # Nothing runs here until both have come, the first half of the answer and the end of the time.
                time.sleep(0.3)  # noqa: ASYNC251
                await asking
        async with postgres.acquired(pool) as connection:
            assert await connection.fetchval("SELECT 42") == 42
