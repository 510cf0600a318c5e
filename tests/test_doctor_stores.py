"""What `roomd doctor` says of real stores: those that are given, also such as are not as they should be."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from doctor_world import free_port, states, the
from redis.asyncio import Redis

from roomd.doctor import postgres, redis, stores
from roomd.doctor.clock import clock_line
from roomd.doctor.lines import Line, State
from roomd.doctor.transport import transport_line
from roomd.settings import Settings
from roomd.store.postgres_vitals import PostgresVitals
from roomd.store.redis_vitals import RedisVitals, worst

#: As Redis should be; its clock and memory are as they are.
VITALS = RedisVitals(
    version=(7, 2, 4),
    appends=True,
    save="",
    cannot_write=False,
    replica=False,
    policy="noeviction",
    used=100 << 20,
    most=1 << 30,
    machine=8 << 30,
    ping_ms=0.2,
    ahead_ms=0.0,
)


@asynccontextmanager
async def configured(url: str, **config: str) -> AsyncIterator[None]:
    """The tests' own Redis with other settings, for a while."""
    client = Redis.from_url(url, decode_responses=True)
    before = {name.replace("_", "-"): "" for name in config}
    for name in before:
        before[name] = (await client.config_get(name))[name]
    for name, value in config.items():
        await client.config_set(name.replace("_", "-"), value)
    try:
        yield
    finally:
        for name, value in before.items():
            await client.config_set(name, value)
        await client.aclose()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def ask(url: str, question: str) -> asyncpg.Record:
    connection = await asyncpg.connect(url)
    try:
        (row,) = await connection.fetch(question)
    finally:
        await connection.close()
    return row


def changed(**vitals: object) -> RedisVitals:
    return RedisVitals(**{name: getattr(VITALS, name) for name in VITALS.__struct_fields__} | vitals)  # type: ignore[arg-type]


@pytest.mark.gen_test(timeout=30)
async def test_real_stores_that_are_well(redis_url: str, database_url: str) -> None:
    lines = await stores.look(Settings(redis_url=redis_url, database_url=database_url))
    assert states(lines) == {
        "redis/answers": "ok",
        "redis/version": "ok",
        # The tests' own keeps nothing.
        "redis/persistence": "warn",
        "redis/eviction": "ok",
        "redis/memory": "ok",
        "redis/transport": "ok",
        "clock/redis": "ok",
        "postgresql/answers": "ok",
        "postgresql/version": "ok",
        "postgresql/connections": "ok",
        "postgresql/migrations": "ok",
        "postgresql/admins": "ok",
        "postgresql/transport": "ok",
        "clock/postgresql": "ok",
    }
    assert the(lines, "redis", "persistence").found == "none"
    (version,) = await ask(database_url, "SHOW server_version")
    assert version.startswith(the(lines, "postgresql", "version").found)
    client = Redis.from_url(redis_url)
    assert await client.dbsize() == 0, "nothing is written"
    await client.aclose()


@pytest.mark.gen_test(timeout=30)
async def test_a_redis_that_throws_away(redis_url: str) -> None:
    async with configured(redis_url, maxmemory="1gb", maxmemory_policy="allkeys-lru"):
        lines = await redis.look(redis_url, own=False)
    assert the(lines, "redis", "eviction").state is State.FAIL
    assert "noeviction" in the(lines, "redis", "eviction").fix
    assert "of 1.0 GiB (its limit)" in the(lines, "redis", "memory").found
    async with configured(redis_url, maxmemory_policy="volatile-ttl", save="60 1000", appendonly="no"):
        lines = await redis.look(redis_url, own=False)
    assert the(lines, "redis", "eviction").state is State.WARN
    assert the(lines, "redis", "persistence").found == "only snapshots (save 60 1000)"


