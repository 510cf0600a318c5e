"""The embedded stores in everyday use: they start, answer, keep their data, and stop."""

# ruff: noqa: ASYNC240 - nothing else is waiting for these tests' loops

import asyncio
import logging
import os
import pwd
import stat
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from roomd.embedded import EmbeddedError, Stores, stores
from roomd.embedded.spawn import Tie
from roomd.settings import Settings


def _unexpected(message: str) -> None:
    raise AssertionError(message)


async def _keep(urls: Stores, name: str) -> None:
    redis = Redis.from_url(urls.redis_url)
    await redis.set(name, "kept")
    await redis.aclose()
    connection = await asyncpg.connect(urls.database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (name text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", name)
    await connection.close()


async def _kept(urls: Stores) -> tuple[set[str], set[str]]:
    redis = Redis.from_url(urls.redis_url, decode_responses=True)
    keys = {str(key) for key in await redis.keys()}
    await redis.aclose()
    connection = await asyncpg.connect(urls.database_url)
    rows = {row["name"] for row in await connection.fetch("SELECT name FROM kept")}
    await connection.close()
    return keys, rows


def _pid(file: Path) -> int:
    return int(file.read_text().split()[0])


@pytest.mark.parametrize("tie", list(Tie))
@pytest.mark.gen_test(timeout=30)
async def test_what_was_written_is_there_after_a_stop(data_dir: Path, tie: Tie) -> None:
    settings = Settings(data_dir=data_dir)
    async with stores(settings, _unexpected, tie=tie) as urls:
        await _keep(urls, "first")
        pids = [_pid(data_dir / "redis" / "redis.pid"), _pid(data_dir / "postgres" / "postmaster.pid")]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)  # ended, and reaped too: a zombie would still have its number
    async with stores(settings, _unexpected, tie=tie) as urls:
        await _keep(urls, "second")
        assert await _kept(urls) == ({"first", "second"}, {"first", "second"})
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


@pytest.mark.gen_test(timeout=20)
async def test_redis_is_on_disk_before_it_answers_and_never_forgets_on_its_own(data_dir: Path) -> None:
    async with stores(Settings(data_dir=data_dir, database_url="postgresql://elsewhere"), _unexpected) as urls:
        assert urls.database_url == "postgresql://elsewhere"
        redis = Redis.from_url(urls.redis_url, decode_responses=True)
        config = await redis.config_get("*")
        await redis.aclose()
    expected = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": "", "port": "0"}
    assert {name: config[name] for name in expected} == expected
    assert not (data_dir / "postgres").exists(), "a store that is given is not started"


@pytest.mark.gen_test(timeout=20)
async def test_postgres_waits_for_the_disk_and_is_reached_by_socket_only(data_dir: Path) -> None:
    async with stores(Settings(data_dir=data_dir, redis_url="redis://elsewhere"), _unexpected) as urls:
        assert urls.redis_url == "redis://elsewhere"
        connection = await asyncpg.connect(urls.database_url)
        names = ("fsync", "listen_addresses", "server_encoding", "shared_buffers", "max_connections")
        values = [await connection.fetchval("SELECT current_setting($1)", name) for name in names]
        collation = await connection.fetchval("SELECT datcollate FROM pg_database WHERE datname = current_database()")
        await connection.close()
    assert values == ["on", "", "UTF8", "16MB", "40"]
    assert collation == "C"


@pytest.mark.gen_test(timeout=5)
async def test_given_both_addresses_nothing_is_started_or_made(data_dir: Path) -> None:
    given = Settings(data_dir=data_dir / "none", redis_url="redis://there", database_url="postgresql://there")
    async with stores(given, _unexpected) as urls:
        assert urls == ("redis://there", "postgresql://there")
    assert not (data_dir / "none").exists()


@pytest.mark.gen_test(timeout=20)
async def test_they_run_as_somebody_harmless_in_private_folders(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = os.geteuid() == 0
    who = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    monkeypatch.setenv("SECRET_KEY", "known to roomd only")
    async with stores(Settings(data_dir=data_dir), _unexpected):
        for file in (data_dir / "redis" / "redis.pid", data_dir / "postgres" / "postmaster.pid"):
            process = Path(f"/proc/{_pid(file)}")
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
            assert status["Uid"].split() == [str(who.pw_uid)] * 4
            assert status["Gid"].split() == [str(who.pw_gid)] * 4
            assert not root or status["Groups"].split() == []
            assert b"SECRET_KEY" not in (process / "environ").read_bytes()
            assert str(data_dir / "lock") not in [str(link.readlink()) for link in (process / "fd").iterdir()]
        whole = data_dir.stat()
        assert stat.S_IMODE(whole.st_mode) == (0o710 if root else 0o700)
        assert (whole.st_uid, whole.st_gid) == (os.geteuid(), who.pw_gid)
        for name in ("redis", "postgres", "run"):
            found = (data_dir / name).stat()
            assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, who.pw_uid), name
        for name in ("redis.sock", ".s.PGSQL.5432"):
            assert stat.S_IMODE((data_dir / "run" / name).stat().st_mode) == 0o700, name


@pytest.mark.gen_test(timeout=20)
async def test_a_second_server_on_the_folder_is_told_of_the_first(data_dir: Path) -> None:
    settings = Settings(data_dir=data_dir)
    async with stores(settings, _unexpected) as urls:
        with pytest.raises(EmbeddedError, match=rf"{data_dir} is in use by another roomd, process {os.getpid()}\."):
            async with stores(settings, _unexpected):
                pass
        await _keep(urls, "undisturbed")


@pytest.mark.parametrize("name", ["x" * 100, "a, b %20 c"])
@pytest.mark.gen_test(timeout=20)
async def test_a_path_that_no_socket_can_have_is_no_obstacle(data_dir: Path, name: str) -> None:
    left = data_dir / "roomd-left"
    left.mkdir()
    data = data_dir / name
    data.mkdir(mode=0o700)
    (data / "sockets").write_text(str(left))
    data_dir.chmod(0o711)
    async with stores(Settings(data_dir=data), _unexpected) as urls:
        await _keep(urls, "far away")
        elsewhere = Path((data / "sockets").read_text())
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
        assert not left.exists(), "what a killed run left is cleared away"
    assert not elsewhere.exists()


@pytest.mark.gen_test(timeout=20)
async def test_a_long_log_is_put_aside_at_start(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data_dir=data_dir, database_url="postgresql://elsewhere")
    (data_dir / "log").mkdir()
    (data_dir / "log" / "redis.log").write_bytes(b"-" * (5 * 1024 * 1024 + 1))
    data_dir.chmod(0o700)
    with caplog.at_level(logging.INFO, "roomd.embedded"):
        async with stores(settings, _unexpected):
            assert (data_dir / "log" / "redis.log.1").stat().st_size > 5 * 1024 * 1024
            assert (data_dir / "log" / "redis.log").stat().st_size < 10_000
    assert [record.message.split(" in ")[0] for record in caplog.records] == ["redis started", "redis stopped"]


@pytest.mark.gen_test(timeout=20)
async def test_two_workers_databases_are_their_own(redis_url: str, database_url: str) -> None:
    """The fixtures that the other tests build on: an empty Redis, and a migrated database."""
    redis = Redis.from_url(redis_url)
    assert await redis.dbsize() == 0
    await redis.aclose()
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.close()
    await asyncio.sleep(0)
