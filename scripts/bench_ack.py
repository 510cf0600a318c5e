"""What waiting for the archive costs: python scripts/bench_ack.py [SECONDS]

Real stores of our own in a temporary folder, written through to disk, and a room for each four writers. A writer says
a line, waits for its acknowledgement, and says the next, for so many seconds (3): first with PostgreSQL ("archived"),
then without ("accepted"). Counted is the time from the command to what is acknowledged, without the network.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
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

WRITERS = (1, 64)
IN_A_ROOM = 4


class Figures(NamedTuple):
    writers: int
    levels: Counter[str]
    spans_ms: list[float]
    seconds: float

    def __str__(self) -> str:
        spans = sorted(self.spans_ms)
        level = " ".join(f"{level} {count}" for level, count in sorted(self.levels.items()))
        median, p99 = spans[len(spans) // 2], spans[int(len(spans) * 0.99)]
        return f"{self.writers:>4} | {len(spans) / self.seconds:>7.0f} | {median:>8.2f} | {p99:>8.2f} | {level}"


async def write(core: Core, room: RoomId, who: Actor, until: float, figures: Figures) -> None:
    number = 0
    while time.monotonic() < until:
        began = time.perf_counter()
        number += 1
        receipt = await core.engine.handle(room, Say(text=f"line {number}"), who, f"c-{number}")
        figures.levels[await core.engine.kept(receipt)] += 1
        figures.spans_ms.append((time.perf_counter() - began) * 1_000)


async def bench(core: Core, clock: Clock, writers: int, seconds: float) -> Figures:
    people = [Actor(UserId(make_uuid(clock.moment().dice)), f"Writer {n}") for n in range(writers)]
    settings = RoomSettings(name="Friday")
    rooms = [(await core.engine.open(settings, host)).id for host in people[::IN_A_ROOM]]
    for number, person in enumerate(people):
        await core.engine.handle(rooms[number // IN_A_ROOM], Join(), person)
    figures = Figures(writers, Counter(), [], seconds)
    until = time.monotonic() + seconds
    work = (write(core, rooms[n // IN_A_ROOM], who, until, figures) for n, who in enumerate(people))
    await asyncio.gather(*work)
    return figures


async def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: PTH101 - the stores' own user has to pass through
        async with AsyncExitStack() as stack:
            urls = await stack.enter_async_context(stores(Settings(data_dir=folder / "d"), print))
            await migrate.migrate(urls.database_url)
            clock, life = Clock(), Life()
            pool = await postgres.connect(urls.database_url)
            redis = redis_store.connect(urls.redis_url, life)
            stack.push_async_callback(redis.aclose, close_connection_pool=True)
            core = Core.build(redis, pool, life, clock)
            await core.start()
            stack.push_async_callback(core.stop)
            print("writers | acks/s | median ms |  p99 ms | levels")
            for writers in WRITERS:
                print(await bench(core, clock, writers, seconds))
            # From here on it is as if PostgreSQL were away.
            await pool.close()
            for writers in WRITERS:
                print(await bench(core, clock, writers, seconds))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0))
