#!/usr/bin/env python3
"""What a command costs: decided, committed to Redis (state, log, bell) and noted for the archive.

scripts/bench_commands.py                  # one room and many, one writer at a time and 64
scripts/bench_commands.py --seconds 2 --profile 20

CPU is this process's, which does what a server does for a command but for sockets; Redis' own stands beside it.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId, UserId, make_uuid
from roomd.domain.membership import Join
from roomd.domain.room import RoomSettings
from roomd.embedded import stores
from roomd.settings import Settings
from roomd.store import migrate, postgres
from roomd.store import redis as redis_store
from roomd.store.life import Life


class Load(NamedTuple):
    rooms: int
    #: Commands under way at any time, over all rooms; and people in each room.
    outstanding: int
    members: int = 5


LOADS = (Load(1, 1), Load(1, 64), Load(64, 64), Load(1, 64, 1_000))


async def opened(core: Core, clock: Clock, load: Load) -> list[tuple[RoomId, list[Actor]]]:
    rooms = []
    for _ in range(load.rooms):
        people = [Actor(UserId(make_uuid(clock.moment().dice)), f"Writer {n}") for n in range(load.members)]
        room = await core.engine.open(RoomSettings(name="Friday"), people[0])
        for one in people:
            await core.engine.handle(room.id, Join(), one)
        rooms.append((room.id, people))
    return rooms


async def run(core: Core, rooms: list[tuple[RoomId, list[Actor]]], load: Load, seconds: float) -> list[float]:
    """Seconds that each command took."""
    spans: list[float] = []
    until = time.monotonic() + seconds

    async def write(number: int) -> None:
        room, people = rooms[number % len(rooms)]
        said = 0
        while time.monotonic() < until:
            began = time.perf_counter()
            said += 1
            who = people[(number + said) % len(people)]
            await core.engine.handle(room, Say(text=f"line {said}"), who, f"{number}-{said}")
            spans.append(time.perf_counter() - began)

    await asyncio.gather(*(write(number) for number in range(load.outstanding)))
    return sorted(spans)


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--profile", type=int, default=0, help="show so many functions of the last load")
    parser.add_argument("--load", type=int, nargs="+", default=list(range(len(LOADS))))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="roomd-bench-") as folder:
        # PostgreSQL may have to run as somebody else.
        Path(folder).chmod(0o711)
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
            redis_pid = int((await redis.info("server"))["process_id"])
            print(
                f"{'rooms':>6} {'people':>6} {'at once':>7} {'commands/s':>10} {'p50 ms':>7} {'p99 ms':>7} {'CPU us':>7} {'Redis us':>8}"
            )
            for index in options.load:
                load = LOADS[index]
                rooms = await opened(core, clock, load)
                profile = cProfile.Profile() if options.profile else None
                mine, its, began = time.process_time(), cpu_of(redis_pid), time.perf_counter()
                if profile:
                    profile.enable()
                spans = await run(core, rooms, load, options.seconds)
                if profile:
                    profile.disable()
                took = time.perf_counter() - began
                mine, its = time.process_time() - mine, cpu_of(redis_pid) - its
                print(
                    f"{load.rooms:>6} {load.members:>6} {load.outstanding:>7} {len(spans) / took:>10,.0f} {1e3 * spans[len(spans) // 2]:>7.2f} "
                    f"{1e3 * spans[int(len(spans) * 0.99)]:>7.2f} {1e6 * mine / len(spans):>7.0f} {1e6 * its / len(spans):>8.0f}",
                    flush=True,
                )
                if profile:
                    pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(options.profile)


if __name__ == "__main__":
    asyncio.run(main())
