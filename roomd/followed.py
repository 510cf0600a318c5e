"""A room with sockets here, and what a socket is to the hub."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from roomd.dialects.dialect import Dialect
from roomd.domain.actor import Actor
from roomd.domain.chat import Message
from roomd.domain.commit import Commit
from roomd.domain.ids import SocketId
from roomd.domain.room import Room

#: Chat lines a newcomer is shown.
CHAT_SHOWN = 50


class Socket(Protocol):
    """A client's connection, whatever carries it. Neither method waits or raises."""

    id: SocketId
    actor: Actor
    dialect: Dialect

    def send(self, text: str) -> None: ...
    def shut(self, code: int, reason: str) -> None: ...


class Followed:
    """A room with sockets here."""

    def __init__(self, room: Room, chat: Iterable[Message]) -> None:
        self.room = room
        self.chat = deque(chat, CHAT_SHOWN)
        self.sockets: dict[SocketId, Socket] = {}
        #: Sockets that are still being told the past; what happens meanwhile waits for them here.
        self.waiting: dict[SocketId, list[str]] = {}
        self.reading: asyncio.Task[None] | None = None
        #: What was rung during it.
        self.rung: list[Commit] = []
        #: Whether the last reading of the log got no answer.
        self.failed = False
        self.behind = False
