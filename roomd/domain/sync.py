"""How closely players keep to the line, as they say themselves: telemetry, that never moves it.

Only one thing follows from it: how far ahead a start is set, from the round trips, within bounds that hold whatever
anybody claims.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, TypeVar

from msgspec import Meta, Struct, structs

from roomd.domain.ids import EntryId, SocketId, UserId
from roomd.domain.moment import START_LEAD_MS

State = Literal["idle", "loading", "still", "playing", "buffering", "blocked", "failed"]
Player = Literal["webaudio", "element", "jumping", "youtube", "live"]

#: Milliseconds for which a report is shown, and for which its round trip counts.
SHOWN_MS = 15_000.0
COUNTED_MS = 60_000.0
#: Members that a pulse names: those in trouble first, then the worst off.
MAX_NAMED = 50
#: Beyond this a number says no more than "far off".
MAX_MS = 60_000.0
MAX_EVENTS = 1_000

#: From this many members on, the slowest tenth does not count: one liar in a crowd moves nothing.
CROWD = 10
CROWD_SHARE = 0.9
MAX_ROUND_TRIP_MS = 1_000.0
#: A start is set so far ahead: there and back with room for a bad moment, and the time that a player takes.
ROUND_TRIPS = 1.5
PLAYER_MS = 250.0
MAX_LEAD_MS = 1_750.0

_TROUBLE = frozenset({"buffering", "blocked", "failed"})

N = TypeVar("N", int, float)


class Report(Struct, frozen=True):
    """What a player says of itself. Milliseconds; `error` is positive when it is behind; `rate` is the correction."""

    state: State
    entry: Annotated[EntryId, Meta(max_length=64)] | None = None
    player: Player | None = None
    error: float | None = None
    p95: float | None = None
    uncertainty: float | None = None
    rtt: float | None = None
    rate: float = 0.0
    seeks: int = 0
    stalls: int = 0
    hidden: bool = False


class Noted(Struct, frozen=True):
    """The latest report of a member, the socket that it came over, and when (room time, ms)."""

    report: Report
    socket: SocketId
    at: float


class Shown(Struct, frozen=True):
    state: State
    player: Player | None
    error: float | None
    p95: float | None
    uncertainty: float | None
    at: float


class Pulse(NamedTuple):
    """A room at a glance: `listeners` reported lately; the percentiles are of their own 95th ones."""

    at: float
    listeners: int
    p50: float | None
    p95: float | None
    members: Mapping[UserId, Shown]


def tidy(report: Report) -> Report:
    """The same within bounds: what is far off is far off, however far."""
    return structs.replace(
        report,
        error=_within(report.error, -MAX_MS, MAX_MS),
        p95=_within(report.p95, 0.0, MAX_MS),
        uncertainty=_within(report.uncertainty, 0.0, MAX_MS),
        rtt=_within(report.rtt, 0.0, MAX_MS),
        rate=_within(report.rate, -1.0, 1.0),
        seeks=_within(report.seeks, 0, MAX_EVENTS),
        stalls=_within(report.stalls, 0, MAX_EVENTS),
    )


def pulse_of(noted: Mapping[UserId, Noted], now: float) -> Pulse:
    fresh = [(user, each) for user, each in noted.items() if now - each.at <= SHOWN_MS]
    worst = sorted(fresh, key=lambda pair: _rank(pair[1].report), reverse=True)[:MAX_NAMED]
    errors = [each.report.p95 for _, each in fresh if each.report.p95 is not None]
    return Pulse(
        at=now,
        listeners=len(fresh),
        p50=percentile(errors, 0.5),
        p95=percentile(errors, 0.95),
        members={user: _shown(each) for user, each in worst},
    )


def lead_of(noted: Iterable[Noted], now: float) -> float:
    """Milliseconds between a decision to play and the start: the members' round trips, and what a player takes."""
    trips = [
        min(each.report.rtt, MAX_ROUND_TRIP_MS)
        for each in noted
        if each.report.rtt is not None and now - each.at <= COUNTED_MS
    ]
    trip = percentile(trips, CROWD_SHARE if len(trips) >= CROWD else 1.0)
    if trip is None:
        return START_LEAD_MS
    return min(max(ROUND_TRIPS * trip + PLAYER_MS, START_LEAD_MS), MAX_LEAD_MS)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least this share of all does not exceed; None of none."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(share * len(ordered))) - 1] if ordered else None


def _within(value: N | None, least: N, most: N) -> N | None:
    return None if value is None else min(max(value, least), most)


def _rank(report: Report) -> tuple[bool, float]:
    return report.state in _TROUBLE, report.p95 if report.p95 is not None else -1.0


def _shown(noted: Noted) -> Shown:
    report = noted.report
    return Shown(
        state=report.state,
        player=report.player,
        error=_rounded(report.error),
        p95=_rounded(report.p95),
        uncertainty=_rounded(report.uncertainty),
        at=round(noted.at),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
