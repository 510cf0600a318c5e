"""What is done in a room while it is measured: playing on for a while, starts and seeks, late joins, skips."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from sync.samples import ENOUGH, Noted, Sample, arrival, coverage, errors, per_minute, quantile, spreads
from sync.world import SONG_S, Listener, Room, Setup, World, everybody

#: How long after the last event a room counts as steady; and how long each event is given.
SETTLE_MS = 5_000.0
GIVEN_MS = 2_500.0
#: Beyond this the truth is not known well enough to measure milliseconds by.
KNOWN_MS = 1.0
#: A browser that has just been started takes a core for itself for so long; whoever joins has one that runs.
RUNNING_S = 2.0
#: Where a player has arrived: after a start, and after coming in.
STARTED_MS = 10.0
JOINED_MS = 20.0
NAMES = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi")


@dataclass
class Outcome:
    """What a run came to. `figures` are milliseconds unless their name says otherwise; `wanting` makes them void."""

    noted: list[Noted]
    figures: dict[str, float]
    #: Errors of all listeners in the window that counts, for the plot.
    errors: list[float] = field(default_factory=list)
    wanting: list[str] = field(default_factory=list)


async def steady(world: World, setup: Setup, *, browsers: int, seconds: float) -> Outcome:
    """A song plays; the last listener comes late; from 5 s after that everybody is watched for so long."""
    async with world.room(setup) as room:
        await playing(room, browsers - 1)
        (late,) = await room.join(NAMES[browsers - 1])
        await late.runs()
        begin = await late.now() + SETTLE_MS
        await asyncio.sleep((SETTLE_MS + seconds * 1_000) / 1_000)
        noted = await everybody(room.listeners)
    outcome = judged(noted, begin, begin + seconds * 1_000)
    outcome.wanting += _strangers(noted, setup)
    return outcome


def judged(noted: Sequence[Noted], begin: float, end: float) -> Outcome:
    """What a window of a run came to in which nothing happened."""
    windows = [each.between(begin, end) for each in noted]
    outcome = Outcome(list(noted), {}, [error for window in windows for error in errors(window)])
    for each, window in zip(noted, windows, strict=True):
        if (share := coverage(window, end - begin)) < ENOUGH:
            outcome.wanting.append(f"{each.name} has {share:.0%} of the samples")
        if (unsure := each.uncertainty(begin, end)) > KNOWN_MS:
            outcome.wanting.append(f"{each.name} knows the truth to ±{unsure:.1f} ms only")
    if not outcome.wanting:
        outcome.figures = _steady_figures(windows) | {"p95_median": _median_p95(windows)}
        outcome.figures |= {"p50": quantile(outcome.errors, 0.5), "p95": quantile(outcome.errors, 0.95)}
    return outcome


async def starts(world: World, setup: Setup, *, browsers: int, times: int, dice: Random) -> Outcome:
    """Scheduled starts out of a pause, and seeks of the whole room."""
    plays = []
    async with world.room(setup) as room:
        host = await playing(room, browsers)
        for _ in range(times):
            await host.do("pause")
            await asyncio.sleep(0.6)
            plays.append(await line_after(room, "play"))
        places = [dice.uniform(5, SONG_S - 30) * 1_000 for _ in range(times)]
        seeks = [await line_after(room, "seek", position=place) for place in places]
        noted = await everybody(room.listeners)
    figures: dict[str, float] = {}
    for name, begun in (("play", plays), ("seek", seeks)):
        arrivals = [arrived(each.between(at, at + GIVEN_MS), at) for each in noted for at in begun]
        figures |= {f"{name}_p50": quantile(arrivals, 0.5), f"{name}_p95": quantile(arrivals, 0.95)}
    return Outcome(noted, figures, wanting=_strangers(noted, setup))


async def joins(world: World, setup: Setup, *, times: int) -> Outcome:
    """People come one after the other, each with a browser that runs and was never here, while a song plays."""
    noted: list[Noted] = []
    async with world.room(setup) as room:
        await playing(room, 1)
        for number in range(times):
            (joiner,) = await room.join(NAMES[1 + number % (len(NAMES) - 1)], after_s=RUNNING_S)
            await joiner.runs()
            await asyncio.sleep(GIVEN_MS / 1_000)
            noted.append(await joiner.noted())
            await room.leave(joiner)
    arrivals = [arrived(each.samples, each.origin, JOINED_MS) for each in noted]
    figures = {"join_p50": quantile(arrivals, 0.5), "join_p95": quantile(arrivals, 0.95)}
    return Outcome(noted, figures, wanting=_strangers(noted, setup))


async def skips(world: World, setup: Setup, *, browsers: int, times: int, wait_s: float) -> Outcome:
    """The host skips to songs that nobody has loaded; the room waits for its players so long, or not at all."""
    begun = []
    async with world.room(setup) as room:
        host = await playing(room, browsers)
        await host.do("set", wait_s=wait_s, repeat="all")
        for _ in range(times):
            since = await host.now()
            begun.append((since, await line_after(room, "next")))
        noted = await everybody(room.listeners)
    starts_after = [line - since for since, line in begun]
    together = [
        max(arrived(each.between(line, line + GIVEN_MS), line) for each in noted) + line - since
        for since, line in begun
    ]
    figures = {"start_p50": quantile(starts_after, 0.5), "together_p50": quantile(together, 0.5)}
    figures["together_p95"] = quantile(together, 0.95)
    return Outcome(noted, figures, wanting=_strangers(noted, setup))


async def playing(room: Room, browsers: int) -> Listener:
    """So many listeners hear the first song; the host."""
    await room.join(*NAMES[:browsers])
    for listener in room.listeners:
        await listener.entered()
    host = room.listeners[0]
    await room.add_songs()
    for listener in room.listeners:
        await listener.runs()
    return host


async def line_after(room: Room, kind: str, **fields: object) -> float:
    """Do it, and wait until everybody has heard what came of it for a while. When the new line began."""
    host = room.listeners[0]
    before = (await host.playback())["as_of"]
    await host.do(kind, **fields)
    for listener in room.listeners:
        await listener.runs(before + 1)
    begun = float((await host.playback())["as_of"])
    await asyncio.sleep(max(0.0, begun + GIVEN_MS - await host.now()) / 1_000)
    return begun


def arrived(samples: Sequence[Sample], since: float, within: float = STARTED_MS) -> float:
    found = arrival(samples, since, within)
    return inf if found is None else found


def _strangers(noted: Sequence[Noted], setup: Setup) -> list[str]:
    """Who was heard through another player than the one that is measured: the first that can play a track does."""
    heard = {(each.name, sample.player) for each in noted for sample in each.samples if sample.error is not None}
    return [f"{name} played with {player}" for name, player in sorted(heard) if player != setup.player]


def _steady_figures(windows: Sequence[Sequence[Sample]]) -> dict[str, float]:
    clocks = [abs(sample.clock) for window in windows for sample in window]
    peers = [abs(sample.peers_clock) for window in windows for sample in window if sample.peers_clock is not None]
    seeks = [per_minute(window, lambda sample: sample.seeks) for window in windows]
    writes = [per_minute(window, lambda sample: sample.writes) for window in windows]
    apart = spreads(windows)
    return {
        "max": max(error for window in windows for error in errors(window)),
        "late_p50": quantile(errors(windows[-1]), 0.5),
        **({"spread_p95": quantile(apart, 0.95)} if apart else {}),
        "clock_p95": quantile(clocks, 0.95),
        "peers_clock_p95": quantile(peers, 0.95),
        "seeks_a_minute": max(seeks),
        "seeks_a_minute_median": quantile(seeks, 0.5),
        "writes_a_minute": max(writes),
        "writes_a_minute_median": quantile(writes, 0.5),
        "correction_percent": max(abs(sample.correction) for window in windows for sample in window) * 100,
    }


def _median_p95(windows: Sequence[Sequence[Sample]]) -> float:
    """One browser that the machine let down does not decide."""
    return quantile([quantile(errors(window), 0.95) for window in windows], 0.5)
