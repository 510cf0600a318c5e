"""Commands, without sockets: decided, committed to Redis (state, log, bell) and archived, in this process."""

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from redis.asyncio import Redis

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId, UserId, make_uuid
from roomd.domain.membership import Join
from roomd.domain.queue import Add
from roomd.domain.room import RoomSettings
from roomd.domain.track import Track
from roomd.embedded import stores
from roomd.serve import YOUNG
from roomd.settings import Settings
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.bell import Bell
from roomd.store.life import Life

Room = tuple[RoomId, list[Actor]]
#: Rooms opened, and tracks added, at the same time.
_AT_ONCE = 32


class Load(NamedTuple):
    rooms: int
    #: Commands under way at any time, over all rooms; people in each room, and tracks in its queue.
    outstanding: int
    members: int = 5
    tracks: int = 0


class Figures(NamedTuple):
    per_s: float
    p50_ms: float
    p99_ms: float
    us_each: float
    redis_us_each: float


@dataclass
class House:
    core: Core
    clock: Clock
    redis: Redis
    pool: postgres.PostgresPool
    redis_pid: int


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """What a server keeps rooms with, on stores of its own that write to disk."""
    with tempfile.TemporaryDirectory(prefix="roomd-bench-") as folder:
        # PostgreSQL may have to run as somebody else.
        os.chmod(folder, 0o711)  # noqa: PTH101
        async with AsyncExitStack() as stack:
            urls = await stack.enter_async_context(stores(Settings(data_dir=Path(folder) / "data"), lambda _: None))
            await migrate.migrate(urls.database_url)
            pool = await postgres.connect(urls.database_url)
            stack.push_async_callback(pool.close)
            life, clock = Life(), Clock()
            redis = redis_store.connect(urls.redis_url, life)
            stack.push_async_callback(redis.aclose, close_connection_pool=True)
            core = Core.build(redis, pool, life, clock)
            await core.start()
            stack.push_async_callback(core.stop)
            gc.collect()
            gc.freeze()
            # As a server does (roomd/serve.py).
            gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
            yield House(core, clock, redis, pool, int((await redis.info("server"))["process_id"]))


async def opened(at: House, load: Load) -> list[Room]:
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one() -> Room:
        async with turn:
            people = [Actor(UserId(make_uuid(at.clock.moment().dice)), f"Writer {n}") for n in range(load.members)]
            room = await at.core.engine.open(RoomSettings(name="Friday"), people[0])
            await asyncio.gather(*(at.core.engine.handle(room.id, Join(), each) for each in people))
            for first in range(0, load.tracks, 100):
                tracks = tuple(_track(n) for n in range(first, min(first + 100, load.tracks)))
                await at.core.engine.handle(room.id, Add(tracks=tracks), people[0])
            return room.id, people

    return await asyncio.gather(*(one() for _ in range(load.rooms)))


async def measured(at: House, rooms: list[Room], load: Load, seconds: float) -> Figures:
    """People in the rooms say lines, so many at a time."""
    spans: list[float] = []
    until = time.monotonic() + seconds

    async def write(number: int) -> None:
        said = 0
        while time.monotonic() < until:
            began = time.perf_counter()
            room, people = rooms[(number + said * load.outstanding) % len(rooms)]
            said += 1
            who = people[(number + said) % len(people)]
            await at.core.engine.handle(room, Say(text=f"line {said}"), who, f"{number}-{said}")
            spans.append(time.perf_counter() - began)

    mine, its, began = time.process_time(), cpu_of(at.redis_pid), time.perf_counter()
    await asyncio.gather(*(write(number) for number in range(load.outstanding)))
    took, count = time.perf_counter() - began, len(spans)
    mine, its = time.process_time() - mine, cpu_of(at.redis_pid) - its
    spans.sort()
    p50, p99 = 1e3 * spans[count // 2], 1e3 * spans[int(count * 0.99)]
    return Figures(count / took, p50, p99, 1e6 * mine / count, 1e6 * its / count)


async def round_trip_ms(at: House, room: Room, seconds: float) -> float:
    """From a decision to its bell, heard here: what Redis adds. The median, at 100 commands a second."""
    heard: asyncio.Queue[float] = asyncio.Queue()
    bell = Bell(at.redis, lambda room, data: heard.put_nowait(time.perf_counter()), lambda room: None)
    await bell.start()
    await bell.subscribe(room[0])
    spans = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        asked = asyncio.ensure_future(at.core.engine.handle(room[0], Say(text="a line"), room[1][0]))
        spans.append(await heard.get() - began)
        await asked
        await asyncio.sleep(0.01)
    await bell.stop()
    return 1e3 * statistics.median(spans)


async def put_to_sleep(at: House, count: int) -> None:
    """So many rooms that are only in PostgreSQL."""
    await at.pool.execute(
        """
        INSERT INTO rooms (id, code, name, epoch, state, last_activity, listed)
        SELECT gen_random_uuid(), 'S' || n, 'Asleep', 1, 'asleep', 1e12 + n, n % 10 = 0 FROM generate_series(1, $1) n
        """,
        count,
    )


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _track(number: int) -> Track:
    address = f"https://media.example/{number}.mp3"
    return Track(url=address, title=f"Track {number}", artist="Alice Example", duration_ms=180_000, kind="audio")
