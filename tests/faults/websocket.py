"""The client's end of a WebSocket, small and quick, that can also misbehave: not read, not answer, vanish."""

import asyncio
import base64
import os
import socket
import struct
from typing import Protocol, cast

from faults.proxy import reset

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_HEAD_END = b"\r\n\r\n"


class Listener(Protocol):
    """Who is told. `gone` comes once, with 1006 where the connection ended without a word."""

    def text(self, data: bytes) -> None: ...
    def gone(self, socket: "WebSocket", code: int, reason: str) -> None: ...


class WebSocket(asyncio.Protocol):
    def __init__(self, listener: Listener, port: int) -> None:
        self._listener = listener
        self.port = port
        self._buffer = bytearray()
        self._parts = bytearray()
        self._close = (1006, "")
        self._up = self._told = False
        self.shaken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        # Whoever waited may have been called off meanwhile.
        self.shaken.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.lost = asyncio.Event()
        self.transport: asyncio.Transport
        self.answers_pings = True

    @property
    def open(self) -> bool:
        return self._up and not self._told and not self.transport.is_closing()

    def send(self, text: bytes) -> None:
        if self.open:
            self.transport.write(_frame(_TEXT, text))

    def close(self) -> None:
        """Say goodbye and go."""
        if self.open:
            self.transport.write(_frame(_CLOSE, struct.pack(">H", 1000)))
            self.transport.close()

    def vanish(self) -> None:
        """Go without a word."""
        reset(self.transport)

    def stop_reading(self) -> None:
        self.transport.pause_reading()

    def read_on(self) -> None:
        self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.shaken.done():
            self.shaken.set_exception(ConnectionError("the connection ended before the handshake did"))
        elif self._up and not self._told:
            self._told = True
            self._listener.gone(self, *self._close)
            self.lost.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._up and (self.shaken.done() or not self._shake()):
            return
        while not self._told and self._next():
            pass

    def _shake(self) -> bool:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return False
        status = int(self._buffer.split(b" ", 2)[1])
        del self._buffer[: end + len(_HEAD_END)]
        if status != 101:
            self.shaken.set_exception(ConnectionError(f"the handshake was answered with {status}"))
            self.transport.abort()
            return False
        self.shaken.set_result(status)
        self._up = True
        return True

    def _next(self) -> bool:
        """Take one frame out of the buffer; False where there is none yet."""
        have = self._buffer
        if len(have) < 2:
            return False
        size, start = have[1] & 127, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(have) < start:
                return False
            size = int.from_bytes(have[2:start], "big")
        if len(have) < start + size:
            return False
        payload = bytes(have[start : start + size])
        opcode, final = have[0] & 15, have[0] & 128
        del have[: start + size]
        self._take(opcode, payload, final=bool(final))
        return True

    def _take(self, opcode: int, payload: bytes, *, final: bool) -> None:
        if opcode == _PING and self.answers_pings:
            self.transport.write(_frame(_PONG, payload))
        elif opcode == _CLOSE:
            code = int.from_bytes(payload[:2], "big") if payload else 1005
            self._close = (code, payload[2:].decode())
            self.transport.write(_frame(_CLOSE, payload[:2]))
            self.transport.close()
        elif opcode in {0, _TEXT}:
            self._parts += payload
            if final:
                whole = bytes(self._parts)
                self._parts.clear()
                self._listener.text(whole)


async def dial(port: int, path: str, listener: Listener, *, receive_buffer: int | None = None) -> WebSocket:
    """Connect and shake hands. Raises OSError. `receive_buffer`: bytes that the kernel keeps for who does not read."""
    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    plain.setblocking(False)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(plain, ("127.0.0.1", port))
        transport, made = await loop.create_connection(lambda: WebSocket(listener, port), sock=plain)
    except BaseException:
        plain.close()
        raise
    key = base64.b64encode(os.urandom(16)).decode()
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    transport.write(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    try:
        await made.shaken
    except BaseException:
        transport.abort()
        raise
    return made


def _frame(opcode: int, payload: bytes) -> bytes:
    """A masked frame. A mask of zeros is one, and spares the work."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + bytes(4) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 0x80 | 126)) + struct.pack(">H", size) + bytes(4) + payload
    return bytes((0x80 | opcode, 0x80 | 127)) + struct.pack(">Q", size) + bytes(4) + payload
