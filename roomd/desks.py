"""Commands of a room in the order of their coming. What comes while one lot is carried out is the next lot.

One lot of a room at a time keeps this process from racing itself (without it, 50 writers cost 22.7 retries per commit;
with it, none), and a lot costs one round trip to Redis however many commands are in it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial

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
    answer: asyncio.Future[Receipt] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    #: Loop time at which it came.
    came: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def refuse(self, fault: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(fault)

    def settle(self, receipt: Receipt) -> None:
        if not self.answer.done():
            self.answer.set_result(receipt)


class Desks:
    """`carry_out` answers each of a lot. A fault of it is everybody's whom it has not answered."""

    def __init__(self, carry_out: Callable[[RoomId, Sequence[Asked]], Coroutine[None, None, None]]) -> None:
        self._carry_out = carry_out
        #: Of the rooms with a lot under way, what has come since.
        self._waiting: dict[RoomId, deque[Asked]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, room_id: RoomId, asked: Asked) -> None:
        waiting = self._waiting.get(room_id)
        if waiting is not None:
            waiting.append(asked)
            return
        waiting = self._waiting[room_id] = deque((asked,))
        self._begin(room_id, waiting)

    def _begin(self, room_id: RoomId, waiting: deque[Asked]) -> None:
        lot: list[Asked] = []
        task = asyncio.get_running_loop().create_task(self._next(room_id, waiting, lot))
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, room_id, waiting, lot))

    async def _next(self, room_id: RoomId, waiting: deque[Asked], lot: list[Asked]) -> None:
        """Begins in the next turn of the loop: what else comes in this one goes with it."""
        lot += next_lot(waiting, asyncio.get_running_loop().time())
        if lot:
            await self._carry_out(room_id, lot)

    def _over(self, room_id: RoomId, waiting: deque[Asked], lot: Sequence[Asked], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        for asked in lot:
            asked.refuse(fault or Unavailable("It is not known whether that was done. Send it again."))
        if waiting:
            self._begin(room_id, waiting)
        else:
            del self._waiting[room_id]


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
