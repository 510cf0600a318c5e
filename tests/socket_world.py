"""One connection of ours and its client's end, over the loopback, without a server around them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from raw_socket import Raw

from roomd.handlers.frames import FrameError
from roomd.handlers.socket import Socket

LIMIT = 64 << 10


@dataclass
class Owner:
    """Whose connection it is; keeps what it is told. `fails` is raised by every message."""

    heard_of: int = 0
    messages: list[str | bytes] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    left: int = 0
    closed: int = 0
    fails: type[BaseException] | None = None
    socket: Socket | None = None

    def heard(self) -> None:
        self.heard_of += 1

    def on_message(self, message: str | bytes) -> None:
        if self.fails is not None:
            raise self.fails
        self.messages.append(message)

    def misframed(self, fault: FrameError) -> None:
        self.faults.append(fault.code)
        assert self.socket is not None
        self.socket.close(fault.code, fault.reason)
        self.socket.hang_up()

    def leaving(self) -> None:
        self.left += 1

    def on_close(self) -> None:
        self.closed += 1


@dataclass
class Pair:
    ours: Socket
    owner: Owner
    client: Raw
    plain: socket.socket


@asynccontextmanager
async def paired(early: bytes = b"", receive_buffer: int | None = None) -> AsyncIterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.connect(server.getsockname())
        near, _ = server.accept()
    plain.setblocking(False)
    owner = Owner()
    owner.socket = ours = Socket(near, owner, LIMIT)
    ours.start(b"", early)
    reader, writer = await asyncio.open_connection(sock=plain, limit=4_096)
    pair = Pair(ours, owner, Raw(reader, writer, 101), plain)
    try:
        yield pair
    finally:
        ours.drop()
        await pair.client.bye()
