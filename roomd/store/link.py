"""A connection of our own to a single Redis, which redis-py's client speaks over instead of its pool (quick.py).

redis-py takes a connection out of its pool for each command and waits for its answer there: 74 us of this process's
time for a commit script. Here all are written to one connection, once per turn of the loop, and answered in order: 7.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import hiredis
from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.store.life import Life
from roomd.store.pool import ANSWER_S, CONNECT_S

log = logging.getLogger(__name__)

Part = str | int | float | bytes | memoryview
#: What an error reply begins with, and what it is.
_FAULTS = {"NOSCRIPT": NoScriptError, "OOM": OutOfMemoryError, "READONLY": ReadOnlyError}


def as_redis_py(fault: hiredis.ReplyError) -> ResponseError:
    text = str(fault)
    return _FAULTS.get(text.partition(" ")[0], ResponseError)(text)


def _packed(parts: tuple[Part, ...]) -> bytes:
    # hiredis declares a tuple of one for what takes any number.
    packed: bytes = hiredis.pack_command(parts)  # type: ignore[arg-type]
    return packed


class _All:
    """What several commands are answered, in their order, as one answer: replies, or why there is none."""

    __slots__ = ("_left", "_replies", "_whole")

    def __init__(self, whole: "asyncio.Future[list[Any]]", commands: int) -> None:
        self._whole = whole
        self._left = commands
        self._replies: list[Any] = []

    def done(self) -> bool:
        return not self._left

    def set_result(self, reply: Any) -> None:  # noqa: ANN401 - whatever Redis says
        self._replies.append(reply)
        self._left -= 1
        if not self._left and not self._whole.done():
            self._whole.set_result(self._replies)

    set_exception = set_result


class Channel(asyncio.Protocol):
    """An open connection. What was asked when it is lost may have been done or not.

    `pushed` gets what Redis says unasked, as (kind, of what, what it says), and why the connection is lost.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[asyncio.Future[Any] | _All, float]] = deque()
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.lost = False
        self.pushed: Callable[[list[Any] | Exception], None] = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, parts: tuple[Part, ...]) -> "asyncio.Future[Any]":
        answer: asyncio.Future[Any] = self._loop.create_future()
        # What cannot be packed raises before anything is expected.
        data = _packed(parts)
        # What nothing waits before goes at once. Behind it, all that a turn of the loop brings is one write.
        at_once = not self._waiting and not self._unsent
        if self._expect(answer, 1):
            if at_once and self._transport is not None:
                self._transport.write(data)
            else:
                self._write_soon(data)
        return answer

    def ask_all(self, commands: Sequence[tuple[Part, ...]]) -> "asyncio.Future[list[Any]]":
        """The replies in their order, or why there is none, each; nothing of others comes between the commands."""
        answer: asyncio.Future[list[Any]] = self._loop.create_future()
        data = b"".join(map(_packed, commands))
        if self._expect(_All(answer, len(commands)), len(commands)):
            self._write_soon(data)
        return answer

    def _expect(self, answer: "asyncio.Future[Any] | _All", replies: int) -> bool:
        """Whether there is anything to be expected."""
        if self.lost:
            for _ in range(replies):
                answer.set_exception(RedisConnectionError("the connection was lost"))
            return False
        self._waiting.extend(repeat((answer, self._loop.time() + ANSWER_S), replies))
        if self._watch is None:
            self._watch = self._loop.call_later(ANSWER_S, self._look)
        return True

    def say(self, parts: tuple[Part, ...]) -> None:
        """What is answered by being pushed, or not at all."""
        self._write_soon(_packed(parts))

    def _write_soon(self, data: bytes) -> None:
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(data)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                if isinstance(reply, hiredis.PushNotification):
                    self.pushed(reply)
                else:
                    self._answer(reply)
        except (hiredis.ProtocolError, IndexError) as fault:
            self.close(RedisConnectionError(f"the answer of Redis is not understood: {fault!r}"))

    def connection_lost(self, fault: Exception | None) -> None:
        self.close(RedisConnectionError(f"the connection was lost: {fault!r}"))

    def close(self, fault: Exception) -> None:
        if self.lost:
            return
        self.lost = True
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()
        waiting, self._waiting = self._waiting, deque()
        for answer, _ in waiting:
            if not answer.done():
                answer.set_exception(fault)
        self.pushed(fault)

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self.lost:
            self._transport.write(b"".join(unsent))

    def _answer(self, reply: Any) -> None:  # noqa: ANN401 - whatever Redis says
        answer, _ = self._waiting.popleft()
        if answer.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            answer.set_exception(as_redis_py(reply))
        else:
            answer.set_result(reply)

    def _look(self) -> None:
        """One timer for all that waits: the first of them has waited longest."""
        now = self._loop.time()
        if self._waiting and self._waiting[0][1] <= now:
            self.close(RedisTimeoutError(f"no answer for {ANSWER_S} s"))
            return
        self._watch = self._loop.call_at(self._waiting[0][1], self._look) if self._waiting else None


