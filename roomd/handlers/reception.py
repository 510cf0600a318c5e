"""The server's front: plain WebSocket handshakes are taken here, everything else is Tornado's.

A storm of people who come back at once is made of handshakes, and much of what one costs is what Tornado makes for an
HTTP connection that may go on: a stream, two coroutines, timeouts. So the first bytes are looked at while they still
lie with the system. What is a whole handshake that nothing is wrong with is answered at once; all else is left unread,
and given to Tornado by its documented `handle_stream`, which finds what it always finds and says so. Requests are
parsed by Tornado's own functions, and go through the same routes and checks either way.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, parse_request_start_line
from tornado.iostream import IOStream
from tornado.netutil import add_accept_handler
from tornado.web import Application

from roomd.handlers.door import Handshake
from roomd.handlers.oversize import Server

#: What handshakes begin with, and how many bytes of one are looked at.
_BEGINS = b"GET /ws/"
_END = b"\r\n\r\n"
_MOST = 8 << 10
#: Seconds after which a connection that said nothing yet is Tornado's, which has its own patience with those.
_SILENT_S = 1.0

#: Where a connection comes from, as the system says it.
Address = tuple[Any, ...]


class _Context(NamedTuple):
    remote_ip: str
    protocol: str = "http"


class _Connection(NamedTuple):
    """What a request wants to know of the connection that it came over."""

    context: _Context


class Reception(Server):
    def initialize(self, app: Application, **options: Any) -> None:  # type: ignore[override]  # noqa: ANN401 - Tornado's
        """What Tornado's servers have in place of `__init__`."""
        super().initialize(app, **options)
        self._app = app
        self._listening: list[tuple[socket.socket, Callable[[], None]]] = []
        #: Connections that said nothing yet.
        self._silent: dict[socket.socket, asyncio.TimerHandle] = {}

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
        super().stop()

    def _accepted(self, connection: socket.socket, address: Address) -> None:
        connection.setblocking(False)
        self._look(connection, address)

    def _look(self, connection: socket.socket, address: Address) -> None:
        try:
            said = connection.recv(_MOST, socket.MSG_PEEK)
        except BlockingIOError:
            self._wait_for(connection, address)
            return
        except OSError:
            connection.close()
            return
        if not self._take(connection, said, str(address[0])):
            self._pass_on(connection, address)

    def _take(self, connection: socket.socket, said: bytes, remote: str) -> bool:
        """Whether this is a handshake that was taken."""
        end = said.find(_END)
        if end < 0 or not said.startswith(_BEGINS):
            return False
        request = _request(said[:end], remote)
        if request is None:
            return False
        found = self._app.find_handler(request)
        return isinstance(found, Handshake) and found.take(connection, end + len(_END))

    def _wait_for(self, connection: socket.socket, address: Address) -> None:
        loop = asyncio.get_running_loop()

        def speaks() -> None:
            self._heard(connection)
            self._look(connection, address)

        def stays_silent() -> None:
            self._heard(connection)
            self._pass_on(connection, address)

        self._silent[connection] = loop.call_later(_SILENT_S, stays_silent)
        loop.add_reader(connection.fileno(), speaks)

    def _heard(self, connection: socket.socket) -> None:
        self._silent.pop(connection).cancel()
        asyncio.get_running_loop().remove_reader(connection.fileno())

    def _pass_on(self, connection: socket.socket, address: Address) -> None:
        stream = IOStream(connection, max_buffer_size=self.max_buffer_size, read_chunk_size=self.read_chunk_size)
        self.handle_stream(stream, address)


def _request(head: bytes, remote: str) -> HTTPServerRequest | None:
    """As Tornado would make it of these bytes; None where it would refuse them."""
    line, _, headers = head.decode("latin1").partition("\r\n")
    try:
        return HTTPServerRequest(
            start_line=parse_request_start_line(line),
            headers=HTTPHeaders.parse(headers),
            connection=_Connection(_Context(remote)),  # type: ignore[arg-type]  # nothing is sent over it
        )
    except HTTPInputError:
        return None
