"""What players say of themselves, gathered per room and shown to everybody in it. Nothing of it touches the room.

Each process keeps the latest report of each member, tells the others what is new over the room's bell, and tells its
own sockets how the room is doing. All of that follows from news: a room in which nobody reports costs nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from roomd.dialects import native
from roomd.domain.ids import RoomId, SocketId, UserId
from roomd.domain.moment import START_LEAD_MS
from roomd.domain.refusals import Unavailable
from roomd.domain.sync import COUNTED_MS, Noted, Report, lead_of, pulse_of, tidy
from roomd.fanout import Batch
from roomd.store.pulses import News, Pulses, read_news
from roomd.tasks import Tasks

#: Members of one room whose reports are kept.
MAX_REPORTS = 1_000
#: Seconds between two pulses of a room, and where so many sockets are told: 7 KB each, which is most of the cost.
PULSE_S = 2.0
CROWD = 50
CROWD_PULSE_S = 5.0
#: Seconds in which the first reports of a room gather.
GATHER_S = 0.2

log = logging.getLogger(__name__)


class Listener(Protocol):
    """A socket that hears pulses. `offer` neither waits nor raises, and may drop what it is given."""

    id: SocketId

    def offer(self, batch: Batch) -> None: ...


class Watched:
    """A room with native sockets here."""

    def __init__(self) -> None:
        self.sockets: dict[SocketId, Listener] = {}
        self.noted: dict[UserId, Noted] = {}
        #: What the other processes have not been told: who reported here, and whose socket has closed.
        self.fresh: set[UserId] = set()
        self.gone: dict[UserId, SocketId] = {}
        self.told_at = -CROWD_PULSE_S
        self.timer: asyncio.TimerHandle | None = None

    @property
    def pace_s(self) -> float:
        return PULSE_S if len(self.sockets) <= CROWD else CROWD_PULSE_S

    def note(self, user: UserId, noted: Noted) -> bool:
        """Keep a report, unless there is a later one or no place; whether it is kept."""
        known = self.noted.get(user)
        if known is None and len(self.noted) >= MAX_REPORTS:
            self.prune(noted.at)
            if len(self.noted) >= MAX_REPORTS:
                return False
        if known is not None and known.at > noted.at:
            return False
        self.noted[user] = noted
        return True

    def drop(self, user: UserId, socket: SocketId) -> bool:
        """Forget the report that came over a socket; whether there was one."""
        known = self.noted.get(user)
        if known is None or known.socket != socket:
            return False
        del self.noted[user]
        self.fresh.discard(user)
        return True

    def prune(self, now: float) -> None:
        for user in [user for user, noted in self.noted.items() if now - noted.at > COUNTED_MS]:
            del self.noted[user]
            self.fresh.discard(user)

    def news(self, process: str) -> News | None:
        """What the other processes have not been told, told."""
        if not self.fresh and not self.gone:
            return None
        told = News(process=process, reports={user: self.noted[user] for user in self.fresh}, gone=self.gone)
        self.fresh, self.gone = set(), {}
        return told


class PulseRooms:
    def __init__(
        self, pulses: Pulses, process: str, now: Callable[[], float], observe: Callable[[Report], None]
    ) -> None:
        self._pulses = pulses
        self._process = process
        self._now = now
        self._observe = observe
        self._rooms: dict[RoomId, Watched] = {}
        self._tasks = Tasks(log)

    def enter(self, room_id: RoomId, socket: Listener) -> None:
        """From now on a socket hears pulses."""
        self._rooms.setdefault(room_id, Watched()).sockets[socket.id] = socket

    def leave(self, room_id: RoomId, socket: Listener, user: UserId) -> None:
        """The socket is closed, and what it reported is forgotten."""
        watched = self._rooms.get(room_id)
        if watched is None:
            return
        watched.sockets.pop(socket.id, None)
        if watched.drop(user, socket.id):
            watched.gone[user] = socket.id
            self._schedule(room_id, watched)
        if not watched.sockets:
            if watched.timer is not None:
                self._tell(room_id, watched)
            del self._rooms[room_id]

    def report(self, room_id: RoomId, socket: Listener, user: UserId, report: Report) -> None:
        """Take in what a member's player says of itself."""
        watched = self._rooms.get(room_id)
        kept = tidy(report)
        if watched is None or not watched.note(user, Noted(report=kept, socket=socket.id, at=self._now())):
            return
        self._observe(kept)
        watched.fresh.add(user)
        watched.gone.pop(user, None)
        self._schedule(room_id, watched)

    def ring(self, room_id: RoomId, data: bytes) -> bool:
        """Take in what a room's bell carries; False when that is no news of players."""
        try:
            news = read_news(data)
        except msgspec.DecodeError:
            # Of a newer roomd, which runs beside this one for a while.
            return True
        watched = self._rooms.get(room_id)
        if news is not None and watched is not None and news.process != self._process:
            self._learn(room_id, watched, news)
        return news is not None

    def lead(self, room_id: RoomId | None) -> float:
        """How far ahead a start in this room is to be, in milliseconds."""
        watched = self._rooms.get(room_id) if room_id is not None else None
        return lead_of(watched.noted.values(), self._now()) if watched is not None else START_LEAD_MS

    async def latest(self, room_id: RoomId) -> bytes:
        """The room's pulse as JSON, whichever process its people are connected to. Raises Unavailable."""
        if room_id not in self._rooms and (told := await self._pulses.latest(room_id)):
            return told
        watched = self._rooms.get(room_id)
        return self._pulse(watched.noted if watched is not None else {}).encode()

    async def stop(self) -> None:
        for watched in self._rooms.values():
            self._end(watched)
        await self._tasks.stop()

    def _learn(self, room_id: RoomId, watched: Watched, news: News) -> None:
        now = self._now()
        for user, noted in news.reports.items():
            if watched.note(user, msgspec.structs.replace(noted, at=min(noted.at, now))):
                watched.fresh.discard(user)
        for user, socket in news.gone.items():
            watched.drop(user, socket)
        self._schedule(room_id, watched)

    def _schedule(self, room_id: RoomId, watched: Watched) -> None:
        if watched.timer is None:
            loop = asyncio.get_running_loop()
            due = max(watched.told_at + watched.pace_s, loop.time() + GATHER_S)
            watched.timer = loop.call_at(due, self._tell, room_id, watched)

    def _tell(self, room_id: RoomId, watched: Watched) -> None:
        """Tell the other processes what is new here, and the sockets how the room is doing."""
        self._end(watched)
        watched.told_at = asyncio.get_running_loop().time()
        watched.prune(self._now())
        text = self._pulse(watched.noted)
        publishing = self._pulses.publish(room_id, watched.news(self._process), text)
        self._tasks.start("publishing a pulse", publishing, expected=(Unavailable,))
        batch = Batch((text,))
        for socket in list(watched.sockets.values()):
            socket.offer(batch)

    def _pulse(self, noted: Mapping[UserId, Noted]) -> str:
        return native.pulse(pulse_of(noted, self._now()))

    def _end(self, watched: Watched) -> None:
        if watched.timer is not None:
            watched.timer.cancel()
            watched.timer = None
