"""A measure that refills: so many at once, so many a second over time."""

from collections.abc import Callable


class Bucket:
    """`now` is any clock in milliseconds that does not step back."""

    __slots__ = ("_at", "_burst", "_left", "_now", "_rate")

    def __init__(self, burst: float, per_second: float, now: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = per_second / 1_000
        self._now = now
        self._left = burst
        self._at = now()

    def take(self) -> bool:
        """Whether there is one left; it is taken if so."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
