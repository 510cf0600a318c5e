"""What bounds the use of this server, put together: how often things may be done, and how many sockets are open.

What processes count by themselves, as nothing is to wait for it, they tell each other every 2 s.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roomd.crowd import Crowd
from roomd.domain.refusals import Unavailable
from roomd.limiting import Limiter
from roomd.limits import TELL_S
from roomd.scheduler import Job
from roomd.store.crowds import Crowds
from roomd.store.gcra import Gcra

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Bounds:
    limiter: Limiter
    crowd: Crowd
    crowds: Crowds

    def jobs(self) -> Sequence[Job]:
        return (Job("bounds", False, self.tell),)

    async def tell(self) -> float:
        """Have all processes know what each counts by itself. Without Redis each goes on by itself."""
        await self.limiter.tell()
        with suppress(Unavailable):
            self.crowd.heard(await self.crowds.tell(self.crowd.much()))
        return TELL_S


def open_bounds(redis: "Redis", scale: float, now: Callable[[], float], process: str) -> Bounds:
    return Bounds(Limiter(Gcra(redis), scale, now), Crowd(scale), Crowds(redis, process))
