"""What the stand-ins have in common: a server on a free port of this machine, what it was asked, and switches for every
way in which music services fail.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, NamedTuple, TypeVar

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from roomd.handlers.media import parse_range

PAGE = b"<!doctype html><html><head><title>Back soon</title></head><body>We are moving.</body></html>"

#: html: a page, with status 200. half: JSON that stops in the middle. shape: JSON of another shape. deep: lists in
#: lists. endless_list: the first list of the answer goes on for ever; long_list: 1,000 times over. endless_body: spaces
#: for ever. silent: no answer. compressed: gzip though nobody asked for it. cut: fewer bytes than announced.
Broken = Literal[
    "", "html", "half", "shape", "deep", "endless_list", "long_list", "endless_body", "silent", "compressed", "cut"
]


class Asked(NamedTuple):
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    #: Seconds of the monotonic clock.
    at: float


class Reply(NamedTuple):
    """What a service answers: `body` is sent as JSON unless it is bytes."""

    body: Any
    status: int = 200
    mime: str = "application/json; charset=utf-8"


class Standin:
    """One service. A subclass says what it answers, and how it says that it is asked too much."""

    #: What the service calls its sound and pictures; the switches below are not for those, unless they say so.
    media: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Asked] = []
        #: Every answer is 503, with a page.
        self.down = False
        #: So many more requests are refused as too many; True: all.
        self.throttled: bool | int = 0
        #: So many requests within `quota_s` are answered, the others refused as too many. None: no limit.
        self.quota: int | None = None
        self.quota_s = 5.0
        self.slow_s = 0.0
        self.broken: Broken = ""
        #: Every request is answered with 302 to there.
        self.redirect_to = ""
        #: What being asked too much says of when to ask again, in seconds.
        self.retry_after = ""
        #: Requests for the first of these paths are answered with 302 to the second.
        self.moved: dict[str, str] = {}
        #: Every answer has this status, and nothing in it.
        self.status = 0
        #: What the service makes of every answer before it sends it.
        self.twist: Callable[[Any], Any] = lambda body: body
        #: So many more connections are closed without an answer.
        self.dropping = 0
        #: What sound and pictures are answered with instead: 403, 500, …
        self.media_status = 0
        #: Sound begins and then does not go on.
        self.drip = False
        #: Set when somebody closed a connection before the answer was complete.
        self.closed = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0
        self._counted: deque[float] = deque()
        # What it answers is in `requests`: its log would be taken for ours.
        routes = [(r"/.*", _Handler, {"standin": self})]
        self._server = HTTPServer(Application(routes, log_function=lambda _handler: None))
        self._port = 0

    def asked(self, path: str = "") -> list[Asked]:
        """The requests whose path begins with this."""
        return [request for request in self.requests if request.path.startswith(path)]

    async def appear(self) -> None:
        """Listen: on the same port as before, where there was one."""
        sockets = bind_sockets(self._port, "127.0.0.1")
        self._port = sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server.add_sockets(sockets)

    async def vanish(self) -> None:
        """Nobody listens any more: connections are refused."""
        self._server.stop()
        await self._server.close_all_connections()

    def reply(self, path: str, query: dict[str, str]) -> Reply:
        """What the service answers when nothing is wrong."""
        raise NotImplementedError

    def too_many(self) -> Reply:
        raise NotImplementedError

    def refuses(self) -> bool:
        """Count one request; whether it is one too many."""
        now = time.monotonic()
        while self._counted and self._counted[0] <= now - self.quota_s:
            self._counted.popleft()
        self._counted.append(now)
        if self.throttled:
            self.throttled = True if self.throttled is True else self.throttled - 1
            return True
        return self.quota is not None and len(self._counted) > self.quota


S = TypeVar("S", bound=Standin)


@asynccontextmanager
async def running(standin: S) -> AsyncIterator[S]:
    await standin.appear()
    yield standin
    await standin.vanish()


class _Handler(RequestHandler):
    def initialize(self, standin: Standin) -> None:
        self._standin = standin
        self._gone = asyncio.Event()

    def on_connection_close(self) -> None:
        self._gone.set()
        self._standin.closed.set()

    def set_default_headers(self) -> None:
        self.set_header("Set-Cookie", "visitor=1; Path=/")

    async def get(self) -> None:
        standin, path = self._standin, self.request.path
        query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        standin.requests.append(Asked(path, query, dict(self.request.headers.get_all()), time.monotonic()))
        standin.at_once += 1
        standin.most_at_once = max(standin.most_at_once, standin.at_once)
        try:
            await self._answer(path, query)
        except StreamClosedError:
            standin.closed.set()
        finally:
            standin.at_once -= 1

    async def _answer(self, path: str, query: dict[str, str]) -> None:
        standin = self._standin
        if standin.slow_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), standin.slow_s)
        if standin.dropping:
            standin.dropping -= 1
            self.request.connection.stream.close()  # type: ignore[union-attr]
            return
        if standin.redirect_to or path in standin.moved:
            self.redirect(standin.redirect_to or standin.moved[path])
        elif standin.status:
            self._send(Reply(b"", standin.status))
        elif standin.down:
            self._send(Reply(PAGE, 503, "text/html"))
        elif path.startswith(standin.media):
            await self._media(standin.reply(path, query))
        elif standin.refuses():
            if standin.retry_after:
                self.set_header("Retry-After", standin.retry_after)
            self._send(standin.too_many())
        elif standin.broken:
            await self._break(standin.broken, standin.reply(path, query))
        else:
            reply = standin.reply(path, query)
            self._send(reply._replace(body=standin.twist(reply.body)))

    def _send(self, reply: Reply) -> None:
        self.set_status(reply.status)
        self.set_header("Content-Type", reply.mime)
        self.write(reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body))

    async def _media(self, reply: Reply) -> None:
        """Sound or a picture, with ranges."""
        status = self._standin.media_status
        if status or reply.status != 200 or not isinstance(reply.body, bytes):
            self._send(Reply(PAGE, status, "text/html") if status else reply)
            return
        data, asked = reply.body, parse_range(self.request.headers.get("Range", ""), len(reply.body))
        self.set_header("Accept-Ranges", "bytes")
        if asked:
            first, last = asked
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        self.set_header("Content-Type", reply.mime)
        self.set_header("Content-Length", len(data))
        if self._standin.drip:
            self.write(data[:1_000])
            await self.flush()
            await self._gone.wait()
            return
        self.write(data)

    async def _break(self, how: Broken, reply: Reply) -> None:
        text = json.dumps(reply.body)
        begin, _, rest = text.partition("[")
        item = _first_item(rest)
        bodies = {
            "html": PAGE,
            "half": text[: len(text) // 2],
            "shape": '[[1, "two"], null]',
            "deep": "[" * 100_000 + "]" * 100_000,
            "long_list": f"{begin}[{','.join([item] * 1_000)}{_after_list(rest)}",
            "compressed": text,
        }
        match how:
            case "endless_list":
                await self._endless(f"{begin}[{item}", f",{item}")
            case "endless_body":
                await self._endless("", " ")
            case "silent":
                await self._gone.wait()
            case "cut":
                self.set_header("Content-Length", str(len(text)))
                self.write(text[:10])
                await self.flush()
                self.request.connection.stream.close()  # type: ignore[union-attr]
            case _:
                if how == "compressed":
                    self.set_header("Content-Encoding", "gzip")
                self.set_header("Content-Type", "text/html" if how == "html" else reply.mime)
                self.write(bodies[how])

    async def _endless(self, begin: str, more: str) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(begin)
        while not self._gone.is_set():
            self.write(more * (1 + 65_536 // len(more)))
            await self.flush()


def _first_item(rest: str) -> str:
    """The first item of a list, of which `rest` is what comes after the bracket; "{}" where it is empty."""
    if rest.startswith("]") or not rest:
        return "{}"
    return json.dumps(json.JSONDecoder().raw_decode(rest)[0])


def _after_list(rest: str) -> str:
    """What comes after the list's items: the bracket, and the rest of the answer."""
    position, decoder = 0, json.JSONDecoder()
    while position < len(rest) and rest[position] != "]":
        position = decoder.raw_decode(rest, position)[1]
        position += len(rest[position:]) - len(rest[position:].lstrip(", "))
    return rest[position:]
