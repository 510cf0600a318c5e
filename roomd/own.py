"""What concerns people's own accounts, put together: sign-ins that end, all of one's data, deleting an account."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomd.accounts import Accounts
from roomd.clock import Clock
from roomd.core import Core
from roomd.departures import Departures
from roomd.drain import Drain
from roomd.export import Exports
from roomd.library import Library
from roomd.scheduler import Job
from roomd.signed_out import SignedOut
from roomd.store.capabilities import Capabilities
from roomd.store.departed import DepartedStore
from roomd.store.own_data import OwnData
from roomd.store.postgres import PostgresPool
from roomd.store.renaming import Renaming

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Own:
    capabilities: Capabilities
    departures: Departures
    exports: Exports
    signed_out: SignedOut
    drain: Drain

    def jobs(self) -> Sequence[Job]:
        return (self.departures.job(), self.signed_out.job())


def open_own(
    core: Core,
    pool: PostgresPool,
    redis: "Redis",
    accounts: Accounts,
    library: Library,
    *,
    clock: Clock,
    drain: Drain,
    stack: AsyncExitStack,
) -> Own:
    capabilities = Capabilities(redis, pool)
    signed_out = SignedOut(accounts.revocations, lambda: drain.open)
    departures = Departures(
        store=DepartedStore(pool),
        renaming=Renaming(redis),
        revocations=accounts.revocations,
        capabilities=capabilities,
        engine=core.engine,
        index=core.index,
        forget_picture=library.uploads.forget,
        sign_out=signed_out.look,
        clock=clock,
    )
    stack.push_async_callback(departures.stop)
    return Own(capabilities, departures, Exports(core, OwnData(pool)), signed_out, drain)
