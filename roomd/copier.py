"""One batch of the archive: what comes next of each room, writing it, and what to do when it does not fit."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import TypeVar

from roomd.archived import Level, Line, Waiter
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.whole import Whole
from roomd.several import several
from roomd.store import plain
from roomd.store.archive import Archive, Entry, Head
from roomd.store.index import Index
from roomd.store.moves import Moves
from roomd.store.rooms import RoomStore
from roomd.store.watchdog import Watchdog

#: Commits in one batch, and of one room in it.
BATCH = 2_000
ROOM_BATCH = 1_000
#: Logs read at the same time, of the 32 connections to Redis.
LOGS_AT_ONCE = 8
#: Seconds that an acknowledgement waits for PostgreSQL.
ACK_S = 0.5
#: Milliseconds from a room's first commit after a snapshot to the next snapshot.
SNAPSHOT_MS = 120_000.0
#: Commits of a room between two trimmings of its log.
TRIM_EVERY = 500
NOWHERE = Head(0, 0)

T = TypeVar("T")

log = logging.getLogger(__name__)


class Copier:
    """`reopen` begins a new history of a room that lives on in Redis although PostgreSQL has given up this epoch of it.

    `on_silent` is called when PostgreSQL has not answered for a while.
    """

    def __init__(
        self, archive: Archive, store: RoomStore, moves: Moves, index: Index, now: Callable[[], float]
    ) -> None:
        self._archive = archive
        self._store = store
        self._moves = moves
        self._index = index
        self._now = now
        self.reopen: Callable[[RoomId, int], Awaitable[object]]
        self.on_silent: Callable[[], None] = lambda: None
        self._watchdog = Watchdog(self._silent)

    async def copy(self, lines: Sequence[Line]) -> None:
        """Archive one batch. Raises DatabaseAway; Unavailable when something has to wait because Redis is away."""
        await self._find_heads([line for line in lines if line.head is None])
        # What is here first: it needs no Redis, which may have gone since.
        here = [line.take(ROOM_BATCH) if line.behind and line.torn is None else [] for line in lines]
        if batch := [entry for taken in here for entry in taken]:
            await self._append(lines, batch)
        elsewhere = [line for line, taken in zip(lines, here, strict=True) if not taken and line.behind]
        if unread := [line for line in elsewhere if line.torn is None]:
            await self._append(lines, await self._all_logged(unread))
        for line in lines:
            if line.torn is not None:
                await self._superseded(line, line.torn)
            await self._finish(line)
        await self._plan_snapshots(lines)

    async def _append(self, lines: Sequence[Line], batch: Sequence[Entry]) -> None:
        """Archive commits, and tell who waits for them; note the first that was refused of each room."""
        refused = await self._asked(self._archive.append(batch)) if batch else []
        given_up = {batch[n].room: batch[n].commit for n in reversed(refused)}
        by_room = {line.room: line for line in lines}
        for room, commit in given_up.items():
            by_room[room].torn = commit
        self._settle(by_room, [each for each in batch if each.room not in given_up])

    async def _asked(self, work: Awaitable[T]) -> T:
        """What PostgreSQL answers; where it takes its time, nobody is kept waiting for it."""
        self._watchdog.begin(ACK_S)
        try:
            return await work
        finally:
            self._watchdog.over()

    def _silent(self) -> None:
        self.on_silent()

    async def _find_heads(self, lines: Sequence[Line]) -> None:
        if lines:
            heads = await self._asked(self._archive.heads([line.room for line in lines]))
            for line in lines:
                line.head = heads.get(line.room, NOWHERE)

    async def _all_logged(self, lines: Sequence[Line]) -> list[Entry]:
        """What is to be archived out of the logs of several rooms."""
        batch: list[Entry] = []

        async def read(line: Line) -> None:
            if len(batch) < BATCH:
                batch.extend(await self._logged(line))

        # One after the other, 16 rooms would keep everybody waiting for 3 s where Redis is 200 ms away.
        for _, why in await several(lines, read, LOGS_AT_ONCE):
            raise why
        return batch

    async def _logged(self, line: Line) -> list[Entry]:
        """What of the room is to be archived next, out of its log."""
        if line.head is None:
            return []
        bodies = await self._store.bodies(line.room, line.head.rev, line.target, ROOM_BATCH)
        entries = [Entry(line.room, plain.decode_commit(body), body.decode()) for body in bodies]
        if entries and entries[0].commit.rev == line.head.rev + 1:
            return entries
        await self._bridge(line, line.head)
        return []

    async def _bridge(self, line: Line, before: Head) -> None:
        """The log does not lead on from where the archive ends: find out why."""
        await self._find_heads([line])
        if line.head != before:
            # Another process has archived more.
            return
        whole = await self._moves.whole(line.room)
        at = Head(whole.room.epoch, whole.room.rev) if whole else NOWHERE
        if whole is not None and at > before:
            if await self._leads_on(line.room, before.rev):
                # The room came back between our two looks at it.
                line.target = max(line.target, at.rev)
                return
            if not await self._archive.put(whole, self._now()):
                await self.reopen(line.room, at.epoch)
                line.head = None
                return
            log.warning(
                "room %s: %d to %d were not archived; a snapshot makes up for it", line.room, before.rev, at.rev
            )
            line.reached(at)
        # Beyond that there is nothing: what was there is gone with the Redis that had it.
        line.target = line.head.rev if line.head else 0
        await self._part(line, list(line.waiters))

    async def _leads_on(self, room: RoomId, rev: int) -> bool:
        found = await self._store.bodies(room, rev, rev + 1, 1)
        return bool(found)

    def _settle(self, lines: dict[RoomId, Line], done: Sequence[Entry]) -> None:
        for (room, _), entries in groupby(done, lambda entry: (entry.room, entry.commit.epoch)):
            run = list(entries)
            lines[room].reached(Head(run[-1].commit.epoch, run[-1].commit.rev))
            lines[room].untrimmed += len(run)

    async def _superseded(self, line: Line, refused: Commit) -> None:
        """PostgreSQL does not take commits of this history: it has given it up, or does not know the room at all.

        Where Redis has given them up too, they are lost. Where it has not, what they did is in the room. The commit
        that begins its next history does not say all of it (chat is not in it), so nothing counts as archived before a
        snapshot is.
        """
        line.head = None
        line.pending.clear()
        whole = await self._moves.whole(line.room)
        if whole is None or await self._epoch_of(line.room, refused.rev) != refused.epoch:
            line.torn = None
            line.target = 0 if whole is None else max(line.target, whole.room.rev)
            await self._part(line, [w for w in line.waiters if whole is None or w.epoch < whole.room.epoch])
        elif await self._archive.put(whole, self._now()):
            await self._fill(whole, refused.rev)
            line.torn = None
            await self._part(line, [waiter for waiter in line.waiters if waiter.epoch < whole.room.epoch])
        else:
            # Also where Redis is in a later epoch than the refused one: PostgreSQL may have given that one up as well.
            await self.reopen(line.room, whole.room.epoch)

    async def _fill(self, whole: Whole, rev: int) -> None:
        """Archive the commits from `rev` on of which the snapshot has the effect, so that the log has no hole there."""
        room = whole.room
        while bodies := await self._store.bodies(room.id, rev - 1, room.rev, ROOM_BATCH):
            entries = [Entry(room.id, plain.decode_commit(body), body.decode()) for body in bodies]
            await self._asked(self._archive.fill(entries))
            rev = entries[-1].commit.rev + 1

    async def _epoch_of(self, room: RoomId, rev: int) -> int | None:
        """The history to which the commit of this number in the room's log belongs; None where it has none."""
        found = await self._store.bodies(room, rev - 1, rev, 1)
        return plain.decode_commit(found[0]).epoch if found else None

    async def _part(self, line: Line, waiters: Sequence[Waiter]) -> None:
        """Tell those who wait for commits that will not come any more what became of them."""
        for waiter in waiters:
            level: Level = "archived" if await self._is_archived(line.room, waiter) else "lost"
            if not waiter.answer.done():
                waiter.answer.set_result(level)
        line.waiters = [waiter for waiter in line.waiters if not waiter.answer.done()]

    async def _is_archived(self, room: RoomId, waiter: Waiter) -> bool:
        if await self._archive.has(room, waiter.epoch, waiter.rev):
            return True
        # A command that is repeated is waited for under the history in which it was, which may be later than its own.
        epoch = await self._epoch_of(room, waiter.rev)
        return epoch is not None and epoch < waiter.epoch and await self._archive.has(room, epoch, waiter.rev)

    async def _finish(self, line: Line) -> None:
        if line.head is None or line.torn is not None:
            return
        line.reached(line.head)
        await self._part(line, [w for w in line.waiters if w.epoch < line.head.epoch and w.rev <= line.head.rev])
        if line.behind == 0 and any(waiter.epoch > line.head.epoch for waiter in line.waiters):
            await self._look_ahead(line)
        if line.untrimmed >= TRIM_EVERY:
            await self._moves.trim(line.room, line.head.rev)
            line.untrimmed = 1

    async def _look_ahead(self, line: Line) -> None:
        """Somebody waits for what a later history took over under its old rev: archive as far as that one has got."""
        at, _ = await self._store.at(line.room)
        if at is not None and at[1] > line.target:
            line.target = at[1]
        else:
            # There is nothing that would ever answer them.
            line.answer("unknown")

    async def _plan_snapshots(self, lines: Sequence[Line]) -> None:
        """All in one message: where Redis writes to disk before it answers, a message for each takes 4 ms or so."""
        now = self._now()
        wanted = [line for line in lines if line.untrimmed and line.torn is None and now >= line.planned_until]
        if wanted:
            await self._index.plan_snapshots([line.room for line in wanted], now + SNAPSHOT_MS)
        for line in wanted:
            line.planned_until = now + SNAPSHOT_MS