class Link:
    """Connected when something is asked; anew when it was lost. `life` meets every connection first."""

    def __init__(self, url: str, life: Life) -> None:
        self._to: dict[str, Any] = dict(parse_url(url))
        self._password = self._to.get("password")
        self._life = life
        self._context: ssl.SSLContext | None = None
        self._channel: Channel | None = None
        self._connecting: asyncio.Task[Channel] | None = None

    @staticmethod
    def fits(url: str) -> bool:
        """Whether this is an address of a single Redis."""
        return "," not in url and url.startswith(("redis://", "rediss://", "unix://"))

    async def ask(self, parts: tuple[Part, ...]) -> Any:  # noqa: ANN401 - whatever Redis says
        """The answer. Raises redis-py's exceptions, as redis-py would; nothing is asked twice."""
        channel = self._channel
        if channel is None or channel.lost:
            channel = await self.open()
        return await channel.ask(parts)

    def begin(self, parts: tuple[Part, ...]) -> "asyncio.Future[Any] | None":
        """As `ask`, without a task; None where there is no connection."""
        channel = self._channel
        return None if channel is None or channel.lost else channel.ask(parts)

    async def open(self) -> Channel:
        """The connection, made anew where it was lost. Raises redis-py's exceptions."""
        if self._channel is None or self._channel.lost:
            return await self._connected()
        return self._channel

    async def stop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._channel is not None:
            self._channel.close(RedisConnectionError("the connection was closed"))

    async def _connected(self) -> Channel:
        """One connects for all who wait."""
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._was_connecting)
        return await asyncio.shield(self._connecting)

    def _was_connecting(self, task: asyncio.Task[Channel]) -> None:
        self._connecting = None
        if not task.cancelled() and task.exception() is None:
            self._channel = task.result()

    async def _connect(self) -> Channel:
        loop, to = asyncio.get_running_loop(), self._to
        if to.get("connection_class") is UnixDomainSocketConnection:
            opening = partial(loop.create_unix_connection, Channel, to["path"])
        else:
            host, port = to.get("host", "localhost"), to.get("port", 6379)
            opening = partial(loop.create_connection, Channel, host, port, ssl=self._tls())
        try:
            async with asyncio.timeout(CONNECT_S):
                _, channel = await opening()
                await self._greet(channel)
        except TimeoutError:
            raise RedisTimeoutError(f"no connection within {CONNECT_S} s") from None
        except OSError as fault:
            raise RedisConnectionError(f"no connection: {fault}") from fault
        return channel

    def _tls(self) -> ssl.SSLContext | None:
        """As redis-py reads the address, made once: reading the system's authorities takes 20 ms."""
        if self._to.get("connection_class") is not SSLConnection:
            return None
        if self._context is None:
            options = {name: value for name, value in self._to.items() if name.startswith("ssl_")}
            self._context = SSLConnection(**options).ssl_context.get()
        return self._context

    async def _greet(self, channel: Channel) -> None:
        try:
            signed = ("AUTH", self._to.get("username") or "default", password) if (password := self._password) else ()
            # The answers' shapes are those of the protocol that redis-py speaks.
            await channel.ask(("HELLO", 3, *signed))
            if database := self._to.get("db"):
                await channel.ask(("SELECT", int(database)))
            self._life.learn(await channel.ask(("INFO", "server")))
        except BaseException:
            channel.close(RedisConnectionError("the connection was not taken up"))
            raise
