"""What the traces of an evening come to. All figures are milliseconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio.tracking import EVERY_S, Floats, Trace

#: A position that falls back by more than this, without anybody having sought, was a gap in the sound.
DROPOUT_MS = 15.0
#: Windows in which everybody was heard, of all in the steady stretch, below which a run says too little.
COVERED = 0.95
#: Together is below the echoless limit, for so many windows in a row.
_TOGETHER_MS, _ROW = 10.0, 10
#: How near to where it stays a player is to be for its start to have been heard.
_BEGUN_MS = 500.0


@dataclass(frozen=True)
class Spread:
    """Of max minus min position at equal times."""

    median: float
    p95: float
    most: float
    #: The share of windows in which everybody's position was known.
    covered: float
    #: For each browser, how far behind the middle of them it was, in the median.
    offsets: tuple[float, ...]
    #: For each browser, how often its sound had a gap.
    dropouts: tuple[int, ...]


def spread_of(traces: Sequence[Trace], first: float, last: float) -> Spread:
    lags = _lags(traces, first, last)
    whole = ~np.isnan(lags).any(axis=0)
    apart = np.ptp(lags[:, whole], axis=0)
    median, p95, most = np.percentile(apart, [50, 95, 100]) if apart.size else [np.inf] * 3
    middles = np.array([_median(lag) for lag in lags])
    return Spread(
        median=float(median),
        p95=float(p95),
        most=float(most),
        covered=float(whole.mean()) if whole.size else 0.0,
        offsets=tuple(float(each) for each in middles - _median(middles)),
        dropouts=tuple(dropouts(lag) for lag in lags),
    )


def dropouts(lag: Floats) -> int:
    known = lag[~np.isnan(lag)]
    return int(np.sum(np.diff(known) > DROPOUT_MS))


def trimmed(trace: Trace, others: Sequence[Trace], first: float, last: float) -> tuple[float, Spread]:
    """How far one is behind the middle of the others in the first third, which is what a trim would take away; and the
    spread of it against them with that trim, in the rest."""
    third = first + (last - first) / 3
    trim = _median(_lags([trace], first, third)) - _median(_lags(others, first, third))
    moved = Trace(trace.time, trace.position + trim, trace.score)
    return trim, spread_of([moved, *others], third, last)


def together_after(traces: Sequence[Trace], moved: Sequence[Trace], first: float, last: float) -> float:
    """From the first sound of those that something happened to, until all are within 10 ms of each other, for a second.

    Infinite when they never are. `last` is when the next thing happens. Good to 100 ms, a window.
    """
    lags = _lags(traces, first, last)
    settled = _median(lags[:, -2 * _ROW :])
    begun = (np.abs(_lags(moved, first, last) - settled) < _BEGUN_MS).any(axis=0)
    apart = np.ptp(lags, axis=0)
    near = apart < _TOGETHER_MS
    for n in range(len(near) - _ROW + 1):
        if near[n : n + _ROW].all():
            return max(0.0, float(n - np.argmax(begun)) * EVERY_S * 1_000)
    return float("inf")


def gap_at(trace: Trace, boundary: float) -> float:
    """What came between two tracks, the second of which begins at that position of the programme: positive is a gap,
    negative an overlap or a piece that nobody heard. nan where one of them was not heard in the second next to it."""
    before = (trace.position > boundary - 1_100) & (trace.position < boundary - 100)
    after = (trace.position > boundary + 100) & (trace.position < boundary + 1_100)
    return _median(trace.lag[after]) - _median(trace.lag[before])


def reported(notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a page said of itself: its error, and what it did about it."""
    errors = np.array([note["error"] for note in notes] or [np.nan], dtype=np.float64)
    last = notes[-1] if notes else {}
    first = notes[0] if notes else {}
    return {
        "players": sorted({note["player"] or "none" for note in notes}),
        "median": _median(errors),
        "p95": float(np.percentile(np.abs(errors), 95)),
        "seeks": last.get("seeks", 0) - first.get("seeks", 0),
        "writes": last.get("writes", 0) - first.get("writes", 0),
    }


def _lags(traces: Sequence[Trace], first: float, last: float) -> Floats:
    within = (traces[0].time >= first) & (traces[0].time < last)
    return np.array([trace.lag[within] for trace in traces])


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")