@pytest.mark.gen_test(timeout=30)
async def test_a_redis_behind_a_password(redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    await client.config_set("requirepass", "correct-horse")
    try:
        for url, state in (
            (redis_url, State.FAIL),
            (f"{redis_url}&password=wrong-horse", State.FAIL),
            (f"{redis_url}&password=correct-horse", State.OK),
        ):
            lines = await redis.look(url, own=False)
            assert the(lines, "redis", "answers").state is state, url
            assert "horse" not in str(lines)
    finally:
        await client.config_set("requirepass", "")
        await client.aclose()


@pytest.mark.gen_test(timeout=30)
async def test_stores_that_are_not_there() -> None:
    port = free_port()
    settings = Settings(
        redis_url=f"redis://:hunter22@127.0.0.1:{port}", database_url=f"postgres://a:hunter22@127.0.0.1:{port}/x"
    )
    lines = await stores.look(settings)
    assert states(lines) == {"redis/answers": "fail", "postgresql/answers": "fail"}
    assert "hunter22" not in str(lines)
    assert str(port) in the(lines, "redis", "answers").found


@pytest.mark.gen_test(timeout=30)
async def test_stores_that_say_nothing() -> None:
    """They take connections, and that is all: each is given its time, beside the other."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        lines = await stores.look(Settings(redis_url=f"redis://{where}", database_url=f"postgres://{where}/x"))
        assert time.monotonic() - began < 8
    assert states(lines) == {"redis/answers": "fail", "postgresql/answers": "fail"}


@pytest.mark.gen_test(timeout=30)
async def test_something_else_answers_in_their_place(redis_url: str) -> None:
    """A web server: the answer is no Redis's."""

    async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    where = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    lines = await stores.look(Settings(redis_url=f"redis://{where}", database_url=f"postgres://{where}/x"))
    server.close()
    assert states(lines) == {"redis/answers": "fail", "postgresql/answers": "fail"}


@pytest.mark.gen_test(timeout=30)
async def test_a_database_without_migrations_stays_so(database_url: str) -> None:
    await execute(database_url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    line = the(await postgres.look(database_url, own=False), "postgresql", "migrations")
    assert line.state is State.WARN
    assert "0001_accounts" in line.found
    (count,) = await ask(database_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    assert count == 0


@pytest.mark.gen_test(timeout=30)
async def test_a_database_that_is_behind_or_ahead(database_url: str) -> None:
    await execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    behind = the(await postgres.look(database_url, own=False), "postgresql", "migrations")
    assert (behind.state, "0002_rooms" in behind.found, "0001_accounts" in behind.found) == (State.WARN, True, False)
    await execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    ahead = the(await postgres.look(database_url, own=False), "postgresql", "migrations")
    assert ahead.state is State.FAIL
    assert "run the newer roomd" in ahead.fix


@pytest.mark.gen_test(timeout=30)
async def test_a_database_with_few_connections_that_takes_no_writes(database_url: str) -> None:
    await execute(database_url, "ALTER DATABASE test CONNECTION LIMIT 5")
    await execute(database_url, "ALTER DATABASE test SET default_transaction_read_only = on")
    lines = await postgres.look(database_url, own=False)
    assert the(lines, "postgresql", "writes").state is State.FAIL
    connections = the(lines, "postgresql", "connections")
    assert connections.state is State.WARN
    assert int(connections.found.split()[0]) <= 4


@pytest.mark.gen_test(timeout=30)
async def test_a_database_that_does_not_let_us_in(database_url: str) -> None:
    for url in (database_url.replace("/test?", "/nowhere?"), database_url.replace("roomd@", "mallory:hunter22@")):
        (line,) = await postgres.look(url, own=False)
        assert line.state is State.FAIL
        assert "does not exist" in line.found
        assert "hunter22" not in str(line)


@pytest.mark.parametrize(
    ("vitals", "check", "state"),
    [
        ({}, "", State.OK),
        ({"version": (6, 0, 16)}, "version", State.FAIL),
        ({"version": (6, 2)}, "version", State.OK),
        ({"cannot_write": True}, "persistence", State.FAIL),
        ({"appends": False, "save": None}, "persistence", State.WARN),
        ({"appends": False, "save": "900 1"}, "persistence", State.WARN),
        ({"policy": "allkeys-lfu", "most": 0}, "eviction", State.WARN),
        ({"used": 900 << 20}, "memory", State.WARN),
        ({"used": 1 << 30}, "memory", State.FAIL),
        ({"most": 0, "used": 4 << 30}, "memory", State.OK),
        ({"most": 0, "used": 7 << 30}, "memory", State.WARN),
        ({"most": 0, "machine": 0}, "memory", State.OK),
    ],
)
def test_how_a_redis_is_judged(vitals: dict[str, object], check: str, state: State) -> None:
    _told(redis.judged(changed(**vitals)), check, state)


@pytest.mark.parametrize(
    ("version", "left", "read_only", "check", "state"),
    [
        ((18, 4), 50, False, "", State.OK),
        ((13, 9), 50, False, "version", State.WARN),
        ((16, 0), 9, False, "connections", State.WARN),
        ((16, 0), 10, True, "writes", State.FAIL),
    ],
)
def test_how_a_postgresql_is_judged(
    version: tuple[int, int], left: int, read_only: bool, check: str, state: State
) -> None:
    vitals = PostgresVitals(version=version, tls=False, left=left, read_only=read_only, ahead_ms=0.0)
    _told(postgres.judged(vitals), check, state)


def test_each_process_needs_its_connections() -> None:
    vitals = PostgresVitals(version=(16, 0), tls=False, left=20, read_only=False, ahead_ms=0.0)
    for processes, state in ((1, State.OK), (2, State.OK), (3, State.WARN)):
        _told(postgres.judged(vitals, processes), "connections", state)


def test_a_password_that_lies_about() -> None:
    begun = Settings(admin_email="alice@party.example", admin_password="sesame-street-7")
    for count, settings, states_ in (
        (None, Settings(), []),
        (0, Settings(), [State.OK]),
        (1, Settings(), [State.OK]),
        (0, begun, [State.OK]),
        (1, begun, [State.WARN]),
    ):
        lines = list(postgres.admins(count, settings))
        assert [line.state for line in lines] == states_
        assert "sesame" not in str(lines)


def _told(lines: Iterable[Line], check: str, state: State) -> None:
    """Everything else is well; whatever is not says what to do."""
    for line in lines:
        assert line.state is (state if line.check == check else State.OK), line
        assert bool(line.fix) == (line.state is not State.OK)


def test_clocks() -> None:
    assert clock_line("redis", 999.0).state is State.OK
    assert "1.5 s ahead of" in clock_line("redis", 1_500.0).found
    assert "2.0 s behind" in clock_line("redis", -2_000.0).found
    assert clock_line("redis", -2_000.0).state is State.WARN


@pytest.mark.parametrize(
    ("url", "tls", "state"),
    [
        ("redis://10.0.0.5:6379", False, State.WARN),
        ("redis://redis.example", False, State.WARN),
        ("rediss://redis.example", True, State.OK),
        ("redis://localhost", False, State.OK),
        ("redis://[::1]:6379", False, State.OK),
        ("redis://127.0.0.2", False, State.OK),
        ("unix:///run/redis.sock", False, State.OK),
    ],
)
def test_what_can_be_read_on_the_way(url: str, tls: bool, state: State) -> None:
    line = transport_line("redis", "REDIS_URL", url, tls=tls, fix="Use rediss://.")
    assert line.state is state
    assert "password" not in str(line)


@pytest.mark.parametrize(
    ("masters", "state", "found"),
    [
        ([{}, {}, {}], "ok", "3 masters, each with a replica"),
        ([{}, {"alone": 1}, {}], "warn", "3 masters, 1 of them without a replica"),
        ([{}, {"alone": 1}, {"all_or_none": True}], "warn", "3 masters, which stop together"),
    ],
)
def test_of_a_cluster_the_weakest_master_is_told(masters: list[dict[str, object]], state: str, found: str) -> None:
    vitals = worst([changed(**each) for each in masters])
    line = next(line for line in redis.judged(vitals) if line.check == "cluster")
    assert (line.state, line.found) == (state, found)


def test_of_a_cluster_the_worst_of_each_is_told() -> None:
    masters = [changed(used=10, most=100), changed(used=90, most=100, version=(6, 0), ping_ms=30.0, ahead_ms=-9.0)]
    vitals = worst([*masters, changed(policy="allkeys-lru", appends=False, save="60 1", cannot_write=True)])
    assert (vitals.used, vitals.version, vitals.ping_ms, vitals.ahead_ms) == (90, (6, 0), 30.0, -9.0)
    assert (vitals.policy, vitals.appends, vitals.save, vitals.cannot_write) == ("allkeys-lru", False, "60 1", True)
