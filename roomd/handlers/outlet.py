"""How frames get to a client: straight to its socket while nothing waits there, otherwise by Tornado's own buffer.

This is the one place that knows Tornado's private parts: a stream's `_write_buffer`, which tells whether anything
waits. Tornado's public way costs three to five times as much for a delivery (a task, two futures and a buffer). `fits`
looks at start whether those parts are what they were; where not, and where this process itself encrypts a connection,
the public way is taken.
"""

import asyncio
import logging
import socket
from collections import deque
from typing import Protocol

from tornado.iostream import IOStream, SSLIOStream, StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol

from roomd.fanout import Batch

log = logging.getLogger(__name__)


class Outlet(Protocol):
    @property
    def waiting(self) -> int:
        """Bytes that the client has yet to take, beyond what the system holds for it."""
        ...

    def write(self, batch: Batch) -> None:
        """Send the batch after what was sent before. A connection that is gone takes nothing."""
        ...


class DirectOutlet:
    __slots__ = ("_connection", "_socket", "_stream")

    def __init__(self, connection: WebSocketProtocol, stream: IOStream) -> None:
        self._connection = connection
        self._stream = stream
        self._socket = stream.socket

    @property
    def waiting(self) -> int:
        # None once the stream is closed.
        return len(self._stream._write_buffer or ())

    def write(self, batch: Batch) -> None:
        buffer = self._stream._write_buffer
        if buffer is None or self._connection.server_terminated:
            return
        data: bytes | memoryview = batch.data
        if not buffer._buffers:
            try:
                sent = self._socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as fault:
                self._stream.close(exc_info=fault)
                return
            if sent == len(data):
                return
            data = memoryview(data)[sent:]
        try:
            self._stream.write(data)
        except StreamClosedError:
            return


class PublicOutlet:
    def __init__(self, handler: WebSocketHandler) -> None:
        self._handler = handler
        self.waiting = 0

    def write(self, batch: Batch) -> None:
        for text in batch.texts:
            self._write(text)

    def _write(self, text: str) -> None:
        try:
            sending = self._handler.write_message(text)
        except WebSocketClosedError:
            return
        size = len(text) if text.isascii() else len(text.encode())
        self.waiting += size

        def done(sending: "asyncio.Future[None]") -> None:
            self.waiting -= size
            fault = None if sending.cancelled() else sending.exception()
            if fault is not None and not isinstance(fault, WebSocketClosedError | StreamClosedError):
                log.warning("sending failed: %r", fault)

        sending.add_done_callback(done)


def outlet_of(handler: WebSocketHandler, *, direct: bool = True) -> Outlet:
    """For a handler whose connection is open."""
    connection = handler.ws_connection
    stream = getattr(connection, "stream", None)
    if direct and connection is not None and isinstance(stream, IOStream) and not isinstance(stream, SSLIOStream):
        return DirectOutlet(connection, stream)
    return PublicOutlet(handler)


def fits() -> bool:
    """Whether a buffer is empty exactly while nothing waits, as DirectOutlet takes it. In a running loop."""
    near, far = socket.socketpair()
    try:
        near.setblocking(False)
        stream = IOStream(near)
        empty = isinstance(stream._write_buffer._buffers, deque) and not stream._write_buffer._buffers
        stream.write(bytes(4 << 20))
        return empty and len(stream._write_buffer) > 0 and bool(stream._write_buffer._buffers)
    except AttributeError:
        return False
    finally:
        stream.close()
        far.close()
