"""Cleaning up: rooms that nobody has used for long go, with what they held. Safe while servers run.

What goes is decided on each room itself at the moment of its going: a room that somebody has entered meanwhile stays.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from roomd.domain.ids import Code, RoomId
from roomd.domain.refusals import NotFound
from roomd.domain.room import Expire, Room
from roomd.engine import SYSTEM, Engine
from roomd.store.index import Index

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


class Cleaner:
    def __init__(self, engine: Engine, index: Index) -> None:
        self._engine = engine
        self._index = index

    async def idle(self, now: float, hours: float) -> AsyncIterator[Idle]:
        """The rooms that would go now, the longest unused first."""
        before = now - hours * HOUR_MS
        after: float | None = None
        while batch := await self._index.unused(before, after, BATCH):
            for room_id, after in batch:  # noqa: B007 - the last one is where the next batch begins
                try:
                    room = await self._engine.room(room_id)
                except NotFound:
                    await self._index.forget(room_id)
                    continue
                if room.expired(before):
                    yield _idle(room, now)
            if len(batch) < BATCH:
                return

    async def remove(self, room_id: RoomId, now: float, hours: float) -> bool:
        """Remove a room, if it is still unused; whether it went."""
        try:
            receipt = await self._engine.handle(room_id, Expire(before=now - hours * HOUR_MS), SYSTEM)
        except NotFound:
            return False
        return receipt.room.closed


def _idle(room: Room, now: float) -> Idle:
    hours = round((now - room.last_activity) / HOUR_MS, 1)
    return Idle(room.id, room.code, room.settings.name, hours, len(room.members), len(room.entries))
