"""How a process comes by the room as it is now: by leading its own copy on, which is cheap, or by loading it."""

from roomd.domain import rules
from roomd.domain.ids import RoomId
from roomd.domain.refusals import no_such_room
from roomd.domain.room import Room
from roomd.keeping import Keeping
from roomd.noting import Notes
from roomd.store.rooms import RoomStore
from roomd.warm import Warm


class Copies:
    def __init__(self, store: RoomStore, keeper: Keeping, notes: Notes, warm: Warm) -> None:
        self._store = store
        self._keeper = keeper
        self._notes = notes
        self._warm = warm

    async def now(self, room_id: RoomId) -> Room:
        """Raises NotFound."""
        warm = self._warm.get(room_id)
        if warm is None:
            return await self.load(room_id)
        if await self._store.number(room_id) == (warm.epoch, warm.rev):
            return warm
        return await self._led_on(warm) or await self.load(room_id)

    async def load(self, room_id: RoomId) -> Room:
        """Raises NotFound."""
        room = await self._keeper.load(room_id)
        if room is None or room.closed:
            if room is not None:
                self._warm.drop(room_id)
                await self._notes.forget(room)
                self._keeper.bury(room)
            raise no_such_room()
        self._warm.keep(room)
        return room

    async def moved_on(self, room: Room) -> None:
        """A copy turned out to be old."""
        if room.id in self._warm:
            await self._led_on(room)

    async def _led_on(self, old: Room) -> Room | None:
        """The copy led on to the room as it is now; None where the log does not lead there."""
        at, commits = await self._store.since(old.id, old.rev)
        room = old
        for commit in commits:
            if (commit.epoch, commit.rev) == (room.epoch, room.rev + 1):
                room = rules.apply(room, commit)
        if at != (room.epoch, room.rev) or room.closed:
            self._warm.drop(old.id)
            return None
        self._warm.keep(room)
        return room
