"""Rooms that nobody has used for long leave Redis: they sleep in PostgreSQL, and the next touch wakes them.

Which they may be is in the index of rooms by activity, so a look costs what there is to do and not what there is; what
is true is decided on each room. A room goes only when all of it is archived and nobody touched it meanwhile.
"""

import logging

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain import rules
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.engine import SYSTEM
from roomd.several import several
from roomd.store.index import Back
from roomd.store.shelf import Shelf

HOUR_MS = 3_600_000.0
#: Rooms looked at in one go, and at once.
BATCH = 100
AT_ONCE = 4
#: Seconds between looks when nothing is left to do.
LOOK_S = 30.0
#: Milliseconds until the next look at a room that could not go to sleep, though nobody is there.
AGAIN_MS = 60_000.0

log = logging.getLogger(__name__)


class Sleeper:
    """`hours` without use after which a room goes to sleep; 0 for never."""

    def __init__(self, core: Core, shelf: Shelf, clock: Clock, hours: float) -> None:
        self._core = core
        self._shelf = shelf
        self._clock = clock
        self._hours = hours

    async def run(self) -> float:
        """Put to sleep what is to; in how many seconds to look again. Raises Unavailable."""
        if not self._hours or self._core.archiver.away:
            return LOOK_S
        before = self._clock.now() - self._hours * HOUR_MS
        unused = [room for room, _ in await self._core.index.unused(before, None, BATCH)]
        faults = await several(unused, lambda room: self._look(room, before), AT_ONCE)
        for place, why in faults:
            if isinstance(why, Unavailable):
                raise why
            log.error("could not put room %s to sleep", unused[place], exc_info=why)
            await self._core.index.used(unused[place], before + AGAIN_MS)
        return 0.0 if len(unused) == BATCH else LOOK_S

    async def _look(self, room_id: RoomId, before: float) -> None:
        """Put the room to sleep, or have the index say when to look at it again."""
        looked = await self._core.store.look(room_id)
        if looked is None:
            await self._absent(room_id)
            return
        room, again = looked.room, before + AGAIN_MS
        if room.closed:
            if await self._core.keeper.buried(room):
                await self._core.index.forget(room_id)
                return
        elif any(member.online for member in room.members.values()):
            again = self._clock.now()
        elif not room.expired(before):
            again = room.last_activity
        elif await self._put_to_sleep(room):
            return
        await self._core.index.used(room_id, again)

    async def _absent(self, room_id: RoomId) -> None:
        """The index has a room that Redis does not have."""
        if (await self._shelf.states([room_id])).get(room_id) == "live":
            # It is to be brought back, which the next look at what is due in it does.
            now = self._clock.now()
            await self._core.index.plan(room_id, now)
            await self._core.index.used(room_id, now)
        else:
            await rest(self._core, room_id, self._clock.now())

    async def _put_to_sleep(self, room: Room) -> bool:
        """Whether it sleeps. Raises Unavailable."""
        core = self._core
        if room.playback.playing:
            # Rooms that play to nobody stop after a while; this one was overlooked.
            room = (await core.engine.handle(room.id, rules.Tick(), SYSTEM)).room
        if room.playback.playing or await core.archiver.settled(room.id, room.epoch, room.rev) != "archived":
            return False
        whole = await core.moves.whole(room.id)
        if whole is None or (whole.room.epoch, whole.room.rev) != (room.epoch, room.rev):
            return False
        if not await core.archive.put(whole, self._clock.now(), asleep=True):
            return False
        if not await core.moves.forget(room):
            await core.archive.awake(room.id)
            return False
        core.engine.drop(room.id)
        await rest(core, room.id, self._clock.now())
        log.debug("room %s sleeps", room.id)
        return True


async def rest(core: Core, room_id: RoomId, now: float) -> None:
    """Take a room that sleeps out of the indexes; and put it in again, if somebody woke it meanwhile."""
    await core.index.rest(room_id)
    room = await core.store.load(room_id)
    if room is not None and not room.closed:
        await core.index.settle([Back(room, rules.deadline(room))], now)
