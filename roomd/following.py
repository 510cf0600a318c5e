"""Which rooms are followed here: those with a socket, with somebody at the door, or with somebody about to enter."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Refusal
from roomd.followed import Followed
from roomd.store.bell import Bell
from roomd.tasks import Tasks

log = logging.getLogger(__name__)


class Following:
    """`load` makes the copy of a room, once its bell is heard; `behind` is told of one that was rung meanwhile."""

    def __init__(self, load: Callable[[RoomId], Awaitable[Followed]], behind: Callable[[Followed], object]) -> None:
        self._load = load
        self._behind = behind
        self._rooms: dict[RoomId, Followed] = {}
        self._opening: dict[RoomId, asyncio.Task[Followed]] = {}
        #: Those of them whose copy may be older than what was rung.
        self._missed: set[RoomId] = set()
        #: How many are about to enter a room.
        self._coming: dict[RoomId, int] = {}
        self._tasks = Tasks(log)
        self.bell: Bell

    @property
    def rooms(self) -> list[Followed]:
        return list(self._rooms.values())

    def get(self, room_id: RoomId) -> Followed | None:
        return self._rooms.get(room_id)

    def has(self, followed: Followed) -> bool:
        """Whether this copy is the one that is kept up to date."""
        return self._rooms.get(followed.room.id) is followed

    def missed(self, room_id: RoomId) -> None:
        """Something was rung, or may have been, that no copy here takes in."""
        if room_id in self._opening:
            self._missed.add(room_id)

    async def follow(self, room_id: RoomId) -> Followed:
        """Start hearing of a room, once however many ask. Raises NotFound or Unavailable."""
        followed = self._rooms.get(room_id)
        if followed is not None:
            return followed
        task = self._opening.get(room_id)
        if task is None:
            task = self._opening[room_id] = self._tasks.start("following", self._open(room_id), expected=(Refusal,))
            task.add_done_callback(lambda _: self._opened(room_id))
        return await asyncio.shield(task)

    @contextmanager
    def about_to_enter(self, room_id: RoomId) -> Iterator[None]:
        """As long as somebody is, the room is followed though it is empty."""
        self._coming[room_id] = self._coming.get(room_id, 0) + 1
        try:
            yield
        finally:
            self._coming[room_id] -= 1
            if not self._coming[room_id]:
                del self._coming[room_id]
            self.leave_empty(room_id)

    def leave_empty(self, room_id: RoomId) -> None:
        """Stop hearing of a room that nobody is in."""
        followed = self._rooms.get(room_id)
        if followed and not followed.sockets and not followed.lobby and room_id not in self._coming:
            self.drop(room_id)

    def drop(self, room_id: RoomId) -> None:
        if self._rooms.pop(room_id, None) is not None:
            self._tasks.start("unsubscribing", self._quiet(room_id))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _open(self, room_id: RoomId) -> Followed:
        await self.bell.subscribe(room_id)
        try:
            followed = await self._load(room_id)
        except BaseException:
            await self.bell.unsubscribe(room_id)
            raise
        self._rooms[room_id] = followed
        if room_id in self._missed:
            self._behind(followed)
        return followed

    def _opened(self, room_id: RoomId) -> None:
        """Whoever wanted it may have gone away meanwhile."""
        self._opening.pop(room_id, None)
        self._missed.discard(room_id)
        self.leave_empty(room_id)

    async def _quiet(self, room_id: RoomId) -> None:
        if room_id not in self._rooms and room_id not in self._opening:
            await self.bell.unsubscribe(room_id)
