"""The doors of WebSockets: a handshake is checked and answered, and its TCP connection handed to a Wire.

A door is no Tornado handler but a router, which is asked for what to do with a request as soon as its head is there,
and takes the connection from Tornado by its documented `detach`. Nothing of Tornado's is kept for it, and no part of
Tornado's that is not public is touched; what a WebSocketHandler keeps is 14 KiB, and its handshake costs twice as much.
"""

import asyncio
import base64
import binascii
import hashlib
import http.client
import resource
import socket
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.routing import Router

from roomd.domain.refusals import Limited, Unavailable
from roomd.drain import draining
from roomd.handlers.base import ALWAYS, RETRY_S, error_body, headers_of
from roomd.handlers.headers import always
from roomd.handlers.told import note
from roomd.handlers.visit import Patience, Visit
from roomd.handlers.wire import Wire
from roomd.limiting import Who
from roomd.metrics import Metrics
from roomd.services import Services

#: File descriptors that are left for everything else: the stores, HTTP requests, files that are played.
SPARE_FILES = 200
_KEY_BYTES = 16
#: What is logged of a client that did not wait for an answer; servers have come to write it so.
_GONE = 499
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#: For whoever comes when there are no descriptors left but those to spare.
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Refused(NamedTuple):
    """A handshake that is not taken; `headers` say more."""

    status: int
    code: str
    message: str
    headers: dict[str, str]


class Door(Router):
    """For an address with one part: a room's id or code."""

    def __init__(
        self, services: Services, wire: type[Wire], patience: Patience | None = None, descriptors: int | None = None
    ) -> None:
        self.services = services
        self._wire = wire
        self._patience = patience or Patience()
        #: A descriptor with this number is one too many; the system hands out the lowest that is free.
        self._descriptors = _free_descriptors() if descriptors is None else descriptors

    def find_handler(
        self, request: HTTPServerRequest, path_args: Sequence[bytes] = (), **kwargs: object
    ) -> HTTPMessageDelegate:
        return Handshake(self, request, path_args[0])

    def check(self, request: HTTPServerRequest) -> Refused | None:
        """What is wrong with a handshake."""
        if self.services.drain.begun:
            return _unavailable(draining())
        return (
            _not_a_handshake(request)
            or self._check_origin(request.headers)
            or _unknown_protocol(request.headers)
            or self._check_often(request)
        )

    def enter(self, request: HTTPServerRequest, ref: str) -> int:
        """Take the connection over from Tornado; the status of the answer."""
        assert isinstance(request.connection, HTTP1Connection)
        stream = request.connection.detach()
        if stream.closed():
            return _GONE
        if stream.socket.fileno() >= self._descriptors:
            stream.write(_FULL)
            stream.close()
            return 503
        connected = stream.socket.dup()
        # What the client has sent behind its handshake. Tornado holds it, or reads it now; or there is nothing yet, and
        # the reading ends with the stream. A connection that is reset is found so when it is used.
        early = asyncio.ensure_future(stream.read_bytes(stream.max_buffer_size, partial=True))
        stream.close()
        self._begin(request, ref, connected, b"" if early.exception() else early.result())
        return 101

    def receive(self, request: HTTPServerRequest, ref: str, connected: socket.socket, head: int) -> bool:
        """As `enter`, for a connection from which nothing was read; its first `head` bytes are the request.

        False when there is no place for it.
        """
        if connected.fileno() >= self._descriptors:
            return False
        connected.recv(head)
        self._begin(request, ref, connected, b"")
        return True

    def _begin(self, request: HTTPServerRequest, ref: str, connected: socket.socket, early: bytes) -> None:
        query = request.query_arguments
        token = (query.get("ticket") or query.get("token") or [b""])[-1].decode(errors="replace")
        wire = self._wire(self.services, Visit(ref, token, self.services.address_of(request)), self._patience)
        wire.begin(connected, _accepted(request.headers["Sec-WebSocket-Key"]), early)

    def _check_often(self, request: HTTPServerRequest) -> Refused | None:
        """Each process counts for itself: a handshake waits for nothing."""
        address = self.services.address_of(request)
        try:
            self.services.crowd.demand_place(address)
            self.services.limiter.use_here("socket", Who(address))
        except Limited as refusal:
            return Refused(429, refusal.code, refusal.message, headers_of(refusal))
        return None

    def _check_origin(self, headers: HTTPHeaders) -> Refused | None:
        """Pages of this server may connect, and those that the operator named. Clients that are no browsers send no
        origin; a browser that says itself that the page is of this server is believed.
        """
        site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
        if site in {"same-origin", "none"} or (site is None and origin is None):
            return None
        try:
            host = urlsplit(origin or "").netloc.lower()
        except ValueError:
            host = ""
        own = host != "" and host == headers.get("Host", "").lower()
        if own or origin in self.services.settings.allowed_origins:
            return None
        return Refused(403, "forbidden", "Pages of other sites may not connect here.", {})


