"""The rooms of a person, those that sleep among them: read where they are, so that a list wakes nobody."""

import logging
from collections.abc import Sequence

from roomd.core import Core
from roomd.domain.ids import RoomId, UserId
from roomd.domain.refusals import NotFound, no_such_room
from roomd.domain.room import Room
from roomd.store.postgres import DatabaseAway
from roomd.store.shelf import Shelf

log = logging.getLogger(__name__)


class Listing:
    def __init__(self, core: Core, shelf: Shelf) -> None:
        self._core = core
        self._shelf = shelf

    async def rooms_of(self, user: UserId, limit: int) -> list[Room]:
        """The rooms that a user is a member of, the one joined last first; without their own queue. Raises Unavailable.

        Those that sleep are left out while PostgreSQL is away.
        """
        ids = await self._core.index.rooms_of(user, limit)
        present = await self._core.store.present(ids)
        try:
            asleep, gone = await self._asleep([room_id for room_id in ids if room_id not in present])
        except DatabaseAway as fault:
            log.info("rooms that sleep are left out of a list: %s", fault)
            ids, asleep, gone = [room_id for room_id in ids if room_id in present], {}, set()
        rooms = []
        for room_id in ids:
            try:
                if room_id in gone:
                    raise no_such_room()
                room = asleep.get(room_id) or await self._core.engine.room(room_id)
            except NotFound:
                await self._core.index.drop_room_of(user, room_id)
                continue
            if user in room.members and not room.settings.personal:
                rooms.append(room)
        return rooms

    async def _asleep(self, ids: Sequence[RoomId]) -> tuple[dict[RoomId, Room], set[RoomId]]:
        """Of rooms that are not in Redis, those that sleep; and those that are no more. What remains is to be woken."""
        if not ids:
            return {}, set()
        states = await self._shelf.states(ids)
        return await self._shelf.asleep(ids), {each for each in ids if states.get(each, "closed") == "closed"}
