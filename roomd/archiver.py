"""Copies every room's log to PostgreSQL, in order, as fast as it grows; and tells who waits for it.

While one batch is being written the next one gathers (group commit), so that a single command waits for one write and
64 writers share them. Nothing is held for long: when PostgreSQL is away, commits stay in the rooms' logs, only how far
each room got is remembered here, and acknowledgements say so.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress

from roomd.archived import Level, Line, Waiter
from roomd.copier import BATCH, ROOM_BATCH, Copier
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.store import plain
from roomd.store.archive import Entry, Head
from roomd.store.postgres import DatabaseAway

#: Seconds between two tries while it is away.
AGAIN_S = 0.25
#: Commits not yet archived beyond which no further ones are taken: some 100 MB of logs in Redis.
MOST_BEHIND = 200_000
#: Rooms about which it is remembered how far they are archived.
KNOWN_ROOMS = 20_000
#: Seconds that the last batches may take when the server stops.
FLUSH_S = 3.0

log = logging.getLogger(__name__)


class Archiver:
    def __init__(self, copier: Copier) -> None:
        self._copier = copier
        copier.on_silent = lambda: self._answer("accepted")
        self._lines: OrderedDict[RoomId, Line] = OrderedDict()
        self._dirty: dict[RoomId, Line] = {}
        #: The batch that is being written; or when the next is tried, after one that could not be.
        self._batch: asyncio.Task[None] | None = None
        self._again: asyncio.TimerHandle | None = None
        self._started = self._stopping = False
        #: Whether PostgreSQL does not answer; and how much was waiting when that was last found.
        self.away = False
        self._behind = 0

    @property
    def behind(self) -> int:
        """Commits that this process knows not to be archived yet."""
        return sum(line.behind for line in self._dirty.values())

    @property
    def full(self) -> bool:
        """Whether so much waits that no more may be taken."""
        return self.away and self._behind >= MOST_BEHIND

    def note(self, room: RoomId, commit: Commit, body: bytes | None = None) -> asyncio.Future[Level]:
        """A commit was made here: archive it. The answer is how safe it is. `body` is its encoded form, if known."""
        line = self._line(room)
        if line.head is None and commit.rev == 1:
            line.head = Head(commit.epoch, 0)
        if not self.away and len(line.pending) < ROOM_BATCH:
            line.pending.append(Entry(room, commit, (body or plain.encode_commit(commit)).decode()))
        return self._want(line, commit.epoch, commit.rev)

    def settled(self, room: RoomId, epoch: int, rev: int) -> asyncio.Future[Level]:
        """How safe a commit is that was made earlier, or elsewhere."""
        return self._want(self._line(room), epoch, rev)

    def busy(self, room: RoomId) -> bool:
        """Whether something of the room is not archived yet, as far as is known here."""
        return room in self._dirty

    async def start(self) -> None:
        self._started, self._stopping = True, False
        self._go_on()

    async def stop(self) -> None:
        """Archive what can be within a few seconds. What cannot is in the rooms' logs."""
        self._stopping = True
        if self._again is not None:
            self._again.cancel()
            self._try_again()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while self._batch is not None:
                    await asyncio.wait([self._batch])
        self._started = False
        if self._batch is not None:
            self._batch.cancel()
            await asyncio.wait([self._batch])
        for line in self._dirty.values():
            line.answer("accepted")

    def _line(self, room: RoomId) -> Line:
        line = self._lines.get(room)
        if line is None:
            line = self._lines[room] = self._dirty.get(room) or Line(room)
            if len(self._lines) > KNOWN_ROOMS:
                self._lines.popitem(last=False)
        self._lines.move_to_end(room)
        return line

    def _want(self, line: Line, epoch: int, rev: int) -> asyncio.Future[Level]:
        answer: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        if line.head is not None and line.torn is None and line.head.epoch == epoch and rev <= line.head.rev:
            answer.set_result("archived")
            return answer
        line.target = max(line.target, rev)
        self._dirty[line.room] = line
        if self.away:
            self._behind += 1
            answer.set_result("accepted")
        else:
            line.waiters.append(Waiter(epoch, rev, answer))
            self._go_on()
        return answer

    def _go_on(self) -> None:
        """Write the next batch, where there is one and none is under way."""
        if self._dirty and self._started and self._batch is None and self._again is None:
            self._batch = asyncio.get_running_loop().create_task(self._try(), name="archiver")
            self._batch.add_done_callback(self._tried)

    def _try_again(self) -> None:
        self._again = None
        self._go_on()

    def _tried(self, batch: asyncio.Task[None]) -> None:
        self._batch = None
        if batch.cancelled():
            return
        fault = batch.exception()
        if fault is None:
            self._go_on()
            return
        if isinstance(fault, DatabaseAway):
            self._went_away(str(fault))
        elif isinstance(fault, Unavailable):
            # Redis, which alone has what waits, or had it: it cannot be said to be accepted.
            self._answer("unknown")
        else:
            # An archiver that ends without a word would let the logs grow until rooms stop.
            log.error("could not archive", exc_info=fault)
            self._answer("accepted")
        if not self._stopping:
            self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._try_again)

    async def _try(self) -> None:
        lines = list(self._dirty.values())[:BATCH]
        try:
            await self._copier.copy(lines)
        finally:
            for line in lines:
                # To the end, so that what cannot be archived now does not keep others from it.
                if self._dirty.pop(line.room, None) and not line.idle:
                    self._dirty[line.room] = line
        if self.away:
            self.away = False
            log.info("archiving again; %d commits wait", self.behind)

    def _went_away(self, why: str) -> None:
        if not self.away:
            log.warning("rooms go on without being archived: %s", why)
        self.away = True
        self._behind = self.behind
        self._answer("accepted")
        for line in self._dirty.values():
            # What waits is in the log; here it would only take room.
            line.pending.clear()

    def _answer(self, level: Level) -> None:
        """Tell everybody who waits; nobody is kept waiting for a PostgreSQL that takes its time."""
        for line in self._dirty.values():
            line.answer(level)