class Handshake(HTTPMessageDelegate):
    def __init__(self, door: Door, request: HTTPServerRequest, ref: bytes) -> None:
        self._door = door
        self._request = request
        self._ref = ref
        self._refused: Refused | None = None

    def take(self, connected: socket.socket, head: int) -> bool:
        """Take a connection from which nothing was read; its first `head` bytes are the request.

        False when it is not taken, and then still nothing was read.
        """
        if self._door.check(self._request) is not None:
            return False
        try:
            ref = self._ref.decode()
        except UnicodeDecodeError:
            return False
        if not self._door.receive(self._request, ref, connected, head):
            return False
        _log(self._door.services.telemetry.metrics, self._request, 101)
        return True

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        request = self._request
        self._refused = self._door.check(request)
        if self._refused is not None:
            return
        try:
            ref = self._ref.decode()
        except UnicodeDecodeError:
            self._refused = _bad("The address is not UTF-8.")
            return
        _log(self._door.services.telemetry.metrics, request, self._door.enter(request, ref))

    def finish(self) -> None:
        """The whole request is there, and can be refused."""
        if self._refused is None:
            return
        status, code, message, headers = self._refused
        body = msgspec.json.encode(error_body(code, message)) if self._request.method != "HEAD" else b""
        told = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        connection = self._request.connection
        assert connection is not None
        connection.write_headers(
            ResponseStartLine("HTTP/1.1", status, http.client.responses[status]),
            HTTPHeaders({**dict(always(self._door.services, self._request)), **ALWAYS, **told, **headers}),
            body,
        )
        connection.finish()
        _log(self._door.services.telemetry.metrics, self._request, status)


def _not_a_handshake(request: HTTPServerRequest) -> Refused | None:
    headers = request.headers
    if request.method != "GET":
        return Refused(405, "method_not_allowed", "this address takes GET", {"Allow": "GET"})
    if headers.get("Upgrade", "").lower() != "websocket":
        return _bad('Can "Upgrade" only to "WebSocket".')
    if "upgrade" not in {each.strip().lower() for each in headers.get("Connection", "").split(",")}:
        return _bad('"Connection" must be "Upgrade".')
    if request.version != "HTTP/1.1" or "Transfer-Encoding" in headers or headers.get("Content-Length", "0") != "0":
        return _bad("A WebSocket begins with a request of HTTP/1.1 that has no body.")
    return None


def _unknown_protocol(headers: HTTPHeaders) -> Refused | None:
    if headers.get("Sec-WebSocket-Version") != "13":
        return Refused(
            426, "upgrade_required", "Version 13 of WebSocket is spoken here.", {"Sec-WebSocket-Version": "13"}
        )
    try:
        key = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return None if len(key) == _KEY_BYTES else _bad("Sec-WebSocket-Key must be 16 bytes in base64.")


def _bad(message: str) -> Refused:
    return Refused(400, "bad_request", message, {})


def _unavailable(refusal: Unavailable) -> Refused:
    return Refused(503, refusal.code, refusal.message, {"Retry-After": str(RETRY_S)})


def _free_descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft - min(SPARE_FILES, soft // 4) if soft != resource.RLIM_INFINITY else 1 << 30


def _accepted(key: str) -> bytes:
    digest = hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )


def _log(metrics: Metrics, request: HTTPServerRequest, status: int) -> None:
    """As for every other request."""
    note(metrics, request.method, request.path, status, request.request_time())
