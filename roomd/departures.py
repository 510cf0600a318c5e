"""Deleting an account. It is gone, and its tokens are void, when `delete` answers; rooms and names follow at once.

What follows stands in PostgreSQL (`deleted_people`) until it is done, so that it is done however often a server, or
one of its stores, ends in between. Rooms that they host go to somebody else there, as when anybody leaves.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from roomd.clock import Clock
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, UserId
from roomd.domain.membership import Join, Leave
from roomd.domain.refusals import Forbidden, NotFound, Unavailable
from roomd.engine import Engine
from roomd.scheduler import Job
from roomd.store.capabilities import Capabilities
from roomd.store.departed import Departed, DepartedStore
from roomd.store.index import Index
from roomd.store.renaming import Renaming
from roomd.store.revocations import RevocationStore
from roomd.store.shelf import FIRST
from roomd.tasks import Tasks

#: What stands in the place of their name.
NOBODY = "Deleted person"
#: Seconds between two looks for what was left undone.
LOOK_S = 5.0
#: Rooms that one person is a member of, as far as Redis is asked for them.
MOST_ROOMS = 100_000

log = logging.getLogger(__name__)


class Departures:
    """`forget_picture` removes an upload by its address; `sign_out` closes what is open here of ended sessions."""

    def __init__(
        self,
        *,
        store: DepartedStore,
        renaming: Renaming,
        revocations: RevocationStore,
        capabilities: Capabilities,
        engine: Engine,
        index: Index,
        forget_picture: Callable[[str], Awaitable[None]],
        sign_out: Callable[[], Awaitable[object]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._renaming = renaming
        self._revocations = revocations
        self._capabilities = capabilities
        self._engine = engine
        self._index = index
        self._forget_picture = forget_picture
        self._sign_out = sign_out
        self._clock = clock
        #: Nobody is seen off twice at once.
        self._alone = asyncio.Lock()
        self._tasks = Tasks(log)

    async def delete(self, person: UserId) -> bool:
        """The account goes, and with it playlists, favourites, history and sign-ins; False where there was none."""
        gone = await self._store.delete(person, NOBODY, self._clock.now())
        if gone is None:
            return False
        families, digests = gone
        if families:
            await self._revocations.revoke(*families)
            # Before their rooms tell them that they have left.
            await self._sign_out()
        await self._capabilities.forget(digests)
        # Where it cannot be done now, the job does it.
        self._tasks.start("seeing somebody off", self.finish(), expected=(Unavailable,))
        return True

    async def finish(self) -> int:
        """Do what is left to do of everybody who has gone; of how many. Raises Unavailable."""
        async with self._alone:
            waiting = await self._store.waiting()
            for each in waiting:
                await self._see_off(each)
        return len(waiting)

    def job(self) -> Job:
        return Job("departed", True, self._look, int(LOOK_S * 1_000))

    async def _look(self) -> float:
        await self.finish()
        return LOOK_S

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _see_off(self, gone: Departed) -> None:
        rooms = {*gone.rooms, *await self._index.rooms_of(gone.person, MOST_ROOMS)}
        for room in sorted(rooms):
            await self._leave(room, gone.person)
        for picture in gone.pictures:
            await self._forget_picture(picture)
        await self._renaming.forget(gone.person)
        rooms |= await self._store.rename_in_logs(gone.person, NOBODY)
        # Before snapshots, which are taken of what Redis holds.
        for room in sorted(rooms):
            if await self._renaming.waits(room, gone.person):
                await self._leave(room, gone.person)
            await self._rename(room, gone.person)
        after: RoomId | None = FIRST
        while after is not None:
            found, after = await self._store.rename_in_snapshots(gone.person, NOBODY, after)
            for room in sorted(found - rooms):
                await self._rename(room, gone.person)
            rooms |= found
        await self._store.done(gone.person)
        log.info("somebody who deleted their account has left %d rooms", len(rooms))

    async def _rename(self, room: RoomId, person: UserId) -> None:
        await self._renaming.rename(room, person, NOBODY)
        self._engine.look_again(room)

    async def _leave(self, room_id: RoomId, person: UserId) -> None:
        """Under the other name, so that those who are there do not read the former one again."""
        actor = Actor(id=person, name=NOBODY)
        with suppress(NotFound, Forbidden):
            if person in (await self._engine.room(room_id)).members:
                await self._engine.handle(room_id, Join(), actor)
            receipt = await self._engine.handle(room_id, Leave(), actor)
            # All that was done before is in PostgreSQL by then, where their name is looked for next.
            if await receipt.kept != "archived":
                raise Unavailable("PostgreSQL is away")
