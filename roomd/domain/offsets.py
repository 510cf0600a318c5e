"""How far one clock is from another, from questions that take time to be answered; and a line that is led there.

A clock is asked at `sent` and the answer, `shown`, is here at `received`, both by our own clock. Neither way takes less
than no time, so the distance is at most `shown - sent` and at least `shown - received`. The lowest upper and the
highest lower bound are kept independently: the quickest way there and the quickest way back need not belong to one
question. From 20 s on the drift between the clocks is fitted: the line with the most room to all bounds. The page does
the same against this server (`client/clock.js`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

#: How far apart two ordinary clocks may drift; also the most drift that is fitted.
DRIFT = 150e-6
FIT_AFTER_MS = 20_000.0
#: Milliseconds over which a line is led to where it should be, and how much of any time that may take or give.
SPREAD_MS = 1_000.0
SLEW = 0.01
#: Steps of a search by thirds: 24 of them narrow ±150 ppm down to 0.02 ppm.
_STEPS = 24


class Bound(NamedTuple):
    at: float
    upper: float
    lower: float


class Estimate(NamedTuple):
    """The distance at `at`, what it grows by each millisecond, and half the width of where it may lie.

    That is less than nothing where no line fits all bounds.
    """

    at: float
    offset: float
    drift: float
    uncertainty: float

    def by(self, now: float) -> "Estimate":
        """The same at a later time, about which less is known."""
        passed = now - self.at
        return Estimate(now, self.offset + self.drift * passed, self.drift, self.uncertainty + DRIFT * passed)


class Line(NamedTuple):
    """Room time out of local time: `time` at `since`, growing with it and its drift, and led on over `SPREAD_MS`."""

    since: float
    time: float
    drift: float = 0.0
    led: float = 0.0

    def at(self, local: float) -> float:
        passed = local - self.since
        led = self.led if passed >= SPREAD_MS else self.led * passed / SPREAD_MS
        return self.time + passed + passed * self.drift + led

    def steered(self, local: float, wanted: float, drift: float) -> "Line":
        """The line that goes on from here without a step towards what room time should be: `wanted`, at `local`."""
        here = self.at(local)
        most = SLEW * SPREAD_MS
        return Line(local, here, min(max(drift, -DRIFT), DRIFT), min(max(wanted - here, -most), most))


def bound(sent: float, shown: float, received: float) -> Bound:
    return Bound(received, shown - sent, shown - received)


def estimate(bounds: Sequence[Bound], now: float, drift: float = 0.0) -> Estimate:
    """The distance at `now`. `drift` is what is known of it from before; at least one bound, in order of time."""
    if now - bounds[0].at >= FIT_AFTER_MS:
        return _fitted(bounds, now)
    upper = min(each.upper + (now - each.at) * (drift + DRIFT) for each in bounds)
    lower = max(each.lower + (now - each.at) * (drift - DRIFT) for each in bounds)
    return Estimate(now, (upper + lower) / 2, drift, (upper - lower) / 2)


def beyond(expected: Estimate, found: Bound) -> float:
    """How far a bound is from all that was thought possible: ahead of it, negative behind it, 0 within."""
    ahead = found.lower - (expected.offset + expected.uncertainty)
    behind = found.upper - (expected.offset - expected.uncertainty)
    return max(ahead, 0.0) or min(behind, 0.0)


def _fitted(bounds: Sequence[Bound], now: float) -> Estimate:
    """For a given drift the room is (lowest upper - highest lower), a concave function of it: a search finds its peak.

    Only the corners of the two convex hulls can be lowest or highest.
    """
    uppers = _hull(((each.at - now, each.upper) for each in bounds), lambda turn: turn <= 0)
    lowers = _hull(((each.at - now, each.lower) for each in bounds), lambda turn: turn >= 0)

    def within(drift: float) -> tuple[float, float]:
        upper = min(value - at * drift for at, value in uppers)
        lower = max(value - at * drift for at, value in lowers)
        return upper - lower, (upper + lower) / 2

    low, high = -DRIFT, DRIFT
    for _ in range(_STEPS):
        third = (high - low) / 3
        if within(low + third)[0] < within(high - third)[0]:
            low += third
        else:
            high -= third
    drift = (low + high) / 2
    width, middle = within(drift)
    return Estimate(now, middle, drift, width / 2)


def _hull(points: Iterable[tuple[float, float]], bends: Callable[[float], bool]) -> list[tuple[float, float]]:
    """The lower (or upper) convex hull of points in order of time."""
    hull: list[tuple[float, float]] = []
    for at, value in points:
        while len(hull) > 1:
            (at0, value0), (at1, value1) = hull[-2:]
            if not bends((at1 - at0) * (value - value0) - (value1 - value0) * (at - at0)):
                break
            hull.pop()
        hull.append((at, value))
    return hull
