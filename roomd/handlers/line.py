"""A connection over which only looks at rooms came so far (glance.py).

A request is read only when it is known to be one; with anything else unread, the connection is Tornado's from then on.
So one request is under way at a time, and at most one answer waits for a client that does not read it.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from roomd.handlers.glance import Glance
from roomd.handlers.peeked import END, MOST

_NOTHING = memoryview(b"")
#: What makes a glance of a head, or None where it is none.
Reading = Callable[[bytes], Glance | None]


class Line:
    """`read` knows glances; `leave` gets the connection where it is somebody else's, and nothing where it is closed.

    A connection on which nothing moves for `idle_s` is closed.
    """

    def __init__(
        self, connection: socket.socket, read: Reading, leave: Callable[["Line", bool], None], idle_s: float
    ) -> None:
        self.connection = connection
        self._read = read
        self._leave = leave
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        #: The head of the latest request, and what was made of it: whoever asks again says the same.
        self._head = b""
        self._glance: Glance | None = None
        self._task: asyncio.Task[bytes] | None = None
        self._unsent = _NOTHING
        self._listening = True
        self._moved = self._loop.time()
        self._timer = self._loop.call_later(idle_s, self._look_at_clock)
        with suppress(OSError):
            # The end of a long answer does not wait until its beginning was acknowledged.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(connection.fileno(), self.readable)

    def readable(self) -> None:
        if self._task is not None or self._unsent:
            # The next request, or the end: in its turn.
            self._listening = False
            self._loop.remove_reader(self.connection.fileno())
            return
        try:
            said = self.connection.recv(MOST, socket.MSG_PEEK)
            end = said.find(END)
            known = end >= 0 and self._known(said[:end])
            if known:
                self.connection.recv(end + len(END))
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if known:
            self._begin()
        elif said:
            self._end()
            self._leave(self, True)
        else:
            self.close()

    def close(self) -> None:
        """Whatever is under way is answered to nobody."""
        if self.connection.fileno() >= 0:
            self._end()
            self.connection.close()
            self._leave(self, False)

    def _known(self, head: bytes) -> bool:
        if head != self._head:
            self._head, self._glance = head, None
            self._glance = self._read(head)
        return self._glance is not None

    def _begin(self) -> None:
        assert self._glance is not None
        self._moved = self._loop.time()
        self._task = self._loop.create_task(self._glance.answer())
        self._task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[bytes]) -> None:
        self._task = None
        assert self._glance is not None
        if task.cancelled():
            self._unsent = memoryview(self._glance.broken_off())
        else:
            fault = task.exception()
            self._unsent = memoryview(self._glance.failed(fault) if fault is not None else task.result())
        if self._send() and self._unsent:
            self._loop.add_writer(self.connection.fileno(), self._writable)

    def _writable(self) -> None:
        if self._send() and not self._unsent:
            self._loop.remove_writer(self.connection.fileno())

    def _send(self) -> bool:
        """Send as much as goes, and listen again when that was all; False when the client is gone."""
        if self.connection.fileno() < 0:
            return False
        try:
            self._unsent = self._unsent[self.connection.send(self._unsent) :] or _NOTHING
        except BlockingIOError:
            return True
        except OSError:
            self.close()
            return False
        self._moved = self._loop.time()
        if not self._unsent and not self._listening:
            self._listening = True
            self._loop.add_reader(self.connection.fileno(), self.readable)
        return True

    def _look_at_clock(self) -> None:
        left_s = self._moved + self._idle_s - self._loop.time()
        if left_s <= 0 and self._task is None:
            self.close()
            return
        self._timer = self._loop.call_later(max(left_s, 1.0), self._look_at_clock)

    def _end(self) -> None:
        self._timer.cancel()
        self._loop.remove_reader(self.connection.fileno())
        self._loop.remove_writer(self.connection.fileno())
