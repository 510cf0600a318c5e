"""Cleaning up: rooms that nobody has used for long go, with what they held. Safe while servers run.

What goes is decided on each room itself at the moment of its going: a room that somebody has entered meanwhile stays.
Rooms that sleep are looked at, and closed, where they are.
"""

from collections.abc import AsyncIterator
from math import inf
from typing import NamedTuple

from roomd.core import Core
from roomd.domain.ids import Code, RoomId
from roomd.domain.refusals import NotFound
from roomd.domain.room import Expire, Room
from roomd.engine import SYSTEM
from roomd.store.shelf import FIRST, Shelf, Unused

HOUR_MS = 3_600_000.0
BATCH = 200


class Idle(NamedTuple):
    """A room that goes, and why: how long nobody has used it, and what goes with it."""

    id: RoomId
    code: Code
    name: str
    idle_hours: float
    people: int
    tracks: int
    asleep: bool


class Cleaner:
    def __init__(self, core: Core, shelf: Shelf, now: float, hours: float) -> None:
        self._core = core
        self._shelf = shelf
        self._now = now
        self._before = now - hours * HOUR_MS
        #: Rooms looked at so far.
        self.looked = 0

    async def idle(self) -> AsyncIterator[Idle]:
        """The rooms that would go now, the longest unused first; at the end those that were never archived."""
        after = (-inf, FIRST)
        while batch := await self._shelf.unused(self._before, after, BATCH):
            present = await self._core.store.present([each.id for each in batch])
            for each in batch:
                self.looked += 1
                if (idle := await self._look(each, here=each.id in present)) is not None:
                    yield idle
            after = (batch[-1].last_activity, batch[-1].id)
        async for room in self._unarchived():
            if room.disposable(self._before):
                yield self._idle(room, asleep=False)

    async def remove(self, idle: Idle) -> bool:
        """Remove a room, if it is still unused; whether it went."""
        if idle.asleep and await self._shelf.close(idle.id, self._before, self._now):
            return True
        try:
            receipt = await self._core.engine.handle(idle.id, Expire(before=self._before), SYSTEM)
        except NotFound:
            return False
        return receipt.room.closed

    async def _look(self, known: Unused, *, here: bool) -> Idle | None:
        """The room as it is, if it would go; read where it is, and nothing is changed by it."""
        looked = await self._core.store.look(known.id) if here else None
        room = looked.room if looked else None
        if room is None and known.exact:
            hours = self._hours(known.last_activity)
            return Idle(known.id, known.code, known.name, hours, known.people, known.tracks, asleep=True)
        if room is None:
            # Redis has lost it; what was archived since its last snapshot counts too.
            whole = await self._core.archive.read(known.id)
            room = whole.room if whole else None
        return self._idle(room, asleep=False) if room is not None and room.disposable(self._before) else None

    async def _unarchived(self) -> AsyncIterator[Room]:
        """Rooms that PostgreSQL has not heard of yet."""
        after: float | None = None
        while batch := await self._core.index.unused(self._before, after, BATCH):
            known = await self._shelf.states([room_id for room_id, _ in batch])
            for room_id, after in batch:  # noqa: B007 - the last one is where the next batch begins
                if room_id not in known and (looked := await self._core.store.look(room_id)) is not None:
                    yield looked.room

    def _idle(self, room: Room, *, asleep: bool) -> Idle:
        hours = self._hours(room.last_activity)
        return Idle(room.id, room.code, room.settings.name, hours, len(room.members), len(room.entries), asleep)

    def _hours(self, since: float) -> float:
        return round((self._now - since) / HOUR_MS, 1)
