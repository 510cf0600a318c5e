"""Rooms that live in Redis and nowhere else, for tests that are not about how they are kept."""

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from roomd.archived import Level
from roomd.domain.ids import Code, RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.store.life import Life
from roomd.store.moves import Moves
from roomd.store.plain import Change
from roomd.store.rooms import RoomStore


class RedisOnly:
    def __init__(self, redis: Redis) -> None:
        self._store = RoomStore(redis)
        self._moves = Moves(redis, Life())
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, room_id: RoomId) -> Room | None:
        return await self._store.load(room_id)

    async def hold(self, room_id: RoomId) -> None:
        pass

    def holds(self, room_id: RoomId) -> bool:
        return True

    async def find_code(self, code: Code) -> RoomId | None:
        return None

    async def taken(self, code: Code) -> bool:
        return False

    def note(self, room_id: RoomId, change: Change) -> asyncio.Future[Level]:
        return self.settled(room_id, change.commit.epoch, change.commit.rev)

    def settled(self, room_id: RoomId, epoch: int, rev: int) -> asyncio.Future[Level]:
        answer: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        answer.set_result("accepted")
        return answer

    def bury(self, room: Room) -> None:
        task = asyncio.create_task(self._bury(room))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bury(self, room: Room) -> None:
        # A test may take Redis away meanwhile.
        with suppress(Unavailable):
            await self._moves.forget(room)
