"""Room time: milliseconds since 1970, that never step while a process lives.

Wall clocks are set back and forth under a running server; a room's timeline must not be. So the wall clock is
read once and the monotonic clock carries on from there; `timekeeper.py` leads it to the time that all servers share.
"""

import secrets
import time
from collections.abc import Callable
from random import SystemRandom

from roomd.domain.ids import RoomId
from roomd.domain.moment import START_LEAD_MS, Moment
from roomd.domain.offsets import Line

#: Codes and ids come of it, so what was seen of them must say nothing about the next.
_DICE = SystemRandom()


class Clock:
    """The process's one source of time and dice. Tests hand in their own.

    `wall_ns` and `monotonic_ns` are what the machine says.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self.line = Line(self.local(), wall_ns() / 1e6)
        #: Names this time base: another id is another reading of the wall clock.
        self.id = secrets.token_hex(4)
        #: How far ahead a start is to be for the listeners of a room.
        self.lead: Callable[[RoomId | None], float] = lambda room: START_LEAD_MS

    def local(self) -> float:
        """This machine's own monotonic time in milliseconds, from any beginning."""
        return self._monotonic_ns() / 1e6

    def now(self) -> float:
        """Room time in milliseconds."""
        return self.line.at(self._monotonic_ns() / 1e6)

    def moment(self, room: RoomId | None = None) -> Moment:
        return Moment(self.now(), _DICE, self.lead(room))
