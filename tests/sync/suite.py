"""Every scenario by its name, with what it is measured under."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from random import Random

from sync.busy import Share, hogs
from sync.delays import FAR, WIRELESS
from sync.runs import Outcome, joins, skips, starts, steady
from sync.world import Setup, World

#: By how much the listeners' clocks run fast where they are wrong: as far apart as ordinary clocks are at worst.
SKEWED = (100.0, -100.0, 50.0)


@dataclass(frozen=True)
class Effort:
    """How much is measured: listeners, seconds of a steady window, events of a kind, and the dice."""

    browsers: int = 3
    seconds: float = 60.0
    times: int = 10
    seed: int = 2026


Scenario = Callable[[World, Effort], Awaitable[Outcome]]


@dataclass
class Taken:
    """A scenario that was played. `busy` is the share of the machine that was, None where it does not say."""

    name: str
    outcome: Outcome
    busy: float | None
    faults: list[str] = field(default_factory=list)


def _steady(setup: Setup, *, busy: bool = False) -> Scenario:
    async def play(world: World, effort: Effort) -> Outcome:
        with hogs() if busy else nullcontext():
            return await steady(world, setup, browsers=effort.browsers, seconds=effort.seconds)

    return play


def _starts(setup: Setup) -> Scenario:
    async def play(world: World, effort: Effort) -> Outcome:
        dice = Random(effort.seed)
        return await starts(world, setup, browsers=effort.browsers, times=effort.times, dice=dice)

    return play


def _joins(setup: Setup) -> Scenario:
    async def play(world: World, effort: Effort) -> Outcome:
        return await joins(world, setup, times=max(1, effort.times // 2 + 1))

    return play


def _skips(setup: Setup, wait_s: float) -> Scenario:
    async def play(world: World, effort: Effort) -> Outcome:
        return await skips(world, setup, browsers=effort.browsers, times=min(6, effort.times), wait_s=wait_s)

    return play


SUITE: dict[str, Scenario] = {
    "element": _steady(Setup()),
    "webaudio": _steady(Setup("webaudio")),
    "busy": _steady(Setup(), busy=True),
    "far": _steady(Setup(line=FAR, ppm=SKEWED)),
    "far-webaudio": _steady(Setup("webaudio", line=FAR, ppm=SKEWED)),
    "wireless": _steady(Setup(line=WIRELESS, ppm=SKEWED)),
    "starts": _starts(Setup()),
    "starts-webaudio": _starts(Setup("webaudio")),
    "joins": _joins(Setup()),
    "joins-webaudio": _joins(Setup("webaudio")),
    "skips": _skips(Setup(), 3),
    "skips-unawaited": _skips(Setup(), 0),
    "skips-webaudio": _skips(Setup("webaudio"), 3),
    "far-min-rtt": _steady(Setup(line=FAR, ppm=SKEWED, clock="min-rtt")),
    "jellyfin": _steady(Setup(law="jellyfin")),
    "one-second": _steady(Setup(law="one-second")),
    "off": _steady(Setup(law="off")),
}


async def perform(name: str, world: World, effort: Effort) -> Taken:
    world.faults.clear()
    share = Share()
    outcome = await SUITE[name](world, effort)
    return Taken(name, outcome, share.now(), list(world.faults))
