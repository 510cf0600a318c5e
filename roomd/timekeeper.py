"""Leads this server's room time to the one that all servers share, without ever stepping it.

Redis is asked once a second. Where its answers leave what was thought possible, somebody's clock was set: Redis', or
ours because this machine stood still. Others who find all in order say which.
"""

import asyncio
import logging
import math
from collections import deque

from roomd.clock import Clock
from roomd.domain.offsets import Bound, Estimate, Line, beyond, bound, estimate
from roomd.domain.refusals import Unavailable
from roomd.store.reference import Asking, Reading, Reference
from roomd.tasks import Tasks

#: Questions at the start, before anybody is served, and milliseconds between them; seconds between later ones.
AT_START = 8
AT_START_S = 0.005
ASK_S = 1.0
#: Milliseconds for which an answer counts.
WINDOW_MS = 120_000.0
#: Milliseconds beyond what was thought possible from which on a clock was set. Less is led to.
SET_MS = 5.0
#: Doubts in a row that the others do not share, after which it is this machine that stood still.
GIVE_IN = 8

log = logging.getLogger(__name__)


class Timekeeper:
    def __init__(self, reference: Reference, clock: Clock, process: str) -> None:
        self._reference = reference
        self._clock = clock
        self._process = process
        self._bounds: deque[Bound] = deque()
        self._known: Estimate | None = None
        self._turn = ""
        #: Redis' time when all was last in order.
        self._agreed: float | None = None
        self._doubts = 0
        self._tasks = Tasks(log)

    async def align(self) -> None:
        """Set this server's room time, before anybody has seen it; where Redis is away, once it is back."""
        for _ in range(AT_START):
            try:
                await self._ask()
            except Unavailable:
                return
            await asyncio.sleep(AT_START_S)
        if self._known is not None:
            self._step(self._known)

    async def start(self) -> None:
        await self.align()
        self._tasks.start("keeping time", self._run())

    async def stop(self) -> None:
        await self._tasks.stop()

    def offset(self) -> float:
        """Milliseconds by which room time here is ahead of the one that all share, as far as that is known."""
        local = self._clock.local()
        return self._clock.line.at(local) - local - self._known.by(local).offset if self._known else math.nan

    def uncertainty(self) -> float:
        """Half the width of the interval, in milliseconds, that the shared time lies in."""
        return self._known.by(self._clock.local()).uncertainty if self._known else math.inf

    def asking(self) -> Asking:
        """What Redis is asked with."""
        mine = self._clock.line.at(self._clock.local()) if self._known is not None else None
        doubted = self._turn if self._doubts else ""
        return Asking(self._process, self._clock.id, mine, doubted, self._agreed)

    def take(self, reading: Reading, sent: float, received: float) -> None:
        """Take in an answer; `sent` and `received` are this machine's monotonic time."""
        found = bound(sent, reading.room_time, received)
        if reading.turn != self._turn:
            self._begin(reading)
        elif self._known is not None and self._doubtful(beyond(self._known.by(received), found), found):
            return
        first, drift = self._known is None, self._known.drift if self._known is not None else 0.0
        self._doubts, self._agreed = 0, reading.time
        self._known = known = self._estimate(found, drift)
        if first:
            self._step(known)
        else:
            self._clock.line = self._clock.line.steered(received, received + known.offset, known.drift)

    def _begin(self, reading: Reading) -> None:
        """What was known of another turn says nothing of this one."""
        if self._turn:
            log.info("the time of Redis was set, or is that of another one: room time goes on from where it was")
        self._turn, self._clock.id = reading.turn, reading.id
        self._bounds.clear()

    def _doubtful(self, far: float, found: Bound) -> bool:
        """Whether an answer is not to be followed: a clock was set, and it is not clear yet whose."""
        if abs(far) < SET_MS:
            return False
        self._doubts += 1
        if self._doubts <= GIVE_IN:
            return True
        log.warning("this machine stood still, or its clock was set: its room time was off by %.0f ms", -far)
        self._bounds.clear()
        if far > 0:
            self._step(estimate([found], found.at))
        return False

    def _estimate(self, found: Bound, drift: float) -> Estimate:
        self._bounds.append(found)
        while found.at - self._bounds[0].at > WINDOW_MS:
            self._bounds.popleft()
        known = estimate(self._bounds, found.at, drift)
        if known.uncertainty < 0:
            # No line fits all: a clock was set by a little, and only the newest answer is about the present.
            self._bounds = deque([found])
            known = estimate(self._bounds, found.at, drift)
        return known

    def _step(self, known: Estimate) -> None:
        self._known = known
        self._clock.line = Line(known.at, known.at + known.offset, known.drift)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(ASK_S)
            try:
                await self._ask()
            except Unavailable as fault:
                log.debug("the time is not known: %s", fault)

    async def _ask(self) -> None:
        asking, sent = self.asking(), self._clock.local()
        reading = await self._reference.read(asking)
        self.take(reading, sent, self._clock.local())
