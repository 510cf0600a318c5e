"""Rooms in and out of files: each at one number, while servers run or while none does."""

import asyncio
from collections.abc import AsyncIterator
from math import inf
from typing import NamedTuple

from msgspec import structs

from roomd.clock import Clock
from roomd.core import Core
from roomd.domain.ids import Code, RoomId, make_code
from roomd.domain.refusals import Unavailable
from roomd.domain.resting import at_rest
from roomd.domain.room import Room
from roomd.files import Saved
from roomd.sleeper import rest
from roomd.store.archive import Head
from roomd.store.shelf import FIRST, CodeTaken, Shelf, Shelved

#: Rooms read at once.
BATCH = 8
#: Codes tried for a room whose own is another's.
TRIES = 20


async def every_room(core: Core, shelf: Shelf, clock: Clock) -> AsyncIterator[Saved]:
    """Every room that is not closed: live ones out of Redis, the others out of PostgreSQL. Raises Unavailable."""

    async def read(room_id: RoomId, archived: Head | None) -> Saved | None:
        whole, at = await core.moves.whole(room_id), clock.now()
        here = Head(whole.room.epoch, whole.room.rev) if whole else Head(0, 0)
        if archived is not None and archived > here:
            # It sleeps; or Redis has lost something of it, or all.
            whole = await core.archive.read(room_id) or whole
        return Saved(whole, at) if whole is not None and not whole.room.closed else None

    async for batch in _batches(core, shelf):
        heads = await core.archive.heads(batch)
        for saved in await asyncio.gather(*(read(room_id, heads.get(room_id)) for room_id in batch)):
            if saved is not None:
                yield saved


async def _batches(core: Core, shelf: Shelf) -> AsyncIterator[list[RoomId]]:
    page_after = FIRST
    while page := await shelf.page(page_after, BATCH):
        yield [each.id for each in page]
        page_after = page[-1].id
    after: float | None = None
    while batch := await core.index.unused(inf, after, BATCH):
        known = await shelf.states([room_id for room_id, _ in batch])
        # Those that PostgreSQL has not heard of yet.
        if unknown := [room_id for room_id, _ in batch if room_id not in known]:
            yield unknown
        after = batch[-1][1]


class Fate(NamedTuple):
    """What becomes of a room out of a file: whether another is in its place, and whether it keeps its code."""

    replaces: bool
    keeps_code: bool
    code: Code


class Restorer:
    """Puts rooms in the place of what is there of them, asleep: the next touch wakes them.

    PostgreSQL comes first. From that moment on no commit of what was there is archived any more, so none is said to be
    safe and then lost; and a server that still has the old room finds that out with its next commit, at the latest.
    Then the old room leaves Redis, and every server is told to look.
    """

    def __init__(self, core: Core, shelf: Shelf, clock: Clock) -> None:
        self._core = core
        self._shelf = shelf
        self._clock = clock

    async def foresee(self, saved: Saved) -> Fate:
        """What `restore` would do; `code` is the room's own."""
        room = saved.whole.room
        holders = {await self._core.store.find_code(room.code), await self._core.archive.find_code(room.code)}
        state = (await self._shelf.states([room.id])).get(room.id)
        return Fate(state in {"live", "asleep"}, holders <= {None, room.id}, room.code)

    async def restore(self, saved: Saved) -> Fate:
        """Raises Unavailable."""
        fate = await self.foresee(saved)
        room = at_rest(saved.whole.room, saved.at)
        at, _ = await self._core.store.at(room.id)
        for _ in range(TRIES):
            code = room.code if fate.keeps_code else make_code(self._clock.moment().dice)
            if await self._hold(code, room.id):
                whole = structs.replace(saved.whole, room=structs.replace(room, code=code))
                try:
                    epoch = await self._shelf.bring(whole, self._clock.now(), at[1] if at else 0)
                except CodeTaken:
                    pass
                else:
                    await self._make_way(room, epoch)
                    return fate._replace(code=code)
            fate = fate._replace(keeps_code=False)
        raise Unavailable("No room code is free. Try again in a moment.")

    async def _hold(self, code: Code, room_id: RoomId) -> bool:
        """Keep others from taking the code meanwhile; False when one has."""
        store = self._core.store
        return await store.claim_code(code, room_id) or await store.find_code(code) == room_id

    async def _make_way(self, room: Room, epoch: int) -> None:
        """What Redis has of an older history goes; its people find the room among theirs."""
        now = self._clock.now()
        await self._core.moves.evict(room.id, epoch)
        await self._core.index.restore([Shelved(room.id, "asleep", now, False, sorted(room.members))], now)
        await rest(self._core, room.id, now)
