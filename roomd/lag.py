"""How late the event loop is: one timer for the whole process, which notes by how much it came too late."""

import asyncio
from collections.abc import Callable

#: Seconds between two looks. What is shorter than that is seen by chance, in proportion to how long it lasts.
EVERY_S = 0.1


class Lag:
    """`note` is told of each look, in milliseconds."""

    def __init__(self, note: Callable[[float], None]) -> None:
        self._note = note
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._next(loop, loop.time())

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _next(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        # At the scheduler's moments, so that the process wakes up once for all of them.
        due = now + EVERY_S - now % EVERY_S
        self._timer = loop.call_at(due, self._look, loop, due)

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self._note(max(0.0, now - due) * 1_000)
        self._next(loop, now)
