"""Room time: milliseconds since 1970, that never step while a process lives.

Wall clocks are set back and forth under a running server; a room's timeline must not be. So the wall clock is
read once and the monotonic clock carries on from there.
"""

import secrets
import time
from random import Random

from roomd.domain.moment import Moment


class Clock:
    """The process's one source of time and dice. Tests hand in their own."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        #: Names this time base: another id is another reading of the wall clock.
        self.id = secrets.token_hex(4)

    def now(self) -> float:
        """Room time in milliseconds."""
        return (time.monotonic_ns() + self._offset_ns) / 1e6

    def moment(self) -> Moment:
        return Moment(self.now(), Random(secrets.randbits(128)))  # noqa: S311 - seeded from the system's own randomness
