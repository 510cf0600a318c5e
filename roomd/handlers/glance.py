"""A look at a room: what it is told as, to whoever may see it, answered without a handler of Tornado's.

The same is told by `Glanced` handlers, over connections that Tornado has. Of the 514 µs of CPU that such a GET costs
there, 65 are asking who it is, which room, and saying what is in it; the others are Tornado's connection and handler.
"""

import http.client
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, format_timestamp
from tornado.routing import Router

from roomd.dialects.room_object import Shape
from roomd.domain.actor import Actor
from roomd.domain.refusals import Refusal, Unavailable
from roomd.domain.room import Room
from roomd.handlers.base import ALWAYS, JSON, headers_of, internal_error, refused_body, status_of
from roomd.handlers.bounded import Budget
from roomd.handlers.counting import visible_room
from roomd.handlers.headers import plain
from roomd.handlers.of_room import RoomHandler
from roomd.handlers.peeked import Peeked
from roomd.handlers.told import note, request_id
from roomd.services import Services
from roomd.tracing import REQUEST

#: Headers that ask for more than a look: a body, another protocol, or an answer that another site may read.
_OTHERWISE = ("Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Origin")
#: What is told of a room to somebody, at a room time.
Shown = Callable[[Room, Actor | None, float], Shape]

_log = logging.getLogger("roomd.handlers")
_ALWAYS = "".join(f"{name}: {value}\r\n" for name, value in ALWAYS.items())
_OURS = frozenset(ALWAYS)


class Glanced(RoomHandler, ABC):
    """A handler whose GET is a look at a room, and can be answered here."""

    #: Or for those only who say who they are.
    for_anybody = True

    @staticmethod
    @abstractmethod
    def shown(room: Room, actor: Actor | None, now: float) -> Shape:
        """What is told of the room."""

    async def get(self, ref: str) -> None:
        actor = await (self.actor_or_none() if self.for_anybody else self.actor())
        room = await self.visible_room(ref, actor)
        self.answer(self.shown(room, actor, self.services.clock.now()))


class Glance(HTTPMessageDelegate):
    """A request for such a look, which holds for every request of the same words."""

    def __init__(self, services: Services, shown: Shown, ref: str, request: HTTPServerRequest) -> None:
        self._services = services
        self._shown = shown
        self._ref = ref
        self._path = request.path
        self._token = _token(request.headers)
        self._address = services.address_of(request)
        self._secure = services.is_secure(request)
        self._id = request.headers.get("X-Request-ID", "")

    async def answer(self) -> bytes:
        """Head and body."""
        REQUEST.set(request_id(self._id))
        began, status, more = time.monotonic(), 500, dict[str, str]()
        try:
            shape = await self._look()
            status = 200
        except Refusal as refusal:
            status, more = status_of(refusal), headers_of(refusal)
            shape = refused_body(refusal)
        finally:
            note(self._services.telemetry.metrics, "GET", self._path, status, time.monotonic() - began)
        return _answer(status, more, shape, REQUEST.get(), self._secure)

    def failed(self, fault: BaseException) -> bytes:
        """The answer where `answer` ended with a fault of ours."""
        called = request_id(self._id)
        _log.error("request %s: GET %s failed", called, self._path, exc_info=fault)
        return _answer(500, {}, internal_error(called), called, self._secure)

    def broken_off(self) -> bytes:
        """The answer where something has ended `answer` that is no limit of its own: whoever asked may ask again."""
        called, refusal = request_id(self._id), Unavailable("That was broken off. Try again in a moment.")
        _log.warning("request %s: GET %s was broken off", called, self._path)
        return _answer(status_of(refusal), headers_of(refusal), refused_body(refusal), called, self._secure)

    async def _look(self) -> Shape:
        services = self._services
        with services.drain.request():
            async with Budget():
                actor = await services.accounts.authenticate(self._token)
                room = await visible_room(services, self._ref, actor, self._address)
                return self._shown(room, actor, services.clock.now())


class Glances(Router):
    """Stands before the handler of the same address, and takes what was looked at and is plain."""

    def __init__(self, services: Services, shown: Shown) -> None:
        self._services = services
        self._shown = shown

    def find_handler(
        self, request: HTTPServerRequest, path_args: Sequence[bytes] = (), **kwargs: object
    ) -> HTTPMessageDelegate | None:
        if not isinstance(request.connection, Peeked) or not _plain(request):
            return None
        try:
            return Glance(self._services, self._shown, path_args[0].decode(), request)
        except UnicodeDecodeError:
            return None


def _plain(request: HTTPServerRequest) -> bool:
    """Whether it is by somebody with a token, and has no words that make a difference, nor a body."""
    headers = request.headers
    return (
        request.method == "GET"
        and request.version == "HTTP/1.1"
        and request.query == ""
        and _token(headers) != ""
        and headers.get("Connection", "keep-alive").lower() == "keep-alive"
        and not any(name in headers for name in _OTHERWISE)
    )


def _token(headers: HTTPHeaders) -> str:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _answer(status: int, more: dict[str, str], shape: Shape, called: str, secure: bool) -> bytes:
    body = msgspec.json.encode(shape)
    extra = "".join(f"{name}: {value}\r\n" for name, value in more.items())
    head = (
        f"HTTP/1.1 {status} {http.client.responses[status]}\r\nContent-Type: {JSON}\r\nDate: {_date(int(time.time()))}"
        f"\r\nX-Request-Id: {called}\r\n{_ALWAYS}{extra}Content-Length: {len(body)}\r\n{plain(secure, _OURS)}\r\n"
    )
    return head.encode("latin1") + body


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return format_timestamp(second)
