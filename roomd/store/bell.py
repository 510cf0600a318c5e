"""Hearing of commits. The bell says that something happened and usually what; the log is the truth.

redis-py does not notice when a subscription's link goes dead (measured: nothing in 15 s in any setting), so the bell
pings through the same link and takes a new one when the answer stays out. What was rung meanwhile is not lost:
`on_doubt` makes the hub look at the log of each room once it is subscribed to again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from roomd.domain.ids import RoomId
from roomd.domain.refusals import Unavailable
from roomd.store.keys import EVERY_PROCESS, bell_room, room_keys
from roomd.store.redis import answering

#: Seconds between pings, and until a silent link is taken for dead.
PING_S = 1.0
DEAD_S = 4.0
#: Seconds to wait before the next try to connect.
RETRY_S = 0.2

#: What is rung, in every process, for a room of which Redis has been given other words under the same number.
OTHER_WORDS = b"other words"

log = logging.getLogger(__name__)


async def ring_for_other_words(redis: Redis, room: RoomId) -> None:
    """Whoever has a copy of the room looks again. Raises Unavailable."""
    with answering():
        await redis.publish(EVERY_PROCESS, room)


class Bell:
    def __init__(
        self, redis: Redis, on_ring: Callable[[RoomId, bytes], None], on_doubt: Callable[[RoomId], None]
    ) -> None:
        self._redis = redis
        self._on_ring = on_ring
        self._on_doubt = on_doubt
        self._wanted: dict[str, asyncio.Future[None]] = {}
        self._pubsub: PubSub | None = None
        self._broken = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def subscribe(self, room: RoomId) -> None:
        """Returns once every later commit of the room will be heard of. Raises Unavailable."""
        channel = room_keys(room).bell
        ready = self._wanted.get(channel)
        if ready is None or ready.cancelled():
            ready = self._wanted[channel] = asyncio.get_running_loop().create_future()
            if self._pubsub is not None:
                await self._send(self._pubsub.subscribe(**{channel: self._heard}))
        try:
            async with asyncio.timeout(DEAD_S):
                await asyncio.shield(ready)
        except TimeoutError:
            raise Unavailable("The room store does not answer. Try again in a moment.") from None

    async def unsubscribe(self, room: RoomId) -> None:
        channel = room_keys(room).bell
        if self._wanted.pop(channel, None) is not None and self._pubsub is not None:
            await self._send(self._pubsub.unsubscribe(channel))

    async def _send(self, sending: Awaitable[None]) -> None:
        """After a failure to send, the reader takes a new link and subscribes to all that is wanted."""
        try:
            await sending
        except (RedisError, OSError) as fault:
            log.debug("bell: could not send: %r", fault)
            self._broken = True

    async def _run(self) -> None:
        while True:
            (fault,) = await asyncio.gather(self._link(), return_exceptions=True)
            if not isinstance(fault, RedisError | OSError):
                # A bell that falls silent without a word would leave every room here behind.
                log.error("what was rung could not be taken in", exc_info=fault)
            elif self._pubsub is not None:
                log.warning("lost the subscription to Redis, taking a new one: %r", fault)
            self._pubsub = None
            await asyncio.sleep(RETRY_S)

    async def _link(self) -> NoReturn:
        async with self._redis.pubsub() as pubsub:
            await self._listen(pubsub)

    async def _listen(self, pubsub: PubSub) -> NoReturn:
        # A subscription without channels reads nothing, not even the answers to pings; so there is always one.
        await pubsub.subscribe(EVERY_PROCESS)
        # From here on `subscribe` sends its own; nothing is awaited before what was wanted until now is.
        self._pubsub, self._broken = pubsub, False
        if self._wanted:
            await pubsub.subscribe(**dict.fromkeys(self._wanted, self._heard))
        loop = asyncio.get_running_loop()
        heard = pinged = loop.time()
        while True:
            message: Any = await pubsub.get_message(timeout=PING_S)
            now = loop.time()
            if message is not None:
                heard = now
                self._handle(message)
            elif now - heard > DEAD_S:
                raise TimeoutError(f"no answer for {DEAD_S} s")
            if self._broken:
                raise TimeoutError("could not send")
            if now - pinged >= PING_S:
                pinged = now
                await pubsub.ping()

    def _heard(self, message: dict[str, Any]) -> None:
        """In the loop's next turn, so that a fault with a commit is not the connection's."""
        asyncio.get_running_loop().call_soon(self._rung, message)

    def _rung(self, message: dict[str, Any]) -> None:
        channel, data = message["channel"].decode(), message["data"]
        other = channel == EVERY_PROCESS
        room = RoomId(data.decode()) if other else bell_room(channel)
        heard = False
        try:
            self._on_ring(room, OTHER_WORDS if other else data)
            heard = True
        finally:
            # After a fault of ours, which the loop reports, the room must not be left behind.
            if not heard:
                self._on_doubt(room)

    def _handle(self, message: dict[str, Any]) -> None:
        if message["type"] == "message":
            self._rung(message)
        elif message["type"] == "subscribe":
            channel = message["channel"].decode()
            ready = self._wanted.get(channel)
            if ready is not None and ready.done():
                # Over a new link, whether ours or one that redis-py took by itself.
                self._on_doubt(bell_room(channel))
            elif ready is not None:
                ready.set_result(None)
