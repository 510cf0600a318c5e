"""One server of a cluster: the connections to it, and which run of it we have met."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from roomd.store.life import info_field
from roomd.store.pool import Pool, bounds
from roomd.store.seeds import Address
from roomd.store.slots import View, read_view

#: Characters of either half of a run.
_HALF = 20

log = logging.getLogger(__name__)


class Run(NamedTuple):
    """`process` is another after a restart; `history` also when a replica becomes the master, and when a master that
    was cut off is made to follow another. `promoted`: it has taken over from another.
    """

    process: str
    history: str
    promoted: bool

    def __str__(self) -> str:
        return self.process[:_HALF] + self.history[:_HALF]


class Node:
    """`doubt` is called when it turns out to be another run of the server than before."""

    def __init__(self, address: Address, how: Mapping[str, Any], doubt: Callable[[], None]) -> None:
        self.address = address
        self.run: Run | None = None
        self._doubt = doubt
        host, port = address
        self.redis: Redis = Redis.from_pool(
            Pool(host=host, port=port, redis_connect_func=self._meet, **bounds(), **how)
        )

    async def view(self) -> View:
        """What the server makes of the cluster; also learns its run anew. Raises what redis-py raises."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.execute_command("CLUSTER", "SLOTS")
            pipe.execute_command("CLUSTER", "INFO")
            pipe.info("server")
            pipe.info("replication")
            slots, state, server, replication = await pipe.execute()
        self._learn(
            Run(str(server["run_id"]), str(replication["master_replid"]), _promoted(str(replication["master_replid2"])))
        )
        whole = info_field(state, "cluster_state") == "ok"
        return read_view(slots, whole, int(info_field(state, "cluster_current_epoch")), self.address[0])

    async def aclose(self) -> None:
        await self.redis.aclose(close_connection_pool=True)

    async def _meet(self, connection: AbstractConnection) -> None:
        """What a new connection does first. What was to be sent to another run of the server is not."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        server = await connection.read_response()
        await connection.send_command("INFO", "replication")
        said = await connection.read_response()
        run = Run(
            info_field(server, "run_id"),
            info_field(said, "master_replid"),
            _promoted(info_field(said, "master_replid2")),
        )
        former = self.run
        self._learn(run)
        if former is not None and former.process != run.process:
            raise RedisConnectionError("the server was started again")

    def _learn(self, run: Run) -> None:
        former, self.run = self.run, run
        if former is not None and former != run:
            log.info("%s:%d is another run of Redis than before", *self.address)
            self._doubt()


def _promoted(former: str) -> bool:
    return bool(former.strip("0"))
