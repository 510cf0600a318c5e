"""What a cluster has in place of redis-py's scripts, pipelines and subscriptions."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redis.asyncio.client import Pipeline, PubSub
from redis.commands.core import AsyncScript
from redis.exceptions import AskError, ClusterDownError, NoScriptError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from roomd.store.slots import slot_of

if TYPE_CHECKING:
    from roomd.store.cluster import Cluster
    from roomd.store.node import Node

#: A command as redis-py's pipelines keep it.
Queued = tuple[tuple[Any, ...], Mapping[str, Any]]

_REDIRECTED = (AskError, TryAgainError, ClusterDownError)
_AWAY = (RedisConnectionError, RedisTimeoutError, OSError)


class Script(AsyncScript):
    """A script that a server does not know goes there whole, so no other server need be asked."""

    async def __call__(
        self,
        keys: Sequence[Any] | None = None,
        args: Iterable[Any] | None = None,
        client: Any = None,  # noqa: ANN401 - as in redis-py
    ) -> Any:  # noqa: ANN401
        if client is not None:
            return await super().__call__(keys, args, client)
        given = (*(keys or ()), *(args or ()))
        try:
            return await self.registered_client.evalsha(self.sha, len(keys or ()), *given)
        except NoScriptError:
            return await self.registered_client.eval(str(self.script), len(keys or ()), *given)


class SplitPipeline(Pipeline):
    """Each server gets its part; a transaction is for one slot."""

    def __init__(self, cluster: "Cluster", transaction: bool) -> None:
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, None)
        self._cluster = cluster

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        stack: list[Queued] = list(self.command_stack)
        try:
            if self.is_transaction and stack:
                number = slot_of(stack[0][0])
                assert number is not None
                return await self._cluster.carried(number, lambda node: self._send(node, stack, True))
            answers = await self._split(stack)
        finally:
            await self.reset()  # type: ignore[no-untyped-call]
        for answer in answers:
            if isinstance(answer, _AWAY if not raise_on_error else Exception):
                raise answer
        return answers

    async def _split(self, stack: Sequence[Queued]) -> list[Any]:
        placed: dict[Node, list[int]] = {}
        for index, (args, _) in enumerate(stack):
            placed.setdefault(await self._cluster.serving(slot_of(args)), []).append(index)
        parts = [self._part(node, [stack[index] for index in indexes]) for node, indexes in placed.items()]
        answers: list[Any] = [None] * len(stack)
        for indexes, part in zip(placed.values(), await asyncio.gather(*parts), strict=True):
            for index, answer in zip(indexes, part, strict=True):
                answers[index] = answer
        for index, (args, options) in enumerate(stack):
            if isinstance(answers[index], _REDIRECTED):
                try:
                    answers[index] = await self._cluster.execute_command(*args, **options)
                except RedisError as fault:
                    answers[index] = fault
        return answers

    async def _part(self, node: "Node", stack: Sequence[Queued]) -> list[Any]:
        """A server that does not answer keeps the others' parts from nothing."""
        try:
            return await self._send(node, stack, False)
        except _AWAY as fault:
            self._cluster.doubt()
            return [fault] * len(stack)

    async def _send(self, node: "Node", stack: Sequence[Queued], transaction: bool) -> list[Any]:
        async with node.redis.pipeline(transaction=transaction) as pipe:
            pipe.scripts = set(self.scripts)
            for args, options in stack:
                pipe.execute_command(*args, **options)
            answers: list[Any] = await pipe.execute(raise_on_error=transaction)
            return answers


class Ear(PubSub):
    """A subscription at one server, which the cluster's own lines bring to hear of what is published at the others.

    Those break where a master dies, so then it ends: whoever listens subscribes anew and looks at what was missed.
    """

    def __init__(self, cluster: "Cluster", node: "Node", **given: Any) -> None:  # noqa: ANN401 - as in redis-py
        super().__init__(node.redis.connection_pool, **given)
        self._cluster = cluster
        self._changes = cluster.changes

    async def get_message(self, ignore_subscribe_messages: bool = False, timeout: float | None = 0.0) -> Any:  # noqa: ANN401, ASYNC109 - as in redis-py
        message = await super().get_message(ignore_subscribe_messages, timeout)
        if self._changes != self._cluster.changes:
            raise RedisConnectionError("the masters of the cluster are others than before")
        return message
