"""Presence by leases: which sockets are open, told to rooms, and made good when a process dies.

A process holds one lease for all its sockets, whose ids begin with the process's own. So nothing is written per socket
or per room while people just listen; when a lease runs out, some other process closes, in each room that the dead one
held, the sockets that were its.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress

from roomd.clock import Clock
from roomd.crowd import Crowd
from roomd.desks import TooBusy
from roomd.domain.actor import Actor
from roomd.domain.ids import RoomId, SocketId
from roomd.domain.membership import Attach, Detach, Lapse
from roomd.domain.refusals import NotFound, Refusal, Unavailable
from roomd.engine import SYSTEM, Engine
from roomd.holdings import Holdings
from roomd.several import several
from roomd.store.index import Index
from roomd.store.rooms import Number
from roomd.tasks import Tasks

#: Seconds between two times that a process says that it lives.
RENEW_S = 2.0
#: Seconds between tries to tell a room that a socket is gone, while the store is away.
RETRY_S = 1.0
#: Rooms of a process that has ended, or is about to, that are told in one go, of the 32 connections to Redis.
AT_ONCE = 16
#: Milliseconds until the next look at a room that could not be looked at for a fault of ours.
FAULTY_MS = 60_000.0

log = logging.getLogger(__name__)


class Presence:
    def __init__(
        self, engine: Engine, index: Index, holdings: Holdings, clock: Clock, crowd: Crowd | None = None
    ) -> None:
        self._crowd = crowd or Crowd()
        self._engine = engine
        self._index = index
        self._holdings = holdings
        self._clock = clock
        self._numbers = itertools.count(1)
        self._open: dict[SocketId, RoomId] = {}
        #: Those of them with a player that says when it is ready.
        self._reporting: set[SocketId] = set()
        self._closing: dict[RoomId, int] = {}
        self._tasks = Tasks(log)
        #: While the process ends, its sockets are closed together, room by room: in these, so far.
        self._leaving = False
        self._left: set[RoomId] = set()

    @property
    def process(self) -> str:
        return self._holdings.process

    @property
    def rooms(self) -> set[RoomId]:
        """Rooms with sockets of this process, or with one whose closing they have not been told of yet."""
        return {*self._open.values(), *self._closing, *self._left}

    def new_socket(self) -> SocketId:
        return SocketId(f"{self.process}.{next(self._numbers)}")

    async def attach(
        self, room_id: RoomId, actor: Actor, socket: SocketId, origin: str = "", *, reports: bool = False
    ) -> Number:
        """Tell the room that a socket of the actor's is open; makes a member of whoever may enter. Raises a Refusal.

        `reports`: a player is behind it that says when it is ready. The answer is the number of the commit that did it.
        """
        await self._holdings.hold(room_id)
        attach = Attach(socket=socket, origin=origin, reports=reports)
        with self._crowd.coming(actor.id):
            try:
                receipt = await self._engine.handle(room_id, attach, actor)
            except TooBusy:
                raise
            except (Unavailable, asyncio.CancelledError):
                # It may have taken effect all the same, and nobody else would ever take it back.
                self.detach(room_id, actor, socket)
                raise
        self._open[socket] = room_id
        if reports:
            self._reporting.add(socket)
        return receipt.room.epoch, receipt.rev

    def detach(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        """Tell the room that the socket is gone, for as long as it takes."""
        if self._open.pop(socket, None) is not None:
            self._crowd.went("user", actor.id)
        self._reporting.discard(socket)
        if self._leaving:
            self._left.add(room_id)
        else:
            self._tasks.start("detaching", self._detached(room_id, actor, socket))

    def reattach(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        """A socket that is open here was taken for dead elsewhere (this process stood still for too long)."""
        if socket in self._open and not self._leaving:
            self._tasks.start(
                "attaching anew", self._insist(room_id, actor, Attach(socket=socket, reports=socket in self._reporting))
            )

    async def renew(self) -> None:
        """Say that this process lives; and, where it was taken for dead, what it holds."""
        await self._holdings.renew()

    async def release_unused(self, busy: Callable[[RoomId], bool]) -> int:
        """Let go of rooms without a socket here; how many. `busy` says whether something is left to do for a room."""
        open_here = self.rooms
        return await self._holdings.release_unused(lambda room_id: room_id in open_here or busy(room_id))

    async def lapse(self) -> None:
        """Close the sockets of processes whose lease has run out. Raises Unavailable, once all that can be is done."""
        away: Unavailable | None = None
        for process in await self._index.dead(self._clock.now()):
            if process != self.process:
                away = await self._lapsed(process) or away
        if away is not None:
            raise away

    def died(self, process: str) -> None:
        """A process is known to have died before its lease has run out: what it left is done then, this much now."""
        self._tasks.start("closing the sockets of a process that died", self._closed_of(process))

    async def _closed_of(self, process: str) -> None:
        # It stays among those whose lease runs out: what it sent last may come to Redis after this.
        try:
            rooms = await self._index.held_by(process)
        except Unavailable as fault:
            log.info("process %s died; its sockets are closed when its lease has run out: %s", process, fault)
            return
        log.info("process %s died; closing its sockets in %d rooms", process, len(rooms))
        for place, why in await several(rooms, lambda room_id: self._lapse_in(room_id, process), AT_ONCE):
            log.info("room %s was not told yet that process %s died: %s", rooms[place], process, why)

    async def _lapsed(self, process: str) -> Unavailable | None:
        """Do what a dead process has left undone; why that is not possible now."""
        rooms = await self._index.held_by(process)
        log.info("process %s is gone; closing its sockets in %d rooms", process, len(rooms))
        faults = await several(rooms, lambda room_id: self._close(room_id, process), AT_ONCE)
        if not faults:
            await self._index.bury(process)
        for place, why in faults:
            if isinstance(why, Unavailable):
                return why
            log.error("could not close the sockets of process %s in room %s", process, rooms[place], exc_info=why)
            # The others are done, so the next try, in a while, has only these left.
            await self._index.renew(process, self._clock.now() + FAULTY_MS)
        return None

    async def _close(self, room_id: RoomId, process: str) -> None:
        """Close the sockets of a dead process in a room, and have archived what it left."""
        if await self._engine.adopt(room_id):
            await self._lapse_in(room_id, process)
        await self._index.release(process, room_id)

    def leave(self) -> None:
        """The process is about to end: from now on, sockets that close are told of by `left`."""
        self._leaving = True

    async def left(self, seconds: float) -> None:
        """Tell each room that all sockets of this process are closed, as when it dies: one commit instead of 3,000.

        What is not done in time, another process does once this one's lease has run out.
        """
        rooms = sorted(self.rooms)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for place, why in await several(rooms, lambda room_id: self._lapse_in(room_id, self.process), AT_ONCE):
                    log.warning("room %s was not told that its sockets here are closed: %s", rooms[place], why)

    async def _lapse_in(self, room_id: RoomId, process: str) -> None:
        with suppress(NotFound):
            await self._engine.handle(room_id, Lapse(process=process), SYSTEM)

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _detached(self, room_id: RoomId, actor: Actor, socket: SocketId) -> None:
        self._closing[room_id] = self._closing.get(room_id, 0) + 1
        try:
            await self._insist(room_id, actor, Detach(socket=socket))
        finally:
            self._closing[room_id] -= 1
            if not self._closing[room_id]:
                del self._closing[room_id]

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
