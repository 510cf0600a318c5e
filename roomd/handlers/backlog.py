"""What one client asked for, one thing after another; each is answered in time, whatever is wrong."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from roomd.domain.refusals import Limited, Refusal, Unavailable
from roomd.handlers.bounded import PATIENCE_S, Budget
from roomd.keeping import Receipt, demand_kept

if TYPE_CHECKING:
    from roomd.archived import Level

log = logging.getLogger(__name__)

#: Commands of one client that may be under way: waiting behind another one, or for the archive.
MAX_BACKLOG = 64


class Job(NamedTuple):
    """`refuse` says why it was not done. `at` and `elsewhere_s` are as of when it was asked for."""

    work: Callable[[], Awaitable[None]]
    refuse: Callable[[Refusal], None]
    at: float
    elsewhere_s: float


class Asker(Protocol):
    """Whose backlog it is."""

    @property
    def open(self) -> bool:
        """Whether it still may ask."""
        ...

    def rest(self) -> None:
        """Nothing is under way any more."""

    def failed(self, fault: BaseException) -> None:
        """A fault of ours."""


class _Nobody:
    """Whoever asked is gone."""

    open = False

    def rest(self) -> None: ...

    def failed(self, fault: BaseException) -> None:
        log.error("a command of somebody who is gone failed", exc_info=fault)


_NOBODY = _Nobody()


class Backlog:
    __slots__ = ("_asker", "_elsewhere_s", "_jobs", "_under_way", "_working")

    def __init__(self, asker: Asker) -> None:
        self._asker: Asker = asker
        #: While somebody works on them: an empty deque takes 700 bytes.
        self._jobs: deque[Job] | None = None
        self._working: asyncio.Task[None] | None = None
        #: Commands that are carried out without a task, or were and wait for the archive; and seconds that all spent
        #: elsewhere.
        self._under_way = 0
        self._elsewhere_s = 0.0

    @property
    def idle(self) -> bool:
        return self._working is None and not self._under_way

    @property
    def clear(self) -> bool:
        """Whether what is asked now is behind nothing that has yet to be begun."""
        return self._working is None

    def part(self) -> None:
        """Where nothing is under way, let go of whoever asked: kept by each other, all that a connection has would wait
        for Python's collector, which makes everybody else wait.
        """
        if self.idle:
            self._asker = _NOBODY

    def add(self, work: Callable[[], Awaitable[None]], refuse: Callable[[Refusal], None]) -> None:
        """Do the work after what came before it, or refuse it where that takes too long. Raises Limited."""
        self.demand_place()
        if self._jobs is None:
            self._jobs = deque()
        self._jobs.append(Job(work, refuse, time.monotonic(), self._elsewhere_s))
        if self._working is None:
            self._working = asyncio.create_task(self._work())

    def demand_place(self) -> None:
        """Raises Limited while too much is under way."""
        waiting = len(self._jobs) if self._jobs is not None else 0
        if waiting + self._under_way >= MAX_BACKLOG:
            raise Limited("Too many commands are waiting; send it again in a moment.")

    def follow(
        self,
        asked: asyncio.Future[Receipt],
        done: Callable[[Receipt], None],
        refuse: Callable[[Refusal], None],
    ) -> None:
        """Do with the answer of what was begun already, without a task: `done` may have it `when_kept`."""

        def answered(asked: asyncio.Future[Receipt]) -> None:
            self._under_way -= 1
            fault = asked.exception()
            if fault is None:
                done(asked.result())
            elif isinstance(fault, Refusal):
                refuse(fault)
            else:
                self._asker.failed(fault)
            self._rest()

        self._under_way += 1
        asked.add_done_callback(answered)

    def when_kept(self, receipt: Receipt, tell: "Callable[[Level], None]", refuse: Callable[[Refusal], None]) -> None:
        """Tell how safe a command's effect is, once that is known; the next command does not wait for it."""

        def known(kept: "asyncio.Future[Level]") -> None:
            self._under_way -= 1
            try:
                tell(demand_kept(kept.result()))
            except Refusal as refusal:
                refuse(refusal)
            self._rest()

        self._under_way += 1
        if receipt.kept.done():
            known(receipt.kept)
        else:
            receipt.kept.add_done_callback(known)

    async def _work(self) -> None:
        with self:
            while self._jobs:
                await self._do(self._jobs.popleft())

    def __enter__(self) -> None:
        """Around the work on what is there: a callback of its task's would be a turn of the loop more for each."""

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, tb: TracebackType | None) -> bool:
        self._working = None
        if not self._jobs:
            self._jobs = None
        ours = isinstance(fault, Exception)
        if fault is not None and ours:
            self._asker.failed(fault)
        self._rest()
        return ours

    async def _do(self, job: Job) -> None:
        """What waited here counts, so that a store that hangs does not keep the last of 64 commands for minutes."""
        waited_s = time.monotonic() - job.at - (self._elsewhere_s - job.elsewhere_s)
        try:
            async with Budget(PATIENCE_S - max(0.0, waited_s)) as budget:
                try:
                    await job.work()
                finally:
                    self._elsewhere_s += budget.elsewhere_s
        except Unavailable as refusal:
            job.refuse(refusal)

    def _rest(self) -> None:
        if self.idle:
            self._asker.rest()
            if not self._asker.open:
                self.part()
