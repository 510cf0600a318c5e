"""Commands of a room in the order of their coming. What comes while one lot is carried out is the next lot.

One lot of a room at a time keeps this process from racing itself (without it, 50 writers cost 22.7 retries per commit;
with it, none), and a lot costs one round trip to Redis however many commands are in it. The lots of several rooms that
begin in one turn of the loop are carried out together, and share that round trip. Only what comes while nothing at all
is under way begins at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.domain.words import Command
from roomd.keeping import Receipt

#: Seconds that a command waits for those before it in the same room.
TURN_S = 1.8
#: Commands carried out together.
LOT = 64


@dataclass(slots=True, eq=False)
class Asked:
    """A command, its sender's id for it, the name that it is known by in the room, and whoever waits for its answer."""

    command: Command
    actor: Actor
    command_id: str | None
    once: str
    answer: asyncio.Future[Receipt]
    #: Loop time at which it came.
    came: float

    def refuse(self, fault: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(fault)

    def settle(self, receipt: Receipt) -> None:
        if not self.answer.done():
            self.answer.set_result(receipt)


class Lot(NamedTuple):
    """Commands of a room that are carried out together."""

    room: RoomId
    asked: Sequence[Asked]


class Desks:
    """`carry_out` is given the lots that begin in one turn of the loop, and says of each when it is `over`."""

    def __init__(self, carry_out: Callable[[Sequence[Lot]], None]) -> None:
        self._carry_out = carry_out
        #: Of the rooms with a lot under way, what has come since.
        self._waiting: dict[RoomId, deque[Asked]] = {}
        #: Rooms whose next lot begins in the next turn: what else comes in this one goes with it.
        self._next: list[RoomId] = []

    def __contains__(self, room_id: RoomId) -> bool:
        """Whether commands of the room are under way."""
        return room_id in self._waiting

    def take(self, room_id: RoomId, asked: Asked) -> None:
        waiting = self._waiting.get(room_id)
        if waiting is not None:
            waiting.append(asked)
            return
        alone = not self._waiting
        self._waiting[room_id] = deque((asked,))
        if alone:
            # Nothing is under way that others could be gathered behind: a turn of the loop is a tenth of its way.
            self._next.append(room_id)
            self._begin()
        else:
            self._call(room_id)

    def over(self, lot: Lot, fault: BaseException | None = None) -> None:
        """The fault is everybody's in it who is not answered."""
        for asked in lot.asked:
            if not asked.answer.done():
                asked.refuse(fault or Unavailable("It is not known whether that was done. Send it again."))
        if self._waiting[lot.room]:
            self._call(lot.room)
        else:
            del self._waiting[lot.room]

    def _call(self, room_id: RoomId) -> None:
        if not self._next:
            asyncio.get_running_loop().call_soon(self._begin)
        self._next.append(room_id)

    def _begin(self) -> None:
        rooms, self._next = self._next, []
        now = asyncio.get_running_loop().time()
        lots = []
        for room_id in rooms:
            asked = next_lot(self._waiting[room_id], now)
            if asked:
                lots.append(Lot(room_id, asked))
            else:
                del self._waiting[room_id]
        if lots:
            self._carry_out(lots)


def next_lot(waiting: deque[Asked], now: float) -> list[Asked]:
    """Takes what is carried out next. What waited for too long is refused, and whose sender has gone is left undone."""
    lot: list[Asked] = []
    names: set[str] = set()
    while waiting and len(lot) < LOT and waiting[0].once not in names:
        asked = waiting.popleft()
        if now - asked.came > TURN_S:
            asked.refuse(too_busy())
        elif not asked.answer.done():
            lot.append(asked)
            names.add(asked.once)
    return lot


class TooBusy(Unavailable):
    """It did not come to the command's turn: nothing was done."""


def too_busy() -> TooBusy:
    return TooBusy("The room is too busy. Try again in a moment.")
