"""Keeps rooms beyond Redis: wakes those that sleep, and looks after each when Redis has restarted.

What comes back from PostgreSQL, and what may have lost something with a Redis that does not write every command to disk
before it answers, begins a new epoch: its clients are shown it anew, and no number ever means two things.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from msgspec import structs

from roomd.archived import Level
from roomd.archiver import Archiver
from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.ids import Code, RoomId
from roomd.domain.moment import Moment
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room, RoomOpened
from roomd.domain.whole import commands
from roomd.holdings import Holdings
from roomd.store.archive import Archive, Replaced, Restored
from roomd.store.index import Index
from roomd.store.life import Life
from roomd.store.moves import Moves
from roomd.store.postgres import DatabaseAway
from roomd.store.rooms import REMEMBER_MS, Done, Looked, RoomStore

#: Milliseconds that one process has to itself to wake a room, and seconds between looks of those who wait for it.
WAKE_MS = 4_000
LOOK_S = 0.02
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
        self._archiver = archiver
        self._index = index
        self._life = life
        self._holdings = holdings
        self._moment = moment
        self._loading: dict[RoomId, asyncio.Task[Room | None]] = {}
        self._tasks: set[asyncio.Task[bool]] = set()

    async def load(self, room_id: RoomId) -> Room | None:
        """The room as it is now, woken or looked after where need be; None when there is none."""
        looked = await self._store.look(room_id)
        if looked is not None and looked.life == self._life.current:
            return looked.room
        task = self._loading.get(room_id)
        if task is None:
            task = self._loading[room_id] = asyncio.create_task(self._bring(room_id, looked))
            task.add_done_callback(lambda _: self._loading.pop(room_id, None))
        return await asyncio.shield(task)

    async def hold(self, room_id: RoomId) -> None:
        """Say, before a commit, that this process may leave the room with something to be done for it."""
        if self._archiver.full:
            raise Unavailable("The archive has been away for too long. Try again later.", "archive_behind")
        await self._holdings.hold(room_id)

    def note(self, room_id: RoomId, commit: Commit) -> asyncio.Future[Level]:
        return self._archiver.note(room_id, commit)

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
        task = asyncio.create_task(self.buried(room))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Finish what was begun."""
        await asyncio.gather(*self._tasks, *self._loading.values(), return_exceptions=True)

    async def buried(self, room: Room) -> bool:
        """As `bury`; whether it went."""
        if await self._archiver.settled(room.id, room.epoch, room.rev) == "archived":
            with suppress(Unavailable):
                return await self._moves.forget(room)
        return False

    async def reopen(self, room_id: RoomId) -> Room | None:
        """Begin a new epoch of a room out of what Redis has of it; None when it has nothing that is to go on."""
        while (looked := await self._store.look(room_id)) is not None and not looked.room.closed:
            before = looked.room
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
            opening = self._opening(before, epoch)
            after = structs.replace(before, epoch=epoch, rev=opening.rev)
            if isinstance(await self._store.commit(before, after, opening, doubted=looked.life), Done):
                self._archiver.note(room_id, opening)
                return after
        return None

    async def _bring(self, room_id: RoomId, looked: Looked | None) -> Room | None:
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < end:
            if looked is not None and looked.life == self._life.current:
                return looked.room
            if looked is None and not await self._archive.asleep(room_id):
                return None
            if await self._index.take_lease(f"wake:{room_id}", self._holdings.process, WAKE_MS):
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
                log.warning(
                    "room %s is at %d in Redis, archived up to %d; it comes from there", room.id, room.rev, head.rev
                )
                return await self._wake(room.id, room)
        if not room.closed and not await self._moves.keeps_all():
            return await self.reopen(room.id)
        return room if await self._moves.adopt(room) else None

    async def _wake(self, room_id: RoomId, instead: Room | None) -> Room | None:
        """Bring a room from PostgreSQL; None when it is not there, or somebody else was faster."""
        now = self._moment().now
        at_least = max(int(now), instead.epoch + 1 if instead else 0)
        restored = await self._archive.take(room_id, at_least, now - REMEMBER_MS)
        if restored is None:
            if instead is not None and not await self._archive.asleep(room_id):
                # It was closed, and Redis has lost that.
                await self._moves.forget(instead)
            return None
        opening = self._opening(restored.whole.room, restored.epoch)
        if not await self._moves.put(restored.whole, opening, instead, _lately(restored, now)):
            return await self._store.load(room_id)
        room = structs.replace(restored.whole.room, epoch=opening.epoch, rev=opening.rev)
        self._archiver.note(room_id, opening)
        await self._index.settle(room, rules.deadline(room), now)
        for process in {socket.partition(".")[0] for each in room.members.values() for socket in each.sockets}:
            await self._holdings.suspect(process, room_id)
        return room

    def _opening(self, room: Room, epoch: int) -> Commit:
        rev, now = room.rev + 1, self._moment().now
        opened = RoomOpened(room=structs.replace(room, epoch=epoch, rev=rev))
        return Commit(epoch=epoch, rev=rev, at=now, events=(opened,))


def _lately(restored: Restored, now: float) -> Mapping[str, tuple[int, float]]:
    return commands(restored.lately, now - REMEMBER_MS)
