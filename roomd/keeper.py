"""Keeps rooms beyond Redis: wakes those that sleep, and looks after each when Redis has restarted.

What comes back from PostgreSQL, and what may have lost something with a Redis that does not write every command to disk
before it answers, begins a new epoch: its clients are shown it anew, and no number ever means two things.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import structs

from roomd.archived import Level
from roomd.archiver import Archiver
from roomd.domain.ids import Code, RoomId
from roomd.domain.moment import Moment
from roomd.domain.refusals import Refusal, Unavailable
from roomd.domain.room import Room
from roomd.holdings import Holdings
from roomd.several import several
from roomd.store.archive import Archive, Replaced
from roomd.store.commit_script import Done
from roomd.store.index import Index
from roomd.store.life import Life
from roomd.store.moves import Moves
from roomd.store.plain import Change
from roomd.store.postgres import DatabaseAway
from roomd.store.restoring import ArchiveError
from roomd.store.rooms import Looked, RoomStore
from roomd.tasks import Tasks
from roomd.together import Together
from roomd.waking import Waker, opening

#: Milliseconds that one process has to itself to wake a room, and seconds between looks of those who wait for it.
WAKE_MS = 4_000
LOOK_S = 0.05
#: Seconds that they wait.
PATIENCE_S = 2.0

log = logging.getLogger(__name__)


class Keeper:
    def __init__(
        self,
        *,
        store: RoomStore,
        moves: Moves,
        archive: Archive,
        archiver: Archiver,
        index: Index,
        life: Life,
        holdings: Holdings,
        moment: Callable[[], Moment],
    ) -> None:
        self._store = store
        self._moves = moves
        self._archive = archive
        self._waker = Waker(
            moves=moves, archive=archive, archiver=archiver, index=index, holdings=holdings, moment=moment
        )
        self._archiver = archiver
        self._index = index
        self._life = life
        self._holdings = holdings
        self._moment = moment
        self._loading: dict[RoomId, asyncio.Task[Room | None]] = {}
        self._together = Together(self._bring_all)
        self._tasks = Tasks(log)

    async def load(self, room_id: RoomId) -> Room | None:
        """The room as it is now, woken or looked after where need be; None when there is none."""
        looked = await self._store.look(room_id)
        if looked is not None and looked.life == self._life.of(room_id):
            return looked.room
        task = self._loading.get(room_id)
        if task is None:
            # Whoever waits hears how it failed; and when nobody does any more, it is nobody's business.
            bringing = self._bring(room_id, looked)
            task = self._tasks.start("bringing a room", bringing, expected=(Refusal, ArchiveError))
            self._loading[room_id] = task
            task.add_done_callback(lambda _: self._loading.pop(room_id, None))
        return await asyncio.shield(task)

    async def bring_back(self, room_ids: Sequence[RoomId]) -> set[RoomId]:
        """Wake rooms; which of them are not in Redis even so."""
        for _, why in await several(room_ids, self._brought, len(room_ids) or 1):
            raise why
        return set(room_ids) - await self._store.present(room_ids)

    async def hold(self, room_id: RoomId) -> None:
        """Say, before a commit, that this process may leave the room with something to be done for it."""
        if self._archiver.full:
            raise Unavailable("The archive has been away for too long. Try again later.", "archive_behind")
        await self._holdings.hold(room_id)

    def holds(self, room_id: RoomId) -> bool:
        """As `hold`, where nothing need be said for it (any more); False where it is for `hold` to say, or refuse."""
        return not self._archiver.full and self._holdings.still(room_id)

    def note(self, room_id: RoomId, change: Change) -> asyncio.Future[Level]:
        return self._archiver.note(room_id, change.commit, change.body)

    def settled(self, room_id: RoomId, epoch: int, rev: int) -> asyncio.Future[Level]:
        return self._archiver.settled(room_id, epoch, rev)

    async def find_code(self, code: Code) -> RoomId | None:
        """A room that sleeps, by its code."""
        return await self._archive.find_code(code)

    async def taken(self, code: Code) -> bool:
        """Whether a room that sleeps has the code. While PostgreSQL is away nobody knows; codes collide once in 10⁹."""
        with suppress(DatabaseAway):
            return await self._archive.find_code(code) is not None
        return False

    def bury(self, room: Room) -> None:
        """Remove a closed room from Redis once it is archived that it was closed; otherwise it would come back."""
        self._tasks.start("burying a room", self.buried(room))

    async def stop(self) -> None:
        """Finish what was begun."""
        await self._tasks.finish()
        await self._together.stop()

    async def buried(self, room: Room) -> bool:
        """As `bury`; whether it went."""
        if await self._archiver.settled(room.id, room.epoch, room.rev) == "archived":
            with suppress(Unavailable):
                return await self._moves.forget(room)
        return False

    async def reopen(self, room_id: RoomId, epoch_before: int) -> Room | None:
        """Begin a new epoch of a room out of what Redis has of it.

        None when it has nothing that is to go on, or somebody else has begun one meanwhile.
        """
        while (looked := await self._store.look(room_id)) is not None and not looked.room.closed:
            before = looked.room
            if before.epoch != epoch_before:
                return None
            at_least = max(before.epoch + 1, int(self._moment().now))
            epoch = at_least
            try:
                with suppress(DatabaseAway):
                    begun = await self._archive.begin(room_id, at_least, before.rev + 1, after=before.epoch)
                    epoch = begun or at_least
            except Replaced:
                log.warning("room %s was restored from a file; what Redis had of it goes", room_id)
                await self._moves.evict(room_id, before.epoch + 1)
                return None
            anew = opening(before, epoch, self._moment().now)
            after = structs.replace(before, epoch=epoch, rev=anew.rev)
            if isinstance(await self._store.commit(before, after, anew, doubted=looked.life), Done):
                self._archiver.note(room_id, anew)
                return after
        return None

    async def _bring(self, room_id: RoomId, looked: Looked | None) -> Room | None:
        if looked is None and await self._archive.asleep(room_id):
            room = await self._together.bring(room_id)
            if room is not None:
                return room
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < end:
            if looked is not None and looked.life == self._life.of(room_id):
                return looked.room
            if looked is None and not await self._archive.asleep(room_id):
                return None
            if await self._index.take_lease(_lease(room_id), self._holdings.process, WAKE_MS):
                await self._holdings.hold(room_id)
                brought = await (self._wake(room_id, None) if looked is None else self._check(looked))
                if brought is not None:
                    return brought
            else:
                await asyncio.sleep(LOOK_S)
            looked = await self._store.look(room_id)
        raise Unavailable("The room is being brought back. Try again in a moment.")

    async def _check(self, looked: Looked) -> Room | None:
        """Redis has restarted since the room was last looked at; None when it has moved on meanwhile."""
        room = looked.room
        with suppress(DatabaseAway):
            head = (await self._archive.heads([room.id])).get(room.id)
            if head is not None and head > (room.epoch, room.rev):
                if (await self._store.at(room.id))[0] != (room.epoch, room.rev):
                    return None
                log.warning(
                    "room %s is at %d in Redis, archived up to %d; it comes from there", room.id, room.rev, head.rev
                )
                return await self._wake(room.id, room)
        if not room.closed and not await self._moves.lost_nothing(looked):
            return await self.reopen(room.id, room.epoch)
        return room if await self._moves.adopt(room) else None

    async def _brought(self, room_id: RoomId) -> None:
        await self._together.bring(room_id)

    async def _bring_all(self, room_ids: Sequence[RoomId]) -> dict[RoomId, Room]:
        leases = [_lease(room_id) for room_id in room_ids]
        taken = await self._index.take_leases(leases, self._holdings.process, WAKE_MS)
        mine = [room_id for room_id, is_mine in zip(room_ids, taken, strict=True) if is_mine]
        there = await self._store.present(mine)
        absent = [room_id for room_id in mine if room_id not in there]
        if not absent:
            return {}
        await self._holdings.hold(*absent)
        return await self._waker.wake_all(absent)

    async def _wake(self, room_id: RoomId, instead: Room | None) -> Room | None:
        """Bring a room from PostgreSQL; None when it is not there, or somebody else was faster."""
        room = await self._waker.wake(room_id, instead)
        if room is None and instead is not None and not await self._archive.asleep(room_id):
            # It was closed, and Redis has lost that.
            await self._moves.forget(instead)
        return room


def _lease(room_id: RoomId) -> str:
    return f"wake:{room_id}"
