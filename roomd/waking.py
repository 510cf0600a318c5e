"""Bringing rooms from PostgreSQL into Redis, any number in the same few messages, each under a new epoch."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence

from msgspec import structs

from roomd.archiver import Archiver
from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.moment import Moment
from roomd.domain.room import Room, RoomOpened
from roomd.domain.whole import commands
from roomd.holdings import Holdings
from roomd.store.archive import Archive, Restored
from roomd.store.commit_script import REMEMBER_MS
from roomd.store.index import Back, Index
from roomd.store.moves import Coming, Moves

log = logging.getLogger(__name__)


class Waker:
    def __init__(
        self,
        *,
        moves: Moves,
        archive: Archive,
        archiver: Archiver,
        index: Index,
        holdings: Holdings,
        moment: Callable[[], Moment],
    ) -> None:
        self._moves = moves
        self._archive = archive
        self._archiver = archiver
        self._index = index
        self._holdings = holdings
        self._moment = moment

    async def wake(self, room_id: RoomId, instead: Room | None) -> Room | None:
        """Bring a room in the place of `instead`, or of nothing; None when it is not there, or somebody was faster.

        Raises ArchiveError.
        """
        now = self._moment().now
        at_least = max(int(now), instead.epoch + 1 if instead else 0)
        restored = await self._archive.take(room_id, at_least, now - REMEMBER_MS)
        woken = await self._place([restored], instead, now) if restored else []
        return next(iter(woken), None)

    async def wake_all(self, room_ids: Sequence[RoomId]) -> dict[RoomId, Room]:
        """Bring rooms that Redis does not have; those that could not be brought are left out."""
        now = self._moment().now
        taken = await self._archive.take_all(room_ids, int(now), now - REMEMBER_MS)
        for fault in taken.broken.values():
            log.error("could not bring a room back: %s", fault)
        return {room.id: room for room in await self._place(taken.rooms, None, now)}

    async def _place(self, restored: Sequence[Restored], instead: Room | None, now: float) -> list[Room]:
        coming = [
            Coming(each.whole, opening(each.whole.room, each.epoch, now), instead, _lately(each, now))
            for each in restored
        ]
        placed = [each for each, there in zip(coming, await self._moves.put(coming), strict=True) if there]
        rooms = []
        for whole, opened, _, _ in placed:
            rooms.append(structs.replace(whole.room, epoch=opened.epoch, rev=opened.rev))
            self._archiver.note(rooms[-1].id, opened)
        await self._index.settle([Back(room, rules.deadline(room)) for room in rooms], now)
        suspects: dict[str, list[RoomId]] = defaultdict(list)
        for room in rooms:
            for process in {socket.partition(".")[0] for each in room.members.values() for socket in each.sockets}:
                suspects[process].append(room.id)
        for process, held in suspects.items():
            await self._holdings.suspect(process, *held)
        return rooms


def opening(room: Room, epoch: int, now: float) -> Commit:
    """The commit that begins a new history of the room as it is."""
    rev = room.rev + 1
    opened = RoomOpened(room=structs.replace(room, epoch=epoch, rev=rev))
    return Commit(epoch=epoch, rev=rev, at=now, events=(opened,))


def _lately(restored: Restored, now: float) -> dict[str, int]:
    return dict(commands(restored.lately, now - REMEMBER_MS))
