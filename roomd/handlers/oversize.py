"""Bodies that are too large are refused in words. Tornado alone answers a bare 400 as soon as it sees the length."""

from collections.abc import Awaitable

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from roomd.handlers.headers import SAFE

#: Bytes of such a body that are read and forgotten, so that the sender comes to read the answer.
DRAINED = 16 << 20
_WHY = "That is too large."
_ANSWER = msgspec.json.encode({"error": {"code": "too_large", "message": _WHY}, "message": _WHY, "detail": _WHY})


class Server(HTTPServer):
    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        delegate = super().start_request(server_conn, request_conn)
        return _Bounded(delegate, request_conn) if isinstance(request_conn, HTTP1Connection) else delegate


class _Bounded(HTTPMessageDelegate):
    def __init__(self, delegate: HTTPMessageDelegate, connection: HTTP1Connection) -> None:
        self._delegate = delegate
        self._connection = connection
        self._refused = False

    async def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        # A handler that takes larger bodies says so in here.
        began = self._delegate.headers_received(start_line, headers)
        if began is not None:
            await began
        length = headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > self._connection._max_body_size:
            self._refused = True
            self._connection.set_max_body_size(DRAINED)
            told = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(_ANSWER))}
            written = self._connection.write_headers(
                ResponseStartLine("HTTP/1.1", 413, "Content Too Large"),
                HTTPHeaders({**SAFE, **told, "Cache-Control": "no-store", "Connection": "close"}),
                _ANSWER,
            )
            if int(length) > DRAINED:
                # Tornado would answer what nobody reads to its end once more, with a bare 400 behind this.
                await written
                self._delegate.on_connection_close()
                self._connection.detach().close()

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return None if self._refused else self._delegate.data_received(chunk)

    def finish(self) -> None:
        if self._refused:
            # Only now: a connection that is closed with data unread is reset, and the answer is lost with it.
            self._connection.finish()
        else:
            self._delegate.finish()

    def on_connection_close(self) -> None:
        self._delegate.on_connection_close()
