"""One of several processes that serve: `python -m roomd.worker`, as supervisor.py starts it and nobody else.

Standard input is the channel to the supervisor. What is started from here gets none of it.
"""

import asyncio
import os
import socket
import sys

from roomd.binding import ServeError, bind
from roomd.channel import ALIVE, Channel, Failed, Handed, Ready
from roomd.embedded import EmbeddedError
from roomd.logs import to_stderr
from roomd.neighbours import Neighbours
from roomd.serve import run
from roomd.settings import SettingsError
from roomd.stopping import AMONG_OTHERS


def main() -> None:
    ours = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device, not a path of ours
        os.dup2(nothing.fileno(), 0)
    sys.exit(asyncio.run(_work(ours)))


async def _work(ours: socket.socket) -> int:
    channel = await Channel.over(ours)
    handed = await channel.handed()
    to_stderr(handed.settings, f"[{handed.number}] ")
    neighbours = Neighbours(channel, handed.number, handed.of)
    neighbours.answer(ALIVE, lambda: True)
    listening = asyncio.create_task(neighbours.listen())
    listening.add_done_callback(_alone)
    try:
        return await _serve(handed, channel, neighbours)
    except (SettingsError, EmbeddedError, ServeError) as fault:
        channel.send(Failed(str(fault)))
        return 1
    finally:
        listening.remove_done_callback(_alone)
        listening.cancel()
        await channel.close()


async def _serve(handed: Handed, channel: Channel, neighbours: Neighbours) -> int:
    return await run(
        handed.settings,
        lambda: bind(handed.settings, shared=True),
        lambda _: channel.send(Ready(neighbours.name)),
        limits=AMONG_OTHERS,
        urls=handed.stores,
        neighbours=neighbours,
    )


def _alone(_: "asyncio.Task[None]") -> None:
    """The supervisor is gone. As if the whole server had been killed: its stores end now, and another may start."""
    os._exit(1)


if __name__ == "__main__":
    main()
