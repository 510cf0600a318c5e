"""What happens without anybody asking: tracks end, hosts are missed, processes die.

Every process runs the same jobs; those that need only one doer are done by whoever holds their lease. The lease saves
work, it is not what keeps rooms right: whatever a job decides is committed against the room's own number.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple

from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.domain import rules
from roomd.domain.ids import RoomId
from roomd.domain.refusals import NotFound, Unavailable
from roomd.engine import SYSTEM, Engine
from roomd.presence import RENEW_S, Presence
from roomd.several import several
from roomd.store.index import Index

#: Seconds between looks at what is due, at most; sooner when something is due sooner.
LOOK_S = 0.2
#: Rooms ticked in one look; the rest follow in the next.
BATCH = 200
#: Rooms looked at at once. With 24, bringing 1,000 rooms back takes as long, and all others wait ten times as long.
AT_ONCE = 8
#: Milliseconds a job's lease holds: as long as rooms may stand still when its holder dies. Of a job that is done rarely
#: it holds until the next time; others ask so often whether it has been let go of.
LEASE_MS = 3_000
RARE_MS = 600_000
#: Seconds between looks for dead processes.
LAPSE_S = 1.0
#: Seconds between two removals of sign-ins that have run out.
FORGET_S = 3_600.0
#: Milliseconds until the next look at a room that could not be looked at for a fault of ours, or because it, or what it
#: needs, did not answer.
FAULTY_MS = 60_000.0
AGAIN_MS = 1_000.0
#: Seconds to wait when the store is away.
AWAY_S = 0.5
#: Seconds to wait after a fault of ours.
FAILED_S = 5.0
#: Seconds between the moments at which what need not be punctual is done, all together: waking up is what costs. An
#: idle server used 12 ms of CPU a second when each job had its own moments, and 6 with these.
BEAT_S = 0.1

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """`run` does what there is to do and answers in how many seconds to come again."""

    name: str
    leased: bool
    run: Callable[[], Awaitable[float]]
    #: Milliseconds for which nobody else does it.
    lease_ms: int = LEASE_MS


class Scheduler:
    """`more` are jobs beside its own."""

    def __init__(
        self,
        engine: Engine,
        index: Index,
        presence: Presence,
        clock: Clock,
        accounts: Accounts,
        *,
        more: Sequence[Job] = (),
    ) -> None:
        self._engine = engine
        self._index = index
        self._presence = presence
        self._clock = clock
        self._accounts = accounts
        self._more = more
        self._tasks: set[asyncio.Task[None]] = set()
        #: When jobs that failed begin anew.
        self._again: list[asyncio.TimerHandle] = []
        self._ending = False
        #: Of the leases that were found to be ours, until when they surely are, by the loop's clock.
        self._held: dict[str, float] = {}

    def jobs(self) -> Sequence[Job]:
        return (
            Job("renew", False, self._renew),
            Job("lapse", True, self._lapse),
            Job("tick", True, self._tick),
            Job("forget", True, self._forget, int(FORGET_S * 1_000)),
            *self._more,
        )

    async def start(self) -> None:
        await self._presence.renew()
        for job in self.jobs():
            self._begin(job)

    async def stop(self) -> None:
        self._ending = True
        for timer in self._again:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._repeat(job), name=job.name)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, job))

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        """A job that ends without a word would stop time for every room."""
        self._tasks.discard(task)
        if self._ending or task.cancelled():
            return
        log.error("job %s failed", job.name, exc_info=task.exception())
        again = asyncio.get_running_loop().call_later(FAILED_S, self._begin, job)
        self._again = [timer for timer in self._again if timer.when() > again.when() - FAILED_S]
        self._again.append(again)

    async def _repeat(self, job: Job) -> None:
        away = False
        loop = asyncio.get_running_loop()
        while True:
            try:
                wait = await self._once(job)
                away = False
            except Unavailable as why:
                if not away:
                    log.warning("job %s waits: %s", job.name, why)
                away, wait = True, AWAY_S
            await asyncio.sleep(aligned(wait, loop.time()))

    async def _once(self, job: Job) -> float:
        """Do the job if it is ours to do; in how many seconds to come again."""
        mine = not job.leased or await self._is_ours(job)
        return await job.run() if mine else min(job.lease_ms, RARE_MS) / 2_000

    async def _is_ours(self, job: Job) -> bool:
        """Whether this process has the job's lease; asked when a third of it is over, as jobs come up to five times a
        second.
        """
        now = asyncio.get_running_loop().time()
        if self._held.get(job.name, 0.0) - now > job.lease_ms / 1_500:
            return True
        mine = await self._index.take_lease(job.name, self._presence.process, job.lease_ms)
        # From before the question: the lease in Redis ends later than what is kept here.
        self._held[job.name] = now + job.lease_ms / 1_000 if mine else 0.0
        return mine

    async def _renew(self) -> float:
        await self._presence.renew()
        return RENEW_S

    async def _lapse(self) -> float:
        await self._presence.lapse()
        return LAPSE_S

    async def _forget(self) -> float:
        await self._accounts.forget_expired()
        return FORGET_S

    async def _tick(self) -> float:
        """Let time act on every room that is due, then sleep until the next one is."""
        now, first = self._clock.now(), await self._index.next_due()
        if first is None or first > now:
            return _until(first, now)
        due = await self._index.due(now, BATCH)
        faults = await several(due, lambda each: self._look(*each), AT_ONCE)
        for place, why in faults:
            # One room that cannot be read, or brought back, must not stop time for all others.
            room_id, planned = due[place]
            wait = AGAIN_MS if isinstance(why, Unavailable) else FAULTY_MS
            if not isinstance(why, Unavailable):
                log.error("could not look at room %s", room_id, exc_info=why)
            await self._index.replan(room_id, self._clock.now() + wait, planned)
        if len(faults) == len(due) and faults and isinstance(faults[0].why, Unavailable):
            raise faults[0].why
        if len(due) == BATCH:
            return 0.0
        return _until(await self._index.next_due(), self._clock.now())

    async def _look(self, room_id: RoomId, planned: float) -> None:
        try:
            room = (await self._engine.handle(room_id, rules.Tick(), SYSTEM)).room
            await self._index.replan(room_id, rules.deadline(room), planned)
            # Somebody may have committed after our look and planned before we planned over it.
            now = await self._engine.room(room_id)
        except NotFound:
            await self._index.forget(room_id)
            return
        coming = rules.deadline(now)
        if now is not room and coming is not None:
            await self._index.plan(room_id, coming)


def _until(due: float | None, now: float) -> float:
    """Seconds until the next look, where the first room is due then (in ms), or none is."""
    return LOOK_S if due is None else min(LOOK_S, max(0.005, (due - now) / 1_000))


def aligned(wait: float, now: float) -> float:
    """Seconds until the last beat before `wait` is over; what is to come sooner than the next but one comes in time."""
    return wait - (now + wait) % BEAT_S if wait > BEAT_S else wait
