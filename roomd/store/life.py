"""Which run of Redis we speak to. A restart may have lost what was written last; nobody is told but by its new run id.

Every new connection asks for the run id before anything else is sent over it, and every room notes the run under which
it was last found whole. The commit script refuses a room that notes another one, so a room is looked after before it
takes a write, whichever process comes first.

In a cluster each master is a run of its own, and a room goes by the one that serves its slot.
"""

import logging
from typing import Protocol

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from roomd.domain.ids import RoomId
from roomd.store.keys import room_keys

log = logging.getLogger(__name__)


class Masters(Protocol):
    """What a cluster knows of the runs of its masters, by the keys that they serve."""

    def run_of(self, key: str) -> str: ...
    async def came_whole(self, key: str, run: str) -> bool: ...


class Life:
    def __init__(self) -> None:
        #: The run id of a single Redis; empty before the first connection, and where nobody asks.
        self.current = ""
        self._masters: Masters | None = None
        #: Whether a cluster was taken for a single Redis.
        self._mistaken = False

    def spread(self, masters: Masters) -> None:
        """Redis is a cluster."""
        self._masters = masters

    def of(self, room: RoomId) -> str:
        """The run under which the room is to be known whole."""
        return self.current if self._masters is None else self._masters.run_of(room_keys(room).meta)

    async def came_whole(self, room: RoomId, run: str) -> bool:
        """Whether a room that was whole under that run has lost nothing since, though another run has it now.

        In a cluster it may have moved between two masters that live. Raises what redis-py raises.
        """
        return self._masters is not None and await self._masters.came_whole(room_keys(room).meta, run)

    async def meet(self, connection: AbstractConnection) -> None:
        """What a new connection to a single Redis does first."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        self.learn(await connection.read_response())

    def learn(self, said: object) -> None:
        """What a new connection's INFO says."""
        if info_field(said, "redis_mode") == "cluster":
            if not self._mistaken:
                log.error(
                    "REDIS_URL names a Redis Cluster that did not answer when roomd was started; start roomd again"
                )
            self._mistaken = True
            raise RedisConnectionError("this is a cluster now")
        run = info_field(said, "run_id")
        if run != self.current:
            if self.current:
                log.warning("Redis is another run of it than before: each room is looked at before it takes a write")
            self.current = run


def info_field(info: object, name: str) -> str:
    """One line of what INFO answers; empty where it has none."""
    text = info.decode() if isinstance(info, bytes) else str(info)
    return next((line.partition(":")[2] for line in text.splitlines() if line.startswith(f"{name}:")), "")
