"""The half of the server that is not rooms: catalogues, playlists, favourites, what people hear and may like."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomd.catalogue.local import LocalFolder
from roomd.clock import Clock
from roomd.core import Core
from roomd.scheduler import Job
from roomd.settings import Settings
from roomd.store.postgres import PostgresPool
from roomd.store.songs import Songs

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Library:
    songs: Songs

    def jobs(self) -> Sequence[Job]:
        """What is done beside requests, by one process at a time or by all; see scheduler.py."""
        return ()


async def open_library(
    settings: Settings,
    core: Core,
    folder: LocalFolder,
    *,
    redis: "Redis",
    pool: PostgresPool,
    clock: Clock,
    stack: AsyncExitStack,
) -> Library:
    """Put it together; what has to be stopped at the end goes on the stack."""
    return Library(songs=Songs(pool))
