"""The one way out: what is committed to a room reaches every socket of it, in order, in the socket's own dialect.

A room is *followed* while a socket of it is open here: its bell is listened to, and a copy is kept at the number up to
which everybody was told. The bell carries the commit itself; when it does not fit the copy, the log is read instead. A
commit is encoded once per dialect, and the same frame goes to every socket of that dialect (see fanout.py).
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

import msgspec

from roomd.dialects.dialect import View
from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.membership import MAX_SOCKETS, SocketClosed
from roomd.domain.refusals import NotFound, Unavailable, no_such_room, too_many_sockets
from roomd.domain.room import Room
from roomd.engine import Engine
from roomd.fanout import Pace
from roomd.followed import CHAT_SHOWN, Followed, Socket, Waiter
from roomd.following import Following
from roomd.replay import MAX_REPLAY, Replay
from roomd.store.bell import OTHER_WORDS, Bell
from roomd.store.plain import decode_rung
from roomd.store.rooms import Number, RoomStore
from roomd.tally import Spans, Tally
from roomd.tasks import Tasks

#: Seconds until a log that could not be read is tried again: because Redis was away, or for a fault of ours.
AGAIN_S = 0.5
FAULTY_S = 3.0

log = logging.getLogger(__name__)


class Hub:
    def __init__(self, store: RoomStore, engine: Engine, now: Callable[[], float]) -> None:
        self._store = store
        self._engine = engine
        self._now = now
        self._following = Following(self._load, self._read_log)
        #: A socket that is open here was taken for dead elsewhere.
        self._on_evicted: Callable[[Socket, RoomId], None] = lambda socket, room_id: None
        self._replay = Replay(store)
        self._tasks = Tasks(log)
        self._pace = Pace()
        self.resumes = Tally(
            "roomd_resumes",
            "Clients that came back: told what they missed, or shown the room",
            "how",
            known=("resumed", "shown"),
        )
        self.gaps = Tally("roomd_gaps", "Commits whose bell did not fit, so that the log was read instead")
        self.told = Spans("roomd_fanout_seconds", "From what happened in a room until all its sockets here were told")

    def connect(self, bell: Bell, on_evicted: Callable[[Socket, RoomId], None]) -> None:
        """The two neighbours that need the hub before it can have them."""
        self._following.bell = bell
        self._on_evicted = on_evicted

    @property
    def socket_count(self) -> int:
        return sum(len(followed.sockets) for followed in self._following.rooms)

    @property
    def room_count(self) -> int:
        return len(self._following.rooms)

    @property
    def waiting_count(self) -> int:
        """Rooms with sockets here whose line stands still until somebody's player is ready."""
        return sum(followed.room.waiting is not None for followed in self._following.rooms)

    def sockets(self) -> list[Socket]:
        return [socket for followed in self._following.rooms for socket in followed.sockets.values()]

    def peek(self, room_id: RoomId) -> Room | None:
        """The room as everybody here was told it is."""
        followed = self._following.get(room_id)
        return followed.room if followed else None

    async def enter(
        self,
        socket: Socket,
        room_id: RoomId,
        at_least: Number,
        resume: Number | None,
        welcome: Callable[[View, bool, int], str | None],
    ) -> None:
        """Tell a socket what it has to know, the past first, and everything from then on.

        `at_least` is the number of the commit that let it in: what it is shown has itself in it. `welcome` makes the
        first frame out of (view, resumed, the rev it will be told up to). Raises NotFound or Unavailable.
        """
        with self._following.about_to_enter(room_id):
            followed = await self._following.follow(room_id)
            followed.waiting[socket.id] = []
            followed.sockets[socket.id] = socket
            try:
                await self._reach(followed, at_least)
                await self._greet(followed, socket, resume, welcome)
            except BaseException:
                self.forget(socket, room_id)
                raise

    async def wait(self, socket: Socket, room_id: RoomId, at_least: Number, answered: Callable[[Room], None]) -> None:
        """Tell a socket at the door, once, when its waiting has ended. Raises Conflict, NotFound or Unavailable.

        `at_least` is the number of the commit that has it wait.
        """
        with self._following.about_to_enter(room_id):
            followed = await self._following.follow(room_id)
            if sum(waiter.user == socket.actor.id for waiter in followed.lobby.values()) >= MAX_SOCKETS:
                raise too_many_sockets(MAX_SOCKETS)
            followed.lobby[socket.id] = Waiter(socket.actor.id, answered)
            try:
                await self._reach(followed, at_least)
            except BaseException:
                self.forget(socket, room_id)
                raise
            followed.answer_lobby()

    def forget(self, socket: Socket, room_id: RoomId) -> None:
        """The socket is closed; the last one out of a room ends the following of it."""
        followed = self._following.get(room_id)
        if followed is None:
            return
        followed.part(socket.id)
        self._following.leave_empty(room_id)

    def ring(self, room_id: RoomId, data: bytes) -> None:
        """The bell of a room: a commit, to be applied when it is the next one."""
        followed = self._following.get(room_id)
        if data == OTHER_WORDS:
            self._engine.look_again(room_id)
        if followed is None:
            self._following.missed(room_id)
            return
        if data == OTHER_WORDS:
            followed.outdated = True
            self._read_log(followed)
            return
        if (changes := self._engine.recognised(data)) is not None:
            for change in changes:
                self._rung(followed, change.commit, change.after)
            return
        try:
            commits = decode_rung(data)
        except msgspec.DecodeError:
            # Of a newer roomd, which runs beside this one for a while.
            self._read_log(followed)
            return
        for commit in commits:
            self._rung(followed, commit)

    def _rung(self, followed: Followed, commit: Commit, after: Room | None = None) -> None:
        """`after` is the room after the commit, where that is known already."""
        if followed.reading:
            followed.rung.append(commit)
        elif commit.epoch == followed.room.epoch and commit.rev == followed.room.rev + 1:
            self._take(followed, commit, after)
        elif commit.epoch != followed.room.epoch or commit.rev > followed.room.rev:
            self.gaps.add()
            self._read_log(followed)

    def doubt(self, room_id: RoomId) -> None:
        """The room's bell may have been missed: look at its log."""
        if (followed := self._following.get(room_id)) is not None:
            self._read_log(followed)
        else:
            self._following.missed(room_id)

    async def stop(self) -> None:
        await self._tasks.stop()
        await self._following.stop()

    async def _load(self, room_id: RoomId) -> Followed:
        room = await self._engine.room(room_id)
        chat = await self._store.chat(room_id, CHAT_SHOWN, upto=room.rev)
        return Followed(room, chat, self.told.add, self._pace, self._engine.busy)

    async def _greet(
        self,
        followed: Followed,
        socket: Socket,
        resume: Number | None,
        welcome: Callable[[View, bool, int], str | None],
    ) -> None:
        waiting = followed.waiting[socket.id]
        # What was told meanwhile is part of the past by now.
        waiting.clear()
        room, past = followed.room, None
        if resume is not None and socket.dialect.replay is not None:
            past = await self._replay.frames(room, resume, socket.dialect.replay)
            if followed.room.epoch != room.epoch or sum(map(len, waiting)) > MAX_REPLAY:
                past = None
        if resume is not None:
            self.resumes.add("shown" if past is None else "resumed")
        # Nothing is awaited from here on, so the greeting and what follows it fit together.
        if past is None:
            waiting.clear()
            room = followed.room
        view = followed.view(self._now())
        first = welcome(view, past is not None, room.rev)
        frames = past if past is not None else followed.greeting(socket, view.now)
        socket.greet([*([first] if first else []), *frames, *waiting])
        followed.join(socket)

    async def _reach(self, followed: Followed, number: Number) -> None:
        """Wait until the copy is at this number, which is known to be committed."""
        while (followed.room.epoch, followed.room.rev) < number:
            await asyncio.shield(self._read_log(followed))
            if not self._following.has(followed):
                raise no_such_room()
            if followed.failed:
                raise Unavailable("The room store does not answer. Try again in a moment.")

    def _read_log(self, followed: Followed) -> asyncio.Task[None]:
        followed.behind = True
        if followed.reading is None:
            followed.reading = self._tasks.start("reading a log", self._catch_up(followed))
            followed.reading.add_done_callback(partial(self._read, followed))
        return followed.reading

    def _read(self, followed: Followed, task: asyncio.Task[None]) -> None:
        """A fault of ours must not leave a room behind for good."""
        if not task.cancelled() and task.exception() is not None:
            asyncio.get_running_loop().call_later(FAULTY_S, self.doubt, followed.room.id)

    async def _catch_up(self, followed: Followed) -> None:
        """Apply what the log holds beyond the copy, then what was rung meanwhile."""
        followed.behind = False
        outdated, followed.outdated = followed.outdated, False
        try:
            at, commits = await self._store.since(followed.room.id, followed.room.rev)
            for commit in commits:
                if (commit.epoch, commit.rev) == (followed.room.epoch, followed.room.rev + 1):
                    self._take(followed, commit)
            if outdated:
                self._engine.look_again(followed.room.id)
            if outdated or at != (followed.room.epoch, followed.room.rev):
                await self._start_over(followed)
        except Unavailable as fault:
            log.info("could not read the log of room %s: %s", followed.room.id, fault)
            followed.failed, followed.outdated = True, followed.outdated or outdated
            asyncio.get_running_loop().call_later(AGAIN_S, self.doubt, followed.room.id)
        else:
            followed.failed = False
        finally:
            followed.reading = None
        rung, followed.rung = followed.rung, []
        if followed.behind and not followed.failed:
            self._read_log(followed)
        for commit in rung:
            self._rung(followed, commit)

    async def _start_over(self, followed: Followed) -> None:
        """The log does not lead on to what Redis has: load the room and tell everybody what is different."""
        try:
            room = await self._engine.room(followed.room.id)
        except NotFound:
            self._shut_all(followed)
            return
        chat = await self._store.chat(room.id, CHAT_SHOWN, upto=room.rev)
        followed.begin_anew(room, chat, self._now())
        for socket in followed.unknown():
            self._on_evicted(socket, room.id)
        followed.answer_lobby()

    def _take(self, followed: Followed, commit: Commit, after: Room | None = None) -> None:
        before = followed.room
        after = after or rules.apply(before, commit)
        followed.room = after
        self._engine.learn(after)
        followed.hear_chat(commit)
        followed.tell({name: each.tell(before, commit, after) for name, each in followed.dialects().items()})
        self._see_out(followed, commit)

    def _see_out(self, followed: Followed, commit: Commit) -> None:
        if followed.room.closed:
            self._shut_all(followed)
            return
        for event in commit.events:
            if isinstance(event, SocketClosed) and (evicted := followed.sockets.get(event.socket)):
                self._on_evicted(evicted, followed.room.id)
        followed.see_out(commit)
        followed.answer_lobby()

    def _shut_all(self, followed: Followed) -> None:
        followed.shut_all()
        if self._following.has(followed):
            self._following.drop(followed.room.id)
