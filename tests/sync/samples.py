"""What a measured page noted, and what that comes to. Pure. All times are milliseconds, `at` is room time."""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import ceil, inf
from typing import NamedTuple

#: How often a page notes where it is (probe.js).
EVERY_MS = 25.0
#: So many samples in a row make a player arrive.
ARRIVED = 12
#: Which share of the samples of a window must be there, and of a player that runs. A run with fewer proves nothing.
ENOUGH = 0.95
#: Looks at the server's clock within this of each other are taken together.
NEAR_MS = 12_000.0
#: Errors of players are compared on a grid of this.
GRID_MS = 100.0


class Sample(NamedTuple):
    """`error` is how far the player is ahead of the room's line, None where it plays nothing. `clock` and `peers_clock`
    are the errors of two estimates from the same pings: the page's own, and the best of the last eight round trips."""

    at: float
    error: float | None
    clock: float
    peers_clock: float | None
    player: str
    correction: float
    seeks: int
    writes: int


class Noted(NamedTuple):
    """All that one listener's page noted. `origin` is the room time at which its navigation began."""

    name: str
    samples: list[Sample]
    origin: float
    #: Of each look at the server's clock, when it was and by how much the truth may be wrong then.
    looks: list[tuple[float, float]]

    def between(self, begin: float, end: float) -> list[Sample]:
        return [sample for sample in self.samples if begin <= sample.at < end]

    def uncertainty(self, begin: float = -inf, end: float = inf) -> float:
        """By how much the truth may be wrong between two times; infinite where nobody looked."""
        return max((width for at, width in self.looks if begin - NEAR_MS <= at <= end), default=inf)


def read(name: str, told: str) -> Noted:
    """From what probe.js has put down, as JSON."""
    bench = json.loads(told)
    offset, widths = truth([(look["at"], look["upper"], look["lower"]) for look in bench["looks"]])
    samples = []
    for at, position, mode, clock, peers, line, player, correction, seeks, writes in bench["samples"]:
        playback, now = bench["lines"][line], at + offset(at)
        heard = mode == "running" and playback["playing"] and now >= playback["as_of"] and position is not None
        error = position - playback["position"] - playback["rate"] * (now - playback["as_of"]) if heard else None
        peers_error = None if peers is None else peers - now
        samples.append(Sample(now, error, clock - now, peers_error, player, correction, seeks, writes))
    return Noted(name, samples, offset(0.0), [(at + offset(at), width) for at, width in widths])


def truth(
    looks: Sequence[tuple[float, float, float]],
) -> tuple[Callable[[float], float], list[tuple[float, float]]]:
    """What to add to a page's clock for room time, at each of its times; and how wrong that may be at each look.

    `looks` are (at, upper, lower) bounds of it. The server may lead its time slowly to that of others, so only looks
    that are near each other are taken together.
    """
    offsets, widths = [], []
    for at, _, _ in looks:
        near = [look for look in looks if abs(look[0] - at) <= NEAR_MS]
        upper, lower = min(look[1] for look in near), max(look[2] for look in near)
        offsets.append((at, (upper + lower) / 2))
        widths.append((at, abs(upper - lower) / 2))
    return _line_through(offsets), widths


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed. Fails where there are none."""
    found = sorted(values)
    assert found, "no values, no quantile"
    return found[max(0, ceil(share * len(found)) - 1)]


def errors(samples: Iterable[Sample]) -> list[float]:
    """How far off, either way."""
    return [abs(sample.error) for sample in samples if sample.error is not None]


def coverage(samples: Sequence[Sample], window_ms: float) -> float:
    """Which share of the samples that were to be are there, and of a running player."""
    return len(errors(samples)) / (window_ms / EVERY_MS)


def spreads(everybody: Sequence[Sequence[Sample]]) -> list[float]:
    """How far the first is from the last, at equal times."""
    tracks = [[(sample.at, sample.error) for sample in each if sample.error is not None] for each in everybody]
    if len(tracks) < 2 or not all(tracks):
        return []
    begin, end = max(track[0][0] for track in tracks), min(track[-1][0] for track in tracks)
    steps = int(max(0.0, end - begin) // GRID_MS)
    readers = [_line_through(track) for track in tracks]
    grid = [begin + GRID_MS * step for step in range(steps)]
    found = [[reader(at) for reader in readers] for at in grid]
    return [max(values) - min(values) for values in found]


def arrival(samples: Sequence[Sample], since: float, within: float) -> float | None:
    """Milliseconds from `since` to the first of several samples in a row that are all so close; None where none are."""
    after = [sample for sample in samples if sample.at >= since]
    run = 0
    for index, sample in enumerate(after):
        run = run + 1 if sample.error is not None and abs(sample.error) < within else 0
        if run == ARRIVED:
            return after[index - ARRIVED + 1].at - since
    return None


def per_minute(samples: Sequence[Sample], count: Callable[[Sample], int]) -> float:
    """How often something was done, a minute. Each player counts anew."""
    done = sum(max(0, count(b) - count(a)) for a, b in pairwise(samples) if a.player == b.player)
    span = samples[-1].at - samples[0].at if len(samples) > 1 else 0.0
    return 60_000 * done / span if span else 0.0


def _line_through(track: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """Between two samples, what lies between them."""
    times = [at for at, _ in track]

    def read_at(at: float) -> float:
        after = min(max(1, bisect_left(times, at)), len(track) - 1) if len(track) > 1 else 0
        (t1, e1), (t2, e2) = track[max(0, after - 1)], track[after]
        share = (at - t1) / (t2 - t1) if t2 > t1 else 0.0
        return e1 + (e2 - e1) * min(1.0, max(0.0, share))

    return read_at
