"""Processes over a Redis Cluster, writers who send again until they are answered, and what must hold afterwards."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from archive_world import Process, process
from hub_world import Ear, welcome
from redis_cluster import RedisCluster, Server

from roomd.clock import Clock
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.refusals import Unavailable
from roomd.hub import Hub
from roomd.store.bell import Bell
from roomd.store.keys import room_keys

#: Seconds after which a refused writer sends again.
PAUSE_S = 0.05


@dataclass
class Told:
    """A process with a hub, and somebody who listens there."""

    process: Process
    hub: Hub
    bell: Bell

    async def listen(self, room: RoomId, name: str) -> Ear:
        ear = Ear(SocketId(f"p.{name}"))
        await self.hub.enter(ear, room, (0, 0), None, welcome)
        return ear


@asynccontextmanager
async def told(redis_url: str, database_url: str) -> AsyncIterator[Told]:
    async with process(redis_url, database_url, Clock()) as one:
        hub = Hub(one.core.store, one.core.engine, one.clock.now)
        bell = Bell(one.redis, hub.ring, hub.doubt)

        hub.connect(bell, lambda ear, room_id: None)
        await bell.start()
        try:
            yield Told(one, hub, bell)
        finally:
            await hub.stop()
            await bell.stop()


async def room_at(cluster: RedisCluster, one: Process, server: Server) -> RoomId:
    """A new room in a slot of this master."""
    for _ in range(100):
        room = await one.open()
        if cluster.master_of(room_keys(room.id).meta) is server:
            return room.id
    raise AssertionError("no room came there")


@dataclass
class Ledger:
    """What writers were told: by each line, the level with which it was acknowledged."""

    acked: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    slowest: float = 0.0

    async def write(self, one: Process, room: RoomId, name: str, lines: int) -> None:
        """Say lines, each again under its id until it is acknowledged."""
        loop = asyncio.get_running_loop()
        for n in range(lines):
            text, level = f"{name} {n}", ""
            while level not in {"archived", "accepted"}:
                began = loop.time()
                try:
                    _, level = await one.do(room, Say(text=text), once=f"id {text}")
                except Unavailable:
                    self.refused += 1
                    await asyncio.sleep(PAUSE_S)
                self.slowest = max(self.slowest, loop.time() - began)
            self.acked[text] = level


async def crowd(ledger: Ledger, of: list[Process], room: RoomId, writers: int, lines: int) -> None:
    """So many at once, by turns through each of the processes."""
    await asyncio.gather(*(ledger.write(of[n % len(of)], room, f"writer {n}", lines) for n in range(writers)))


async def kept(one: Process, room: RoomId, ledger: Ledger) -> None:
    """Every acknowledged line is in the room once, and PostgreSQL has the numbers without gaps."""
    whole = await one.core.moves.whole(room)
    assert whole is not None
    said = Counter(line.text for line in whole.chat)
    assert {text: said[text] for text in ledger.acked} == dict.fromkeys(ledger.acked, 1)
    assert await one.settle(room) == "archived"
    by_epoch: dict[int, list[int]] = {}
    for epoch, rev in await one.archived(room):
        by_epoch.setdefault(epoch, []).append(rev)
    for revs in by_epoch.values():
        assert revs == list(range(revs[0], revs[0] + len(revs)))


def in_order(ear: Ear) -> bool:
    """Whether each commit follows on what was told before it."""
    at: int | None = None
    for message in ear.heard:
        if message["type"] == "state":
            at = message["rev"]
        elif message["type"] == "commit":
            if message["rev"] != (at or 0) + 1:
                return False
            at = message["rev"]
    return True
