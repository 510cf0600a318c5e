"""Which run of Redis we speak to. A restart may have lost what was written last; nobody is told but by its new run id.

Every new connection asks for the run id before anything else is sent over it, and every room notes the run under which
it was last found whole. The commit script refuses a room that notes another one, so a room is looked after before it
takes a write, whichever process comes first.
"""

import logging

from redis.asyncio.connection import AbstractConnection

log = logging.getLogger(__name__)


class Life:
    def __init__(self) -> None:
        #: The run id; empty before the first connection, and where nobody asks.
        self.current = ""

    async def meet(self, connection: AbstractConnection) -> None:
        """What a new connection does first."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        run = _run_id(await connection.read_response())
        if run != self.current:
            if self.current:
                log.warning("Redis is another run of it than before: each room is looked at before it takes a write")
            self.current = run


def _run_id(info: object) -> str:
    text = info.decode() if isinstance(info, bytes) else str(info)
    return next((line.partition(":")[2] for line in text.splitlines() if line.startswith("run_id:")), "")
