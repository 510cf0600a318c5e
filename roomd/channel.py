"""What a process that serves and the one that has started it say to each other: JSON, a line each, over a socket pair.

The supervisor begins by handing over what there is to serve (`Handed`). The process says when it serves (`Ready`) or
why it cannot (`Failed`). Either asks the other (`Ask`) and is answered (`Answer`); what happened (`News`) the
supervisor passes on to all others, and that a process has died (`Gone`) it tells one of them. The end of the channel
is the end of whoever was there.
"""

import asyncio
import socket
from collections.abc import AsyncIterator

import msgspec
from msgspec import Raw, Struct

from roomd.embedded import Stores
from roomd.settings import Settings, decode

#: Bytes that a line may have: the metrics of 64 processes take some 600 KB.
LONGEST = 4 << 20
#: Bytes that may wait for somebody who does not read; then nothing more is said to them.
MOST_WAITING = 1 << 16
#: The question whose answer says only that its process runs.
ALIVE = "alive"


class Ready(Struct, tag="ready"):
    """It listens; `process` is the name that its sockets are known by."""

    process: str = ""


class Failed(Struct, tag="failed"):
    """It cannot start, and ends; the message is for people."""

    message: str


class Ask(Struct, tag="ask"):
    """A question by its name; the answer carries the same number."""

    number: int
    about: str


class Answer(Struct, tag="answer"):
    """By the number of the process that it is from."""

    number: int
    of: dict[int, Raw]


class News(Struct, tag="news"):
    about: str


class Gone(Struct, tag="gone"):
    """The process of that name has died."""

    process: str


Message = Ready | Failed | Ask | Answer | News | Gone


class Handed(Struct):
    """Process `number`, counted from 1, of `of`. Holds secrets, so it goes over no command line and no environment."""

    number: int
    of: int
    settings: Settings
    stores: Stores


_messages = msgspec.json.Decoder(Message)


class Channel:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def over(cls, ours: socket.socket) -> "Channel":
        return cls(*await asyncio.open_connection(sock=ours, limit=LONGEST))

    def send(self, message: Message | Handed) -> bool:
        """False when the other side has not read for long, or is gone; then it is not told."""
        if self._writer.is_closing() or self._writer.transport.get_write_buffer_size() > MOST_WAITING:
            return False
        self._writer.write(msgspec.json.encode(message, enc_hook=str) + b"\n")
        return True

    async def handed(self) -> Handed:
        """What the supervisor says first."""
        return msgspec.json.decode(await self._reader.readline(), type=Handed, dec_hook=decode)

    async def messages(self) -> AsyncIterator[Message]:
        """What the other side says, until it is gone."""
        try:
            while line := await self._reader.readline():
                yield _messages.decode(line)
        except ConnectionError:
            return

    async def close(self) -> None:
        """After what was said has gone out, or cannot."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return
