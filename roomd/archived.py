"""What the archiver knows of one room: how far it is archived, what waits to be, and who waits to hear of it."""

import asyncio
from collections import deque
from typing import Literal, NamedTuple

from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.store.archive import Entry, Head

#: "archived": PostgreSQL has it. "accepted": Redis has it, and PostgreSQL does not answer. "lost": neither has it any
#: more. "unknown": Redis had it, PostgreSQL does not have it yet, and Redis does not answer now.
Level = Literal["archived", "accepted", "lost", "unknown"]


class Waiter(NamedTuple):
    epoch: int
    rev: int
    answer: asyncio.Future[Level]


class Line:
    """`target` is the rev up to which the room is known to have commits."""

    def __init__(self, room: RoomId) -> None:
        self.room = room
        self.head: Head | None = None
        self.target = 0
        self.pending: deque[Entry] = deque()
        self.waiters: list[Waiter] = []
        #: When the next snapshot is sure to be planned no more, and commits since the log was last trimmed.
        self.planned_until = 0.0
        self.untrimmed = 0
        #: A commit that was refused, and whose effect may be in Redis alone: only a snapshot makes up for that.
        self.torn: Commit | None = None

    @property
    def behind(self) -> int:
        return max(0, self.target - (self.head.rev if self.head else 0))

    @property
    def idle(self) -> bool:
        return self.behind == 0 and not self.waiters and self.torn is None

    def take(self, limit: int) -> list[Entry]:
        """What is pending and follows on what is archived; empty when something between is missing here."""
        assert self.head is not None
        self._let_go(self.head)
        taken: list[Entry] = []
        rev = self.head.rev
        for entry in self.pending:
            if entry.commit.rev != rev + 1 or len(taken) == limit:
                break
            taken.append(entry)
            rev += 1
        return taken

    def answer(self, level: Level) -> None:
        """Answer everybody who waits."""
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.answer.done():
                waiter.answer.set_result(level)

    def reached(self, head: Head) -> None:
        """The room is archived up to here; those who waited for it, or for less of the same history, hear of it."""
        self.head = head
        self.target = max(self.target, head.rev)
        self._let_go(head)
        still = []
        for waiter in self.waiters:
            if waiter.rev > head.rev or waiter.epoch != head.epoch:
                still.append(waiter)
            elif not waiter.answer.done():
                waiter.answer.set_result("archived")
        self.waiters = still

    def _let_go(self, head: Head) -> None:
        """Of what is archived, now: until a room's next commit, the text of its last alone takes 600 bytes."""
        while self.pending and self.pending[0].commit.rev <= head.rev:
            self.pending.popleft()
