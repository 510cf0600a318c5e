"""A WebSocket of ours: the TCP connection after the handshake, without anything that Tornado keeps for one.

Frames go straight to the system while nothing waits there, which costs a third of the way through Tornado's stream;
what the system does not take waits here. Nothing here waits for a client, and no client makes another one wait: what
comes is read 64 KiB at most and FRAMES frames at a time.
"""

import asyncio
import socket
from collections import deque
from itertools import islice
from typing import Protocol

from roomd.handlers.frames import CLOSE, PING, PONG, Control, FrameError, Reader, closing, control

#: Frames of one client that are taken before others have their turn.
FRAMES = 16
#: Bytes that the system may hold for a client; it takes twice that, its own bookkeeping included. Left alone it goes
#: up to 4 MB, which a phone that is gone would keep for minutes. A greeting of 2.5 MB over 100 ms takes 2 s with this.
SEND_BUFFER = 128 << 10
#: Bytes that may wait for a client that is still answered its pings.
_MAX_BEHIND = 4 << 10
_READ = 64 << 10
#: Pieces given to the system at once; it takes 1,024 at most.
_PIECES = 256
_PING_FRAME = control(PING)


class Listener(Protocol):
    """Whose connection it is. What it raises ends the connection."""

    def heard(self) -> None:
        """Something whole came, be it a pong."""

    def on_message(self, message: str | bytes) -> None: ...

    def misframed(self, fault: FrameError) -> None:
        """The client broke the protocol, and is not listened to any more. The socket is to be closed."""

    def leaving(self) -> None:
        """The client closes its side, and what is left to send takes a moment."""

    def on_close(self) -> None:
        """The connection has ended. Nothing comes after this."""


class Socket:
    """Every method neither waits nor raises, and does nothing once the connection has ended."""

    __slots__ = ("_deaf", "_ending", "_listener", "_loop", "_more", "_reader", "_socket", "_told", "_unsent", "waiting")

    def __init__(self, connected: socket.socket, listener: Listener, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = connected
        self._listener: Listener | None = listener
        self._reader: Reader = Reader(limit)
        #: What the system has not taken. The frames of a room are one object for all who do not read.
        self._unsent: deque[bytes | memoryview] | None = None
        #: Bytes of it: those that the client has yet to take, beyond what the system holds for it.
        self.waiting = 0
        #: Whether the client was told that the connection is closed; whether what it sends is of no interest any more;
        #: whether the connection ends once everything is sent; and whether there are frames for the loop's next turn.
        self._told = self._deaf = self._ending = self._more = False

    @property
    def open(self) -> bool:
        return self._socket is not None

    def now(self) -> float:
        """The loop's time. (Asking which loop it is takes 0.6 µs, as Python asks the system for its process's id.)"""
        return self._loop.time()

    def start(self, answer: bytes, early: bytes) -> None:
        """Answer the handshake, and listen. `early` is what the client has sent behind it."""
        assert self._socket is not None
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # By its number: asyncio would make a text of a socket, to find that it does not know it.
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self.write(answer)
        if early:
            self._reader.add(early)
            self._soon()

    def write(self, frames: bytes) -> int:
        """Send whole frames after what was sent before; nothing goes out behind the frame that closes.

        The answer is what `waiting` is from now on.
        """
        # All in one for the way that most deliveries take: each call is a tenth of what Python adds to them.
        connected = self._socket
        if connected is None or self._told:
            return self.waiting
        if self._unsent is not None:
            self._unsent.append(frames)
            self.waiting += len(frames)
            return self.waiting
        try:
            sent = connected.send(frames)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.abort()
            return 0
        if sent == len(frames):
            return 0
        self._unsent = deque((memoryview(frames)[sent:],))
        self.waiting = len(frames) - sent
        self._loop.add_writer(connected.fileno(), self._writable)
        return self.waiting

    def ping(self) -> None:
        if self._unsent is None:
            self.write(_PING_FRAME)

    def close(self, code: int, reason: str) -> None:
        """Tell the client; its answer ends the connection. Whoever calls this also sees to it that `abort` follows."""
        self.write(closing(code, reason))
        self._told = True

    def hang_up(self) -> None:
        """Behind `close`, where nothing that the client sends can be understood: it sees that nobody reads on."""
        self._deaf = True
        if self._socket is not None and self._unsent is None:
            self._shut_down(self._socket)

    def abort(self) -> None:
        """End the connection, in the loop's next turn: whoever calls this may be going through all sockets."""
        if self._socket is not None:
            self._told = self._deaf = True
            self._loop.call_soon(self._end)

    def drop(self) -> None:
        """End the connection now and tell nobody."""
        self._listener = None
        self._end()

    def _writable(self) -> None:
        if self._socket is None or self._unsent is None:
            return
        try:
            sent = self._socket.sendmsg(islice(self._unsent, _PIECES))
        except BlockingIOError:
            return
        except OSError:
            self.abort()
            return
        self.waiting -= sent
        _take_off(self._unsent, sent)
        if self._unsent:
            return
        self._unsent = None
        self._loop.remove_writer(self._socket.fileno())
        if self._ending:
            self.abort()
        elif self._deaf:
            self._shut_down(self._socket)

    def _readable(self) -> None:
        if self._socket is None or self._more:
            return
        try:
            data = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
        elif not self._deaf:
            self._reader.add(data)
            self._hear()

    def _soon(self) -> None:
        self._more = True
        self._loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._more = False
        self._hear()

    def _hear(self) -> None:
        """Take the frames that are there, some of them in the loop's next turn."""
        understood = False
        try:
            for _ in range(FRAMES):
                if not self._heard_one():
                    break
            else:
                if self._reader.begun:
                    self._soon()
            understood = True
        finally:
            # A fault of ours; the loop reports it. What the client sends now might be taken for something else.
            if not understood:
                self.abort()

    def _heard_one(self) -> bool:
        listener = self._listener
        if self._deaf or listener is None:
            return False
        try:
            said = self._reader.next()
        except FrameError as fault:
            self._deaf = True
            listener.misframed(fault)
            return False
        if said is None:
            return False
        listener.heard()
        if not isinstance(said, Control):
            if not self._told:
                listener.on_message(said)
        elif said.opcode == PING and self.waiting <= _MAX_BEHIND:
            self.write(control(PONG, said.payload))
        elif said.opcode == CLOSE:
            self._closed_by(listener, said.payload)
        return True

    def _closed_by(self, listener: Listener, payload: bytes) -> None:
        """The client has said goodbye: say so too, unless that was said, and end."""
        self.write(control(CLOSE, payload[:2]))
        self._told = self._deaf = self._ending = True
        if self._unsent is None:
            self.abort()
        else:
            listener.leaving()

    def _shut_down(self, connected: socket.socket) -> None:
        try:
            connected.shutdown(socket.SHUT_WR)
        except OSError:
            self.abort()

    def _end(self) -> None:
        connected, self._socket = self._socket, None
        if connected is None:
            return
        self._loop.remove_reader(connected.fileno())
        if self._unsent is not None:
            self._loop.remove_writer(connected.fileno())
            self._unsent = None
            self.waiting = 0
        connected.close()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_close()


def _take_off(pieces: deque[bytes | memoryview], sent: int) -> None:
    """Drop so many bytes from the beginning."""
    while sent:
        size = len(pieces[0])
        if size > sent:
            pieces[0] = memoryview(pieces[0])[sent:]
            return
        pieces.popleft()
        sent -= size
