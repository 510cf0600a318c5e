"""The schema: reached from nothing, by several processes at once, quickly when there is nothing to do."""

import asyncio
import logging
import subprocess
import sys

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from roomd.domain.refusals import Unavailable
from roomd.store.migrate import FOLDER, MigrationError, known, migrate, pending
from roomd.store.postgres import connect, postgres_needed


async def empty(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()


def test_file_names_and_revisions_agree() -> None:
    scripts = ScriptDirectory(str(FOLDER))
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [name.partition("_")[0] for name in known()]
    assert scripts.get_current_head() == revisions[-1]


@pytest.mark.gen_test(timeout=60)
async def test_several_start_at_once_on_an_empty_database(database_url: str) -> None:
    await empty(database_url)
    assert await pending(database_url) == known()
    handlers = logging.getLogger().handlers[:]
    await asyncio.gather(*(migrate(database_url) for _ in range(4)))
    assert await pending(database_url) == []
    assert logging.getLogger().handlers == handlers
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM users") == 0
    await connection.close()


def test_nothing_to_do_needs_no_alembic_and_prints_nothing(database_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from roomd.store.migrate import migrate\n"
        "asyncio.run(migrate(sys.argv[1]))\n"
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, database_url], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.gen_test(timeout=20)
async def test_both_spellings_of_the_address_work(database_url: str) -> None:
    short = "postgres://" + database_url.partition("://")[2]
    assert await pending(short) == []
    pool = await connect(short)
    assert await pool.fetchval("SELECT 1") == 1
    await pool.close()


@pytest.mark.gen_test(timeout=20)
async def test_a_newer_schema_is_left_alone(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(MigrationError, match="9999"):
        await migrate(database_url)


@pytest.mark.gen_test(timeout=20)
async def test_a_database_that_is_away_is_unavailable() -> None:
    for work in (migrate, pending, connect):
        with pytest.raises(Unavailable):
            await work("postgresql://roomd@/roomd?host=/nowhere")


@pytest.mark.gen_test(timeout=20)
async def test_a_connection_that_is_cut_is_unavailable_and_the_pool_recovers(database_url: str) -> None:
    pool = await connect(database_url)
    try:
        with pytest.raises(Unavailable), postgres_needed():
            await pool.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()
    with pytest.raises(Unavailable), postgres_needed():
        await pool.fetchval("SELECT 1")


@pytest.mark.gen_test(timeout=20)
async def test_a_fault_of_ours_is_not_called_an_outage(database_url: str) -> None:
    pool = await connect(database_url)
    with pytest.raises(asyncpg.DataError), postgres_needed():
        await pool.fetchval("SELECT $1::int", "not a number")
    with pytest.raises(asyncpg.PostgresSyntaxError), postgres_needed():
        await pool.fetchval("SELEC")
    with pytest.raises(ValueError, match="scheme"):
        await connect("mysql://localhost/roomd")
    await pool.close()


@pytest.mark.gen_test(timeout=20)
async def test_a_database_that_does_not_let_us_in_is_named(database_url: str) -> None:
    nowhere = database_url.replace("/test?", "/nowhere?")
    assert nowhere != database_url
    with pytest.raises(MigrationError, match="does not let us in"):
        await migrate(nowhere)
