"""What a client has missed, out of the room's log."""

import asyncio
from collections.abc import Callable

from roomd.domain.commit import Commit
from roomd.domain.room import Room
from roomd.store.rooms import Number, RoomStore

#: Commits over which a client may resume, and characters that these may come to. What is more is told as the room as it
#: is now, which has 2.5 million where it is largest; a socket takes 8 million at once, with what happens meanwhile.
MAX_RESUME = 5_000
MAX_REPLAY = 4 << 20
#: Commits read at once, and clients read for at the same time: a commit may have 400 KB, so that is 100 MB at most.
SLICE = 64
AT_ONCE = 4


class Replay:
    def __init__(self, store: RoomStore) -> None:
        self._store = store
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def frames(self, room: Room, known: Number, show: Callable[[Commit], list[str]]) -> list[str] | None:
        """The frames of every commit after `known` up to the room's number; None when they are not all to be had."""
        epoch, rev = known
        if epoch != room.epoch or not room.rev - MAX_RESUME <= rev <= room.rev:
            return None
        told: list[str] = []
        size = 0
        async with self._turns:
            while rev < room.rev:
                upto = min(room.rev, rev + SLICE)
                for commit in await self._store.log(room.id, rev, upto):
                    if (commit.epoch, commit.rev) != (epoch, rev + 1):
                        return None
                    frames = show(commit)
                    told += frames
                    size += sum(map(len, frames))
                    rev += 1
                if rev != upto or size > MAX_REPLAY:
                    return None
        return told
