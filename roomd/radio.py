"""The radio's work: rooms that have it on are supplied with what goes with what they played, before they run dry.

Whether a room needs anything is asked after every commit made here, which costs rooms without radio a look at one
setting. What it needs is found beside requests (`suggestions.py`), by one process at a time; the room itself decides
what of it fits.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field

from roomd.clock import Clock
from roomd.domain import radio
from roomd.domain.commit import Commit
from roomd.domain.ids import EntryId, RoomId
from roomd.domain.modes import coming
from roomd.domain.refusals import Conflict, NotFound, Unavailable
from roomd.domain.room import Room
from roomd.engine import SYSTEM, Engine
from roomd.store.index import Index
from roomd.suggestions import Suggestions
from roomd.tasks import Tasks

#: Milliseconds that one process has to itself: for all who are asked.
LEASE_MS = 15_000
#: Seconds after which it is tried again, where what is needed did not answer or another process is at it.
RETRY_S = (0.25, 0.5, 1.0, 5.0, 30.0)
#: Seconds that somebody who asks for the next track waits for it.
PATIENCE_S = 1.5
#: Rooms for which nothing was found, and milliseconds for which nothing is sought for them unless they change.
REMEMBERED = 1_000
VAIN_MS = 60_000.0

log = logging.getLogger(__name__)

Stand = tuple[int, EntryId | None, int]


@dataclass
class Search:
    """A search for what a room is to go on with."""

    task: "asyncio.Task[None]"
    #: As the room stood when it began.
    stand: Stand
    #: Until when somebody waits for it, in the loop's time.
    asked_until: float
    #: The room has moved on: not to be waited any longer.
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


class Radio:
    """`process` is the name that its leases are held in."""

    def __init__(self, engine: Engine, index: Index, clock: Clock, process: str, suggestions: Suggestions) -> None:
        self._engine = engine
        self._index = index
        self._clock = clock
        self._process = process
        self._suggestions = suggestions
        self._searches: dict[RoomId, Search] = {}
        #: Rooms for which nothing was found: as they stood, and when.
        self._vain: OrderedDict[RoomId, tuple[Stand, float]] = OrderedDict()
        self._tasks = Tasks(log)
        engine.watch(self._told)

    async def ready(self, room: Room) -> None:
        """Somebody wants the next track: wait until the room has one, as far as that takes no longer than a moment."""
        if not radio.missing(room, asked=True) or (room.playback.entry is not None and coming(room)):
            return
        self._vain.pop(room.id, None)
        search = self._search(room, asked_until=asyncio.get_running_loop().time() + PATIENCE_S)
        await asyncio.wait({search.task}, timeout=PATIENCE_S)

    async def stop(self) -> None:
        await self._tasks.stop()

    def _told(self, before: Room, commit: Commit, after: Room) -> None:
        if not after.settings.radio or not radio.missing(after):
            return
        stand, at = self._vain.get(after.id, (None, 0.0))
        if stand != _stand(after) or commit.at - at > VAIN_MS:
            self._search(after)

    def _search(self, room: Room, *, asked_until: float = 0.0) -> Search:
        """Begin to look for something, or hurry on whoever does."""
        search = self._searches.get(room.id)
        if search is None:
            task = self._tasks.start("radio", self._supplied(room.id))
            search = self._searches[room.id] = Search(task, _stand(room), asked_until)
        elif asked_until or search.stand != _stand(room):
            search.stand, search.asked_until = _stand(room), max(asked_until, search.asked_until)
            search.hurry.set()
        return search

    async def _supplied(self, room_id: RoomId) -> None:
        """Look for something until there is, there is nothing, or it was tried often enough."""
        search = self._searches[room_id]
        try:
            for wait in (*RETRY_S, 0.0):
                search.hurry.clear()
                if not await self._tried(room_id, search):
                    with suppress(TimeoutError):
                        await asyncio.wait_for(search.hurry.wait(), wait)
                elif not search.hurry.is_set():
                    return
        finally:
            del self._searches[room_id]

    async def _tried(self, room_id: RoomId, search: Search) -> bool:
        """Whether it need not be tried again, unless the room has moved on since."""
        asked = asyncio.get_running_loop().time() < search.asked_until
        try:
            return await self._supply(room_id, asked=asked)
        except (NotFound, Conflict) as refusal:
            # The room is gone, or what was found does not fit it any more.
            log.debug("the radio of room %s: %s", room_id, refusal)
            return True
        except Unavailable as fault:
            log.info("the radio of room %s waits: %s", room_id, fault)
            return False

    async def _supply(self, room_id: RoomId, *, asked: bool) -> bool:
        """Whether there is nothing left to do; False where another process is doing it. Raises a Refusal."""
        room = await self._engine.room(room_id)
        if not radio.missing(room, asked=asked):
            return True
        lease = f"radio:{room_id}"
        if not await self._index.take_lease(lease, self._process, LEASE_MS):
            return False
        try:
            offers = await self._suggestions.offers(room)
            if offers:
                await self._engine.handle(room_id, radio.Supply(offers=tuple(offers), asked=asked), SYSTEM)
            else:
                self._vain[room_id] = _stand(room), self._clock.now()
                while len(self._vain) > REMEMBERED:
                    self._vain.popitem(last=False)
        finally:
            with suppress(Unavailable):
                await self._index.drop_lease(lease, self._process)
        return True


def _stand(room: Room) -> Stand:
    """What has to change before it makes sense to look for something again."""
    return room.epoch, room.playback.entry, len(room.entries)
