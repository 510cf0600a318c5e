"""A WebSocket by hand, for clients that do what no library would: odd frames, odd headers, not reading."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_PATIENCE_S = 15.0


@dataclass
class Raw:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    #: Set once the server has closed: 1006 without a frame that says why.
    close_code: int | None = None
    close_reason: str = ""

    async def send(self, payload: bytes, opcode: int = TEXT) -> None:
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 1 << 16:
            head = bytes([0x80 | opcode, 0x80 | 126]) + struct.pack(">H", size)
        else:
            head = bytes([0x80 | opcode, 0x80 | 127]) + struct.pack(">Q", size)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload)) if size < 1 << 16 else payload
        # A mask of zeros spares the long ones the work.
        self.writer.write(head + (mask if size < 1 << 16 else bytes(4)) + masked)
        await self.writer.drain()

    async def say(self, **message: Any) -> None:
        await self.send(json.dumps(message).encode())

    async def frame(self) -> tuple[int, bytes]:
        """The next frame. Raises IncompleteReadError or ConnectionError when there is none."""
        async with asyncio.timeout(_PATIENCE_S):
            first, second = await self.reader.readexactly(2)
            size = second & 127
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            return first & 15, await self.reader.readexactly(size)

    async def next(self) -> Any | None:
        """The next message; None when the server closed."""
        while self.close_code is None:
            try:
                opcode, payload = await self.frame()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close_code = 1006
                break
            if opcode == TEXT:
                return json.loads(payload)
            if opcode == CLOSE:
                self.close_code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                self.close_reason = payload[2:].decode()
                with contextlib.suppress(ConnectionError):
                    await self.send(payload[:2], CLOSE)
        await self.bye()
        return None

    async def until(self, kind: str) -> Any:
        while (message := await self.next()) is not None:
            if message["type"] == kind:
                return message
        raise AssertionError(f"closed with {self.close_code} before {kind}")

    async def closed(self) -> int | None:
        while await self.next() is not None:
            pass
        return self.close_code

    async def bye(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.close()
            await self.writer.wait_closed()


async def raw_socket(
    port: int, path: str, headers: Mapping[str, str] | None = None, receive_buffer: int | None = None
) -> Raw:
    """Connect and shake hands; `status` is 101 where that went well."""
    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=1 << 16 if receive_buffer is None else 4_096)
    given = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    } | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE_S)
    return Raw(reader, writer, int(head.split()[1]))
