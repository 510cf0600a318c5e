"""redis-py's client over our own connection: the same methods, a tenth of the time.

On a cluster everything goes by redis-py's pool.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import hiredis
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.store.cluster_parts import Script
from roomd.store.link import Channel, Link, as_redis_py


class Quick(Redis):
    """Closes the pool when it is closed itself."""

    def __init__(self, pool: ConnectionPool, link: Link) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self.link = link

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever redis-py asks
        """Blocking commands would keep everybody waiting; nothing here uses any."""
        name = args[0]
        if " " in name:
            args = (*name.split(" "), *args[1:])
        try:
            response = await self.link.ask(args)
        except ResponseError:
            if EMPTY_RESPONSE in options:
                return options[EMPTY_RESPONSE]
            raise
        return _shaped(self, name, response, options)

    def register_script(self, script: Any) -> Any:  # noqa: ANN401 - as in redis-py
        return QuickScript(self, script)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "Together":
        return Together(self, transaction)

    def pubsub(self, **_: Any) -> Any:  # noqa: ANN401 - what Bell needs of redis-py's
        return Ear(self.link)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await self.link.stop()
        await super().aclose(close_connection_pool)


class QuickScript(Script):
    def begin(self, keys: Sequence[str], args: Sequence[Any]) -> "asyncio.Future[Any] | None":
        """As a call, of a script that Redis knows, and without a task. None where there is no connection."""
        quick = self.registered_client
        assert isinstance(quick, Quick)
        return quick.link.begin(("EVALSHA", self.sha, len(keys), *keys, *args))


class Together(Pipeline):
    """Commands that go in one write: with `transaction` nothing of others comes between them."""

    def __init__(self, quick: Quick, transaction: bool) -> None:
        super().__init__(quick.connection_pool, quick.response_callbacks, transaction, None)
        self._quick = quick

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The answers. Raises the first error among them; without `raise_on_error`, errors are answers."""
        if self.scripts:
            # redis-py sees to it that Redis knows them.
            return await super().execute(raise_on_error)
        stack = list(self.command_stack)
        await self.reset()  # type: ignore[no-untyped-call]
        if not stack:
            return []
        channel = await self._quick.link.open()
        commands: list[tuple[Any, ...]] = [args for args, _ in stack]
        if self.is_transaction:
            commands = [("MULTI",), *commands, ("EXEC",)]
        answers = await channel.ask_all(commands)
        if self.is_transaction and not isinstance(answers[-1], BaseException):
            answers = answers[-1]
        answers = [as_redis_py(answer) if isinstance(answer, hiredis.ReplyError) else answer for answer in answers]
        for answer in answers:
            if isinstance(answer, BaseException) and raise_on_error:
                raise answer
        return [
            answer if isinstance(answer, BaseException) else _shaped(self, str(args[0]), answer, options)
            for (args, options), answer in zip(stack, answers, strict=True)
        ]


def _shaped(client: Redis, name: str, response: Any, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A reply as redis-py's method gives it."""
    shape = client.response_callbacks.get(name)
    if shape is None:
        return response
    ours = (EMPTY_RESPONSE, NEVER_DECODE, "keys")
    return shape(response, **{key: value for key, value in options.items() if key not in ours})


class Ear:
    """What is published, heard over the link: 20 us for each, where redis-py takes 100. There is one for each link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._channel: Channel | None = None
        self._heard: deque[dict[str, Any]] = deque()
        #: Who is told what comes over a channel, at once and without having to ask; they must not raise.
        self._told: dict[bytes, Callable[[dict[str, Any]], object]] = {}
        self._came = asyncio.Event()
        self._lost: Exception | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._channel is not None:
            self._channel.pushed = lambda _: None
            if not self._channel.lost:
                self._channel.say(("UNSUBSCRIBE",))

    async def subscribe(self, *channels: str, **told: Callable[[dict[str, Any]], object]) -> None:
        self._told |= {channel.encode(): tell for channel, tell in told.items()}
        await self._say("SUBSCRIBE", *channels, *told)

    async def unsubscribe(self, *channels: str) -> None:
        for channel in channels:
            self._told.pop(channel.encode(), None)
        await self._say("UNSUBSCRIBE", *channels)

    async def ping(self) -> None:
        """The answer is a message too: whoever hears it knows that the link lives."""

        def ponged(answer: "asyncio.Future[Any]") -> None:
            if not answer.cancelled() and answer.exception() is None:
                self._hear([b"pong", b"", answer.result()])

        if self._channel is not None:
            self._channel.ask(("PING",)).add_done_callback(ponged)

    async def get_message(self, timeout: float) -> dict[str, Any] | None:  # noqa: ASYNC109 - as redis-py's
        """The next message, as redis-py gives it; None after so many seconds. Raises OSError."""
        if not self._heard and not self._lost:
            self._came.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._came.wait()
            except TimeoutError:
                return None
        if self._heard:
            return self._heard.popleft()
        # As the language's own, which unlike redis-py's say in a log what was wrong.
        raise (TimeoutError if isinstance(self._lost, RedisTimeoutError) else ConnectionError)(str(self._lost))

    async def _say(self, *parts: str) -> None:
        if self._channel is None:
            self._channel = await self._link.open()
            self._channel.pushed = self._hear
        if self._channel.lost:
            raise RedisConnectionError("the connection was lost")
        self._channel.say(parts)

    def _hear(self, pushed: list[Any] | Exception) -> None:
        if isinstance(pushed, Exception):
            self._lost = pushed
        else:
            kind, channel, data = pushed[:3]
            message = {"type": kind.decode(), "channel": channel, "data": data}
            if kind == b"message" and (tell := self._told.get(channel)) is not None:
                tell(message)
                return
            self._heard.append(message)
        self._came.set()
