"""The server's front: plain WebSocket handshakes and looks at rooms are taken here, everything else is Tornado's.

A storm of people who come back at once is made of handshakes, and much of what one costs is what Tornado makes for an
HTTP connection that may go on: a stream, two coroutines, timeouts. So the first bytes are looked at while they still
lie with the system. What is a whole handshake that nothing is wrong with is answered at once; all else is left unread,
and given to Tornado by its documented `handle_stream`, which finds what it always finds and says so. Requests mean the
same (peeked.py), and go through the same routes and checks, either way.
Looks at rooms are taken in the same way, one after the other (line.py), for as long as nothing else comes.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Any

from tornado.iostream import IOStream
from tornado.netutil import add_accept_handler
from tornado.web import Application

from roomd.handlers.door import Handshake
from roomd.handlers.glance import Glance
from roomd.handlers.line import Line
from roomd.handlers.oversize import Server
from roomd.handlers.peeked import END, MOST, request_of

#: What handshakes begin with, and looks at rooms.
_HANDSHAKES = b"GET /ws/"
_LOOKS = (b"GET /api/rooms/", b"GET /rooms/api/rooms/")
#: Seconds after which a connection that said nothing yet is Tornado's, which has its own patience with those.
_SILENT_S = 1.0
#: Seconds for which a connection may be idle where nobody says otherwise, as Tornado has it.
_IDLE_S = 3600.0

#: Where a connection comes from, as the system says it.
Address = tuple[Any, ...]


class Reception(Server):
    def initialize(self, app: Application, **options: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - Tornado's
        """What Tornado's servers have in place of `__init__`."""
        super().initialize(app, **options)
        self._app = app
        self._listening: list[tuple[socket.socket, Callable[[], None]]] = []
        #: Connections that said nothing yet: until when that is waited for, and where they come from.
        self._silent: dict[socket.socket, tuple[float, Address]] = {}
        self._timer: asyncio.TimerHandle | None = None
        #: Connections over which only looks at rooms came, and where they come from.
        self._lines: dict[Line, Address] = {}
        self._idle_s = float(options.get("idle_connection_timeout") or _IDLE_S)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        for each in sockets:
            self._listening.append((each, add_accept_handler(each, self._accepted)))

    def stop(self) -> None:
        """Take no more connections."""
        for bound, no_more in self._listening:
            no_more()
            bound.close()
        self._listening.clear()
        for connection in list(self._silent):
            self._heard(connection)
            connection.close()
        if self._timer is not None:
            self._timer.cancel()
        super().stop()

    async def close_all_connections(self) -> None:
        for line in list(self._lines):
            line.close()
        await super().close_all_connections()

    def _accepted(self, connection: socket.socket, address: Address) -> None:
        self._look(connection, address)

    def _look(self, connection: socket.socket, address: Address) -> None:
        try:
            said = connection.recv(MOST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait_for(connection, address)
            return
        except OSError:
            self._heard(connection)
            connection.close()
            return
        looks = said.startswith(_LOOKS)
        if not looks and self._take(connection, said, str(address[0])):
            # Whoever has it listens to it in place of this.
            self._silent.pop(connection, None)
            return
        self._heard(connection)
        if looks:
            self._follow(connection, address)
        else:
            self._pass_on(connection, address)

    def _take(self, connection: socket.socket, said: bytes, remote: str) -> bool:
        """Whether this is a handshake that was taken."""
        end = said.find(END)
        if end < 0 or not said.startswith(_HANDSHAKES):
            return False
        request = request_of(said[:end], remote)
        if request is None:
            return False
        found = self._app.find_handler(request)
        return isinstance(found, Handshake) and found.take(connection, end + len(END))

    def _follow(self, connection: socket.socket, address: Address) -> None:
        def read(head: bytes) -> Glance | None:
            # A line that ends in LF alone is Tornado's to judge.
            plain = head.startswith(_LOOKS) and head.count(b"\n") == head.count(b"\r\n")
            request = request_of(head, str(address[0])) if plain else None
            found = self._app.find_handler(request) if request is not None else None
            return found if isinstance(found, Glance) else None

        connection.setblocking(False)
        line = Line(connection, read, self._left, self._idle_s)
        self._lines[line] = address
        line.readable()

    def _left(self, line: Line, open_still: bool) -> None:
        address = self._lines.pop(line)
        if open_still:
            self._pass_on(line.connection, address)

    def _wait_for(self, connection: socket.socket, address: Address) -> None:
        if connection in self._silent:
            return
        loop = asyncio.get_running_loop()
        until = loop.time() + _SILENT_S
        self._silent[connection] = until, address
        loop.add_reader(connection.fileno(), self._look, connection, address)
        if self._timer is None:
            self._timer = loop.call_at(until, self._out_of_patience)

    def _out_of_patience(self) -> None:
        """One timer for all: the first of those who say nothing has been silent for longest."""
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._silent:
            connection, (until, address) = next(iter(self._silent.items()))
            if until > loop.time():
                self._timer = loop.call_at(until, self._out_of_patience)
                return
            self._heard(connection)
            self._pass_on(connection, address)

    def _heard(self, connection: socket.socket) -> None:
        if self._silent.pop(connection, None) is not None:
            asyncio.get_running_loop().remove_reader(connection.fileno())

    def _pass_on(self, connection: socket.socket, address: Address) -> None:
        stream = IOStream(connection, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size)
        self.handle_stream(stream, address)
