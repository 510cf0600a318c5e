"""Rooms and all that keeps them: what a server and the command line are both built on."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomd.archiver import Archiver
from roomd.clock import Clock
from roomd.copier import Copier
from roomd.engine import Engine
from roomd.holdings import Holdings
from roomd.keeper import Keeper
from roomd.store.archive import Archive
from roomd.store.index import Index
from roomd.store.life import Life
from roomd.store.moves import Moves
from roomd.store.rooms import RoomStore

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from roomd.store.postgres import PostgresPool


@dataclass(frozen=True)
class Core:
    store: RoomStore
    moves: Moves
    archive: Archive
    index: Index
    holdings: Holdings
    archiver: Archiver
    keeper: Keeper
    engine: Engine

    @classmethod
    def build(cls, redis: "Redis", pool: "PostgresPool", life: Life, clock: Clock) -> "Core":
        store, moves, archive, index = RoomStore(redis, life), Moves(redis, life), Archive(pool), Index(redis)
        holdings = Holdings(index, clock, secrets.token_hex(6))
        copier = Copier(archive, store, moves, index, clock.now)
        archiver = Archiver(copier)
        keeper = Keeper(
            store=store,
            moves=moves,
            archive=archive,
            archiver=archiver,
            index=index,
            life=life,
            holdings=holdings,
            moment=clock.moment,
        )
        copier.reopen = keeper.reopen
        engine = Engine(store, index, keeper, clock.moment)
        return cls(store, moves, archive, index, holdings, archiver, keeper, engine)

    async def start(self) -> None:
        await self.archiver.start()

    async def stop(self) -> None:
        """Archive what is left, as far as that takes no longer than a few seconds."""
        await self.keeper.stop()
        await self.archiver.stop()
