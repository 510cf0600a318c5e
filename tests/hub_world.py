"""Hubs with their bells on a real Redis, and listeners that only listen."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from keeping_world import RedisOnly
from redis.asyncio import Redis
from rooms_world import ALICE

from roomd.clock import Clock
from roomd.dialects.dialect import Dialect, View
from roomd.dialects.native import NATIVE
from roomd.domain.actor import Actor
from roomd.domain.chat import Say
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.room import RoomSettings
from roomd.engine import Engine
from roomd.fanout import Batch
from roomd.holdings import Holdings
from roomd.hub import Hub
from roomd.presence import Presence
from roomd.store.bell import Bell
from roomd.store.index import Index
from roomd.store.redis import connect
from roomd.store.rooms import RoomStore

SETTINGS = RoomSettings(name="Friday", autoplay=False)
#: Seconds within which anything that is to happen has happened.
PATIENCE_S = 15.0


@dataclass
class Ear:
    """A socket that keeps what it is told."""

    id: SocketId
    actor: Actor = ALICE
    dialect: Dialect = NATIVE
    heard: list[dict[str, Any]] = field(default_factory=list)
    closed: tuple[int, str] | None = None

    def tell(self, batch: Batch) -> None:
        self.greet(batch.texts)

    def greet(self, texts: Sequence[str]) -> None:
        self.heard += map(json.loads, texts)

    def shut(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]

    @property
    def revs(self) -> list[int]:
        return [message["rev"] for message in self.told("commit")]

    @property
    def rev(self) -> int:
        """Up to where it knows everything."""
        return max((message["rev"] for message in self.heard if message["type"] != "welcome"), default=0)


class House:
    """One process: an engine, a hub, a bell and presence over connections of their own."""

    def __init__(self, url: str, clock: Clock, bell_url: str) -> None:
        self.redis: Redis = connect(url)
        self.bell_redis: Redis = connect(bell_url)
        self.clock = clock
        self.store, self.index = RoomStore(self.redis), Index(self.redis)
        self.engine = Engine(self.store, self.index, RedisOnly(self.redis), clock.moment)
        self.hub = Hub(self.store, self.engine, clock.now)
        self.presence = Presence(self.engine, self.index, Holdings(self.index, clock, secrets.token_hex(6)), clock)
        self.bell = Bell(self.bell_redis, self.hub.ring, self.hub.doubt)
        self.hub.connect(self.bell, lambda ear, room_id: self.presence.reattach(room_id, ear.actor, ear.id))

    def ear(self, actor: Actor = ALICE) -> Ear:
        return Ear(self.presence.new_socket(), actor)

    async def listen(
        self, room_id: RoomId, resume: tuple[int, int] | None = None, at_least: int = 0, actor: Actor = ALICE
    ) -> Ear:
        """`at_least` is a rev of the room's epoch."""
        ear = self.ear(actor)
        known = (self.hub.peek(room_id) or await self.engine.room(room_id)) if at_least else None
        epoch = known.epoch if known else 0
        await self.hub.enter(ear, room_id, (epoch, at_least), resume, welcome)
        return ear

    async def say(self, room_id: RoomId, *lines: str) -> int:
        rev = 0
        for line in lines:
            rev = (await self.engine.handle(room_id, Say(text=line), ALICE)).rev
        return rev


def welcome(view: View, resumed: bool, rev: int) -> str:
    return json.dumps({"type": "welcome", "resumed": resumed, "rev": rev})


@asynccontextmanager
async def house(url: str, clock: Clock | None = None, bell_url: str | None = None) -> AsyncIterator[House]:
    built = House(url, clock or Clock(), bell_url or url)
    await built.bell.start()
    try:
        yield built
    finally:
        for stop in (built.presence.stop, built.hub.stop, built.bell.stop):
            await stop()
        for redis in (built.redis, built.bell_redis):
            await redis.aclose()


async def until(true: Callable[[], object], what: str = "", patience_s: float = PATIENCE_S) -> None:
    """Look at a condition that is made true by others, again after each thing that happens here."""
    end = asyncio.get_running_loop().time() + patience_s
    while not true():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.005)


async def eventually(look: Callable[[], Awaitable[object]], what: str = "") -> None:
    """Look until what is looked for is there."""
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not await look():
        assert asyncio.get_running_loop().time() < end, f"waited in vain: {what}"
        await asyncio.sleep(0.01)
