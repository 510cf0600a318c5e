"""The embedded stores when something is killed: their parent, they themselves, once or too often."""

# ruff: noqa: ASYNC220, ASYNC240 - nothing else is waiting for these tests' loops

import asyncio
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from roomd.embedded import EmbeddedError, Stores, predecessor, stores
from roomd.embedded.child import HEALTHY_S, Patience
from roomd.embedded.spawn import Tie
from roomd.settings import Settings

#: A server's skeleton. Imports come first: the user it changes to may not be able to read Python's own folder.
PARENT = """
import asyncio, concurrent.futures.thread, json, os, sys
from pathlib import Path
from roomd.embedded import stores
from roomd.embedded.spawn import Tie
from roomd.settings import Settings

data, tie, uid, gid = sys.argv[1:]
if os.geteuid() == 0 and int(uid):
    os.setgroups([])
    os.setresgid(int(gid), int(gid), int(gid))
    os.setresuid(int(uid), int(uid), int(uid))

async def main():
    async with stores(Settings(data_dir=Path(data)), print, tie=Tie[tie]) as urls:
        print(json.dumps(urls), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@contextmanager
def _parent(data: Path, tie: Tie, uid: int = 0, gid: int = 0) -> Iterator[tuple[subprocess.Popen[str], Stores]]:
    command = [sys.executable, "-c", PARENT, str(data), tie.name, str(uid), str(gid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Stores(*json.loads(process.stdout.readline()))
        finally:
            process.kill()


def _unexpected(message: str) -> None:
    raise AssertionError(message)


def _pids(data: Path) -> list[int]:
    files = (data / "redis" / "redis.pid", data / "postgres" / "postmaster.pid")
    return [int(file.read_text().split()[0]) for file in files]


def _runs(pid: int) -> bool:
    """Whether it runs. A zombie does not: whether orphans are reaped is up to the machine's process 1."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _until(true: Callable[[], bool], limit_s: float = 10.0) -> None:
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110 - other processes set no Event
            await asyncio.sleep(0.005)


async def _add(urls: Stores) -> None:
    redis = Redis.from_url(urls.redis_url)
    await redis.incr("count")
    await redis.aclose()
    connection = await asyncpg.connect(urls.database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS counted (id serial)")
    await connection.execute("INSERT INTO counted DEFAULT VALUES")
    await connection.close()


async def _counts(urls: Stores) -> tuple[int, int]:
    redis = Redis.from_url(urls.redis_url)
    in_redis = int(await redis.get("count") or 0)
    await redis.aclose()
    connection = await asyncpg.connect(urls.database_url)
    in_postgres = await connection.fetchval("SELECT count(*) FROM counted")
    await connection.close()
    return in_redis, in_postgres


@pytest.mark.parametrize("tie", list(Tie))
@pytest.mark.gen_test(timeout=60)
async def test_they_end_with_a_killed_parent_and_nothing_is_lost(
    data_dir: Path, tie: Tie, record_property: Callable[[str, object], None]
) -> None:
    with _parent(data_dir, tie) as (process, urls):
        await _add(urls)
        pids = _pids(data_dir)
        process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await _until(lambda: not any(_runs(pid) for pid in pids), limit_s=5.0)
        record_property("gone_after_s", round(time.monotonic() - killed, 3))
    async with stores(Settings(data_dir=data_dir), _unexpected) as urls:
        assert await _counts(urls) == (1, 1)


@pytest.mark.parametrize("tie", list(Tie))
@pytest.mark.gen_test(timeout=60)
async def test_a_start_right_after_a_kill_waits_for_what_is_still_ending(data_dir: Path, tie: Tie) -> None:
    for count in range(1, 4):
        with _parent(data_dir, tie) as (process, urls):
            await _add(urls)
            assert await _counts(urls) == (count, count)
            pids = _pids(data_dir)
            process.kill()
            process.wait()
    await _until(lambda: not any(_runs(pid) for pid in pids))


@pytest.mark.gen_test(timeout=30)
async def test_an_ordinary_user_runs_them_as_itself(data_dir: Path) -> None:
    who = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(data_dir, who.pw_uid, who.pw_gid)
    with _parent(data_dir, Tie.KERNEL, who.pw_uid, who.pw_gid) as (process, urls):
        await _add(urls)
        assert data_dir.stat().st_mode & 0o777 == 0o700
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in _pids(data_dir)} == {who.pw_uid}
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.logs(r"^roomd\.embedded: redis ended \(SIGKILL\); restarting", r"postgres ended \(SIGKILL\); restarting")
@pytest.mark.parametrize("tie", list(Tie))
@pytest.mark.gen_test(timeout=30)
async def test_a_store_that_dies_comes_back_with_its_data(data_dir: Path, tie: Tie) -> None:
    async with stores(Settings(data_dir=data_dir), _unexpected, tie=tie) as urls:
        await _add(urls)
        before = _pids(data_dir)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while True:
                try:
                    counts = await _counts(urls)
                    break
                except (OSError, RedisError, asyncpg.PostgresError):
                    await asyncio.sleep(0.02)
        assert counts == (1, 1)
        assert not set(before) & set(_pids(data_dir))


@pytest.mark.logs(
    r"^roomd\.embedded: redis ended \(SIGKILL\); restarting it in 0\.1 s",
    *(rf"restarting it in 0\.{digit} s" for digit in "248"),
)
@pytest.mark.gen_test(timeout=30)
async def test_a_store_that_keeps_dying_is_given_up_once(data_dir: Path) -> None:
    lost: asyncio.Queue[str] = asyncio.Queue()
    file = data_dir / "redis" / "redis.pid"
    settings = Settings(data_dir=data_dir, database_url="postgresql://elsewhere")
    async with stores(settings, lost.put_nowait):
        dead = 0
        for _ in range(5):
            await _until(lambda: file.exists() and file.read_text().strip() not in ("", str(dead)))  # noqa: B023 - awaited here
            dead = int(file.read_text())
            os.kill(dead, signal.SIGKILL)
        message = await asyncio.wait_for(lost.get(), 10)
    assert "redis" in message
    assert "5th time in a row" in message
    assert str(data_dir / "log" / "redis.log") in message
    assert lost.empty()


def test_patience_ends_with_the_fifth_early_death_and_is_restored_by_health() -> None:
    patience = Patience()
    assert [patience.pause_after(0.5) for _ in range(4)] == [0.1, 0.2, 0.4, 0.8]
    assert patience.pause_after(HEALTHY_S) == 0.1
    assert [patience.pause_after(9.9) for _ in range(4)] == [0.2, 0.4, 0.8, None]


@pytest.mark.gen_test(timeout=20)
async def test_a_process_of_an_earlier_run_is_waited_for_and_a_strangers_number_is_not(data_dir: Path) -> None:
    file, socket = data_dir / "redis.pid", data_dir / "redis.sock"
    socket.touch()
    with subprocess.Popen(["sleep", "60"], cwd=data_dir) as old:
        file.write_text(f"{old.pid}\n")
        with pytest.raises(EmbeddedError, match=f"still used by process {old.pid} of an earlier roomd"):
            await predecessor.gone(file, data_dir, "redis-server", [socket], limit_s=0.1)
        assert socket.exists(), "it may still be listening there"
        waiting = asyncio.create_task(predecessor.gone(file, data_dir, "redis-server", [socket]))
        await asyncio.sleep(0)
        old.kill()
    await waiting
    assert not socket.exists()
    file.write_text(f"{os.getpid()}\n")
    await predecessor.gone(file, data_dir, "redis-server", [])
    assert not file.exists(), "PostgreSQL would refuse to start because of it"
