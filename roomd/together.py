"""Rooms that are wanted at the same moment are brought together: while some are on their way, the next ones gather.

One room by itself takes some eight questions to the stores; 25 of them together take as many. After Redis was emptied
under 1,000 rooms, all of them are wanted at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.tasks import Tasks

#: Rooms of one group, and groups on their way at once, so that neither store waits for the other.
GROUP = 25
GROUPS = 2

log = logging.getLogger(__name__)


class Together:
    """`bring` brings what it can of a group."""

    def __init__(self, bring: Callable[[Sequence[RoomId]], Awaitable[dict[RoomId, Room]]]) -> None:
        self._bring = bring
        #: Until it is here, so that no room is brought twice at once; and those that no group has begun with.
        self._wanted: dict[RoomId, asyncio.Future[Room | Unavailable | None]] = {}
        self._gathering: list[RoomId] = []
        self._tasks = Tasks(log)
        self._on_their_way = 0

    async def bring(self, room_id: RoomId) -> Room | None:
        """The room, once its group is there; None when it did not come with it. Raises Unavailable."""
        wanted = self._wanted.get(room_id)
        if wanted is None:
            wanted = self._wanted[room_id] = asyncio.get_running_loop().create_future()
            self._gathering.append(room_id)
            if self._on_their_way < GROUPS:
                self._on_their_way += 1
                self._tasks.start("bringing rooms", self._groups())
        came = await asyncio.shield(wanted)
        if isinstance(came, Unavailable):
            raise came
        return came

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _groups(self) -> None:
        try:
            while self._gathering:
                await self._group()
        finally:
            self._on_their_way -= 1

    async def _group(self) -> None:
        group, self._gathering = self._gathering[:GROUP], self._gathering[GROUP:]
        came: dict[RoomId, Room] = {}
        fault: Unavailable | None = None
        try:
            came = await self._bring(group)
        except Unavailable as refusal:
            fault = refusal
        finally:
            # Nobody is left waiting, whatever happened to the group.
            for room_id in group:
                wanted = self._wanted.pop(room_id)
                if not wanted.done():
                    wanted.set_result(fault or came.get(room_id))
