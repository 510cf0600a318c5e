"""Curves out of what processes noted of themselves: a point for each stretch of time, over all of them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

#: Seconds: processes note something each minute, so where that is longer nothing was noted.
GAP_S = 330.0


class Sample(NamedTuple):
    """`at` in seconds since 1970; what a process counted then."""

    at: float
    process: str
    figures: Mapping[str, float]


def level(samples: Sequence[Sample], name: str, edges: Sequence[float]) -> list[float | None]:
    """A gauge: between each two edges the mean of each process, added up; None where nobody noted anything."""
    points: list[float | None] = []
    for inside in _stretches(samples, edges):
        means = [
            sum(found) / len(found)
            for of_one in _by_process(inside).values()
            if (found := [each.figures[name] for each in of_one if name in each.figures])
        ]
        points.append(sum(means) if means else None)
    return points


def rate(samples: Sequence[Sample], name: str, edges: Sequence[float]) -> list[float | None]:
    """A counter: by how much it grew in each stretch, by the second."""
    return [
        None if grown is None else grown / (end - begin)
        for grown, (begin, end) in zip(_growth(samples, name, edges), pairwise(edges), strict=True)
    ]


def mean(samples: Sequence[Sample], name: str, edges: Sequence[float]) -> list[float | None]:
    """A histogram: the mean of what came in each stretch, from its `_sum` and `_count`."""
    sums = _growth(samples, f"{name}_sum", edges)
    counts = _growth(samples, f"{name}_count", edges)
    return [a / b if a is not None and b else None for a, b in zip(sums, counts, strict=True)]


def _growth(samples: Sequence[Sample], name: str, edges: Sequence[float]) -> list[float | None]:
    """A process that began anew began at 0. What grew while nothing was noted is of no stretch in particular."""
    grown: dict[int, float] = {}
    for of_one in _by_process(samples).values():
        noted = [(each.at, each.figures[name]) for each in of_one if name in each.figures]
        for (since, before), (at, after) in pairwise(noted):
            place = bisect_left(edges, at) - 1
            if at - since <= GAP_S and 0 <= place < len(edges) - 1:
                grown[place] = grown.get(place, 0.0) + (after - before if after >= before else after)
    return [grown.get(place) for place in range(len(edges) - 1)]


def _stretches(samples: Sequence[Sample], edges: Sequence[float]) -> list[list[Sample]]:
    found: list[list[Sample]] = [[] for _ in edges[1:]]
    for each in samples:
        place = bisect_left(edges, each.at) - 1
        if 0 <= place < len(found):
            found[place].append(each)
    return found


def _by_process(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for each in sorted(samples):
        found.setdefault(each.process, []).append(each)
    return found
