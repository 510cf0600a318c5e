"""Commands, without sockets: decided, committed to Redis (state, log, bell) and archived, in this process."""

import asyncio
import gc
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from redis.asyncio import Redis

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain import rules
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId, UserId, make_uuid
from roomd.domain.membership import Join
from roomd.domain.queue import Add
from roomd.domain.room import RoomSettings
from roomd.domain.track import Track
from roomd.embedded import stores
from roomd.serve import YOUNG
from roomd.settings import Settings
from roomd.store import migrate, plain, postgres
from roomd.store import redis as redis_store
from roomd.store.bell import Bell
from roomd.store.commit_script import Transaction
from roomd.store.keys import room_keys
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


class Hops(NamedTuple):
    """Milliseconds, medians: from giving a command to hearing of it; of that what Redis adds, from asking for the
    commit to its bell; and the floors of that, a script that does nothing but publish, and a PING.
    """

    whole: float
    added: float
    published: float
    ping: float


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

    rooms = await asyncio.gather(*(one() for _ in range(load.rooms)))
    await at_rest(at)
    return rooms


async def at_rest(at: House) -> None:
    """Returns once all that was done is archived: otherwise it would be counted with what comes next."""
    while at.core.archiver.behind:  # noqa: ASYNC110 - the archiver answers for commits, not for all there are
        await asyncio.sleep(0.01)


async def measured(at: House, rooms: list[Room], load: Load, seconds: float) -> Figures:
    """People in the rooms say lines, so many at a time. CPU is counted until the last of them is archived."""
    spans: list[float] = []
    # Under the ids of an earlier turn they would be lines that were said already: another way, at twice the cost.
    turn = token_hex(4)
    until = time.monotonic() + seconds

    async def write(number: int) -> None:
        said = 0
        while time.monotonic() < until:
            began = time.perf_counter()
            room, people = rooms[(number + said * load.outstanding) % len(rooms)]
            said += 1
            who = people[(number + said) % len(people)]
            await at.core.engine.handle(room, Say(text=f"line {said}"), who, f"{turn}-{number}-{said}")
            spans.append(time.perf_counter() - began)

    mine, its, began = time.process_time(), cpu_of(at.redis_pid), time.perf_counter()
    await asyncio.gather(*(write(number) for number in range(load.outstanding)))
    took, count = time.perf_counter() - began, len(spans)
    await at_rest(at)
    mine, its = time.process_time() - mine, cpu_of(at.redis_pid) - its
    spans.sort()
    p50, p99 = 1e3 * spans[count // 2], 1e3 * spans[int(count * 0.99)]
    return Figures(count / took, p50, p99, 1e6 * mine / count, 1e6 * its / count)


async def hops(at: House, room: Room, by_hand: Room, seconds: float) -> Hops:
    """What lies between a command and its bell, heard here, at 100 a second: each of these in turn."""
    heard: asyncio.Queue[float] = asyncio.Queue()
    bell = Bell(at.redis, lambda room, data: heard.put_nowait(time.perf_counter()), lambda room: None)
    await bell.start()
    for each in (room, by_hand):
        await bell.subscribe(each[0])
    publish = at.redis.register_script("return redis.call('PUBLISH', KEYS[1], ARGV[1])")
    asking: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: at.core.engine.handle(room[0], Say(text="a line"), room[1][0]),
        await _commits(at, by_hand),
        lambda: publish(keys=[room_keys(room[0]).bell], args=["x" * 300]),
        at.redis.ping,
    )
    spans: list[list[float]] = [[] for _ in asking]
    async with asyncio.timeout(10 + seconds):
        for number in range(int(100 * seconds)):
            ask = asking[number % len(asking)]
            began = time.perf_counter()
            asked = asyncio.ensure_future(ask())
            if ask == at.redis.ping:
                await asked
                heard.put_nowait(time.perf_counter())
            spans[number % len(asking)].append(await heard.get() - began)
            await asked
            await asyncio.sleep(0.01)
    await bell.stop()
    return Hops(*(1e3 * statistics.median(each) for each in spans))


async def _commits(at: House, room: Room) -> Callable[[], Awaitable[object]]:
    """Asks for commits that were decided before, one after the other."""
    now, who = await at.core.engine.room(room[0]), room[1][0]

    def decided() -> Transaction:
        moment = at.clock.moment()
        events, after = rules.outcome(now, Say(text="a line"), who, moment)
        commit = Commit(
            epoch=now.epoch, rev=now.rev + 1, at=moment.now, by=who.id, by_name=who.name, events=tuple(events)
        )
        made = plain.change(now, commit, rules.numbered(after, commit))
        return Transaction([made], [(f":{token_hex(8)}", commit.rev)])

    ready = decided()

    async def ask() -> None:
        nonlocal now, ready
        answer = at.core.store.begin_each([ready])
        assert answer is not None
        await answer
        at.core.store.ended(answer)
        now = ready.changes[-1].after
        ready = decided()

    return ask


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
