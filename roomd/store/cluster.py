"""A Redis Cluster, used like a single Redis.

redis-py has a client for clusters. It sends ASKING over another connection than the command that it is for, closes
connections in use when it hears MOVED, repeats writes whose answer was lost, and while it asks a server that stands
still, commands to all others wait. Here each server has a client of its own, and what is repeated are only commands
that a server has said it did not carry out.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.store.cluster_parts import Ear, Script, SplitPipeline
from roomd.store.keys import YES
from roomd.store.node import Node
from roomd.store.pool import ANSWER_S
from roomd.store.seeds import Seed
from roomd.store.slots import is_script, slot_of
from roomd.store.topology import Topology

T = TypeVar("T")
Send = Callable[[Node], Awaitable[T]]

#: Seconds between two tries of a command while its slot is on its way to another server. (A script that names a key
#: that is not there is carried out by neither until the slot has arrived.)
AGAIN_S = 0.02


class Cluster(Redis):
    """Commands go to the master that has their key; those without a key to all masters."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        self._topology = Topology(seeds)
        self._asked: set[asyncio.Future[Any]] = set()
        super().__init__(connection_pool=self._topology.node(seeds[0].address).redis.connection_pool)

    @property
    def changes(self) -> int:
        """How often the masters were found to be others."""
        return self._topology.changes

    def run_of(self, key: str) -> str:
        return self._topology.run_of(key)

    async def came_whole(self, key: str, run: str) -> bool:
        return await self._topology.came_whole(key, run)

    def mark(self) -> bytes:
        return self._topology.mark()

    def doubt(self) -> None:
        self._topology.doubt()

    async def serving(self, slot: int | None) -> Node:
        """The master that has a slot. Raises ConnectionError."""
        assert slot is not None, "this command names no key"
        return await self._topology.serving(slot)

    async def masters(self) -> list[Redis]:
        """A client for each. Raises ConnectionError."""
        if not self._topology.masters:
            await self._topology.look()
        return [self._topology.node(address).redis for address in self._topology.masters]

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as in redis-py
        slot = slot_of(args)
        if slot is None:
            return await self._everywhere(args, options)

        async def asked(node: Node) -> Any:  # noqa: ANN401
            # ASKING is for the next command of the same connection.
            async with node.redis.pipeline(transaction=False) as pipe:
                pipe.execute_command("ASKING")
                pipe.execute_command(*args, **options)
                return (await pipe.execute())[-1]

        return await self.carried(slot, lambda node: _ask(node.redis, args, options), asked, stays=is_script(args))

    async def carried(self, slot: int, send: Send[T], ask: Send[T] | None = None, stays: bool = False) -> T:
        """Send to the master that has a slot, and after it where it has gone to.

        `ask` sends where the slot is about to go, for what may have gone before it. What `stays` does not follow to a
        server that has just become a master: it says under which run a room is known. Raises ConnectionError.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + ANSWER_S
        while True:
            node = await self._topology.serving(slot)
            try:
                return await send(node)
            except MovedError as fault:
                if not self._topology.moved(slot, (fault.host or node.address[0], fault.port)) and stays:
                    await self._topology.look()
                    raise RedisConnectionError("another server has become the master") from fault
            except AskError as fault:
                if ask is not None:
                    try:
                        return await ask(self._topology.node((fault.host or node.address[0], fault.port)))
                    except (AskError, TryAgainError):
                        pass
                await asyncio.sleep(AGAIN_S)
            except TryAgainError:
                await asyncio.sleep(AGAIN_S)
            except (ClusterDownError, RedisConnectionError, RedisTimeoutError, OSError) as fault:
                self._topology.doubt()
                raise RedisConnectionError(str(fault) or type(fault).__name__) from fault
            if loop.time() > end:
                raise RedisConnectionError("this part of the cluster is on its way to another server")

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> SplitPipeline:
        return SplitPipeline(self, transaction)

    def pubsub(self, **given: Any) -> PubSub:  # noqa: ANN401 - as in redis-py
        return Ear(self, self._topology.listening(), **given)

    def register_script(self, script: Any) -> Any:  # noqa: ANN401 - as in redis-py
        return Script(self, script)

    async def mget(self, keys: Any, *args: Any) -> list[Any]:  # noqa: ANN401 - as in redis-py
        """They may be in different slots, so each is asked for."""
        wanted = [*([keys] if isinstance(keys, str | bytes) else keys), *args]
        return list(await asyncio.gather(*(self.get(key) for key in wanted)))

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        for each in self._asked:
            each.cancel()
        await asyncio.gather(*self._asked, return_exceptions=True)
        await self._topology.aclose()

    async def _everywhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ANN401
        """What the first of the masters answers, once all have; but a PING is for most of them to answer, as a cluster
        works for as long as they do.
        """
        asked = [asyncio.ensure_future(_ask(each, args, options)) for each in await self.masters()]
        for each in asked:
            # Whoever is late is left to its limit of time: cancelling does not always reach redis-py.
            self._asked.add(each)
            each.add_done_callback(self._answered)
        return (await _first(asked, len(asked) // 2 + 1 if args[0] == "PING" else len(asked)))[0]

    def _answered(self, asked: asyncio.Future[Any]) -> None:
        self._asked.discard(asked)
        # A fault that nobody waits for any more is nobody's business.
        asked.cancelled() or asked.exception()


def _ask(redis: Redis, args: tuple[Any, ...], options: dict[str, Any]) -> Awaitable[Any]:
    answer: Awaitable[Any] = redis.execute_command(*args, **options)  # type: ignore[no-untyped-call]
    return answer


async def _first(asked: Sequence[asyncio.Future[T]], enough: int) -> list[T]:
    """The first answers, as soon as there are enough; raises the last fault where so many do not come."""
    answers: list[T] = []
    faults: list[Exception] = []
    for answer in asyncio.as_completed(asked):
        try:
            answers.append(await answer)
        except (RedisError, OSError) as fault:
            faults.append(fault)
        if len(answers) >= enough:
            return answers
    raise faults[-1]


def whole_mark(redis: Redis) -> bytes:
    """What stands under `roomd:built` where all that is told to Redis is there: another text after any of a cluster's
    masters was started again or replaced, since what it had may be gone.
    """
    return redis.mark() if isinstance(redis, Cluster) else YES


async def server_of(redis: Redis, key: str) -> Redis:
    """The single Redis, or that of a cluster which has a key. Raises ConnectionError."""
    return (await redis.serving(slot_of(("GET", key)))).redis if isinstance(redis, Cluster) else redis
