"""What a command answers, and what the engine needs so that its effect is kept beyond it."""

import asyncio
from typing import NamedTuple, Protocol

from roomd.archived import Level
from roomd.domain.ids import Code, RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.room import Room
from roomd.store.plain import Change


class Receipt(NamedTuple):
    """The room after a command, and the number of the commit that it led to (or of the room, when nothing changed).

    `kept` answers how safe that is.
    """

    room: Room
    rev: int
    kept: asyncio.Future[Level]


class Keeping(Protocol):
    """What the engine needs to have rooms kept beyond a command (`keeper.py` says how)."""

    async def load(self, room_id: RoomId) -> Room | None: ...
    async def hold(self, room_id: RoomId) -> None: ...
    def holds(self, room_id: RoomId) -> bool: ...
    async def find_code(self, code: Code) -> RoomId | None: ...
    async def taken(self, code: Code) -> bool: ...
    def note(self, room_id: RoomId, change: Change) -> asyncio.Future[Level]: ...
    def settled(self, room_id: RoomId, epoch: int, rev: int) -> asyncio.Future[Level]: ...
    def bury(self, room: Room) -> None: ...


def demand_kept(level: Level) -> Level:
    """Raise Unavailable where a command's effect was lost before anybody was told of it, or may have been."""
    if level == "lost":
        raise Unavailable("That was lost when the room store failed. Send it again.", "lost")
    if level == "unknown":
        raise Unavailable("It cannot be said yet whether that was kept. Send it again.")
    return level
