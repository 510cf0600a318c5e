"""A room with sockets here, and what a socket is to the hub."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from msgspec import structs

from roomd.dialects.dialect import Dialect, View
from roomd.domain.actor import Actor
from roomd.domain.chat import Message, Reacted, Said
from roomd.domain.commit import Commit
from roomd.domain.ids import RoomId, SocketId, UserId
from roomd.domain.membership import MemberLeft
from roomd.domain.moderation import ChatCleared, MessageDeleted
from roomd.domain.room import Room
from roomd.fanout import Batch, Channel, Pace

#: Chat lines a newcomer is shown.
CHAT_SHOWN = 50

#: Seconds for which a greeting is kept for those who come next.
GREETING_S = 1.0

#: Events that change the lines of chat.
_CHAT = frozenset({Said, Reacted, MessageDeleted, ChatCleared})

CLOSE_LEFT = 1000
CLOSE_RESTART = 1012
CLOSE_REMOVED = 4503
CLOSE_GONE = 4504


class Socket(Protocol):
    """A client's connection, whatever carries it. No method waits or raises.

    `greet` is for the whole room told at once, which may be more than a client may otherwise be behind by.
    """

    id: SocketId
    actor: Actor
    dialect: Dialect

    def tell(self, batch: Batch) -> None: ...
    def greet(self, texts: Sequence[str]) -> None: ...
    def shut(self, code: int, reason: str) -> None: ...


class Waiter(NamedTuple):
    """A client at the door; `answered` is called once, with the room in which there is an answer."""

    user: UserId
    answered: Callable[[Room], None]


class Followed:
    """A room with sockets here, or with somebody at its door."""

    __slots__ = (
        "__weakref__",
        "_coming",
        "_greetings",
        "_pace",
        "_told",
        "behind",
        "channels",
        "chat",
        "failed",
        "lobby",
        "outdated",
        "reading",
        "room",
        "rung",
        "sockets",
        "waiting",
    )

    def __init__(
        self,
        room: Room,
        chat: Iterable[Message],
        told: Callable[[float], None] = lambda _: None,
        pace: Pace | None = None,
        coming: Callable[[RoomId], bool] = lambda _: False,
    ) -> None:
        self.room = room
        self._pace = pace
        #: Whether commands are under way that may have more told.
        self._coming = partial(coming, room.id)
        #: Hears how many seconds it took to tell everybody.
        self._told = told
        #: The latest lines. (An empty deque, which takes 760 bytes, is all that most rooms would have of it.)
        self.chat = _latest(chat)
        self.sockets: dict[SocketId, Socket] = {}
        #: Sockets that are still being told the past; what happens meanwhile waits for them here.
        self.waiting: dict[SocketId, list[str]] = {}
        #: Those that know the past, by what they speak.
        self.channels: dict[str, tuple[Dialect, Channel]] = {}
        #: Sockets of those who wait to be let in. They hear nothing of the room but the answer.
        self.lobby: dict[SocketId, Waiter] = {}
        self.reading: asyncio.Task[None] | None = None
        #: What was rung during it.
        self.rung: list[Commit] = []
        #: Whether the last reading of the log got no answer.
        self.failed = False
        self.behind = False
        #: Whether Redis has other words for what the copy says, under the same number.
        self.outdated = False
        #: What newcomers were told last, and of which room. A room of 1,000 takes 3 ms and 200 KB to show.
        self._greetings: dict[str, tuple[Room, list[str]]] = {}

    def view(self, now: float) -> View:
        return View(self.room, self.chat, now)

    def greeting(self, socket: Socket, now: float) -> list[str]:
        """The room as it is, for a newcomer. Those who come at once are told the same, made once."""
        dialect = socket.dialect
        if not dialect.greets_alike:
            return dialect.greet(self.view(now), socket.actor)
        made = self._greetings.get(dialect.name)
        if made is None or made[0] is not self.room:
            if not self._greetings:
                asyncio.get_running_loop().call_later(GREETING_S, self._greetings.clear)
            made = self._greetings[dialect.name] = self.room, dialect.greet(self.view(now), socket.actor)
        return made[1]

    def join(self, socket: Socket) -> None:
        """It knows the past: from now on it is told what happens."""
        self.waiting.pop(socket.id, None)
        dialect = socket.dialect
        if dialect.name not in self.channels:
            self.channels[dialect.name] = dialect, Channel(told=self._told, pace=self._pace, coming=self._coming)
        self.channels[dialect.name][1].add(socket)

    def part(self, socket_id: SocketId) -> None:
        """It is closed."""
        socket = self.sockets.pop(socket_id, None)
        self.waiting.pop(socket_id, None)
        self.lobby.pop(socket_id, None)
        if socket is None or socket.dialect.name not in self.channels:
            return
        _, channel = self.channels[socket.dialect.name]
        channel.remove(socket_id)
        if not channel:
            del self.channels[socket.dialect.name]

    def tell(self, told: Mapping[str, Sequence[str]]) -> None:
        """What happened, by the names of dialects."""
        for name, (_, channel) in self.channels.items():
            channel.push(told[name])
        for socket_id, waiting in self.waiting.items():
            waiting.extend(told[self.sockets[socket_id].dialect.name])

    def dialects(self) -> dict[str, Dialect]:
        """Those that somebody here speaks, by their names."""
        spoken = [dialect for dialect, _ in self.channels.values()]
        spoken += [self.sockets[socket_id].dialect for socket_id in self.waiting]
        return {dialect.name: dialect for dialect in spoken}

    def flush(self) -> None:
        """Everybody is told now what they are to be told before anything else."""
        for _, channel in self.channels.values():
            channel.flush()

    def begin_anew(self, room: Room, chat: Iterable[Message], now: float) -> None:
        """The room goes on from elsewhere: tell everybody what is different, whoever gets no greeting anyway."""
        before = self.view(now)
        self.room, self.chat = room, _latest(chat)
        after = self.view(now)
        self.flush()
        told: dict[str, list[str]] = {}
        for socket in list(self.sockets.values()):
            if socket.actor.id not in room.members:
                # It is for the door to say whether they may come in again, and as what.
                socket.shut(CLOSE_RESTART, "the room was brought back")
                continue
            dialect = socket.dialect
            if dialect.name not in told:
                told[dialect.name] = dialect.anew(before, after)
            if (waiting := self.waiting.get(socket.id)) is not None:
                waiting += told[dialect.name]
            else:
                socket.greet(told[dialect.name])

    def unknown(self) -> list[Socket]:
        """Sockets of members that the room takes for closed."""
        members = self.room.members
        return [
            socket
            for socket in self.sockets.values()
            if (member := members.get(socket.actor.id)) is not None and socket.id not in member.sockets
        ]

    def answer_lobby(self) -> None:
        """Tell those whose waiting has ended: they were answered, the door has changed, or the room is closed."""
        for socket, waiter in list(self.lobby.items()):
            if not waits(self.room, waiter.user):
                del self.lobby[socket]
                waiter.answered(self.room)

    def see_out(self, commit: Commit) -> None:
        """Close the sockets of those who left by the commit, or were made to."""
        left = {event.user: event.how for event in commit.events if isinstance(event, MemberLeft)}
        if not left:
            return
        # The last that they hear is that they left.
        self.flush()
        for socket in list(self.sockets.values()):
            how = left.get(socket.actor.id)
            if how is not None and socket.actor.id not in self.room.members:
                socket.shut(CLOSE_REMOVED if how in {"kicked", "banned"} else CLOSE_LEFT, how)

    def shut_all(self) -> None:
        """The room is gone."""
        self.flush()
        for socket in list(self.sockets.values()):
            socket.shut(CLOSE_GONE, "the room was closed")
        lobby, self.lobby = self.lobby, {}
        for waiter in lobby.values():
            waiter.answered(self.room)

    def hear_chat(self, commit: Commit) -> None:
        """Keep the lines that newcomers are shown as the commit leaves them."""
        for event in commit.events:
            if type(event) not in _CHAT:
                continue
            match event:
                case Said(message=message):
                    self.chat = _latest((*self.chat, message))
                case Reacted():
                    self.chat = tuple(_reacted(line, event) for line in self.chat)
                case MessageDeleted(message=gone):
                    self.chat = tuple(line for line in self.chat if line.id != gone)
                case ChatCleared():
                    self.chat = ()


def waits(room: Room, user: UserId) -> bool:
    """Whether the host's answer is still to come."""
    return not room.closed and room.settings.entry_mode == "approval" and user in room.pending


def _latest(chat: Iterable[Message]) -> tuple[Message, ...]:
    return tuple(chat)[-CHAT_SHOWN:]


def _reacted(line: Message, event: Reacted) -> Message:
    if line.id != event.message:
        return line
    users = [user for user in line.reactions.get(event.emoji, []) if user != event.user]
    reactions = {**line.reactions, event.emoji: [*users, event.user] if event.on else users}
    return structs.replace(line, reactions={emoji: users for emoji, users in reactions.items() if users})
