"""The jobs that keep rooms as long as they should live, beside those that run them (`scheduler.py`)."""

from collections.abc import Sequence

from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.core import Core
from roomd.presence import Presence
from roomd.rebuild import Rebuild
from roomd.retention import LOOK_S, Retention
from roomd.scheduler import Job, Scheduler
from roomd.settings import Settings
from roomd.sleeper import Sleeper
from roomd.snapshots import Snapshots
from roomd.store.postgres import PostgresPool
from roomd.store.pruning import Pruning
from roomd.store.shelf import Shelf

#: Seconds between two looks which rooms this process need not answer for any more.
RELEASE_S = 60.0


class Upkeep:
    """`scheduler` runs them all."""

    def __init__(
        self,
        core: Core,
        pool: PostgresPool,
        *,
        presence: Presence,
        accounts: Accounts,
        settings: Settings,
        clock: Clock,
        more: Sequence[Job] = (),
    ) -> None:
        shelf = Shelf(pool)
        self._core = core
        self._presence = presence
        self._snapshots = Snapshots(core, clock)
        self._sleeper = Sleeper(core, shelf, clock, settings.sleep_hours)
        self._retention = Retention(Pruning(pool), settings, clock)
        self._rebuild = Rebuild(core, shelf, accounts, clock)
        jobs = (*self.jobs(), *more)
        self.scheduler = Scheduler(core.engine, core.index, presence, clock, accounts, more=jobs)

    async def last(self) -> None:
        """What is done when the server ends, in a few seconds: snapshots, so that its rooms are woken quickly."""
        await self._snapshots.last()

    def jobs(self) -> Sequence[Job]:
        return (
            Job("release", False, self._release),
            Job("rebuild", True, self._rebuild.run),
            Job("snapshots", True, self._snapshots.run),
            Job("sleep", True, self._sleeper.run),
            Job("retention", True, self._retention.run, int(LOOK_S * 1_000)),
        )

    async def _release(self) -> float:
        await self._presence.release_unused(self._core.archiver.busy)
        return RELEASE_S
