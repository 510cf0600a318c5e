"""How much sound of other servers passes through this one: so many streams and bytes, for each listener and for all.

What a CDN fetches is for any number of listeners behind one address, so no listener's share is right for it. It has
one of its own, as large as leaves something to everybody else: its links work for whoever was sent there.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from roomd.domain.refusals import Limited, Unavailable

#: Streams at once: in this process, to one address (a party behind one router is one address), and of live stations,
#: which never end by themselves.
MOST = 300
MOST_EACH = 100
MOST_LIVE = 100
#: Bytes that one address, and all, may have at once and a second over time. Music needs 40 KB a second and listener.
BURST_EACH, RATE_EACH = 64 << 20, 8 << 20
BURST_ALL, RATE_ALL = 256 << 20, 48 << 20
#: What is asked for by the CDN's links goes by this instead of by an address; how much of all that is, at most.
CDN = "cdn"
MOST_CDN = 200
BURST_CDN, RATE_CDN = 192 << 20, 36 << 20


class Tank:
    """A measure of bytes that refills. `now` is in milliseconds."""

    def __init__(self, burst: float, per_second: float, now: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = per_second / 1_000
        self._now = now
        self._left = burst
        self._at = now()

    def take(self, amount: float) -> float:
        """Take so much; in how many seconds it is there."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - amount
        self._at = now
        return max(0.0, -self._left / self._rate / 1_000)

    @property
    def full(self) -> bool:
        return self._left + (self._now() - self._at) * self._rate >= self._burst


class Lane:
    """One stream's way through."""

    def __init__(self, tanks: tuple[Tank, ...]) -> None:
        self._tanks = tanks

    async def pace(self, amount: int) -> None:
        """Wait until so many bytes may pass."""
        wait = max(tank.take(amount) for tank in self._tanks)
        if wait > 0:
            await asyncio.sleep(wait)


class Lanes:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._all = Tank(BURST_ALL, RATE_ALL, now)
        self._tanks: dict[str, Tank] = {}
        self._open: Counter[str] = Counter()
        self._live = 0

    @property
    def open(self) -> int:
        """Streams that pass now."""
        return self._open.total()

    @contextmanager
    def lane(self, address: str, *, live: bool) -> Iterator[Lane]:
        """A way through; `address` is the listener's, or CDN.

        Raises Limited when the address has its share, and Unavailable when nothing is left.
        """
        by_cdn = address == CDN
        if not by_cdn and self._open[address] >= MOST_EACH:
            raise Limited("Too many streams are open from your address.", 5.0, "too_many_streams")
        full = self.open >= MOST or (by_cdn and self._open[CDN] >= MOST_CDN)
        if full or (live and self._live >= MOST_LIVE):
            raise Unavailable("This server passes on as many streams as it can. Try again later.", "streams_full")
        burst, rate = (BURST_CDN, RATE_CDN) if by_cdn else (BURST_EACH, RATE_EACH)
        tank = self._tanks.setdefault(address, Tank(burst, rate, self._now))
        self._open[address] += 1
        self._live += live
        try:
            yield Lane((tank, self._all))
        finally:
            self._live -= live
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]
                self._forget()

    def _forget(self) -> None:
        """Addresses that have their whole share again need not be known."""
        for address in [each for each, tank in self._tanks.items() if tank.full and each not in self._open]:
            del self._tanks[address]
