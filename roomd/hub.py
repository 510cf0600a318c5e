"""The one way out: what is committed to a room reaches every socket of it, in order, in the socket's own dialect.

A room is *followed* while a socket of it is open here: its bell is listened to, and a copy is kept at the number up to
which everybody was told. The bell carries the commit itself; when it does not fit the copy, the log is read instead. A
commit is encoded once per dialect, and the same text goes to every socket of that dialect.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from roomd.dialects.dialect import Dialect, View
from roomd.domain import rules
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId
from roomd.domain.membership import MAX_SOCKETS, SocketClosed
from roomd.domain.refusals import Conflict, NotFound, Unavailable
from roomd.domain.room import Room
from roomd.engine import Engine, no_such_room
from roomd.followed import CHAT_SHOWN, Followed, Socket, Waiter
from roomd.store.bell import Bell
from roomd.store.plain import decode_commit
from roomd.store.rooms import RoomStore

#: Commits over which a client may resume.
MAX_RESUME = 5_000
#: Seconds until a log that could not be read is tried again.
AGAIN_S = 0.5

log = logging.getLogger(__name__)


class Hub:
    def __init__(self, store: RoomStore, engine: Engine, now: Callable[[], float]) -> None:
        self._store = store
        self._engine = engine
        self._now = now
        self._rooms: dict[RoomId, Followed] = {}
        #: A socket that is open here was taken for dead elsewhere.
        self._on_evicted: Callable[[Socket, RoomId], None] = lambda socket, room_id: None
        self._opening: dict[RoomId, asyncio.Task[Followed]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.bell: Bell

    def connect(self, bell: Bell, on_evicted: Callable[[Socket, RoomId], None]) -> None:
        """The two neighbours that need the hub before it can have them."""
        self.bell = bell
        self._on_evicted = on_evicted

    @property
    def socket_count(self) -> int:
        return sum(len(followed.sockets) for followed in self._rooms.values())

    def sockets(self) -> list[Socket]:
        return [socket for followed in self._rooms.values() for socket in followed.sockets.values()]

    def peek(self, room_id: RoomId) -> Room | None:
        """The room as everybody here was told it is."""
        followed = self._rooms.get(room_id)
        return followed.room if followed else None

    async def follow(self, room_id: RoomId) -> Followed:
        """Start hearing of a room, once however many ask. Raises NotFound or Unavailable."""
        followed = self._rooms.get(room_id)
        if followed is not None:
            return followed
        task = self._opening.get(room_id)
        if task is None:
            task = self._opening[room_id] = asyncio.create_task(self._open(room_id))
            task.add_done_callback(lambda _: self._opening.pop(room_id, None))
        return await asyncio.shield(task)

    async def enter(
        self,
        socket: Socket,
        room_id: RoomId,
        at_least: int,
        resume: tuple[int, int] | None,
        welcome: Callable[[View, bool, int], str | None],
    ) -> None:
        """Tell a socket what it has to know, the past first, and everything from then on.

        `at_least` is the number of the commit that let it in: what it is shown has itself in it. `welcome` makes the
        first frame out of (view, resumed, the rev it will be told up to). Raises Unavailable.
        """
        followed = await self._followed(room_id)
        waiting = followed.waiting[socket.id] = []
        followed.sockets[socket.id] = socket
        try:
            await self._reach(followed, at_least)
            # What was told meanwhile is part of the past by now.
            waiting.clear()
            rev = followed.room.rev
            past = await self._past(followed, socket.dialect, resume, rev) if resume else None
        except BaseException:
            self.forget(socket, room_id)
            raise
        if past is None:
            # Nothing is awaited from here on, so the greeting and what follows it fit together.
            waiting.clear()
            rev = followed.room.rev
        view = View(followed.room, list(followed.chat), self._now())
        first = welcome(view, past is not None, rev)
        frames = past if past is not None else socket.dialect.greet(view, socket.actor)
        followed.waiting.pop(socket.id, None)
        for text in [*([first] if first else []), *frames, *waiting]:
            socket.send(text)

    async def wait(self, socket: Socket, room_id: RoomId, at_least: int, answered: Callable[[Room], None]) -> None:
        """Tell a socket at the door, once, when its waiting has ended. Raises Conflict or Unavailable.

        `at_least` is the number of the commit that has it wait.
        """
        followed = await self._followed(room_id)
        if sum(waiter.user == socket.actor.id for waiter in followed.lobby.values()) >= MAX_SOCKETS:
            raise Conflict(f"You have this room open {MAX_SOCKETS} times already.", "too_many_sockets")
        followed.lobby[socket.id] = Waiter(socket.actor.id, answered)
        try:
            await self._reach(followed, at_least)
        except BaseException:
            self.forget(socket, room_id)
            raise
        followed.answer_lobby()

    def forget(self, socket: Socket, room_id: RoomId) -> None:
        """The socket is closed; the last one out of a room ends the following of it."""
        followed = self._rooms.get(room_id)
        if followed is None:
            return
        followed.sockets.pop(socket.id, None)
        followed.waiting.pop(socket.id, None)
        followed.lobby.pop(socket.id, None)
        if not followed.sockets and not followed.lobby:
            self._unfollow(room_id)

    def ring(self, room_id: RoomId, data: bytes) -> None:
        """The bell of a room: a commit, to be applied when it is the next one."""
        followed = self._rooms.get(room_id)
        if followed is None:
            return
        self._rung(followed, decode_commit(data))

    def _rung(self, followed: Followed, commit: Commit) -> None:
        if followed.reading:
            followed.rung.append(commit)
        elif commit.epoch == followed.room.epoch and commit.rev == followed.room.rev + 1:
            self._take(followed, commit)
        elif commit.epoch != followed.room.epoch or commit.rev > followed.room.rev:
            self._read_log(followed)

    def doubt(self, room_id: RoomId) -> None:
        """The room's bell may have been missed: look at its log."""
        if (followed := self._rooms.get(room_id)) is not None:
            self._read_log(followed)

    async def stop(self) -> None:
        for task in [*self._tasks, *self._opening.values()]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _followed(self, room_id: RoomId) -> Followed:
        """As `follow`, and followed it is by now."""
        followed = await self.follow(room_id)
        while self._rooms.get(room_id) is not followed:
            # Everybody else left while we waited for our turn.
            followed = await self.follow(room_id)
        return followed

    async def _open(self, room_id: RoomId) -> Followed:
        await self.bell.subscribe(room_id)
        try:
            room = await self._engine.room(room_id)
            followed = Followed(room, await self._store.chat(room_id, CHAT_SHOWN, upto=room.rev))
        except BaseException:
            await self.bell.unsubscribe(room_id)
            raise
        self._rooms[room_id] = followed
        # What was rung between loading the room and its chat has been missed.
        self._read_log(followed)
        return followed

    def _unfollow(self, room_id: RoomId) -> None:
        if self._rooms.pop(room_id, None) is not None:
            self._spawn(self._quiet(room_id))

    async def _quiet(self, room_id: RoomId) -> None:
        if room_id not in self._rooms and room_id not in self._opening:
            await self.bell.unsubscribe(room_id)

    async def _past(self, followed: Followed, dialect: Dialect, resume: tuple[int, int], upto: int) -> list[str] | None:
        """The frames of every commit after `resume` up to `upto`; None when they are not all to be had."""
        epoch, rev = resume
        if dialect.replay is None or epoch != followed.room.epoch or not upto - MAX_RESUME <= rev <= upto:
            return None
        if rev == upto:
            return []
        commits = await self._store.log(followed.room.id, rev, upto)
        if len(commits) != upto - rev or commits[0].epoch != epoch:
            return None
        return [text for commit in commits for text in dialect.replay(commit)]

    async def _reach(self, followed: Followed, rev: int) -> None:
        """Wait until the copy is at `rev`, which is known to be committed."""
        while followed.room.rev < rev:
            await asyncio.shield(self._read_log(followed))
            if self._rooms.get(followed.room.id) is not followed:
                raise no_such_room()
            if followed.failed:
                raise Unavailable("The room store does not answer. Try again in a moment.")

    def _read_log(self, followed: Followed) -> asyncio.Task[None]:
        followed.behind = True
        if followed.reading is None:
            followed.reading = self._spawn(self._catch_up(followed))
        return followed.reading

    async def _catch_up(self, followed: Followed) -> None:
        """Apply what the log holds beyond the copy, then what was rung meanwhile."""
        followed.behind = False
        try:
            at, commits = await self._store.since(followed.room.id, followed.room.rev)
            for commit in commits:
                if (commit.epoch, commit.rev) == (followed.room.epoch, followed.room.rev + 1):
                    self._take(followed, commit)
            if at != (followed.room.epoch, followed.room.rev):
                await self._start_over(followed)
        except Unavailable as fault:
            log.info("could not read the log of room %s: %s", followed.room.id, fault)
            followed.failed = True
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
        """The log does not lead on from the copy: load the room and greet everybody anew."""
        try:
            room = await self._engine.room(followed.room.id)
        except NotFound:
            self._shut_all(followed)
            return
        chat = await self._store.chat(room.id, CHAT_SHOWN, upto=room.rev)
        followed.room, followed.chat = room, deque(chat, CHAT_SHOWN)
        view = View(followed.room, list(followed.chat), self._now())
        for socket in list(followed.sockets.values()):
            for text in socket.dialect.greet(view, socket.actor):
                self._send(followed, socket, text)
        followed.answer_lobby()

    def _take(self, followed: Followed, commit: Commit) -> None:
        before = followed.room
        after = self._engine.peek(before.id, commit.epoch, commit.rev) or rules.apply(before, commit)
        followed.room = after
        self._engine.learn(after)
        followed.hear_chat(commit)
        told: dict[str, list[str]] = {}
        for socket in list(followed.sockets.values()):
            dialect = socket.dialect
            if dialect.name not in told:
                told[dialect.name] = dialect.tell(before, commit, after)
            for text in told[dialect.name]:
                self._send(followed, socket, text)
        self._see_out(followed, commit)

    def _send(self, followed: Followed, socket: Socket, text: str) -> None:
        waiting = followed.waiting.get(socket.id)
        if waiting is None:
            socket.send(text)
        else:
            waiting.append(text)

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
        if self._rooms.get(followed.room.id) is followed:
            self._unfollow(followed.room.id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
