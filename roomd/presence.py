"""Presence by leases: which sockets are open, told to rooms, and made good when a process dies.

A process holds one lease for all its sockets, whose ids begin with the process's own. So nothing is written per socket
or per room while people just listen; when a lease runs out, some other process closes, in each room that the dead one
held, the sockets that were its.
"""

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from roomd.clock import Clock
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.membership import Attach, Detach, Lapse
from roomd.domain.refusals import NotFound, Refusal, Unavailable
from roomd.engine import SYSTEM, Engine
from roomd.holdings import Holdings
from roomd.store.index import Index

#: Seconds between two times that a process says that it lives.
RENEW_S = 2.0
#: Seconds between tries to tell a room that a socket is gone, while the store is away.
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Presence:
    def __init__(self, engine: Engine, index: Index, holdings: Holdings, clock: Clock) -> None:
        self._engine = engine
        self._index = index
        self._holdings = holdings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._open: dict[SocketId, RoomId] = {}
        self._closing: Counter[RoomId] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process(self) -> str:
        return self._holdings.process

    @property
    def rooms(self) -> set[RoomId]:
        """Rooms with sockets of this process, or with one whose closing they have not been told of yet."""
        return {*self._open.values(), *self._closing}

    def new_socket(self) -> SocketId:
        return SocketId(f"{self.process}.{next(self._numbers)}")

    async def attach(self, room_id: RoomId, actor: Actor, socket: SocketId, origin: str = "") -> int:
        """Tell the room that a socket of the actor's is open; makes a member of whoever may enter. Raises a Refusal.

        The answer is the number of the commit that did it.
        """
        await self._holdings.hold(room_id)
        receipt = await self._engine.handle(room_id, Attach(socket=socket, origin=origin), actor)
        self._open[socket] = room_id
        return receipt.rev

    def detach(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        """Tell the room that the socket is gone, for as long as it takes."""
        self._open.pop(socket, None)
        self._spawn(self._detached(room_id, actor, socket))

    def reattach(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        """A socket that is open here was taken for dead elsewhere (this process stood still for too long)."""
        if socket in self._open:
            self._spawn(self._insist(room_id, actor, Attach(socket=socket)))

    async def renew(self) -> None:
        """Say that this process lives; and, where it was taken for dead, what it holds."""
        await self._holdings.renew()

    async def lapse(self) -> None:
        """Close the sockets of processes whose lease has run out."""
        for process in await self._index.dead(self._clock.now()):
            if process == self.process:
                continue
            rooms = await self._index.held_by(process)
            log.info("process %s is gone; closing its sockets in %d rooms", process, len(rooms))
            closed = await asyncio.gather(*(self._close(room_id, process) for room_id in rooms), return_exceptions=True)
            faults = [fault for fault in closed if fault is not None]
            if faults:
                # The others are done, so the next try has only these left.
                raise faults[0]
            await self._index.bury(process)

    async def _close(self, room_id: RoomId, process: str) -> None:
        """Close the sockets of a dead process in a room, and have archived what it left."""
        if await self._engine.adopt(room_id):
            with suppress(NotFound):
                await self._engine.handle(room_id, Lapse(process=process), SYSTEM)
        await self._index.release(process, room_id)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _detached(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        self._closing[room_id] += 1
        try:
            await self._insist(room_id, actor, Detach(socket=socket))
        finally:
            self._closing[room_id] -= 1
            self._closing = +self._closing

    async def _insist(self, room_id: RoomId, actor: Actor, command: Attach | Detach) -> None:
        # A socket that closed while we waited is not to be attached after all.
        while isinstance(command, Detach) or command.socket in self._open:
            try:
                await self._engine.handle(room_id, command, actor)
            except Unavailable:
                await asyncio.sleep(RETRY_S)
            except Refusal as refusal:
                log.info("could not tell room %s of a socket: %s", room_id, refusal)
                return
            else:
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
